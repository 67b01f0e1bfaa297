"""Public lists and trees: every category and unit a table may show, and the children in each.

All from reviewed CSV files. Does not belong here: keys taken from data. A key only in a list is
noise on zero; a key only in the data is refused by privacy.engine.exact.
"""

import csv
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.engine.frames import Level
from privacy.errors import PrivacyError
from privacy.policy.geography import VALID_NOW, load_levels
from privacy.policy.policy import Policy

_HEADER = ["key", "label", "description"]
_COUNTIES = "counties.csv"
POPULATION_YEAR = 2019
"""The year of the public figures of children by county."""
_CHILDREN = f"child_population_{POPULATION_YEAR}"


@dataclass(frozen=True)
class Key:
    """One category or unit: its key in tables, its label for people, its description."""

    key: str
    label: str
    description: str


@dataclass(frozen=True)
class PublicKeys:
    """The lists of all levels and dimensions of a policy, and the trees of its geographies.

    `population` is the number of children by county, where the policy wants modelled columns.
    """

    lists: tuple[tuple[str, tuple[Key, ...]], ...]
    trees: tuple[tuple[str, tuple[Level, ...]], ...]
    population: tuple[tuple[str, int], ...] = ()

    def of(self, name: str) -> tuple[Key, ...]:
        """Return the keys of one level or dimension; raises KeyError for one not loaded."""
        return dict(self.lists)[name]

    def tree(self, geography: str) -> tuple[Level, ...]:
        """Return the levels of one geography, the top first; raises KeyError."""
        return dict(self.trees)[geography]

    def count_children(self, geography: str, level: str) -> dict[str, int]:
        """Return the children in each unit of a level whose counties have a public figure."""
        names = [one.name for one in self.tree(geography)]
        known = dict(self.population)
        children: dict[str, int] = {}
        for line in self._list_lines(geography):
            if line[-1] in known:
                unit = line[names.index(level)]
                children[unit] = children.get(unit, 0) + known[line[-1]]
        return children

    def _list_lines(self, geography: str) -> list[tuple[str, ...]]:
        """Return, for each finest unit, the units in which it lies and itself, the top first."""
        lines: list[tuple[str, ...]] = [()]
        for level in self.tree(geography):
            parents = level.parents or (0,) * len(level.keys)
            lines = [(*lines[parent], key) for parent, key in zip(parents, level.keys, strict=True)]
        return lines

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all lists, trees and populations with their labels and order."""
        return compute_sha256(
            to_canonical_json(
                {
                    "lists": {name: [asdict(key) for key in keys] for name, keys in self.lists},
                    "trees": {name: [asdict(one) for one in tree] for name, tree in self.trees},
                    "population": self.population,
                }
            )
        )


def load_keys(folder: Path, policy: Policy) -> PublicKeys:
    """Read `<name>.csv` for each level and dimension, and trees and population from counties.csv.

    Raises PrivacyError MS603 (a list or the population) or MS640 (a tree).
    """
    names = (*policy.levels, *policy.dimensions)
    lists = {name: _read_list(folder / f"{name}.csv") for name in names}
    keys = {name: tuple(key.key for key in listed) for name, listed in lists.items()}
    trees = {
        name: load_levels(folder / _COUNTIES, chain, keys)
        for name, chain in policy.geographies.items()
    }
    population = _read_population(folder / _COUNTIES) if policy.is_modelled else ()
    return PublicKeys(tuple(lists.items()), tuple(trees.items()), population)


def _read_list(path: Path) -> tuple[Key, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError):
        raise PrivacyError(
            "MS603", file=path.name, problem="It is missing or is not UTF-8 text"
        ) from None
    if not rows or rows[0] != _HEADER:
        raise PrivacyError("MS603", file=path.name, problem="Its header is another")
    body = rows[1:]
    if not body or any(len(row) != len(_HEADER) or not row[0] or not row[1] for row in body):
        raise PrivacyError(
            "MS603", file=path.name, problem="It has no keys, or a line lacks its key or label"
        )
    if len({row[0] for row in body}) != len(body):
        raise PrivacyError("MS603", file=path.name, problem="It names a key twice")
    return tuple(Key(*row) for row in body)


def _read_population(path: Path) -> tuple[tuple[str, int], ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = [line for line in csv.DictReader(file) if line["valid_to"] == VALID_NOW]
        population = tuple((line["county"], int(line[_CHILDREN])) for line in lines)
    except (OSError, ValueError, KeyError, TypeError):
        population = ()
    if not population:
        raise PrivacyError(
            "MS603", file=path.name, problem="It does not tell the children of each county"
        )
    return population
