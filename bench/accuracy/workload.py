"""What every method is asked: a tree of units, attributes, tables, and simulated children.

The children are drawn from a fixed seed, so every run asks the same. Does not belong here: any
method, any noise, any score.
"""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jurisdiction.folder import list_counties

CHILDREN = 400
SPREAD_OF_COUNTIES = 0.7

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """One table asked for: its level (0 is the state) and its attributes, by position."""

    name: str
    level: int
    attributes: tuple[int, ...]


@dataclass(frozen=True)
class Workload:
    """Levels from the top, one line of the tree per finest unit, attributes and tables.

    `lines[i]` names the unit of leaf unit i at each level; `keys[a]` are the keys of attribute a.
    """

    name: str
    levels: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    attributes: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    tables: tuple[Table, ...]
    population: dict[str, int]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many keys each attribute has."""
        return tuple(len(keys) for keys in self.keys)

    def units(self, level: int) -> tuple[str, ...]:
        """Return the units of a level in the order of the tree."""
        return tuple(dict.fromkeys(line[level] for line in self.lines))

    def unit_of_leaf(self, level: int) -> IntArray:
        """Return the position, among the units of a level, of each finest unit."""
        place = {unit: position for position, unit in enumerate(self.units(level))}
        return np.array([place[line[level]] for line in self.lines])

    def tabulate(self, leaves: IntArray, table: Table) -> IntArray:
        """Sum counts of shape (finest units, *sizes) into one table, units first."""
        outside = tuple(axis + 1 for axis in range(len(self.sizes)) if axis not in table.attributes)
        kept = leaves.sum(axis=outside)
        summed = np.zeros((len(self.units(table.level)), *kept.shape[1:]), dtype=kept.dtype)
        np.add.at(summed, self.unit_of_leaf(table.level), kept)
        return summed


def make_design_workload() -> Workload:
    """Return totals and three marginals at four levels: sixteen tables of equal weight."""
    rows = sorted(
        list_counties(), key=lambda row: (row["region"], int(row["circuit"]), row["fips"])
    )
    levels = ("state", "region", "circuit", "county")
    attributes = ("age_band", "sex_group", "trafficking_type")
    keys = (("0-5", "6-10", "11-14", "15-17"), ("female", "male", "unknown"), ("sex", "labour"))
    tables = tuple(
        Table("_by_".join((level, *(attributes[axis] for axis in axes))), depth, axes)
        for depth, level in enumerate(levels)
        for axes in ((), (0,), (1,), (2,))
    )
    lines = tuple(("Missouri", row["region"], row["circuit"], row["county"]) for row in rows)
    population = {row["county"]: int(row["child_population_2019"]) for row in rows}
    return Workload("design", levels, lines, attributes, keys, tables, population)


def find_rates(workload: Workload, seed: int) -> NDArray[np.float64]:
    """Return how many children to expect of shape (counties, ages, sexes, types).

    Counties follow child population times a log-normal factor; sex and type depend on age.
    """
    return _find_rates(workload, _seed(seed))


def draw_truth(workload: Workload, seed: int) -> IntArray:
    """Return simulated children around the rates of the same seed, CHILDREN in all."""
    random = _seed(seed)
    rates = _find_rates(workload, random)
    return random.multinomial(CHILDREN, rates.ravel() / rates.sum()).reshape(rates.shape)


def _seed(seed: int) -> np.random.Generator:
    return np.random.default_rng([20250101, seed])


def _find_rates(workload: Workload, random: np.random.Generator) -> NDArray[np.float64]:
    people = np.array([workload.population[line[-1]] for line in workload.lines], dtype=float)
    people *= random.lognormal(0, SPREAD_OF_COUNTIES, len(people))
    age = np.array([0.10, 0.15, 0.35, 0.40])
    sex_by_age = np.array([[0.60, 0.36, 0.04], [0.65, 0.32, 0.03], [0.78, 0.19, 0.03]])
    type_by_sex = np.array([[0.90, 0.10], [0.68, 0.32], [0.80, 0.20]])
    sex = sex_by_age[[0, 1, 2, 2]]
    rates = np.einsum("c,a,as,st->cast", people / people.sum(), age, sex, type_by_sex)
    return rates * (CHILDREN / rates.sum())


def write_workload(workload: Workload, truths: Sequence[IntArray], folder: Path) -> None:
    """Write the question as files: workload.json and one children-<n>.csv per truth."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "levels": workload.levels,
        "lines": workload.lines,
        "attributes": dict(zip(workload.attributes, workload.keys, strict=True)),
        "population": workload.population,
        "tables": [
            {
                "name": table.name,
                "level": workload.levels[table.level],
                "attributes": [workload.attributes[axis] for axis in table.attributes],
            }
            for table in workload.tables
        ],
    }
    (folder / "workload.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
    for number, truth in enumerate(truths):
        with (folder / f"children-{number}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["child", *workload.levels, *workload.attributes])
            writer.writerows(_list_children(workload, truth))


def _list_children(workload: Workload, truth: IntArray) -> list[list[str]]:
    rows: list[list[str]] = []
    for leaf in np.argwhere(truth):
        named = [keys[key] for keys, key in zip(workload.keys, leaf[1:], strict=True)]
        for _ in range(int(truth[tuple(leaf)])):
            rows.append([f"child {len(rows)}", *workload.lines[leaf[0]], *named])
    return rows


def count_cells(workload: Workload, table: Table) -> int:
    """Return how many cells a table has."""
    sizes = (workload.sizes[axis] for axis in table.attributes)
    return len(workload.units(table.level)) * math.prod(sizes)
