"""The ledger: what was charged and drawn, append-only, hash-chained, each step once.

Belongs here: the steps of a release and their order, the caps, and the check of the whole chain
before anything is believed or added. Does not belong here: how rows are kept (privacy.ledger.sqlite
and privacy.ledger.postgres), what an entry looks like (privacy.ledger.chain) and noise.
"""

import datetime
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.ledger.caps import check_caps
from privacy.ledger.chain import (
    BEGUN,
    CHARGE,
    DONE,
    DRAWN,
    GENESIS,
    LOST,
    Charge,
    Entry,
    Row,
    find_entry,
    find_head,
    read_chain,
    read_entry,
    seal_entry,
)
from privacy.ledger.postgres import PostgresStore
from privacy.ledger.sqlite import SqliteStore
from privacy.policy.policy import Caps

_PREDECESSOR = {BEGUN: CHARGE, DRAWN: BEGUN, DONE: DRAWN, LOST: BEGUN}
_EXCLUDED_BY = {DRAWN: LOST, LOST: DRAWN}
_SHORTEST_HEAD = 16

Place = Path | str
"""Where a ledger lies: a path is a SQLite file, a text is a PostgreSQL connection string."""


class Rows(Protocol):
    """The rows of a ledger inside one transaction."""

    def read(self) -> list[Row]:
        """Return all rows in order, after a check of the tables and triggers around them."""

    def append(self, row: Row) -> None:
        """Add the next row."""


class Store(Protocol):
    """A place that keeps rows: each call opens it anew, and a commit has reached the disk."""

    name: str

    def create(self) -> None:
        """Make it, empty, whole or not at all; raises MS621 if there is one."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold it for this process alone; others wait here, and are told for whom. Raises MS633.

        Released if the process dies.
        """

    def reading(self) -> AbstractContextManager[Rows]:
        """Open it to read."""

    def writing(self) -> AbstractContextManager[Rows]:
        """Open one transaction in which nobody else writes, committed at the end."""


class Ledger:
    """An existing ledger; raises PrivacyError MS620 if there is none, MS623 if others can open it.

    Every method raises MS622 where the ledger is not what was written, MS627 where its database
    fails.
    """

    def __init__(self, place: Place) -> None:
        self._store = find_store(place)
        with self._store.reading():
            pass

    @classmethod
    def create(cls, place: Place) -> "Ledger":
        """Make an empty ledger that its owner alone can open; raises MS621 if one exists."""
        find_store(place).create()
        return cls(place)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the ledger for this process alone; others wait, and are told for whom (MS633)."""
        return self._store.lock()

    def read_entries(self) -> tuple[Entry, ...]:
        """Return all entries in order, after recomputing the chain."""
        with self._store.reading() as rows:
            return self._read_checked(rows)

    def verify(self, heads: Iterable[str] = ()) -> str:
        """Recompute the chain and return its head.

        `heads` are hashes that were seen of it before, or their first 16 digits or more; one that
        is not in the chain (an older copy was put back) raises MS628. A charge whose plan is not
        the one it names raises MS622.
        """
        entries = self.read_entries()
        for entry in entries:
            if entry.kind == CHARGE and compute_sha256(_find_plan(entry)) != entry.charge.plan:
                self._distrust(f"The plan kept with entry {entry.number} is not the charged one")
        known = [GENESIS, *(entry.hash for entry in entries)]
        for head in heads:
            if len(head) < _SHORTEST_HEAD or not any(one.startswith(head) for one in known):
                raise PrivacyError("MS628", file=self._store.name)
        return find_head(entries)

    def check_charge(self, charge: Charge, caps: Caps) -> None:
        """Refuse a charge that `charge` would refuse, writing nothing."""
        check_caps(self.read_entries(), charge, caps)

    def charge(self, charge: Charge, caps: Caps, payload: dict[str, Any]) -> Entry:
        """Charge a plan once; asked again, return the first charge.

        `payload` holds the plan's text and who signed it. Raises MS624, MS625, MS626 and MS637 as
        `privacy.ledger.caps.check_caps` does.
        """
        with self._store.writing() as rows:
            entries = self._read_checked(rows)
            found = find_entry(entries, CHARGE, charge.plan)
            if found is not None:
                return found
            check_caps(entries, charge, caps)
            return _append(rows, entries, CHARGE, charge, payload)

    def begin_draw(self, charge: Charge, reservation: str) -> Entry:
        """Record that the draw of a charged plan is about to be put where it is held; raises MS630.

        Until this is recorded nobody can have seen it. `reservation` names the place.
        """
        return self._advance(charge, BEGUN, {"reservation": reservation})

    def record_draw(self, charge: Charge, payload: dict[str, Any]) -> Entry:
        """Record the noisy cells as soon as they exist, once, as JSON content; raises MS630."""
        return self._advance(charge, DRAWN, payload)

    def finish(self, charge: Charge, payload: dict[str, Any]) -> Entry:
        """Record the release that was made from the draw, once, as JSON content; raises MS630."""
        return self._advance(charge, DONE, payload)

    def declare_lost(self, charge: Charge) -> Entry:
        """Record that a draw was begun and is lost: it will never be recorded. Raises MS630."""
        return self._advance(charge, LOST, None)

    def find_draw(self, plan: str) -> Entry | None:
        """Return the last entry of a plan after its charge, None where no draw was begun."""
        of_plan = [entry for entry in self.read_entries() if entry.charge.plan == plan]
        return of_plan[-1] if len(of_plan) > 1 else None

    def find_release(self, quarter: str) -> Entry | None:
        """Return a quarter's finished release, or None."""
        entries = (entry for entry in self.read_entries() if entry.charge.quarter == quarter)
        return next((entry for entry in entries if entry.kind == DONE), None)

    def _advance(self, charge: Charge, kind: str, payload: dict[str, Any] | None) -> Entry:
        after = _PREDECESSOR[kind]
        with self._store.writing() as rows:
            entries = self._read_checked(rows)
            before = find_entry(entries, after, charge.plan)
            if before is None or before.charge != charge:
                self._refuse_step(charge, f"It must follow a {after} of the same plan")
            for other in (kind, _EXCLUDED_BY.get(kind, kind)):
                if find_entry(entries, other, charge.plan) is not None:
                    self._refuse_step(charge, f"The {other} of this plan is already recorded")
            return _append(rows, entries, kind, charge, payload)

    def _refuse_step(self, charge: Charge, problem: str) -> NoReturn:
        raise PrivacyError("MS630", file=self._store.name, quarter=charge.quarter, problem=problem)

    def _read_checked(self, rows: Rows) -> tuple[Entry, ...]:
        entries, broken = read_chain(rows.read())
        if broken is not None:
            self._distrust(f"The chain of hashes breaks at entry {broken}")
        return entries

    def _distrust(self, problem: str) -> NoReturn:
        raise PrivacyError("MS622", file=self._store.name, problem=problem)


def find_store(place: Place) -> Store:
    """Return the store at a place, which need not exist yet."""
    return SqliteStore(place) if isinstance(place, Path) else PostgresStore(place)


def _find_plan(entry: Entry) -> str:
    text = (entry.payload or {}).get("plan")
    return text if isinstance(text, str) else ""


def _append(
    rows: Rows,
    entries: tuple[Entry, ...],
    kind: str,
    charge: Charge,
    payload: dict[str, Any] | None,
) -> Entry:
    """Add an entry; where the clock was set back, at the time of the entry before."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    at = max(now, entries[-1].at) if entries else now
    row = seal_entry(len(entries) + 1, at, kind, charge, payload, find_head(entries))
    rows.append(row)
    entry = read_entry(row)
    if entry is None:
        raise TypeError("an entry that was just sealed must read back")
    return entry
