"""The scheduled run: the closed quarter, on the 15th of the month after it.

It releases only if the plan was approved by then; else it prepares all, and waits for a person.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from jurisdiction.state import read_state
from orchestration.defs.jobs import whole_quarter
from orchestration.defs.quarters import QUARTERS
from orchestration.guards.closed_quarters import TIMEZONE


def closed_quarter(moment: datetime) -> str:
    """Give the partition key of the last quarter that had ended in the state at a moment."""
    return QUARTERS.get_partition_keys(current_time=moment.astimezone(ZoneInfo(TIMEZONE)))[-1]


@dg.schedule(
    name="quarterly_release",
    job=whole_quarter,
    cron_schedule="0 6 15 1,4,7,10 *",
    execution_timezone=TIMEZONE,
    description="Runs the closed quarter at 06:00 on the 15th of January, April, July and October, "
    f"{read_state().name} time. Without an approved plan it stops before its quality is judged.",
)
def quarterly_release(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for the quarter that ended two weeks before the tick."""
    key = closed_quarter(context.scheduled_execution_time)
    return dg.RunRequest(run_key=f"quarterly_release/{key}", partition_key=key)
