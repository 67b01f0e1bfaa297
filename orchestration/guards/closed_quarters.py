"""Which quarters may be run: those that have ended in the state, from 2013 on.

Does not belong here: Dagster's partitions (see `defs/quarters`), and what a schedule takes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jurisdiction.state import read_state
from orchestration.hub.errors import OrchestrationError
from sources.quarters import Quarter

TIMEZONE = read_state().time_zone

FIRST_QUARTER = Quarter(2013, 1)
"""The FBI has collected human trafficking offences in NIBRS since 2013."""


def refuse_open_quarter(quarter: Quarter) -> None:
    """Refuse a quarter that has not ended, or that lies before the first one.

    Raises:
        OrchestrationError: MS904 before the first quarter, MS905 while it has not ended.
    """
    if quarter < FIRST_QUARTER:
        raise OrchestrationError("MS904", text=str(quarter))
    last_day = quarter.next().first_day - timedelta(days=1)
    if datetime.now(ZoneInfo(TIMEZONE)).date() <= last_day:
        raise OrchestrationError("MS905", quarter=str(quarter), last_day=last_day.isoformat())
