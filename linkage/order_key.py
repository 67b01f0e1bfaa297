"""The secret that puts records in an order nobody can choose or predict.

Where a bound keeps k records, those first in keyed hash order stay. The order is the 60-bit
integer `md5_number_lower(order_key || id) >> 4` (DuckDB); it must not change between quarters, so
the key is made once. It is no token key: it never leaves the vault. Does not belong here: the use
of the order.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import duckdb

from durable.writing import draft_folder, place_once


def ensure_order_key(path: Path) -> None:
    """Create the order key if there is none: Parquet, one row, column order_key VARCHAR.

    An existing key is left alone, also when two processes call this at once.
    """
    if path.exists():
        return
    with draft_folder(path) as aside, duckdb.connect() as connection:
        row = connection.sql("select $key as order_key", params={"key": secrets.token_hex(32)})
        row.write_parquet(str(aside / path.name))
        place_once(aside / path.name, path)
