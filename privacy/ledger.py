"""The ledger: what was charged and drawn, append-only, hash-chained, in one SQLite file.

Belongs here: entries, their chain, the caps, the lock that lets one door act at a time. Does not
belong here: what a release looks like (its canonical JSON is carried as it is) and noise.

Durability: rollback journal with `synchronous = EXTRA`, so that a committed charge survives a
loss of power and the ledger is one file that can be copied. Each call opens the file anew and
recomputes the whole chain before it believes or adds anything.
"""

import datetime
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from privacy.chain import (
    BEGUN,
    CHARGE,
    DONE,
    GENESIS,
    Charge,
    Entry,
    read_entry,
    seal_entry,
    sum_spent,
)
from privacy.errors import PrivacyError
from privacy.policy import Caps

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


class Ledger:
    """An existing ledger; raises PrivacyError MS620 if there is none, MS623 if others can open it.

    Every method raises MS622 where the file is not what was written, MS627 where SQLite fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise PrivacyError("MS620", file=path.name)
        if path.stat().st_mode & 0o077:
            raise PrivacyError("MS623", file=path.name)

    @classmethod
    def create(cls, path: Path) -> "Ledger":
        """Make an empty ledger, mode 0600, whole or not at all; raises MS621 if one exists."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _lock(path):
                if path.exists():
                    raise PrivacyError("MS621", file=path.name)
                _write_empty(path)
        except (OSError, sqlite3.Error):
            raise PrivacyError("MS627", file=path.name) from None
        return cls(path)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the ledger for this process alone; others wait here. Released if it dies."""
        return _lock(self._path)

    def read_entries(self) -> tuple[Entry, ...]:
        """Return all entries in order, after recomputing the chain."""
        with self._connect() as connection:
            return self._read_checked(connection)

    def verify(self, heads: Iterable[str] = ()) -> str:
        """Recompute the chain and return its head.

        `heads` are the ledger heads printed in releases; one that is not in the chain (an older
        copy was put back) raises MS628.
        """
        entries = self.read_entries()
        known = {entry.hash for entry in entries}
        if any(head not in known for head in heads):
            raise PrivacyError("MS628", file=self._path.name)
        return entries[-1].hash if entries else GENESIS

    def check_charge(self, charge: Charge, caps: Caps) -> None:
        """Refuse a charge that `charge` would refuse, writing nothing; raises MS624, MS625."""
        _check_caps(self.read_entries(), charge, caps)

    def charge(self, charge: Charge, caps: Caps) -> Entry:
        """Charge a plan once; asked again, return the first charge. Raises MS624, MS625."""
        with self._connect() as connection, _transaction(connection):
            entries = self._read_checked(connection)
            found = _find(entries, CHARGE, charge.plan)
            if found is not None:
                return found
            _check_caps(entries, charge, caps)
            return _append(connection, entries, CHARGE, charge, payload=None)

    def begin_draw(self, charge: Charge) -> Entry:
        """Record that noise for a charged plan is about to be drawn, once; raises MS630."""
        return self._advance(charge, after=CHARGE, kind=BEGUN, payload=None)

    def finish_draw(self, charge: Charge, payload: dict[str, Any]) -> Entry:
        """Record what was drawn, once, as JSON content; raises MS630."""
        return self._advance(charge, after=BEGUN, kind=DONE, payload=payload)

    def find_drawn(self, quarter: str) -> Entry | None:
        """Return the finished draw of a quarter, or None where it was not begun.

        Raises MS626 where a draw was begun and never finished.
        """
        entries = [entry for entry in self.read_entries() if entry.charge.quarter == quarter]
        done = [entry for entry in entries if entry.kind == DONE]
        if done:
            return done[-1]
        if any(entry.kind == BEGUN for entry in entries):
            raise PrivacyError("MS626", quarter=quarter)
        return None

    def _advance(
        self, charge: Charge, *, after: str, kind: str, payload: dict[str, Any] | None
    ) -> Entry:
        with self._connect() as connection, _transaction(connection):
            entries = self._read_checked(connection)
            before = _find(entries, after, charge.plan)
            if before is None or before.charge != charge:
                self._refuse_step(charge, f"It must follow a {after} of the same plan")
            if _find(entries, kind, charge.plan) is not None:
                self._refuse_step(charge, f"The {kind} of this plan is already recorded")
            return _append(connection, entries, kind, charge, payload)

    def _refuse_step(self, charge: Charge, problem: str) -> NoReturn:
        raise PrivacyError("MS630", file=self._path.name, quarter=charge.quarter, problem=problem)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
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
            raise PrivacyError("MS627", file=self._path.name) from None
        self._distrust("SQLite cannot read it as the database that was written")

    def _distrust(self, problem: str) -> NoReturn:
        raise PrivacyError("MS622", file=self._path.name, problem=problem) from None

    def _read_checked(self, connection: sqlite3.Connection) -> tuple[Entry, ...]:
        schema = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        if [sql for (sql,) in schema] != list(_SCHEMA):
            self._distrust("Its tables or its append-only triggers were changed")
        rows = connection.execute(
            "SELECT number, kind, plan, previous, body, hash FROM entries ORDER BY number"
        ).fetchall()
        entries: list[Entry] = []
        previous = GENESIS
        for position, row in enumerate(rows, start=1):
            entry = read_entry(row)
            if entry is None or (entry.number, entry.previous) != (position, previous):
                self._distrust(f"The chain of hashes breaks at entry {position}")
            entries.append(entry)
            previous = entry.hash
        return tuple(entries)


def _write_empty(path: Path) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(draft)) as connection:
        connection.executescript(";".join(_SCHEMA) + ";")
    draft.rename(path)


def _append(
    connection: sqlite3.Connection,
    entries: tuple[Entry, ...],
    kind: str,
    charge: Charge,
    payload: dict[str, Any] | None,
) -> Entry:
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    previous = entries[-1].hash if entries else GENESIS
    entry, body = seal_entry(len(entries) + 1, at, kind, charge, payload, previous)
    connection.execute(
        "INSERT INTO entries (number, kind, plan, previous, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (entry.number, kind, charge.plan, previous, body, entry.hash),
    )
    return entry


def _find(entries: Iterable[Entry], kind: str, plan: str) -> Entry | None:
    found = (entry for entry in entries if (entry.kind, entry.charge.plan) == (kind, plan))
    return next(found, None)


def _check_caps(entries: Iterable[Entry], charge: Charge, caps: Caps) -> None:
    """Refuse what passes a cap or meets another plan; a plan already charged always fits."""
    entries = tuple(entries)
    if _find(entries, CHARGE, charge.plan) is not None:
        return
    if any(entry.charge.quarter == charge.quarter for entry in entries):
        raise PrivacyError("MS624", quarter=charge.quarter)
    spent = sum_spent(entries)
    for period, cap in ((charge.quarter, caps.quarter), (charge.year, caps.year)):
        left = cap - spent[period]
        if charge.rho > left:
            raise PrivacyError(
                "MS625",
                quarter=charge.quarter,
                period=period,
                rho=f"{float(charge.rho):.6f}",
                left=f"{float(left):.6f}",
                cap=f"{float(cap):.6f}",
            )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
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
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
