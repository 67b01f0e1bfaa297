"""How a method gets its question and gives its answers: as files, by the standard library alone.

A method is a script that calls `serve`. It reads workload.json and children-<n>.csv, and appends
one line of JSON per draw and method, so that what was drawn before a time limit counts. Does not
belong here: anything about one method.
"""

import argparse
import csv
import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

Row = dict[str, str]
Cells = list[float]


@dataclass(frozen=True)
class Table:
    """One table asked for: the columns that name its cells, and the cells in order."""

    name: str
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    def count(self, rows: Sequence[Row]) -> list[int]:
        """Return the exact counts, in the order of the cells."""
        found = dict.fromkeys(self.cells, 0)
        for row in rows:
            found[tuple(row[column] for column in self.columns)] += 1
        return list(found.values())


@dataclass(frozen=True)
class Question:
    """The workload, the children of each truth, and the budget."""

    folder: Path
    levels: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    attributes: dict[str, tuple[str, ...]]
    tables: tuple[Table, ...]
    population: dict[str, int]
    children: tuple[list[Row], ...]
    rho: float
    epsilon: float
    delta: float

    def units(self, level: str) -> tuple[str, ...]:
        """Return the units of a level in the order of the tree."""
        position = self.levels.index(level)
        return tuple(dict.fromkeys(line[position] for line in self.lines))


@dataclass(frozen=True)
class Answer:
    """What a method says in one draw: the cells of each table, and 90% intervals if it has any."""

    values: dict[str, Cells]
    low: dict[str, Cells] = field(default_factory=dict)
    high: dict[str, Cells] = field(default_factory=dict)
    method: str = ""


def widen(values: dict[str, Cells], margins: dict[str, float]) -> tuple[dict[str, Cells], ...]:
    """Return the ends of the intervals around cells, from one half width per table."""
    return tuple(
        {name: [cell + sign * margin for cell in values[name]] for name, margin in margins.items()}
        for sign in (-1, 1)
    )


Draw = Callable[[list[Row]], Iterator[Answer]]


def serve(prepare: Callable[[Question], Draw]) -> None:
    """Answer draw after draw, going round the truths, until the number or the time is reached."""
    arguments = _parse()
    question = read_question(arguments.folder, arguments.rho, arguments.epsilon, arguments.delta)
    started = time.monotonic()
    draw = prepare(question)
    longest = 0.0
    with arguments.answers.open("a", encoding="utf-8") as file:
        for number in range(arguments.draws):
            began = time.monotonic()
            truth = number % len(question.children)
            for answer in draw(question.children[truth]):
                line = {"truth": truth, "draw": number, **vars(answer)}
                file.write(json.dumps(line) + "\n")
            file.flush()
            longest = max(longest, time.monotonic() - began)
            if time.monotonic() - started + longest > arguments.seconds:
                break


def read_question(folder: Path, rho: float, epsilon: float, delta: float) -> Question:
    """Read the files of a workload."""
    told = json.loads((folder / "workload.json").read_text(encoding="utf-8"))
    question = Question(
        folder=folder,
        levels=tuple(told["levels"]),
        lines=tuple(tuple(line) for line in told["lines"]),
        attributes={name: tuple(keys) for name, keys in told["attributes"].items()},
        tables=(),
        population=told["population"],
        children=tuple(_read_rows(path) for path in sorted(folder.glob("children-*.csv"))),
        rho=rho,
        epsilon=epsilon,
        delta=delta,
    )
    tables = (make_table(question, one["level"], one["attributes"]) for one in told["tables"])
    return replace(question, tables=tuple(tables))


def make_table(question: Question, level: str, attributes: list[str]) -> Table:
    """Return a table of a workload; a level with one unit divides nothing and is no column."""
    units = question.units(level)
    split = [(level, units)] if len(units) > 1 else []
    split += [(name, question.attributes[name]) for name in attributes]
    cells = tuple(itertools.product(*(keys for _, keys in split)))
    return Table("_by_".join((level, *attributes)), tuple(name for name, _ in split), cells)


def _read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--rho", type=float, required=True)
    parser.add_argument("--epsilon", type=float, required=True)
    parser.add_argument("--delta", type=float, required=True)
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return parser.parse_args()
