"""The calendar starts what is due, and only what can be done."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from orchestration.defs import schedule
from orchestration.defs.schedule import plan_due, quarterly_release
from orchestration.hub.settings import HOME_VARIABLE, Settings
from orchestration.watch.standing import DeliveryStanding, QuarterStanding, look_at_quarter
from sources.quarters import Quarter

CHICAGO = ZoneInfo("America/Chicago")
RELEASE_DAY = datetime(2025, 4, 15, 6, tzinfo=CHICAGO)


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return Settings(tmp_path)


@pytest.fixture
def ready(settings: Settings, monkeypatch) -> QuarterStanding:
    """A quarter with all its deliveries and a signed plan."""
    standing = replace(
        look_at_quarter(Quarter(2025, 1), settings),
        deliveries=tuple(DeliveryStanding(one, "accepted") for one in ("dss", "mshp", "hotline")),
        is_planned=True,
        signers=("A person",),
        problem="",
    )
    monkeypatch.setattr(schedule, "find_open", lambda _: standing)
    return standing


def tick(chosen: dg.ScheduleDefinition, moment: datetime) -> dg.RunRequest | dg.SkipReason:
    with dg.build_schedule_context(scheduled_execution_time=moment) as context:
        return chosen(context)


def said(chosen: dg.ScheduleDefinition, moment: datetime) -> str:
    result = tick(chosen, moment)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


@pytest.mark.parametrize("chosen", [plan_due, quarterly_release])
def test_a_schedule_ticks_every_day_at_an_hour_of_the_calendar_in_missouri(chosen) -> None:
    start = datetime(2025, 3, 8, tzinfo=CHICAGO).timestamp()
    ticks = schedule_execution_time_iterator(
        start, str(chosen.cron_schedule), chosen.execution_timezone, ascending=True
    )
    assert [next(ticks).isoformat() for _ in range(2)] == [
        "2025-03-08T06:00:00-06:00",
        "2025-03-09T06:00:00-05:00",
    ]


def test_a_signed_plan_is_released_at_the_hour_and_not_the_day_before(ready) -> None:
    assert "released on 2025-04-15" in said(quarterly_release, RELEASE_DAY - timedelta(days=1))
    request = tick(quarterly_release, RELEASE_DAY)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-01-01"
    assert request.run_key == "whole_quarter/2025Q1/2025-04-15"
    assert request.tags["moshare/quarter"] == "2025Q1"


def test_a_plan_that_is_signed_late_is_released_on_the_next_day(ready, monkeypatch) -> None:
    unsigned = replace(ready, problem="MS651: Nobody signed.")
    monkeypatch.setattr(schedule, "find_open", lambda _: unsigned)
    assert "waits for its approval. MS651" in said(quarterly_release, RELEASE_DAY)
    monkeypatch.setattr(schedule, "find_open", lambda _: ready)
    late = tick(quarterly_release, RELEASE_DAY + timedelta(days=3))
    assert isinstance(late, dg.RunRequest)
    assert late.run_key == "whole_quarter/2025Q1/2025-04-18"


def test_a_quarter_waits_for_the_agency_that_did_not_deliver(ready, monkeypatch) -> None:
    late = replace(ready, deliveries=(*ready.deliveries[:2], DeliveryStanding("hotline", "absent")))
    monkeypatch.setattr(schedule, "find_open", lambda _: late)
    assert "waits for the delivery of hotline" in said(quarterly_release, RELEASE_DAY)


def test_a_plan_is_put_up_on_its_day_and_once(ready, monkeypatch) -> None:
    assert "is up" in said(plan_due, datetime(2025, 4, 11, 6, tzinfo=CHICAGO))
    absent = replace(ready, is_planned=False)
    monkeypatch.setattr(schedule, "find_open", lambda _: absent)
    assert "due on 2025-04-11" in said(plan_due, datetime(2025, 4, 10, 6, tzinfo=CHICAGO))
    request = tick(plan_due, datetime(2025, 4, 11, 6, tzinfo=CHICAGO))
    assert isinstance(request, dg.RunRequest)


def test_where_nothing_was_ever_delivered_the_last_closed_quarter_is_waited_for(settings) -> None:
    # The quarter ends at midnight in Missouri, which is later than midnight in UTC.
    for moment, quarter in (
        (datetime(2025, 7, 1, 3, tzinfo=UTC), "2025Q1"),
        (datetime(2025, 7, 1, 6, tzinfo=UTC), "2025Q2"),
    ):
        standing = schedule.find_open(moment)
        assert standing is not None
        assert str(standing.quarter) == quarter


def test_the_oldest_quarter_that_is_neither_released_nor_passed_over_comes_first(settings) -> None:
    for quarter in ("2025Q1", "2025Q3"):
        (settings.vault.raw("dss", quarter) / "0001").mkdir(parents=True)
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    assert str(schedule.find_open(moment).quarter) == "2025Q1"
    (settings.releases / "2025Q1").mkdir(parents=True)
    (settings.releases / "2025Q1" / "release.json").write_text("{}")
    os.environ[HOME_VARIABLE] = str(settings.home)
    assert str(schedule.find_open(moment).quarter) == "2025Q2"


def test_a_quarter_is_passed_over_with_a_note_only_where_the_calendar_says_so(
    settings, ready, monkeypatch
) -> None:
    silent = (*ready.deliveries[:2], DeliveryStanding("hotline", "absent"))
    day = (RELEASE_DAY + timedelta(days=30)).date()
    dated = replace(ready, deliveries=silent, dates=replace(ready.dates, passed_over_on=day))
    monkeypatch.setattr(schedule, "find_open", lambda _: dated)
    assert "waits for the delivery" in said(quarterly_release, RELEASE_DAY + timedelta(days=29))
    assert "is passed over" in said(quarterly_release, RELEASE_DAY + timedelta(days=30))
    page = (settings.review / "2025Q1" / "index.html").read_text("utf-8")
    assert "no delivery came from hotline" in page
    assert look_at_quarter(Quarter(2025, 1), settings).is_passed_over
