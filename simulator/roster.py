"""Write down persons as a clerk does, for the agency's own eyes.

A roster is what an agency makes tokens from; it is never delivered. Does not belong here: tokens.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.chance import Chance
from simulator.names import misspell
from simulator.population import Person

NOTE = (
    "Simulated. The rosters in this folder were made by a program; no person in them exists.\n"
    "A real roster stays on the agency's own machine, and so do these.\n"
)

Enrol = Callable[[str, Person], None]


class Clerk:
    """One agency's way of writing names and birth dates, faults included."""

    def __init__(
        self,
        chance: Chance,
        *,
        surname_first: bool,
        misspelt: float,
        nameless: float,
        dateless: float,
    ) -> None:
        """Shares are probabilities for one record."""
        self._chance = chance
        self._surname_first = surname_first
        self._misspelt = misspelt
        self._nameless = nameless
        self._dateless = dateless

    def write(self, person: Person) -> tuple[str, str]:
        """Name and birth date (YYYY-MM-DD) as they stand in the roster; either may be blank."""
        return self._name(person), self._birth_date(person)

    def _name(self, person: Person) -> str:
        if self._chance.happens(self._nameless):
            return ""
        given, family = person.given_name, person.family_name
        if self._chance.happens(self._misspelt):
            family = misspell(family, self._chance)
        return f"{family}, {given}".upper() if self._surname_first else f"{given} {family}"

    def _birth_date(self, person: Person) -> str:
        if self._chance.happens(self._dateless):
            return ""
        return person.birth_date.isoformat()


@contextmanager
def open_roster(path: Path, clerk: Clerk) -> Iterator[Enrol]:
    """Give a function that adds one record (its key and person) to a new roster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "README.txt").write_text(NOTE, encoding="utf-8")
    with path.open("w", encoding="utf-8", newline="") as roster:
        writer = csv.writer(roster, lineterminator="\n")
        writer.writerow(["record_key", "name", "birth_date"])

        def enrol(record_key: str, person: Person) -> None:
            writer.writerow([record_key, *clerk.write(person)])

        yield enrol
