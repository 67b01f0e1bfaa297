"""One entry of the ledger: its canonical text, its hash, and the check of both.

Each entry's text carries the hash of the one before, so that no earlier byte can change unseen.
Does not belong here: files and databases (privacy.ledger.ledger), and what a charge adds up to
(privacy.ledger.caps).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.released import COHORT

CHARGE = "charge"
BEGUN = "draw_begun"
DRAWN = "drawn"
DONE = "finished"
LOST = "lost"
GENESIS = "0" * 64

Row = tuple[int, str, str, str, str, str]
"""An entry as it is stored: number, kind, plan, previous, body, hash."""


@dataclass(frozen=True)
class Part:
    """What one frame of a plan costs; `quarters` is how often one identity can be counted in it.

    `counting` is cohort or activity, `cadence` quarterly or annual; no `quarters` means any number.
    """

    frame: str
    counting: str
    cadence: str
    quarters: int | None
    rho: Fraction

    @property
    def appearances(self) -> int | None:
        """In how many charges of the frame one identity can stand; None is any number."""
        return 1 if self.counting == COHORT else self.quarters


@dataclass(frozen=True)
class Charge:
    """What a plan costs: quarter like 2025Q1, hash of the plan, and its cost by frame.

    `recovers` is the hash of the plan whose draw was lost, where this one pays for the quarter
    once more.
    """

    quarter: str
    plan: str
    parts: tuple[Part, ...]
    recovers: str | None = None

    @property
    def rho(self) -> Fraction:
        """Cost of the whole plan, exactly."""
        return sum((part.rho for part in self.parts), start=Fraction(0))

    @property
    def year(self) -> str:
        """Calendar year of the quarter."""
        return self.quarter[:4]

    @property
    def place(self) -> int:
        """Number of the quarter, counted from the year 0, so that neighbours differ by 1."""
        return 4 * int(self.quarter[:4]) + int(self.quarter[5])


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `at` is UTC text.

    `payload` is, for a charge, the plan and who signed it; for the mark of a draw, where the draw
    is held; for a draw, the noisy cells; for a finished release, its content.
    """

    number: int
    at: str
    kind: str
    charge: Charge
    payload: dict[str, Any] | None
    previous: str
    hash: str


def seal_entry(
    number: int, at: str, kind: str, charge: Charge, payload: dict[str, Any] | None, previous: str
) -> Row:
    """Return a new entry as it is stored; the SHA-256 of its body is its hash."""
    body = to_canonical_json(
        {
            "number": number,
            "at": at,
            "kind": kind,
            "quarter": charge.quarter,
            "plan": charge.plan,
            "parts": [asdict(part) for part in charge.parts],
            "recovers": charge.recovers,
            "payload": payload,
            "previous": previous,
        }
    )
    return number, kind, charge.plan, previous, body, compute_sha256(body)


def read_entry(row: Sequence[Any]) -> Entry | None:
    """Return the entry of a stored row, None if its columns, body and hash disagree."""
    number, kind, plan, previous, body, digest = row
    if not isinstance(body, str) or compute_sha256(body) != digest:
        return None
    try:
        fields = json.loads(body)
        parts = tuple(Part(**{**part, "rho": Fraction(part["rho"])}) for part in fields["parts"])
        charge = Charge(fields["quarter"], fields["plan"], parts, fields.get("recovers"))
        entry = Entry(
            fields["number"],
            fields["at"],
            fields["kind"],
            charge,
            fields["payload"],
            fields["previous"],
            digest,
        )
    except (ValueError, TypeError, KeyError):
        return None
    columns = (entry.number, entry.kind, charge.plan, entry.previous)
    return entry if columns == (number, kind, plan, previous) else None


def read_chain(rows: Iterable[Sequence[Any]]) -> tuple[tuple[Entry, ...], int | None]:
    """Return the entries of stored rows, and the position of the first that breaks the chain."""
    entries: list[Entry] = []
    previous = GENESIS
    for position, row in enumerate(rows, start=1):
        entry = read_entry(row)
        if entry is None or (entry.number, entry.previous) != (position, previous):
            return tuple(entries), position
        entries.append(entry)
        previous = entry.hash
    return tuple(entries), None


def find_entry(entries: Iterable[Entry], kind: str, plan: str) -> Entry | None:
    """Return the entry of this kind for a plan, or None."""
    found = (entry for entry in entries if (entry.kind, entry.charge.plan) == (kind, plan))
    return next(found, None)


def find_head(entries: Sequence[Entry]) -> str:
    """Return the hash of the newest entry, or that of an empty ledger."""
    return entries[-1].hash if entries else GENESIS
