"""The calendar: hours in Missouri, each of which exists once."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.calendar import Calendar, read_calendar
from gate.errors import GateError


def write(path: Path, *entries: str) -> Path:
    path.write_text("".join(f"[[release]]\n{entry}\n" for entry in entries), "utf-8")
    return path


def entry(release_id: str = "2025Q1", opens: str = "2025-07-15 08:00:00", tier: str = "public"):
    return f'id = "{release_id}"\nopens = {opens}\ntier = "{tier}"'


def test_an_hour_is_that_of_missouri_in_summer_and_in_winter(tmp_path: Path) -> None:
    path = write(tmp_path / "c.toml", entry(), entry("2025Q3", "2026-01-15 08:00:00", "partner"))
    found = read_calendar(path)
    assert list(found) == ["2025Q3", "2025Q1"]
    assert found["2025Q1"].opens_at == datetime(2025, 7, 15, 13, tzinfo=UTC)
    assert found["2025Q3"].opens_at == datetime(2026, 1, 15, 14, tzinfo=UTC)


def test_a_release_opens_at_the_hour_and_not_a_moment_before(tmp_path: Path) -> None:
    one = read_calendar(write(tmp_path / "c.toml", entry()))["2025Q1"]
    assert one.is_open(one.opens_at)
    assert not one.is_open(one.opens_at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (entry(opens="2025-03-09 02:30:00"), r"release\[0\].opens. is skipped"),
        (entry(opens="2025-11-02 01:30:00"), "twice"),
        (entry(opens="2025-07-15T08:00:00Z"), "is not like"),
        (entry(opens="9999-12-31 23:59:59"), "too far away"),
        (entry(opens='"tomorrow"'), "date with a time"),
        (entry(opens="2025-07-15"), "date with a time"),
        (entry(tier="all"), "tier"),
        (entry(release_id="../x"), "id"),
        (entry(release_id=""), "id"),
        (entry() + "\nname = 1", "no entry"),
        ('id = "2025Q1"', "tier. is missing"),
        ('id = "corrections"\ntier = "public"', "opens. is missing"),
    ],
)
def test_a_wrong_entry_is_refused_and_told(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(GateError, match=f"MS742.*{named}") as caught:
        read_calendar(write(tmp_path / "c.toml", text))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["x = 1", "release = 1", "release = [1]", "[["])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(GateError, match="MS742"):
        read_calendar(path)


def test_a_second_announcement_of_a_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="second time"):
        read_calendar(write(tmp_path / "c.toml", entry(), entry(opens="2025-08-01 08:00:00")))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="cannot be read"):
        Calendar(tmp_path / "c.toml")


def test_a_change_is_read_and_a_broken_one_leaves_the_last_good_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "c.toml", entry())
    calendar = Calendar(path)
    assert list(calendar.releases) == ["2025Q1"]
    write(path, entry(), entry("2025Q2"))
    assert set(calendar.releases) == {"2025Q1", "2025Q2"}
    with caplog.at_level(logging.WARNING):
        path.write_text("[[")
        assert set(calendar.releases) == {"2025Q1", "2025Q2"}
        path.unlink()
        assert set(calendar.releases) == {"2025Q1", "2025Q2"}
    assert "MS742" in caplog.text


def test_a_quarter_without_an_hour_opens_at_that_of_the_states_calendar(tmp_path: Path) -> None:
    path = write(tmp_path / "c.toml", 'id = "2025Q4"\ntier = "public"', entry())
    found = read_calendar(path)
    assert list(found) == ["2025Q4", "2025Q1"]
    assert found["2025Q4"].opens_at == datetime(2026, 1, 15, 14, tzinfo=UTC)
