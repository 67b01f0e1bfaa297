"""Write down persons as a clerk does, for the agency's own eyes.

A roster is what an agency makes tokens from; it is never delivered. Does not belong here: tokens.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.chance import Chance
from simulator.names import leave_out_half, make_family_name, misspell, shorten, spell_by_sound
from simulator.population import Person

NOTE = (
    "Simulated. The rosters in this folder were made by a program; no person in them exists.\n"
    "A real roster stays on the agency's own machine, and so do these.\n"
)

_MONTHS = 12

Enrol = Callable[[str, Person], None]


@dataclass(frozen=True)
class Slips:
    """How often a clerk writes something otherwise: probabilities for one record.

    Assumptions: nobody has measured them in Missouri's files.

    Attributes:
        misspelt: A letter of the family name is dropped, doubled or swapped.
        misheard: One name is spelt by its sound.
        shortened: A given name with a short form is written so.
        halved: Of two family names one is written.
        renamed: The family name is another one, as after a marriage or in a foster family.
        misdated: The day of birth is another one of the month.
        swapped: Day and month of birth are swapped, where both can be months.
        nameless: No name is known; two times in three a placeholder stands there.
        dateless: No birth date is known.
    """

    misspelt: float
    misheard: float
    shortened: float
    halved: float
    renamed: float
    misdated: float
    swapped: float
    nameless: float
    dateless: float


DIVISION = Slips(
    misspelt=0.02,
    misheard=0.03,
    shortened=0.05,
    halved=0.2,
    renamed=0.03,
    misdated=0.015,
    swapped=0.005,
    nameless=0.002,
    dateless=0.01,
)
PATROL = Slips(
    misspelt=0.06,
    misheard=0.04,
    shortened=0.1,
    halved=0.4,
    renamed=0.05,
    misdated=0.03,
    swapped=0.01,
    nameless=0.03,
    dateless=0.07,
)
"""Police write down what a frightened child says; a caseworker sees papers."""


class Clerk:
    """One agency's way of writing names and birth dates, faults included."""

    def __init__(
        self,
        chance: Chance,
        slips: Slips,
        *,
        surname_first: bool,
        rename: Callable[[Chance], str] = make_family_name,
    ) -> None:
        self._chance = chance
        self._slips = slips
        self._surname_first = surname_first
        self._rename = rename

    def write(self, person: Person) -> tuple[str, str]:
        """Name and birth date (YYYY-MM-DD) as they stand in the roster; either may be blank."""
        return self._name(person), self._birth_date(person)

    def _name(self, person: Person) -> str:
        chance, slips = self._chance, self._slips
        if chance.happens(slips.nameless):
            return chance.one_of(["", "UNKNOWN", "DOE, JANE"])
        given, family = person.given_name, person.family_name
        if chance.happens(slips.renamed):
            family = self._rename(chance)
        if chance.happens(slips.halved):
            family = leave_out_half(family)
        if chance.happens(slips.shortened):
            given = shorten(given)
        if chance.happens(slips.misspelt):
            family = misspell(family, chance)
        if chance.happens(slips.misheard):
            if chance.happens(0.5):
                given = spell_by_sound(given, chance)
            else:
                family = spell_by_sound(family, chance)
        return f"{family}, {given}".upper() if self._surname_first else f"{given} {family}"

    def _birth_date(self, person: Person) -> str:
        chance, slips = self._chance, self._slips
        born = person.birth_date
        if chance.happens(slips.dateless):
            return ""
        if chance.happens(slips.misdated):
            born = born.replace(day=1 + chance.below(28))
        if chance.happens(slips.swapped) and born.day <= _MONTHS:
            born = born.replace(day=born.month, month=born.day)
        return born.isoformat()


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
