"""Made-up people, and what two agencies write down of them, in Parquet.

Does not belong here: linking them.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.linkage.names import FEW, Names
from linkage.recipe import TOKEN_TYPES
from linkage.tokenize import make_token
from simulator.chance import Chance
from simulator.population import Person
from simulator.roster import DIVISION, PATROL, Clerk, Slips

_KEY = bytes(range(100, 132))
_DAYS = 18 * 365
_KNOWN_TO_DIVISION, _KNOWN_TO_POLICE, _ANOTHER_RECORD = 0.85, 0.45, 0.35
_SIBLING, _TWIN = 0.2, 0.1
QUARTERS = 8
"""Each child and record comes in one of them, whatever the other does."""


@dataclass(frozen=True)
class Population:
    """A name, and how often each agency's clerk slips."""

    name: str
    division: Slips
    police: Slips


def _times(slips: Slips, factor: float) -> Slips:
    return Slips(*(factor * share for share in astuple(slips)))


POPULATIONS = (
    Population("the project's", DIVISION, PATROL),
    Population("twice as many slips", _times(DIVISION, 2), _times(PATROL, 2)),
)


def write_people(
    folder: Path, population: Population, children: int, seed: int, names: Names = FEW
) -> None:
    """Write `children.parquet` and `records.parquet`: one row for each, with person and tokens."""
    chance, quarters = Chance(seed, "known"), Chance(seed, "quarters")
    division = Clerk(
        Chance(seed, "division"), population.division, surname_first=False, rename=names.family
    )
    police = Clerk(
        Chance(seed, "police"), population.police, surname_first=True, rename=names.family
    )
    rows: dict[str, list[dict[str, object]]] = {"children": [], "records": []}
    for number, person in enumerate(_make_people(children, Chance(seed, "people"), names)):
        if chance.happens(_KNOWN_TO_DIVISION):
            row = _write_down(number, f"c{number}", division, person)
            rows["children"].append({**row, "birth_year": person.birth_date.year})
        more = chance.happens(_KNOWN_TO_POLICE)
        record = 0
        while more:
            row = _write_down(number, f"v{number}.{record}", police, person)
            born_from = person.birth_date.year - chance.below(2)
            rows["records"].append({**row, "born_from": born_from, "born_to": born_from + 1})
            record += 1
            more = chance.happens(_ANOTHER_RECORD)
    for name, found in rows.items():
        for one in found:
            one["quarter"] = 1 + quarters.below(QUARTERS)
        pq.write_table(pa.Table.from_pylist(found), folder / f"{name}.parquet")


def _make_people(count: int, chance: Chance, names: Names) -> list[Person]:
    """People of whom some are brothers and sisters, and some of these twins."""
    people: list[Person] = []
    while len(people) < count:
        family = names.family(chance)
        born = date(2007, 1, 1) + timedelta(days=chance.below(_DAYS))
        for _ in range(2 if chance.happens(_SIBLING) else 1):
            sex = "female" if chance.happens(0.8) else "male"
            people.append(Person(names.given(chance), family, born, sex, "29019"))
            if not chance.happens(_TWIN):
                born += timedelta(days=300 + chance.below(1500))
    return people[:count]


def _write_down(number: int, key: str, clerk: Clerk, person: Person) -> dict[str, object]:
    name, birth_date = clerk.write(person)
    return {
        "key": key,
        "person": number,
        "written_name": name,
        "written_birth_date": birth_date,
        "sex_group": person.sex,
        **list_tokens(name, birth_date),
    }


def list_tokens(name: str, birth_date: str) -> dict[str, object]:
    """Give the tokens of a written name and birth date, as columns; None where one is missing."""
    token = make_token(name, birth_date, _KEY)
    fields = token.split(":")[1:] if token else [""] * len(TOKEN_TYPES)
    kinds = dict(zip(TOKEN_TYPES[:-1], fields, strict=False))
    return {
        **{f"{kind}_token": value or None for kind, value in kinds.items()},
        "part_tokens": [part for part in fields[len(TOKEN_TYPES) - 1 :] if part],
    }
