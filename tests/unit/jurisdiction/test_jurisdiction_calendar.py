"""The calendar gives the dates of a quarter, on working days and at hours that exist."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from jurisdiction import calendar, folder
from jurisdiction.calendar import find_moment, read_calendar
from jurisdiction.errors import JurisdictionError


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the calendar, from which it is read."""
    shutil.copy(folder.FOLDER / calendar.FILE, tmp_path)
    monkeypatch.setattr(calendar, "FOLDER", tmp_path)
    read_calendar.cache_clear()
    yield tmp_path / calendar.FILE
    read_calendar.cache_clear()


def test_the_parts_of_a_quarter_are_due_in_the_month_after_it() -> None:
    dates = read_calendar().find_dates("2025Q1")
    assert dates is not None
    assert (dates.deliveries, dates.plan) == (date(2025, 4, 10), date(2025, 4, 11))
    assert (dates.signatures, dates.release) == (date(2025, 4, 14), date(2025, 4, 15))
    assert dates.released_at == datetime(2025, 4, 15, 11, tzinfo=UTC)
    assert dates.opens_at == datetime(2025, 4, 15, 13, tzinfo=UTC)
    assert dates.passed_over_on is None


@pytest.mark.parametrize(
    ("quarter", "part", "day"),
    [
        ("2025Q4", "deliveries", date(2026, 1, 12)),  # the 10th is a Saturday
        ("2024Q4", "plan", date(2025, 1, 13)),
        ("2022Q3", "deliveries", date(2022, 10, 11)),  # Monday the 10th is Columbus Day
        ("2027Q4", "release", date(2028, 1, 18)),  # a Saturday, and then Martin Luther King Jr. Day
    ],
)
def test_a_day_on_a_weekend_or_a_holiday_moves_to_the_next_working_day(
    quarter: str, part: str, day: date
) -> None:
    assert getattr(read_calendar().find_dates(quarter), part) == day


def test_what_is_no_quarter_has_no_dates() -> None:
    assert read_calendar().find_dates("2025-corrections") is None


def test_a_release_that_is_put_off_opens_on_its_new_day(copied: Path) -> None:
    text = copied.read_text("utf-8").replace("[put_off]", '[put_off]\n"2025Q1" = 2025-04-22', 1)
    copied.write_text(text, "utf-8")
    dates = read_calendar().find_dates("2025Q1")
    assert dates is not None
    assert dates.opens_at == datetime(2025, 4, 22, 13, tzinfo=UTC)
    assert dates.plan == date(2025, 4, 11)


def test_a_silent_agency_is_passed_over_only_where_the_calendar_says_so(copied: Path) -> None:
    copied.write_text(copied.read_text("utf-8").replace('"wait"\n', '"pass_over"\n'), "utf-8")
    dates = read_calendar().find_dates("2025Q1")
    assert dates is not None
    assert dates.passed_over_on == date(2025, 5, 15)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("plan = 11", "plan = 9", "'due' is not in order"),
        ("release = 15", "release = 31", "'due.release' is above 28"),
        ("opening = 08:00:00", "opening = 05:00:00", "opens a release before"),
        ('then = "wait"', 'then = "hurry"', "'silence.then' is not one of"),
        ("monday = 3", "day = 3\nmonday = 3", "needs a day or the number of a Monday"),
        ("[put_off]", '[put_off]\n"spring" = 2025-04-22', "is no quarter"),
        ("[due]", "[dew]", "'due' is missing"),
    ],
)
def test_a_broken_calendar_is_named_with_its_entry(
    copied: Path, old: str, new: str, told: str
) -> None:
    text = copied.read_text("utf-8")
    assert old in text
    copied.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(JurisdictionError, match=r"MS001.*calendar\.toml") as caught:
        read_calendar()
    assert told in caught.value.sentence


def test_an_hour_that_a_clock_skips_or_repeats_is_none() -> None:
    for day, told in ((date(2025, 3, 9), "is skipped"), (date(2025, 11, 2), "comes twice")):
        hour = time(2, 30) if day.month == 3 else time(1, 30)
        with pytest.raises(ValueError, match=told):
            find_moment(datetime.combine(day, hour))
