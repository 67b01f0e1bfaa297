"""The quarterly partitions that every asset shares."""

import warnings
from datetime import date

import dagster as dg

from orchestration.guards.closed_quarters import FIRST_QUARTER, TIMEZONE
from sources.quarters import Quarter

warnings.filterwarnings("ignore", category=dg.BetaWarning, message="Parameter `backfill_policy`")

QUARTERS = dg.TimeWindowPartitionsDefinition(
    cron_schedule="0 0 1 1,4,7,10 *",
    start=FIRST_QUARTER.first_day.isoformat(),
    fmt="%Y-%m-%d",
    timezone=TIMEZONE,
)
"""One partition for each closed calendar quarter of the state, keyed by its first day."""

ONE_QUARTER_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
"""A backfill runs each quarter on its own, in order, as the schedule would."""

OWNERS = ["team:data-hub"]


def partition_key(quarter: Quarter) -> str:
    """Give the partition key of a quarter, its first day as text."""
    return quarter.first_day.isoformat()


def quarter_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Quarter:
    """Give the quarter that a step runs for."""
    first_day = date.fromisoformat(_key(context))
    return Quarter(first_day.year, (first_day.month + 2) // 3)


def _key(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> str:
    if isinstance(context, dg.AssetCheckExecutionContext):
        return str(context.op_execution_context.partition_key)
    return str(context.partition_key)
