"""Released tables as rows of plain values, and as bytes: CSV and Parquet.

Here: which columns a table has, and the one function for each form, with every option fixed, so
that the same release gives the same bytes. Not here: spreadsheets (``workbook``), measurements
(``measurements``), where the bytes go (``folder``), and what columns mean (``codebook``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from portal.errors import PortalError
from portal.ranges import find_range
from privacy.released import (
    DECLARED_PUBLIC,
    FOUR_QUARTERS,
    HistoryPoint,
    Release,
    ReleasedRow,
    ReleasedTable,
)

WHERE = ("quarter", "geography")
MEASURES = ("unit", "estimate", "moe90", "low90", "high90", "count", "status")
MODELLED = ("modelled", "modelled_low90", "modelled_high90")
WHOLE = (
    *("count", "low90", "high90", "noisy_count", "first_low90", "first_high90"),
    *("children", "children_in"),
)
REAL = (
    *("estimate", "moe90", "sigma", *MODELLED, "first", "rate", "rate_low90", "rate_high90"),
    *("mean_difference", "largest_difference", "smoothed", "smoothed_low90", "smoothed_high90"),
)

Row = tuple[str | int | float | None, ...]


def list_columns(table: ReleasedTable) -> tuple[str, ...]:
    """The columns of a table: quarter, geography, its dimensions, ``MEASURES``.

    ``MODELLED`` follow only in a table that has modelled numbers.
    """
    modelled = MODELLED if has_modelled(table) else ()
    return (*WHERE, *table.dimensions, *MEASURES, *modelled)


def has_modelled(table: ReleasedTable) -> bool:
    """Whether any row of a table has a modelled number."""
    return any(row.modelled is not None for row in table.rows)


def name_geographies(release: Release) -> Mapping[tuple[str, str], str]:
    """Level and key of every place to its label, from the geographies of the frames."""
    return release.place_labels


def write_period(period: str) -> str:
    """A period as text that no reader takes for a number or a date: a year 2025 as ``CY2025``."""
    return f"CY{period}" if period.isdigit() else period


def list_dimension_titles(release: Release) -> dict[str, str]:
    """Every dimension of the published tables and its title."""
    return {
        name: title
        for table in release.tables
        for name, title in zip(table.dimensions, table.dimension_titles, strict=True)
    }


def list_rows(table: ReleasedTable, release: Release) -> list[Row]:
    """The rows of a published table, in the order in which they were released.

    Raises:
        PortalError: MS703, a row has no status, or only some of count, estimate and margin.
    """
    places = name_geographies(release)
    return [
        (
            write_period(table.period),
            places.get((table.level, row.geography), row.geography),
            *row.labels,
            table.unit,
            *list_numbers(row, table, release.release_id),
            row.status,
            *((row.modelled, row.modelled_low90, row.modelled_high90) if modelled else ()),
        )
        for modelled in [has_modelled(table)]
        for row in table.rows
    ]


def list_numbers(row: ReleasedRow | HistoryPoint, table: ReleasedTable, release_id: str) -> Row:
    """Estimate, margin, low, high and count; a sum over quarters has no count.

    A number that is declared public is a count alone, from itself to itself.

    Raises:
        PortalError: MS703, the row has no status, or only some of its numbers.
    """
    needed: list[float | None] = [row.estimate, row.moe90]
    if table.cadence != FOUR_QUARTERS:
        needed.append(row.count)
    is_whole = all(number is None for number in needed) or None not in needed
    if row.status == DECLARED_PUBLIC:
        is_whole = row.count is not None and not any(number is not None for number in needed[:2])
    if not row.status or not is_whole:
        reason = f"A row of table {table.name} says neither a number nor why there is none"
        raise PortalError("MS703", release_id=release_id, reason=reason)
    low, high = find_range(row) or (None, None)
    return row.estimate, row.moe90, low, high, row.count


def write_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """UTF-8, LF line ends, quotes only where needed, nothing for an absent number."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def write_parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """One row group, text and 64-bit numbers, no statistics, no dictionary."""
    schema = pa.schema([pa.field(name, _find_type(name)) for name in columns])
    table = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=max(1, len(rows)),
        version="2.6",
        data_page_version="1.0",
        compression="NONE",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _find_type(column: str) -> pa.DataType:
    if column in WHOLE:
        return pa.int64()
    return pa.float64() if column in REAL else pa.string()
