from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from orchestration.defs.schedule import closed_quarter, quarterly_release

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("tick", "quarter_start"),
    [
        (datetime(2025, 4, 15, 6, tzinfo=CHICAGO), "2025-01-01"),
        (datetime(2025, 7, 15, 6, tzinfo=CHICAGO), "2025-04-01"),
        (datetime(2025, 10, 15, 6, tzinfo=CHICAGO), "2025-07-01"),
        (datetime(2026, 1, 15, 6, tzinfo=CHICAGO), "2025-10-01"),
        # The quarter ends at midnight in Missouri, which is later than midnight in UTC.
        (datetime(2025, 4, 1, 3, tzinfo=ZoneInfo("UTC")), "2024-10-01"),
        (datetime(2025, 4, 1, 6, tzinfo=ZoneInfo("UTC")), "2025-01-01"),
    ],
)
def test_a_tick_releases_the_quarter_that_has_closed(tick: datetime, quarter_start: str) -> None:
    assert closed_quarter(tick) == quarter_start


def test_the_schedule_ticks_on_the_15th_after_each_quarter_in_missouri() -> None:
    start = datetime(2025, 1, 1, tzinfo=CHICAGO).timestamp()
    ticks = schedule_execution_time_iterator(
        start,
        str(quarterly_release.cron_schedule),
        quarterly_release.execution_timezone,
        ascending=True,
    )
    days = [next(ticks).isoformat() for _ in range(4)]
    assert days == [
        "2025-01-15T06:00:00-06:00",
        "2025-04-15T06:00:00-05:00",
        "2025-07-15T06:00:00-05:00",
        "2025-10-15T06:00:00-05:00",
    ]


def test_a_tick_asks_for_one_run_that_is_not_asked_for_twice() -> None:
    moment = datetime(2025, 4, 15, 6, tzinfo=CHICAGO)
    with dg.build_schedule_context(scheduled_execution_time=moment) as context:
        request = quarterly_release(context)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-01-01"
    assert request.run_key == "quarterly_release/2025-01-01"
