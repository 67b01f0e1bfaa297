"""Numbers in sentences: the five that the law names, and those between two agencies.

Here: one figure with its range, its unit and how it stands to the one before. Not here: tables
(``rows``), and the comparison of any two numbers, which a reader makes in the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from portal.page.missed import find_widened_ranges, say_allowance
from portal.page.rows import say_count
from portal.page.words import HEADLINES, UNREPORTED
from portal.ranges import find_range, find_shown
from portal.wording import say_likely
from privacy.released import (
    ESTIMATED,
    FOUR_QUARTERS,
    HistoryPoint,
    Release,
    ReleasedRow,
    ReleasedTable,
)

SURE = 0.01
"""How rarely noise alone must make such a difference before it is called more than noise."""

Past = Mapping[tuple[str, str, tuple[str, ...]], HistoryPoint]


@dataclass(frozen=True)
class Figure:
    """One number in words, its likely range in words, its unit, and how it moved.

    `also` is what else is known: the number over a year, or the range with missed matches.
    `is_number` is false where a status word stands in the place of the number; `trend` and `also`
    are empty where nothing of the kind was published.
    """

    words: str
    range_words: str
    unit: str
    trend: str
    also: str
    is_number: bool


@dataclass(frozen=True)
class Headline:
    """One of the five things the law names."""

    title: str
    tables: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    definitions: tuple[str, ...]


def list_headlines(release: Release) -> tuple[Headline, ...]:
    """The five things the law names, each with all that answers it."""
    tables = {table.name: table for table in release.tables}
    past = recall_latest(release)
    return tuple(
        _describe_headline(release, title, [tables[name] for name in names if name in tables], past)
        for title, names in HEADLINES
    )


def list_unreported(release: Release) -> tuple[Figure, ...]:
    """The figures about children whom police know and Children's Division does not."""
    keys, past = dict(UNREPORTED), recall_latest(release)
    return tuple(
        _describe_figure(table, row, past, _say_missed(say_allowance(release, table), widened))
        for table in release.tables
        if table.name in keys
        for row, widened in zip(table.rows, find_widened_ranges(release, table), strict=True)
        if row.keys[:1] == (keys[table.name],)
    )


def recall_latest(release: Release) -> Past:
    """The latest earlier row of each that this release has too, by table, place and keys."""
    past: dict[tuple[str, str, tuple[str, ...]], HistoryPoint] = {}
    for point in sorted(release.history, key=lambda point: point.period):
        past[point.table, point.geography, point.keys] = point
    return past


def _describe_headline(
    release: Release, title: str, tables: list[ReleasedTable], past: Past
) -> Headline:
    return Headline(
        title,
        tuple((table.name, table.title) for table in tables),
        tuple(
            _describe_figure(table, row, past, _say_year(_find_year(release, table), row))
            for table in tables
            for row in table.rows
        ),
        tuple(table.definition for table in tables),
    )


def _find_year(release: Release, table: ReleasedTable) -> ReleasedTable | None:
    """The table of the same things over a year: one that rests on its quarters, or their sum."""
    years = {
        frame.name
        for frame in release.frames
        if table.frame in {one.frame for one in frame.year_sums}
    }
    return next(
        (
            one
            for one in release.tables
            if (one.level, one.dimensions) == (table.level, table.dimensions)
            and (
                one.frame in years
                or (one.cadence == FOUR_QUARTERS and one.definition == table.definition)
            )
        ),
        None,
    )


def _describe_figure(table: ReleasedTable, row: ReleasedRow, past: Past, also: str) -> Figure:
    unit = f"{table.unit}: {', '.join(row.labels).lower()}" if row.labels else table.unit
    likely = find_range(row)
    if likely is None:
        return Figure(f"{row.status}, which is not zero", "", unit, "", "", is_number=False)
    point = past.get((table.name, row.geography, row.keys))
    trend = "" if point is None else say_trend(row, point)
    is_number = row.status == ESTIMATED
    return Figure(say_count(row), say_likely(*likely), unit, trend, also, is_number)


def _say_missed(allowance: str, widened: tuple[int, int] | None) -> str:
    """The range of a row that lacks or holds what was not matched, or was matched wrongly."""
    if widened is None:
        return ""
    return f"{allowance}: {say_likely(*widened)}."


def _say_year(year: ReleasedTable | None, row: ReleasedRow) -> str:
    """The number of a row over a year."""
    same = next(
        (
            one
            for one in (year.rows if year else ())
            if (one.geography, one.keys) == (row.geography, row.keys)
        ),
        None,
    )
    likely = find_range(same) if same else None
    if year is None or same is None or likely is None:
        return ""
    when = f"In all of {year.period}" if year.frame else f"{year.period} together"
    return f"{when}: {say_count(same)}, {say_likely(*likely)}."


def say_trend(row: ReleasedRow, before: HistoryPoint) -> str:
    """How a number stands to the one published before, and whether noise could explain it."""
    if None in (row.estimate, row.deviation, before.estimate, before.deviation):
        return ""
    difference = (row.estimate or 0) - (before.estimate or 0)
    deviation = math.hypot(row.deviation or 0, before.deviation or 0)
    chance = 2 * NormalDist().cdf(-abs(difference) / deviation)
    shown = find_shown(before)
    then = f"about {shown:,}" if before.status == ESTIMATED else before.status
    if chance >= SURE:
        return f"In {before.period}: {then}. Noise alone could explain the difference."
    word = "Higher" if difference > 0 else "Lower"
    return f"{word} than in {before.period} ({then}), by more than noise explains."
