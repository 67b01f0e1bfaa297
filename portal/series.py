"""The numbers of a release over time: each row with its earlier ones.

Here: finding what was published of a row, and how far apart quarters are. Not here: what is made of
a series (``smoothing``, ``changed``) and how it is drawn (``page.charts``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from privacy.released import ANNUAL, QUARTERLY, HistoryPoint, Release, ReleasedRow, ReleasedTable

Key = tuple[str, str, tuple[str, ...]]
"""What tells one row from all others: its table, its place and its keys."""

MOST_MOMENTS = 8
"""Quarters or years of a series that are looked at, the latest: as many as a release carries."""


@dataclass(frozen=True)
class Moment:
    """A row in one period (2025Q1, or 2025), as it was published then."""

    period: str
    row: ReleasedRow | HistoryPoint


def list_series(release: Release) -> dict[Key, tuple[Moment, ...]]:
    """Every row of a quarterly or annual table that has a number, with its earlier ones.

    The oldest comes first; a period in which the row had no number, or was not released with the
    same meaning, is not in it.
    """
    series: dict[Key, list[Moment]] = {}
    for table in list_counted(release):
        for row in table.rows:
            series[table.name, row.geography, row.keys] = [Moment(table.period, row)]
    for point in release.history:
        found = series.get((point.table, point.geography, point.keys))
        if found is not None:
            found.append(Moment(point.period, point))
    return {
        key: tuple(
            one
            for one in sorted(moments, key=lambda moment: moment.period)
            if None not in (one.row.estimate, one.row.deviation)
        )
        for key, moments in series.items()
    }


def list_counted(release: Release) -> tuple[ReleasedTable, ...]:
    """The tables whose rows have earlier ones: those of a quarter or a year that have numbers."""
    return tuple(
        table
        for table in release.tables
        if table.cadence in (QUARTERLY, ANNUAL) and table.frame is not None
    )


def count_periods(period: str) -> int:
    """The number of a quarter (2025Q1) or year (2025), so that neighbours differ by one."""
    year, _, quarter = period.partition("Q")
    return 4 * int(year) + int(quarter) - 1 if quarter else int(year)


def find_days(period: str) -> tuple[date, date]:
    """The first and the last day of a quarter (2025Q1) or year (2025)."""
    year, _, quarter = period.partition("Q")
    first = date(int(year), 3 * int(quarter or 1) - 2, 1)
    following = name_before(period, -1)
    if not quarter:
        return first, date(int(following), 1, 1) - timedelta(days=1)
    return first, date(int(following[:4]), 3 * int(following[-1]) - 2, 1) - timedelta(days=1)


def name_before(period: str, steps: int) -> str:
    """The quarter or year so many before this one."""
    number = count_periods(period) - steps
    return f"{number // 4}Q{number % 4 + 1}" if "Q" in period else str(number)
