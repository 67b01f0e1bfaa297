"""Where a ledger lies in tests: a SQLite file, and a schema on a real PostgreSQL server."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from privacy.ledger.ledger import Place

READ = "SELECT number, kind, plan, previous, body, hash FROM {table} ORDER BY number"


def run_sql(place: Place, *statements: str) -> list[Any]:
    """Run statements as whoever owns the ledger could; gives the rows of the last."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            return [connection.execute(text).fetchall() for text in statements][-1]
    with psycopg.connect(place, autocommit=True) as connection:
        for text in ("SET search_path = moshare_ledger, public", *statements):
            cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []


def read_rows(place: Place) -> list[Any]:
    return run_sql(
        place, "SELECT number, kind, plan, previous, body, hash FROM entries ORDER BY number"
    )


def force(place: Place, statement: str) -> None:
    """Run a statement with the append-only triggers out of the way and back afterwards."""
    if isinstance(place, Path):
        triggers = run_sql(
            place,
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid",
        )
        drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
        run_sql(place, *drops, statement, *(sql for _, sql in triggers))
    else:
        run_sql(place, "SET session_replication_role = replica", statement)


def rewrite(place: Place, number: int, **columns: str) -> None:
    """Change columns of one entry behind the triggers."""
    changes = ", ".join(
        f"{name} = '{value.replace(chr(39), 2 * chr(39))}'" for name, value in columns.items()
    )
    force(place, f"UPDATE entries SET {changes} WHERE number = {number}")  # noqa: S608
