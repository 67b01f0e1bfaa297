"""Series of a page: small drawings over the quarters with their bands, and the same as tables.

Here: which rows stand together, geometry on a drawing 220 wide and 130 high, and the words of each
quarter. Not here: smoothing and judging changes (``portal.smoothing``, ``portal.changed``), and the
look of lines (``templates/release_drawings.css``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.chance import say_both
from portal.changed import Change, name_moments
from portal.page.links import link_change, write_row
from portal.page.rows import STATE, list_labels
from portal.page.words import HEADLINES
from portal.ranges import First, find_first
from portal.series import Key, Moment, list_counted, list_series
from portal.smoothing import Smoothed, smooth_moments
from portal.wording import say_range
from privacy.released import ESTIMATED, HistoryPoint, Release, ReleasedRow, ReleasedTable

LEFT, RIGHT, TOP, BOTTOM = 34, 214, 8, 106
MOST_ROWS = 12
"""Rows up to which a table by place is drawn; a longer one is left to its rows and its map."""
MOST_MOMENTS = 8
"""Quarters or years of a series that are shown, the latest: as many as a release carries."""
OVER_TIME = "Over the quarters"
NO_NUMBER = "not released"


@dataclass(frozen=True)
class PointView:
    """One quarter of a chart as a place on the drawing; open where zero cannot be excluded."""

    x: float
    y: float
    is_estimated: bool


@dataclass(frozen=True)
class ChartView:
    """A number over quarters; `band`, `line` and `smoothed` are paths, the last "" without one.

    `ticks` are values and their heights; `change` says how the newest number moved, with the link
    that opens the comparison.
    """

    title: str
    unit: str
    band: str
    line: str
    smoothed: str
    points: tuple[PointView, ...]
    ticks: tuple[tuple[int, float], ...]
    periods: tuple[str, str]
    change: str
    link: str

    @property
    def dots(self) -> str:
        """A path of no length at every point, which the style draws as dots."""
        return "".join(f"M{point.x} {point.y}h0" for point in self.points)

    @property
    def holes(self) -> str:
        """The same of points where zero cannot be excluded; they are drawn open."""
        return "".join(f"M{point.x} {point.y}h0" for point in self.points if not point.is_estimated)


@dataclass(frozen=True)
class SeriesRow:
    """One row of a table of series; a cell for each period, `term` names it in links."""

    label: str
    term: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class GroupView:
    """Charts that stand together, and the tables of the same numbers: published, and smoothed.

    `link` is what leads to it in the list of contents.
    """

    anchor: str
    link: str
    title: str
    charts: tuple[ChartView, ...]
    periods: tuple[str, ...]
    published: tuple[SeriesRow, ...]
    smoothed: tuple[SeriesRow, ...]


@dataclass(frozen=True)
class _Series:
    """A row with its name, its unit, what was published of it, and the smoothed numbers."""

    key: Key
    name: str
    title: str
    unit: str
    moments: tuple[Moment, ...]
    smoothed: Mapping[str, Smoothed]


def list_groups(release: Release, latest: Mapping[Key, Change]) -> tuple[GroupView, ...]:
    """Series that an earlier release has too: those of the headlines, then each table by place."""
    series = list_series(release)
    headlines = [name for _, names in HEADLINES for name in names]
    tables = {table.name: table for table in list_counted(release)}
    groups = [
        (
            "quarters",
            OVER_TIME,
            OVER_TIME,
            [
                _find_series(release, tables[name], row, series)
                for name in headlines
                if name in tables
                for row in tables[name].rows
            ],
        ),
        *(
            (
                f"places-{table.name}",
                f"By {table.level}: {table.unit}, {table.cadence}",
                table.title,
                [_find_series(release, table, row, series) for row in table.rows],
            )
            for table in tables.values()
            if table.level != STATE and len(table.rows) <= MOST_ROWS
        ),
    ]
    views = (
        _describe_group(heads, [one for one in found if one.key in latest], latest)
        for *heads, found in groups
    )
    return tuple(view for view in views if view.charts)


def _find_series(
    release: Release,
    table: ReleasedTable,
    row: ReleasedRow,
    series: Mapping[Key, tuple[Moment, ...]],
) -> _Series:
    key = (table.name, row.geography, row.keys)
    name = ", ".join(list_labels(release, table, row))
    title = name
    if table.level == STATE:
        thing = table.title.removesuffix(f" ({table.unit})")
        title = f"{thing}: {', '.join(row.labels).lower()}" if row.labels else thing
    moments = series[key][-MOST_MOMENTS:]
    return _Series(key, name, title, table.unit, moments, smooth_moments(moments))


def _describe_group(
    heads: Sequence[str], found: Sequence[_Series], latest: Mapping[Key, Change]
) -> GroupView:
    """A group; `heads` are its anchor, its link in the contents, and its title."""
    anchor, link, title = heads
    periods = tuple(sorted({moment.period for one in found for moment in one.moments}))
    shared = 0
    if title != OVER_TIME:
        shared = max((_find_top(one.moments) for one in found), default=0)
    return GroupView(
        anchor,
        link,
        title,
        tuple(_draw_chart(one, latest[one.key], shared) for one in found),
        periods,
        tuple(_list_published(one, periods) for one in found),
        tuple(_list_smoothed(one, periods) for one in found if one.smoothed),
    )


def _find_top(moments: Sequence[Moment]) -> int:
    return max(_find(one).high90 for one in moments)


def _find(moment: Moment) -> First:
    """The number and range of a moment; a series holds only those that have one."""
    return find_first(moment.row) or First(0, 0, 0, "")


def _draw_chart(series: _Series, change: Change, shared: int) -> ChartView:
    """One chart; places are drawn to one scale, so that they can be compared by eye."""
    moments = series.moments
    firsts = [_find(one) for one in moments]
    top = round_up(shared or _find_top(moments))
    step = (RIGHT - LEFT) / (len(moments) - 1)

    def height(number: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * max(0.0, number) / top, 1)

    across = [round(LEFT + step * place, 1) for place in range(len(moments))]
    points = tuple(
        PointView(x, height(first.number), one.row.status == ESTIMATED)
        for x, first, one in zip(across, firsts, moments, strict=True)
    )
    above = [
        f"{x} {height(high)}"
        for x, high in zip(across, [one.high90 for one in firsts], strict=True)
    ]
    below = [
        f"{x} {height(low)}" for x, low in zip(across, [one.low90 for one in firsts], strict=True)
    ]
    smooth = [
        f"{x} {height(series.smoothed[one.period].level)}"
        for x, one in zip(across, moments, strict=True)
        if one.period in series.smoothed
    ]
    return ChartView(
        title=series.title,
        unit=series.unit,
        band=f"M{'L'.join(above)}L{'L'.join(reversed(below))}z",
        line=f"M{'L'.join(f'{point.x} {point.y}' for point in points)}",
        smoothed=f"M{'L'.join(smooth)}" if smooth else "",
        points=points,
        ticks=tuple((number, height(number)) for number in (0, top // 2, top)),
        periods=(moments[0].period, moments[-1].period),
        change=(
            f"{change.verdict} since {name_moments(change.before)} "
            f"({say_both(change.noise, change.both)})."
        ),
        link=link_change(change, series.name),
    )


def round_up(number: int) -> int:
    """The least of 2, 4, 6, 10 times a power of ten that is not below a number."""
    power = 1
    while True:
        for factor in (2, 4, 6, 10):
            if factor * power >= number:
                return factor * power
        power *= 10


def _list_published(series: _Series, periods: Sequence[str]) -> SeriesRow:
    known = {one.period: say_short(one.row) for one in series.moments}
    cells = tuple(known.get(period, NO_NUMBER) for period in periods)
    return SeriesRow(series.title, write_row(series.key[0], series.name), cells)


def say_short(row: ReleasedRow | HistoryPoint) -> str:
    """A number with its likely range in a few words; the range alone where it may be zero."""
    first = find_first(row)
    if first is None:
        return row.status
    if row.status != ESTIMATED:
        return keep_together(say_range(*first.range90))
    return f"about {round(first.number):,} ({keep_together(say_range(*first.range90))})"


def keep_together(words: str) -> str:
    """Words that are not broken at the end of a line."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def _list_smoothed(series: _Series, periods: Sequence[str]) -> SeriesRow:
    cells = tuple(_say_smoothed(series, period) for period in periods)
    return SeriesRow(series.title, "", cells)


def _say_smoothed(series: _Series, period: str) -> str:
    """A smoothed number and its range, and what it was when it was the newest."""
    now = series.smoothed.get(period)
    if now is None:
        return NO_NUMBER
    words = f"{max(0, now.level):,.1f} ({max(0, now.low90):,.1f} to {max(0, now.high90):,.1f})"
    then = smooth_moments([one for one in series.moments if one.period <= period]).get(period)
    is_newest = period == series.moments[-1].period
    return words if then is None or is_newest else f"{words}; {max(0, then.level):,.1f} when new"
