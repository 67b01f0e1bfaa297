"""The calendar, the sensors and the alarms bring a quarter through every bad day."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.hub.settings import LEDGER_VARIABLE, enter_rehearsal
from orchestration.rehearsal.people import (
    LATE_AGENCY,
    OFFICER_AWAY,
    RECEIVER_AWAY,
    REJECTED_DELIVERY,
    SERVER_AWAY,
)
from orchestration.rehearsal.year import BAD_DAYS_OF_A_YEAR, plan_year, rehearse
from orchestration.watch import alarms
from orchestration.watch.outbox import Outbox
from orchestration.watch.standing import is_released
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.receipts import Receipt

QUARTER = Quarter(2025, 1)
EVERY_BAD_DAY = (LATE_AGENCY, REJECTED_DELIVERY, OFFICER_AWAY, RECEIVER_AWAY, SERVER_AWAY)


def fail_first(ingest: Callable[..., Receipt]) -> Callable[..., Receipt]:
    """Let this machine fail at the first delivery, as under memory pressure or a full disk."""
    failures = iter([SourcesError("MS120", agency="dss", quarter=str(QUARTER))])

    def take(*given: Any, **named: Any) -> Receipt:
        for failure in failures:
            raise failure
        return ingest(*given, **named)

    return take


def test_a_quarter_with_every_bad_day_is_released_by_the_calendar_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEDGER_VARIABLE, "dbname=the_hubs_own")
    monkeypatch.setattr(alarms, "find_needed_bytes", lambda _: 0)  # whatever else is on the disk
    monkeypatch.setattr("orchestration.defs.ingest.ingest", fail_first(ingest))
    settings = enter_rehearsal(tmp_path / "home")
    said: list[tuple[datetime, str, str]] = []
    rehearse({QUARTER: EVERY_BAD_DAY}, settings, lambda *one: said.append(one))
    timeline = [(f"{moment:%m-%d %H:%M}", who, what.split(" (")[0]) for moment, who, what in said]

    failed = [what for _, who, what in said if who == "delivery_arrived" and "MS120" in what]
    assert len(failed) == 1  # and the same delivery was asked for again

    def find(who: str, what: str) -> str:
        [moment] = [at for at, by, told in timeline if by == who and told.startswith(what)]
        return moment

    assert find("plan_due", "put_up_plan of 2025Q1: done") == "04-11 06:00"
    assert find("quarter_complete", "prepare of 2025Q1: done") == "04-17 09:00"
    assert find("people", "the officer signs the plan") == "04-18 09:00"
    assert find("quarterly_release", "whole_quarter of 2025Q1: done") == "04-19 06:00"
    assert find("notice", "release 2025Q1 is open") == "04-19 08:00"
    assert find("people", "the hub is backed up") == "04-19 09:00"
    assert is_released(QUARTER, settings)
    # what was raised while the receiver was away came when it was back
    assert find("people", "the server that takes messages is back") == "04-14 09:00"
    late = [one for one in said if one[1] == "alarm" and "late-delivery" in one[2]]
    assert [f"{moment:%m-%d}" for moment, _, _ in late] == ["04-14"]
    assert "raised 2025-04-11" in late[0][2]
    codes = {what.partition(":")[0] for _, who, what in said if who == "alarm"}
    late = {"late-delivery", "rejected-delivery", "waiting-signature", "late-release"}
    assert codes == late | {"failed-push"}
    assert Outbox(settings.outbox).list_unsent() == []
    # a push that failed is told once and made up when the server is back
    tried = [(f"{at:%m-%d}", what) for at, _, what in said if what.startswith("push of 2025Q1")]
    assert [day for day, _ in tried] == ["04-19", "04-20", "04-21"]
    assert ["MS743" in what for _, what in tried] == [True, True, False]
    assert [f"{at:%m-%d}" for at, _, what in said if what.startswith("failed-push")] == ["04-19"]


def test_a_year_has_at_least_three_bad_days() -> None:
    assert list(plan_year(2025)) == [Quarter(2025, number) for number in (1, 2, 3, 4)]
    assert len({bad for quarter in BAD_DAYS_OF_A_YEAR for bad in quarter}) >= 3
