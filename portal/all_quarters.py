"""Every number that a release carries, of its own period and of earlier ones, as one tidy table.

Here: its columns and rows, one for each cell and vintage, whatever table a cell is of. Not here:
forms of files (``tables``), which number stands first (``ranges``), what columns mean
(``codebook``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jurisdiction.folder import list_counties
from jurisdiction.state import read_state
from portal.ranges import find_first
from portal.series import Key
from portal.smoothing import Smoothed, smooth_release
from portal.tables import MODELLED, Row, list_numbers, name_geographies, write_period
from privacy.released import HistoryPoint, Release, ReleasedRow, ReleasedTable

ALL_QUARTERS = "all_quarters"
"""The name of its files."""
SUMMED = "all"
"""What stands in a dimension over which a row sums, so that no key is empty."""
WHERE = ("vintage", "period", "cadence", "table", "level", "geography", "geo_id")
NUMBERS = ("unit", "estimate", "moe90", "low90", "high90", "count", "status", *MODELLED)
SMOOTHED = ("smoothed", "smoothed_low90", "smoothed_high90")
FIRST = ("first", "first_low90", "first_high90", "first_column")
STATE_CODE, COUNTY_CODE = "0400000US", "0500000US"
"""What stands before the FIPS code of a state or a county in the Census Bureau's GEO_ID."""

GeoIds = Mapping[tuple[str, str], str]
Smooth = Mapping[Key, Mapping[str, Smoothed]]


def list_dimensions(release: Release) -> tuple[str, ...]:
    """Every dimension of the tables of a release, in the order in which they first come."""
    return tuple(dict.fromkeys(name for table in release.tables for name in table.dimensions))


def list_all_columns(release: Release) -> tuple[str, ...]:
    """The columns: where a row stands, every dimension, its numbers, the one that stands first."""
    return (*WHERE, *list_dimensions(release), *NUMBERS, *SMOOTHED, *FIRST)


def list_all_keys(release: Release) -> tuple[str, ...]:
    """The columns that tell a row from every other, in this file and in those of other releases."""
    return ("vintage", "period", "table", "geography", *list_dimensions(release))


def list_all_rows(release: Release) -> list[Row]:
    """One row for each cell of each period, table by table, the oldest period first.

    Raises:
        PortalError: MS703, a row has no status, or only some of its numbers.
    """
    geo_ids, smoothed = read_geo_ids(), smooth_release(release)
    return [
        row for table in release.tables for row in _list_table(release, table, geo_ids, smoothed)
    ]


def list_moments(
    release: Release, table: ReleasedTable
) -> Iterator[tuple[str, ReleasedRow | HistoryPoint]]:
    """Every row of a table with its period: those of earlier periods first, then its own."""
    for point in release.history:
        if point.table == table.name:
            yield point.period, point
    for row in table.rows:
        yield table.period, row


def read_geo_ids() -> GeoIds:
    """Level and label of the state and of each county to the Census Bureau's GEO_ID.

    Text in every reader, as the bare FIPS code is not; its last characters are that code.
    """
    state = read_state()
    counties = {("county", one["county"]): f"{COUNTY_CODE}{one['fips']}" for one in list_counties()}
    return {("state", state.name): f"{STATE_CODE}{state.fips}", **counties}


def _list_table(
    release: Release, table: ReleasedTable, geo_ids: GeoIds, smoothed: Smooth
) -> Iterator[Row]:
    labels = {(row.geography, row.keys): row.labels for row in table.rows}
    places, dimensions = name_geographies(release), list_dimensions(release)
    for period, row in list_moments(release, table):
        named = labels.get((row.geography, row.keys), row.keys)
        shown = dict(zip(table.dimensions, named, strict=True))
        geography = places.get((table.level, row.geography), row.geography)
        yield (
            release.release_id,
            write_period(period),
            table.cadence,
            table.name,
            table.level,
            geography,
            geo_ids.get((table.level, geography)),
            *(shown.get(name, SUMMED) for name in dimensions),
            table.unit,
            *list_numbers(row, table, release.release_id),
            row.status,
            *(getattr(row, name) for name in MODELLED),
            *_list_smoothed(smoothed.get((table.name, row.geography, row.keys), {}).get(period)),
            *_list_first(row),
        )


def _list_smoothed(smoothed: Smoothed | None) -> Row:
    if smoothed is None:
        return (None,) * len(SMOOTHED)
    return smoothed.level + 0.0, smoothed.low90 + 0.0, smoothed.high90 + 0.0


def _list_first(row: ReleasedRow | HistoryPoint) -> Row:
    first = find_first(row)
    if first is None:
        return (None,) * len(FIRST)
    return float(first.number), first.low90, first.high90, first.column
