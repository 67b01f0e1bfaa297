"""Which quarters may be run: those that have ended in the state, from the first day of record on.

Does not belong here: Dagster's partitions (see `defs/quarters`), and what a schedule takes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from jurisdiction.state import Agency, read_state
from orchestration.hub.clock import read_clock
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import load_settings
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

TIMEZONE = read_state().time_zone


def find_first_quarter() -> Quarter:
    """The quarter that begins on the policy's first day of record; none before it is released."""
    return find_quarter(date.fromisoformat(load_policy(load_settings().policy).first_day_of_record))


def find_last_closed(now: datetime) -> Quarter:
    """The last quarter that had ended in the state at a moment."""
    return find_quarter(now.astimezone(ZoneInfo(TIMEZONE)).date()).previous()


def find_quarter(day: date) -> Quarter:
    """The quarter that a day lies in."""
    return Quarter(day.year, (day.month + 2) // 3)


def find_told_quarter(agency: Agency, quarter: Quarter) -> Quarter:
    """For which quarter an agency delivers what a quarter counts: the last one of its rhythm."""
    return quarter.last_of(agency.rhythm.quarters) if agency.rhythm else quarter


def refuse_open_quarter(quarter: Quarter) -> None:
    """Refuse a quarter that has not ended, or that lies before the first one.

    Raises:
        OrchestrationError: MS662 before the first day of record, MS905 while it has not ended.
    """
    first = find_first_quarter()
    if quarter < first:
        raise OrchestrationError("MS662", quarter=str(quarter), first=str(first))
    if quarter > find_last_closed(read_clock()):
        last_day = quarter.next().first_day - timedelta(days=1)
        raise OrchestrationError("MS905", quarter=str(quarter), last_day=last_day.isoformat())
