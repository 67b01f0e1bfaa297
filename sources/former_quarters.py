"""Whether a delivery looks like those of the quarters before, as yes or no.

Belongs here: volume, the share of unknowns and new codes of the fields that the contract watches.
Does not belong here: deciding anything: a quarter may rightly be small or large, so what is unlike
is said in the receipt and stops nothing (decision 154). No number leaves this module.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import mean, median

import duckdb

from sources.contracts import Contract
from sources.errors import SourcesError
from sources.quarters import Quarter
from sources.workbench import ask_number, quote

FEWEST = 2
"""With fewer quarters before, nothing is usual yet."""

MOST = 8
TIMES = 2
FEWEST_LINES = 20
"""Small numbers double by chance; below this many lines nothing is unlike."""

MORE_UNKNOWN = 0.1


def list_unlike(
    connection: duckdb.DuckDBPyConnection, contract: Contract, quarter: Quarter, earlier: Path
) -> Iterator[str]:
    """Sentences (MS151 to MS153) on what is unlike the full deliveries of the quarters before.

    Args:
        connection: has the views `rows_<table>` of a full delivery that was read.
        contract: says which tables and fields are watched.
        quarter: of the delivery.
        earlier: folder of the raw tables of the agency's accepted deliveries.
    """
    folders = _find_former(connection, contract.contract, quarter.first_day, earlier)
    if len(folders) < FEWEST:
        return
    watched = contract.watched
    for table in watched.volume:
        if _is_unusual(connection, table, folders):
            yield SourcesError("MS151", field=table).sentence
    for place, unknown in watched.unknown.items():
        if _is_less_known(connection, place, unknown, folders):
            yield SourcesError("MS152", field=place).sentence
    for place in watched.codes:
        if _has_new_code(connection, place, folders):
            yield SourcesError("MS153", field=place).sentence


def _find_former(
    connection: duckdb.DuckDBPyConnection, contract: str, first_day: date, earlier: Path
) -> list[Path]:
    """The folder of the last full delivery of each of the quarters before, the newest first.

    Only by the same contract: others may lack a field.
    """
    if not any(earlier.glob("*/*/deliveries.parquet")):
        return []
    rows = connection.execute(
        "SELECT quarter_start, max(delivery_sequence) "  # noqa: S608
        f"FROM read_parquet({quote(f'{earlier}/*/*/deliveries.parquet')}) "
        f"WHERE delivery_kind = 'full' AND contract = {quote(contract)} "
        f"AND quarter_start < DATE '{first_day}' "
        f"GROUP BY quarter_start ORDER BY quarter_start DESC LIMIT {MOST}"
    ).fetchall()
    return [
        earlier / f"{start.year}Q{(start.month + 2) // 3}" / f"{sequence:04d}"
        for start, sequence in rows
    ]


def _is_unusual(connection: duckdb.DuckDBPyConnection, table: str, folders: list[Path]) -> bool:
    now = _count(connection, f"rows_{table}")
    usual = median(_count(connection, _rows(folder, table)) for folder in folders)
    is_far = now > TIMES * usual or TIMES * now < usual
    return is_far and abs(now - usual) >= FEWEST_LINES


def _is_less_known(
    connection: duckdb.DuckDBPyConnection,
    place: str,
    unknown: tuple[str, ...],
    folders: list[Path],
) -> bool:
    table, _, field = place.partition(".")
    codes = ", ".join(map(quote, ("", *unknown)))
    is_unknown = f"trim({field}) IN ({codes})"
    now = _count(connection, f"rows_{table} WHERE {is_unknown}")
    shares = [
        _count(connection, f"{_rows(folder, table)} WHERE {is_unknown}")
        / (_count(connection, _rows(folder, table)) or 1)
        for folder in folders
    ]
    share = now / (_count(connection, f"rows_{table}") or 1)
    return now >= FEWEST_LINES and share > mean(shares) + MORE_UNKNOWN


def _has_new_code(connection: duckdb.DuckDBPyConnection, place: str, folders: list[Path]) -> bool:
    table, _, field = place.partition(".")
    known = " UNION ALL ".join(
        f"SELECT trim({field}) AS code FROM {_rows(folder, table)}"  # noqa: S608
        for folder in folders
    )
    new = f"(SELECT trim({field}) AS code FROM rows_{table}) ANTI JOIN ({known}) USING (code)"  # noqa: S608
    return _count(connection, f"{new} WHERE code <> ''") > 0


def _rows(folder: Path, table: str) -> str:
    return f"read_parquet({quote(f'{folder}/{table}.parquet')})"


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return ask_number(connection, f"SELECT count(*) FROM {rows}")  # noqa: S608
