"""Series of a page: small drawings over the quarters with their bands, and the same as tables.

Here: which rows stand together, geometry on a drawing 220 wide and 130 high, and the words of each
quarter. Not here: smoothing and judging changes (``portal.smoothing``, ``portal.changed``), and the
look of lines (``templates/release_drawings.css``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from jurisdiction.context import read_context
from portal.chance import say_both
from portal.changed import Change, name_moments
from portal.page.links import link_change, write_row
from portal.page.rows import STATE, list_labels
from portal.page.words import HEADLINES
from portal.ranges import First, find_first
from portal.series import MOST_MOMENTS, Key, Moment, find_days, list_counted, list_series
from portal.smoothing import Smoothed, smooth_moments
from portal.wording import say_range
from privacy.released import ESTIMATED, HistoryPoint, Release, ReleasedRow, ReleasedTable

LEFT, RIGHT, TOP, BOTTOM = 34, 214, 8, 106
MOST_ROWS = 12
"""Rows up to which a table by place is drawn; a longer one is left to its rows and its map."""
OVER_TIME = "Over the quarters"
NO_NUMBER = "not released"
APART = 13
"""How far apart the numbers of two marks stand at least."""


@dataclass(frozen=True)
class PointView:
    """One quarter of a chart as a place on the drawing; open where zero cannot be excluded."""

    x: float
    y: float
    is_estimated: bool


@dataclass(frozen=True)
class Mark:
    """An event as a line on a drawing, with its number above it at `label`."""

    number: int
    x: float
    label: float


@dataclass(frozen=True)
class ChartView:
    """A number over quarters; `band`, `line` and `smoothed` are paths, the last "" without one.

    `ticks` are values and their heights; `change` says how the newest number moved, with the link
    that opens the comparison; `marks` are events of its time.
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
    marks: tuple[Mark, ...]

    @property
    def described(self) -> str:
        """Where the page tells the events of the marks."""
        return " ".join(f"event-{mark.number}" for mark in self.marks)

    @property
    def holes(self) -> str:
        """A path of no length at every point where zero cannot be excluded: it is drawn open."""
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
        return shorten(BOTTOM - (BOTTOM - TOP) * max(0.0, number) / top)

    across = [shorten(LEFT + step * place) for place in range(len(moments))]
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
        marks=tuple(_place_marks(moments, across)),
    )


def _place_marks(moments: Sequence[Moment], across: Sequence[float]) -> Iterator[Mark]:
    """Events within the time of a drawing, between the middles of the periods around them."""
    spans = [find_days(one.period) for one in moments]
    middles = [_find_middle(*span) for span in spans]
    label = 0.0
    for number, event in enumerate(read_context().events, start=1):
        if spans[0][0] <= event.first_day and event.last_day <= spans[-1][1]:
            day = _find_middle(event.first_day, event.last_day)
            x = shorten(_interpolate(day, middles, across))
            label = max(x, label + APART)
            yield Mark(number, x, label)


def _find_middle(first: date, last: date) -> float:
    return (first.toordinal() + last.toordinal()) / 2


def _interpolate(day: float, middles: Sequence[float], across: Sequence[float]) -> float:
    for place, (start, end) in enumerate(pairwise(middles)):
        if day <= end:
            share = max(0.0, (day - start) / (end - start))
            return across[place] + share * (across[place + 1] - across[place])
    return across[-1]


def shorten(place: float) -> float:
    """A place on a drawing to a tenth, a whole number where it is one, so that it is short."""
    tenth = round(place, 1)
    return int(tenth) if tenth == int(tenth) else tenth


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
