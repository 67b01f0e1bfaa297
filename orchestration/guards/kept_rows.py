"""That the rows and links of every charged quarter still lie in the vault, row for row.

A unit is counted once ever because later quarters look at these rows, so a warehouse that was lost
and built anew would count it again. Does not belong here: which quarters are kept (see
`kept_quarters`), and whether rows are fit to be released (see `quality`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb

from durable.writing import write_whole
from expectations.digest import digest_rows, digest_tables
from linkage.links import CHILDREN, LINKS
from linkage.matching import YEAR
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse
from orchestration.steps.linking import folder_of_links
from sources.quarters import Quarter

Digests = dict[str, str]
"""Of each table, and of the links: how many rows, and the sums of their hashes."""


def check_kept_rows(settings: Settings) -> None:
    """Refuse to go on where rows or links of a charged quarter are not what they were.

    Called before anything is written to the warehouse, so that a loss is told at once and nothing
    is counted on top of it.

    Raises:
        OrchestrationError: MS923 where they are not, MS924 where the warehouse is gone, MS936 where
            an older version released it.
        PrivacyError: When the ledger is lost or cannot be trusted.
    """
    kept = find_kept_quarters(settings)
    if kept:
        with open_warehouse(settings) as connection:
            _compare(connection, kept, settings)


def keep_rows(connection: duckdb.DuckDBPyConnection, quarter: Quarter, settings: Settings) -> None:
    """Note what a quarter is about to be released from, if all earlier releases kept theirs.

    Of a quarter that was charged already, the rows must be those noted then. The notes stay in the
    vault, because a digest of confidential rows is a function of them.

    Raises:
        OrchestrationError: MS923 where rows or links of a charged quarter are not what they were,
            MS936 where an older version released it.
        PrivacyError: When the ledger is lost or cannot be trusted.
    """
    kept = find_kept_quarters(settings)
    _compare(connection, kept, settings)
    if quarter not in kept:
        digests = _digest(connection, quarter, settings)
        write_whole(_place(quarter, settings), json.dumps(digests, indent=1, sort_keys=True))


def _compare(
    connection: duckdb.DuckDBPyConnection, kept: Collection[Quarter], settings: Settings
) -> None:
    for charged in sorted(kept):
        found = _digest(connection, charged, settings)
        noted = _read_note(charged, settings)
        if noted and CHILDREN not in noted:
            raise OrchestrationError("MS936", quarter=str(charged))
        if not noted or any(found.get(name) != digest for name, digest in noted.items()):
            raise OrchestrationError("MS923", quarter=str(charged))


def _digest(connection: duckdb.DuckDBPyConnection, quarter: Quarter, settings: Settings) -> Digests:
    digests = digest_tables(connection, quarter.first_day)
    for name in (LINKS, CHILDREN, YEAR):
        file = folder_of_links(quarter, settings) / name
        if file.exists():
            path = str(file).replace("'", "''")
            digests[name] = digest_rows(connection, f"read_parquet('{path}')", quarter.first_day)
    return digests


def _read_note(quarter: Quarter, settings: Settings) -> Digests:
    try:
        noted: Digests = json.loads(_place(quarter, settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted


def _place(quarter: Quarter, settings: Settings) -> Path:
    return settings.vault.kept_rows / f"{quarter}.json"
