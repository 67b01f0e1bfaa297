"""One entry of the ledger: its canonical text, its hash, and the check of both.

Each entry's text carries the hash of the one before, so that no earlier byte can change unseen.
Does not belong here: files and databases (privacy.ledger).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json

CHARGE = "charge"
BEGUN = "draw_begun"
DONE = "draw_done"
GENESIS = "0" * 64


@dataclass(frozen=True)
class Charge:
    """What a plan costs: quarter like 2025Q1, hash of the plan, rho as an exact rational."""

    quarter: str
    plan: str
    rho: Fraction

    @property
    def year(self) -> str:
        """Calendar year of the quarter."""
        return self.quarter[:4]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `at` is UTC text, `payload` what was drawn (draw_done only)."""

    number: int
    at: str
    kind: str
    charge: Charge
    payload: dict[str, Any] | None
    previous: str
    hash: str


def seal_entry(
    number: int, at: str, kind: str, charge: Charge, payload: dict[str, Any] | None, previous: str
) -> tuple[Entry, str]:
    """Return a new entry and its canonical text, whose SHA-256 is the entry's hash."""
    body = to_canonical_json(
        {
            "number": number,
            "at": at,
            "kind": kind,
            "quarter": charge.quarter,
            "plan": charge.plan,
            "rho": charge.rho,
            "payload": payload,
            "previous": previous,
        }
    )
    entry = Entry(number, at, kind, charge, payload, previous, compute_sha256(body))
    return entry, body


def read_entry(row: Sequence[Any]) -> Entry | None:
    """Return the entry of (number, kind, plan, previous, body, hash), None if they disagree."""
    number, kind, plan, previous, body, digest = row
    if not isinstance(body, str) or compute_sha256(body) != digest:
        return None
    fields = json.loads(body)
    charge = Charge(fields["quarter"], fields["plan"], Fraction(fields["rho"]))
    entry = Entry(
        fields["number"],
        fields["at"],
        fields["kind"],
        charge,
        fields["payload"],
        fields["previous"],
        digest,
    )
    columns = (entry.number, entry.kind, charge.plan, entry.previous)
    return entry if columns == (number, kind, plan, previous) else None


def sum_spent(entries: Iterable[Entry]) -> dict[str, Fraction]:
    """Return the rho charged for each quarter (2025Q1) and calendar year (2025); others are 0."""
    spent: dict[str, Fraction] = defaultdict(Fraction)
    for entry in entries:
        if entry.kind == CHARGE:
            spent[entry.charge.quarter] += entry.charge.rho
            spent[entry.charge.year] += entry.charge.rho
    return spent
