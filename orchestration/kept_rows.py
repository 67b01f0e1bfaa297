"""That the rows and links of every charged quarter still lie in the vault, row for row.

A unit is counted once ever because later quarters look at these rows, so a warehouse that was lost
and built anew would count it again. Does not belong here: which quarters are kept (see
`kept_quarters`), and whether rows are fit to be released (see `quality`).
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from durable.writing import write_whole
from orchestration.errors import OrchestrationError
from orchestration.kept_quarters import find_kept_quarters
from orchestration.settings import Settings
from sources.quarters import Quarter

Digests = dict[str, str]
"""Of each table, and of the links: how many rows, and the sums of their hashes."""


def keep_rows(connection: duckdb.DuckDBPyConnection, quarter: Quarter, settings: Settings) -> None:
    """Note what a quarter is about to be released from, if all earlier releases kept theirs.

    Of a quarter that was charged already, the rows must be those noted then. The notes stay in the
    vault, because a digest of confidential rows is a function of them.

    Raises:
        OrchestrationError: MS923 where rows or links of a charged quarter are not what they were.
        PrivacyError: When the ledger is lost or cannot be trusted.
    """
    kept = find_kept_quarters(settings)
    for charged in sorted(kept):
        found = _digest(connection, charged, settings)
        noted = _read_note(charged, settings)
        if not noted or any(found.get(name) != digest for name, digest in noted.items()):
            raise OrchestrationError("MS923", quarter=str(charged))
    if quarter not in kept:
        digests = _digest(connection, quarter, settings)
        write_whole(_place(quarter, settings), json.dumps(digests, indent=1, sort_keys=True))


def _digest(connection: duckdb.DuckDBPyConnection, quarter: Quarter, settings: Settings) -> Digests:
    tables = connection.execute(
        "select table_name from information_schema.tables "
        "where table_schema = 'release_input' order by table_name"
    ).fetchall()
    digests = {
        name: _sum_hashes(connection, f'release_input."{name}"', quarter) for (name,) in tables
    }
    links = settings.vault / "linkage" / str(quarter) / "links.parquet"
    if links.exists():
        path = str(links).replace("'", "''")
        digests["links"] = _sum_hashes(connection, f"read_parquet('{path}')", quarter)
    return digests


def _sum_hashes(connection: duckdb.DuckDBPyConnection, relation: str, quarter: Quarter) -> str:
    """Digest the rows of a quarter, whatever their order."""
    ((rows, low, high),) = connection.execute(
        "select count(*), sum(md5_number_lower(cast(kept as varchar))), "  # noqa: S608 - our names
        f"sum(md5_number_upper(cast(kept as varchar))) from {relation} as kept "
        "where quarter_start = ?",
        [quarter.first_day],
    ).fetchall()
    return f"{rows}:{low}:{high}"


def _read_note(quarter: Quarter, settings: Settings) -> Digests:
    try:
        noted: Digests = json.loads(_place(quarter, settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted


def _place(quarter: Quarter, settings: Settings) -> Path:
    return settings.kept_rows / f"{quarter}.json"
