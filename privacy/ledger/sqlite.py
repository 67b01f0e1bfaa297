"""The ledger's rows in one SQLite file.

Durability: rollback journal with `synchronous = EXTRA`, so that a committed charge survives a loss
of power and the ledger is one file that can be copied. Does not belong here: what the rows mean.
"""

import datetime
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from durable.writing import replacing
from privacy.errors import PrivacyError
from privacy.ledger.chain import Row
from privacy.ledger.waiting import DOOR_SECONDS, name_process, wait_for

_SCHEMA = (
    """CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    plan TEXT NOT NULL,
    previous TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (kind, plan)
) STRICT""",
    """CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER entries_follow_the_last BEFORE INSERT ON entries
WHEN NEW.number IS NOT (SELECT count(*) + 1 FROM entries)
OR NEW.previous IS NOT coalesce(
    (SELECT hash FROM entries ORDER BY number DESC LIMIT 1), printf('%064d', 0))
OR EXISTS (SELECT 1 FROM entries WHERE kind = NEW.kind AND plan = NEW.plan)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)

_PATIENCE_SECONDS = 60
_SIGNATURE_BYTES = 200
_OUTSIDE_CAUSES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class SqliteStore:
    """Rows in a file of mode 0600; raises MS620, MS621, MS622, MS623 or MS627."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name

    def create(self) -> None:
        """Make an empty file, whole or not at all; raises MS621 if one exists."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.lock():
                if self._path.exists():
                    raise PrivacyError("MS621", file=self.name)
                _write_empty(self._path)
        except (OSError, sqlite3.Error):
            raise PrivacyError("MS627", file=self.name) from None

    def lock(self) -> AbstractContextManager[None]:
        """Hold the file for this process alone, by a lock file beside it."""
        return _lock(self._path)

    @contextmanager
    def reading(self) -> Iterator["_SqliteRows"]:
        """Open the file to read."""
        with self._connect() as connection:
            yield _SqliteRows(self.name, connection)

    @contextmanager
    def writing(self) -> Iterator["_SqliteRows"]:
        """Open one transaction that keeps other writers out."""
        with self._connect() as connection, _transaction(connection):
            yield _SqliteRows(self.name, connection)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        if not self._path.is_file():
            raise PrivacyError("MS620", file=self.name)
        if self._path.stat().st_mode & 0o077:
            raise PrivacyError("MS623", file=self.name)
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        try:
            with closing(
                sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)
            ) as connection:
                connection.execute("PRAGMA synchronous = EXTRA")
                yield connection
        except sqlite3.Error as error:
            self._explain(error)

    def _explain(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _OUTSIDE_CAUSES:
            raise PrivacyError("MS627", file=self.name) from None
        problem = "SQLite cannot read it as the database that was written"
        raise PrivacyError("MS622", file=self.name, problem=problem) from None


class _SqliteRows:
    def __init__(self, name: str, connection: sqlite3.Connection) -> None:
        self._name = name
        self._connection = connection

    def read(self) -> list[Row]:
        schema = self._connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        if [sql for (sql,) in schema] != list(_SCHEMA):
            problem = "Its tables or its append-only triggers were changed"
            raise PrivacyError("MS622", file=self._name, problem=problem)
        return self._connection.execute(
            "SELECT number, kind, plan, previous, body, hash FROM entries ORDER BY number"
        ).fetchall()

    def append(self, row: Row) -> None:
        self._connection.execute(
            "INSERT INTO entries (number, kind, plan, previous, body, hash) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )


def _write_empty(path: Path) -> None:
    with replacing(path) as draft, closing(sqlite3.connect(draft)) as connection:
        connection.executescript(";".join(_SCHEMA) + ";")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself where the disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        raise PrivacyError("MS627", file=path.name) from None
    try:
        wait_for(
            lambda: _try_lock(descriptor),
            lambda: _read_signature(descriptor) or "another process",
            path.name,
            DOOR_SECONDS,
        )
        _sign_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign_lock(descriptor: int) -> None:
    """Say in the lock file who holds it, for those who wait; it holds also without that."""
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    signature = f"{name_process()}, since {since}".encode()
    with suppress(OSError):
        os.pwrite(descriptor, signature[:_SIGNATURE_BYTES].ljust(_SIGNATURE_BYTES), 0)


def _read_signature(descriptor: int) -> str:
    return os.pread(descriptor, _SIGNATURE_BYTES, 0).decode("utf-8", "replace").strip()
