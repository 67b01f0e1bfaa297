"""A released table as bytes: CSV and Parquet, the same rows in the same order.

Here: the one function for each form, with every option fixed, so that the same release gives the
same bytes. Not here: where the bytes go (``folder``) and what columns mean (``codebook``).
"""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq

from portal.errors import PortalError
from privacy.released import ReleasedTable

MEASURES = ("unit", "estimate", "moe90", "status")

Row = tuple[str | int | None, ...]


def list_columns(table: ReleasedTable) -> tuple[str, ...]:
    """The columns of a published table: quarter, its dimensions, unit, estimate, moe90, status."""
    return ("quarter", *table.dimensions, *MEASURES)


def list_rows(table: ReleasedTable, quarter: str) -> list[Row]:
    """The rows of a published table, in the order in which they were released.

    Raises:
        PortalError: MS703, a row has no status, or only one of estimate and margin.
    """
    rows: list[Row] = []
    for row in table.rows:
        if not row.status or (row.estimate is None) != (row.moe90 is None):
            reason = f"A row of table {table.name} says neither a number nor why there is none"
            raise PortalError("MS703", release_id=quarter, reason=reason)
        rows.append((quarter, *row.labels, table.unit, row.estimate, row.moe90, row.status))
    return rows


def write_csv(columns: tuple[str, ...], rows: list[Row]) -> bytes:
    """UTF-8, LF line ends, quotes only where needed, nothing for an absent number."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def write_parquet(columns: tuple[str, ...], rows: list[Row]) -> bytes:
    """One row group, text and 64-bit integers, no statistics, no dictionary."""
    schema = pa.schema(
        [
            pa.field(name, pa.int64() if name in ("estimate", "moe90") else pa.string())
            for name in columns
        ]
    )
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
