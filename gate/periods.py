"""The periods that a release tells of, as first and last days.

Here: reading them from how a release names them: 2025Q1, 2025, 2024Q2 to 2025Q1. Not here: how a
catalogue writes them (``catalog``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_PART = r"(\d{4})(?:Q([1-4]))?"
_NAMED = re.compile(rf"{_PART}(?: to {_PART})?")


@dataclass(frozen=True)
class Period:
    """The first and the last day, both of it."""

    start: date
    end: date


def list_periods(quarter_start: str, names: Iterable[object]) -> tuple[Period, ...]:
    """The quarter of a release, then the other periods of its tables, the shortest first.

    A name that is no period's is left out.

    Raises:
        ValueError: the quarter does not begin on a day like 2025-01-01.
    """
    start = date.fromisoformat(quarter_start)
    quarter = Period(start, _find_last_day(start.year, start.month + 2))
    found = {period for name in names if (period := _read_period(str(name)))} - {quarter}
    return (quarter, *sorted(found, key=lambda one: (one.end - one.start, one.start)))


def _read_period(name: str) -> Period | None:
    match = _NAMED.fullmatch(name)
    if match is None:
        return None
    year, quarter, last_year, last_quarter = match.groups()
    if last_year is None:
        last_year, last_quarter = year, quarter
    return Period(
        date(int(year), 3 * int(quarter or 1) - 2, 1),
        _find_last_day(int(last_year), 3 * int(last_quarter or 4)),
    )


def _find_last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
