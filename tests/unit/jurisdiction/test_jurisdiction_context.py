"""Public events and figures beside the counts: reviewed, dated, each with its source."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from jurisdiction import context, folder
from jurisdiction.context import read_context
from jurisdiction.errors import JurisdictionError


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the file, from which it is read."""
    shutil.copy(folder.FOLDER / context.FILE, tmp_path)
    monkeypatch.setattr(context, "FOLDER", tmp_path)
    read_context.cache_clear()
    yield tmp_path / context.FILE
    read_context.cache_clear()


def test_events_stand_in_the_order_of_their_dates_each_with_a_source() -> None:
    events = read_context().events
    assert [one.date for one in events][:4] == ["2018-08-28", "2019", "2020-03-13", "2022-08-28"]
    assert all(one.source for one in events)
    assert [one.date for one in events if one.to_confirm] == ["2019", "2022-08-28"]


def test_a_date_is_as_long_as_what_is_known_of_it() -> None:
    days = {one.date: (one.first_day, one.last_day) for one in read_context().events}
    assert days["2018-08-28"] == (date(2018, 8, 28), date(2018, 8, 28))
    assert days["2025-09"] == (date(2025, 9, 1), date(2025, 9, 30))
    assert days["2019"] == (date(2019, 1, 1), date(2019, 12, 31))


def test_every_figure_of_a_series_has_its_own_source() -> None:
    series = read_context().series
    assert all(point.source for one in series for point in one.points)
    assert all(one.unit and one.words for one in series)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('date = "2019"', 'date = "2019Q1"', "'events[1].date' is no day, month or year"),
        ('date = "2019"', 'date = "2019-13"', "'events[1].date' is no day, month or year"),
        ('date = "2019"', 'date = "2024"', "'events' is not in the order of its dates"),
        ('source = "No page', 'sauce = "No page', "'events[1].source' is missing"),
        ('words = "The month is not known."', 'words = ""', "'events[1].words' does not have"),
        ("to_confirm = true", 'to_confirm = "yes"', "'events[1].to_confirm' is neither"),
        ("number = 365", "number = -1", "'series[0].points[0].number' is below 0"),
        ("number = 365", "number = 365.5", "'series[0].points[0].number' is not a whole"),
        (
            'date = "2016", number',
            'date = "2014", number',
            "'series[0].points' is not in the order",
        ),
        ("[[series]]", "[[serials]]", "There is no entry 'serials'"),
        ("[[events]]", "[[events", "is not TOML"),
    ],
)
def test_a_broken_context_is_named_with_its_entry(
    copied: Path, old: str, new: str, told: str
) -> None:
    text = copied.read_text("utf-8")
    assert old in text
    copied.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(JurisdictionError, match=r"MS001.*context\.toml") as caught:
        read_context()
    assert told in caught.value.sentence


def test_a_missing_context_is_told(copied: Path) -> None:
    copied.unlink()
    with pytest.raises(JurisdictionError, match=r"MS001.*cannot be read"):
        read_context()


def test_a_state_may_have_nothing_beside_its_counts(copied: Path) -> None:
    copied.write_text("", "utf-8")
    assert read_context() == context.Context()
