"""Charts over quarters: one number with its likely range, as a drawing and as a table.

Here: geometry on a drawing 320 wide and 130 high. Not here: which rows are drawn when they are not
those of the headlines, and the look of lines (``templates/release.css``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.page.words import HEADLINES
from portal.ranges import find_range, find_shown
from portal.wording import say_range
from privacy.released import ESTIMATED, QUARTERLY, HistoryPoint, Release, ReleasedRow, ReleasedTable

LEFT, RIGHT, TOP, BOTTOM = 34, 312, 8, 108
MOST_QUARTERS = 20
"""Quarters that a chart shows at most, the latest."""


@dataclass(frozen=True)
class PointView:
    """One quarter of a chart, in words and as a place on the drawing."""

    period: str
    words: str
    x: float
    y: float
    is_estimated: bool


@dataclass(frozen=True)
class ChartView:
    """A number over quarters; `band` and `line` are paths, `ticks` are values and their heights."""

    title: str
    unit: str
    band: str
    line: str
    points: tuple[PointView, ...]
    ticks: tuple[tuple[int, float], ...]


Moment = tuple[str, ReleasedRow | HistoryPoint]


def list_charts(release: Release) -> tuple[ChartView, ...]:
    """A chart for every headline number that an earlier release has too."""
    names = [name for _, tables in HEADLINES for name in tables]
    tables = {table.name: table for table in release.tables if table.cadence == QUARTERLY}
    charts = []
    for table in (tables[name] for name in names if name in tables):
        for row in table.rows:
            moments = _list_moments(release, table, row)
            if len(moments) > 1:
                charts.append(_draw_chart(_name_chart(table, row), table.unit, moments))
    return tuple(charts)


def _name_chart(table: ReleasedTable, row: ReleasedRow) -> str:
    title = table.title.removesuffix(f" ({table.unit})")
    return f"{title}: {', '.join(row.labels).lower()}" if row.labels else title


def _list_moments(release: Release, table: ReleasedTable, row: ReleasedRow) -> list[Moment]:
    earlier: list[Moment] = [
        (point.period, point)
        for point in sorted(release.history, key=lambda point: point.period)
        if (point.table, point.geography, point.keys) == (table.name, row.geography, row.keys)
    ]
    moments = [*earlier, (table.period, row)]
    return [moment for moment in moments if find_range(moment[1])][-MOST_QUARTERS:]


def _draw_chart(title: str, unit: str, moments: Sequence[Moment]) -> ChartView:
    ranges = [find_range(row) or (0, 0) for _, row in moments]
    top = round_up(max(high for _, high in ranges))
    step = (RIGHT - LEFT) / (len(moments) - 1)

    def height(number: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * number / top, 1)

    across = [round(LEFT + step * place, 1) for place in range(len(moments))]
    points = tuple(
        PointView(period, _say(row), x, height(find_shown(row) or 0), row.status == ESTIMATED)
        for x, (period, row) in zip(across, moments, strict=True)
    )
    above = [f"{x} {height(high)}" for x, (_, high) in zip(across, ranges, strict=True)]
    below = [f"{x} {height(low)}" for x, (low, _) in zip(across, ranges, strict=True)]
    return ChartView(
        title,
        unit,
        f"M{'L'.join(above)}L{'L'.join(reversed(below))}z",
        f"M{'L'.join(f'{point.x} {point.y}' for point in points)}",
        points,
        tuple((number, height(number)) for number in (0, top // 2, top)),
    )


def round_up(number: int) -> int:
    """The least of 2, 4, 6, 10 times a power of ten that is not below a number."""
    power = 1
    while True:
        for factor in (2, 4, 6, 10):
            if factor * power >= number:
                return factor * power
        power *= 10


def _say(row: ReleasedRow | HistoryPoint) -> str:
    likely = say_range(*(find_range(row) or (0, 0)))
    shown = find_shown(row)
    if row.status == ESTIMATED and shown is not None:
        return f"about {shown:,}, likely {likely}"
    return f"{row.status}, likely {likely}"
