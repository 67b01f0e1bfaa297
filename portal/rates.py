"""Children per 10,000 who live there, by region and year, from released numbers and public ones.

Here: which tables give rates, and the rates. Not here: how many children live where, which the
release carries, and the words beside a rate (``codebook``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.all_quarters import list_moments, read_geo_ids
from portal.ranges import find_first
from portal.tables import Row, name_geographies, write_period
from privacy.released import (
    ANNUAL,
    FOUR_QUARTERS,
    Release,
    ReleasedTable,
)

PER = 10_000
UNIT = "children"
REGION = "region"
LEVELS = ("state", REGION)
"""Levels that have enough children for a rate: those of single counties are mostly noise."""
RATES = "rates"
"""The name of their files."""
RATE_COLUMNS = (
    *("vintage", "period", "table", "level", "geography", "geo_id", "children", "children_in"),
    *("rate", "rate_low90", "rate_high90"),
)


@dataclass(frozen=True)
class Rate:
    """Children in a place and year for each 10,000 who live there, in hundredths, with its range.

    `children` live there by public figures of the year `children_in`.
    """

    table: str
    period: str
    level: str
    place: str
    children: int
    children_in: int
    rate: float
    low90: float
    high90: float


def list_rates(release: Release) -> tuple[Rate, ...]:
    """The rates of all years that a release carries; none where it tells no population."""
    places, children = name_geographies(release), _count_children(release)
    return tuple(
        Rate(
            table.name,
            period,
            table.level,
            places.get((table.level, row.geography), row.geography),
            living,
            year,
            *(round(PER * number / living, 2) for number in (first.number, *first.range90)),
        )
        for table in _list_tables(release)
        for period, row in list_moments(release, table)
        for first in [find_first(row)]
        for living, year in [children.get((table.level, row.geography), (0, 0))]
        if first is not None and living
    )


def list_rate_rows(release: Release) -> list[Row]:
    """The rates as rows of ``RATE_COLUMNS``."""
    geo_ids = read_geo_ids()
    return [
        (
            release.release_id,
            write_period(one.period),
            *(one.table, one.level, one.place, geo_ids.get((one.level, one.place))),
            *(one.children, one.children_in, one.rate, one.low90, one.high90),
        )
        for one in list_rates(release)
    ]


def _list_tables(release: Release) -> list[ReleasedTable]:
    """Tables of a year by region, and those of the state about the same children."""
    tables = [
        table
        for table in release.tables
        if table.level in LEVELS
        and table.unit == UNIT
        and table.cadence in (ANNUAL, FOUR_QUARTERS)
        and not table.dimensions
    ]
    by_region = {(one.sources, one.kind, one.period) for one in tables if one.level == REGION}
    return [one for one in tables if (one.sources, one.kind, one.period) in by_region]


def _count_children(release: Release) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Level and key of each place to how many children live there, and in which year's figures."""
    return {
        (level.name, key): (children, level.children_in or 0)
        for frame in release.frames
        for level in frame.levels
        if level.children
        for key, children in zip(level.keys, level.children, strict=True)
    }
