"""Numbers in sentences: the five that the law names, and those between two agencies.

Here: one figure with its range, its unit and how it stands to the one before. Not here: tables
(``rows``), and the comparison of any two numbers, which a reader makes in the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.changed import Change, find_year
from portal.page.changing import name_rows, say_change
from portal.page.links import link_change
from portal.page.missed import find_widened_ranges, say_allowance
from portal.page.rows import NO_NOISE, say_number
from portal.page.words import HEADLINES, UNREPORTED
from portal.ranges import find_first
from portal.series import Key
from portal.wording import say_likely, say_unit
from privacy.released import DECLARED_PUBLIC, ESTIMATED, Release, ReleasedRow, ReleasedTable

Latest = Mapping[Key, Change]
"""Each row's change since its latest earlier number."""


@dataclass(frozen=True)
class Figure:
    """One number in words, its likely range in words, its unit, and how it moved.

    `also` is what else is known: the number over a year, or the range with missed matches.
    `is_number` is false where a status word stands in the place of the number; `trend`, its `link`
    to the comparison and `also` are empty where nothing of the kind was published.
    """

    words: str
    range_words: str
    unit: str
    trend: str
    link: str
    also: str
    is_number: bool


@dataclass(frozen=True)
class Headline:
    """One of the five things the law names."""

    title: str
    tables: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    definitions: tuple[str, ...]


def list_headlines(release: Release, latest: Latest) -> tuple[Headline, ...]:
    """The five things the law names, each with all that answers it."""
    tables = {table.name: table for table in release.tables}
    return tuple(
        Headline(
            title,
            tuple((one.name, one.title) for one in found),
            tuple(
                _describe_figure(
                    release, table, row, latest, _say_year(find_year(release, table), row)
                )
                for table in found
                for row in table.rows
            ),
            tuple(one.definition for one in found),
        )
        for title, names in HEADLINES
        for found in [[tables[name] for name in names if name in tables]]
    )


def list_unreported(release: Release, latest: Latest) -> tuple[Figure, ...]:
    """The figures about children whom police know and Children's Division does not."""
    keys = dict(UNREPORTED)
    return tuple(
        _describe_figure(
            release, table, row, latest, _say_missed(say_allowance(release, table), widened)
        )
        for table in release.tables
        if table.name in keys
        for row, widened in zip(table.rows, find_widened_ranges(release, table), strict=True)
        if row.keys[:1] == (keys[table.name],)
    )


def _describe_figure(
    release: Release, table: ReleasedTable, row: ReleasedRow, latest: Latest, also: str
) -> Figure:
    first = find_first(row)
    unit = say_unit(table.unit, row.count) if row.status == DECLARED_PUBLIC else table.unit
    unit += f": {', '.join(row.labels).lower()}" if row.labels else ""
    if first is None:
        return Figure(f"{row.status}, which is not zero", "", unit, "", "", "", is_number=False)
    key = (table.name, row.geography, row.keys)
    change, is_public = latest.get(key), row.status == DECLARED_PUBLIC
    return Figure(
        words=say_number(row, first),
        range_words=NO_NOISE if is_public else say_likely(*first.range90),
        unit=unit,
        trend=say_change(change) if change else "",
        link=link_change(change, name_rows(release)[key]) if change else "",
        also=also,
        is_number=is_public or row.status == ESTIMATED,
    )


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
    first = find_first(same) if same else None
    if year is None or same is None or first is None:
        return ""
    when = f"In all of {year.period}" if year.frame else f"{year.period} together"
    return f"{when}: {say_number(same, first)}, {say_likely(*first.range90)}."
