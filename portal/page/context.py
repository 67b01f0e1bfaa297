"""What happened beside the counts, in the words of the page: events with marks, and figures.

Here: the list under the marks, numbers before and after each event, and drawings of what others
published. Not here: released counts, which share no axis with any of it, and where a mark stands on
their drawings (``charts``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from jurisdiction.context import Dated, Event, Point, Series, read_context
from portal.changed import Change, Changes, split_moments
from portal.page.changing import ChangeView, describe_change, name_rows
from portal.page.charts import BOTTOM, RIGHT, TOP, GroupView, round_up, shorten
from portal.page.words import HEADLINES
from portal.series import list_series
from privacy.released import Release

DIGIT = 7.5
"""Width of a digit at the scale of a drawing."""


@dataclass(frozen=True)
class EventView:
    """An event as it is told; `changes` are the numbers before and after it, the surest first."""

    number: int
    when: str
    title: str
    words: str
    source: str
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True)
class SeriesView:
    """A drawing of figures of others; `line` joins those of years that follow one another."""

    title: str
    unit: str
    words: str
    left: float
    line: str
    dots: str
    ticks: tuple[tuple[int, float], ...]
    periods: tuple[str, str]
    told: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class ContextView:
    """Events that have a mark on a drawing, those that have none, and figures of others."""

    marked: tuple[EventView, ...]
    others: tuple[EventView, ...]
    series: tuple[SeriesView, ...]


def describe_context(
    release: Release, changes: Changes, groups: Sequence[GroupView]
) -> ContextView:
    """What the page says of events and figures beside the counts of a release."""
    context = read_context()
    shown = {mark.number for group in groups for chart in group.charts for mark in chart.marks}
    events = [
        _describe_event(number, event, release, changes.changes)
        for number, event in enumerate(context.events, start=1)
    ]
    return ContextView(
        tuple(one for one in events if one.number in shown),
        tuple(one for one in events if one.number not in shown),
        tuple(map(_describe_series, context.series)),
    )


def say_date(text: str) -> str:
    """2018-08-28 as ``28 August 2018``, 2025-09 as ``September 2025``; a year as it is."""
    year, *rest = text.split("-")
    if not rest:
        return year
    month = f"{date(int(year), int(rest[0]), 1):%B} {year}"
    return f"{int(rest[1])} {month}" if rest[1:] else month


def _describe_event(
    number: int, event: Event, release: Release, changes: Collection[Change]
) -> EventView:
    headlines = {name for _, names in HEADLINES for name in names}
    series, names = list_series(release), name_rows(release)
    return EventView(
        number,
        say_date(event.date),
        event.title,
        event.words,
        _say_source(event),
        tuple(
            describe_change(one, names[one.key], release)
            for one in changes
            if one.key in names
            and one.key[0] in headlines
            and (one.now, one.before) == split_moments(series[one.key], event)
        ),
    )


def _say_source(dated: Dated) -> str:
    return f"{dated.source} (to confirm)" if dated.to_confirm else dated.source


def _describe_series(series: Series) -> SeriesView:
    points = series.points
    top = round_up(max(one.number for one in points))
    ticks = (0, top // 2, top)
    left = 8 + DIGIT * len(f"{top:,}")
    days = [(one.first_day.toordinal() + one.last_day.toordinal()) / 2 for one in points]
    span = (days[-1] - days[0]) or 1.0

    def height(number: int) -> float:
        return shorten(BOTTOM - (BOTTOM - TOP) * number / top)

    across = [shorten(left + (RIGHT - left) * (day - days[0]) / span) for day in days]
    places = [f"{x} {height(one.number)}" for x, one in zip(across, points, strict=True)]
    return SeriesView(
        title=series.title,
        unit=series.unit,
        words=series.words,
        left=left,
        line="".join(
            f"{'L' if place and _follows(points[place - 1], points[place]) else 'M'}{where}"
            for place, where in enumerate(places)
        ),
        dots="".join(f"M{where}h0" for where in places),
        ticks=tuple((number, height(number)) for number in ticks),
        periods=(say_date(points[0].date), say_date(points[-1].date)),
        told="; ".join(f"{one.number:,} in {say_date(one.date)}" for one in points),
        sources=tuple(f"{say_date(one.date)}: {_say_source(one)}" for one in points),
    )


def _follows(before: Point, now: Point) -> bool:
    """Whether no time lies between two figures."""
    return (now.first_day - before.last_day).days <= 1
