"""The quarterly partitions that every asset shares."""

import warnings
from datetime import date

import dagster as dg

from orchestration.guards.closed_quarters import TIMEZONE, find_first_quarter, find_quarter
from sources.quarters import Quarter

warnings.filterwarnings("ignore", category=dg.BetaWarning, message="Parameter `backfill_policy`")

QUARTERS = dg.TimeWindowPartitionsDefinition(
    cron_schedule="0 0 1 1,4,7,10 *",
    start=find_first_quarter().first_day.isoformat(),
    fmt="%Y-%m-%d",
    timezone=TIMEZONE,
)
"""One partition for each closed calendar quarter of the state from the policy's first day of record
on. Its key is its first day: that of 2025Q4 reads 2025-10-01, and the runs of it are tagged 2025Q4.
"""

ONE_QUARTER_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
"""A backfill runs each quarter on its own, in order, as the schedule would."""

OWNERS = ["team:data-hub"]

QUARTER_TAG = "moshare/quarter"
"""Run tag with the name of the quarter, like 2025Q4."""

_PRIORITY_TAG = "dagster/priority"


def partition_key(quarter: Quarter) -> str:
    """Give the partition key of a quarter, its first day as text."""
    return quarter.first_day.isoformat()


def describe_run(key: str) -> dict[str, str]:
    """Tags of a run of a quarter: its name, and its place in the queue, the older the earlier."""
    quarter = find_quarter(date.fromisoformat(key))
    return {QUARTER_TAG: str(quarter), _PRIORITY_TAG: str(-4 * quarter.year - quarter.number)}


def quarter_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Quarter:
    """Give the quarter that a step runs for."""
    return find_quarter(date.fromisoformat(_key(context)))


def _key(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> str:
    if isinstance(context, dg.AssetCheckExecutionContext):
        return str(context.op_execution_context.partition_key)
    return str(context.partition_key)
