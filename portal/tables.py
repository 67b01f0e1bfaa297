"""Released tables and measurements as bytes: CSV and Parquet, the same rows in the same order.

Here: the one function for each form, with every option fixed, so that the same release gives the
same bytes. Not here: where the bytes go (``folder``) and what columns mean (``codebook``).
"""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq

from portal.errors import PortalError
from privacy.released import Release, ReleasedTable

MEASURES = ("unit", "count", "estimate", "moe90", "status")
WHOLE = ("count", "noisy_count")
REAL = ("estimate", "moe90", "sigma")

Row = tuple[str | int | float | None, ...]


def list_columns(table: ReleasedTable) -> tuple[str, ...]:
    """The columns of a published table: quarter, its dimensions, then ``MEASURES``."""
    return ("quarter", *table.dimensions, *MEASURES)


def list_rows(table: ReleasedTable, quarter: str) -> list[Row]:
    """The rows of a published table, in the order in which they were released.

    Raises:
        PortalError: MS703, a row has no status, or only some of count, estimate and margin.
    """
    rows: list[Row] = []
    for row in table.rows:
        numbers = (row.count, row.estimate, row.moe90)
        if not row.status or (None in numbers and any(number is not None for number in numbers)):
            reason = f"A row of table {table.name} says neither a number nor why there is none"
            raise PortalError("MS703", release_id=quarter, reason=reason)
        rows.append((quarter, *row.labels, table.unit, *numbers, row.status))
    return rows


def list_measured_columns(release: Release) -> tuple[str, ...]:
    """The columns of the measurements: quarter, table, every dimension, noisy_count, sigma."""
    dimensions = dict.fromkeys(
        name for measured in release.measurements for name in measured.dimensions
    )
    return ("quarter", "table", *dimensions, "noisy_count", "sigma")


def list_measured_rows(release: Release) -> list[Row]:
    """The noisy cells as drawn; a dimension over which a table sums is absent."""
    _, _, *dimensions, _, _ = list_measured_columns(release)
    rows: list[Row] = []
    for measured in release.measurements:
        for cell in measured.cells:
            label_of = dict(zip(measured.dimensions, cell.labels, strict=True))
            labels = (label_of.get(name) for name in dimensions)
            rows.append(
                (release.release_id, measured.name, *labels, cell.noisy_count, measured.sigma)
            )
    return rows


def write_csv(columns: tuple[str, ...], rows: list[Row]) -> bytes:
    """UTF-8, LF line ends, quotes only where needed, nothing for an absent number."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def write_parquet(columns: tuple[str, ...], rows: list[Row]) -> bytes:
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
