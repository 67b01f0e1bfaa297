"""Geographies from a public table: which county lies in which circuit, region or troop today.

Belongs here: reading a tree of units and checking it against the key lists of its levels. Does not
belong here: the key lists themselves (privacy.policy.keys) and counts of any kind.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from privacy.engine.frames import Level
from privacy.errors import PrivacyError

VALID_NOW = "9999-12-31"
"""The day until which a line of today is valid."""

_UNTIL = "valid_to"


def load_levels(
    path: Path, chain: Sequence[str], keys: Mapping[str, Sequence[str]]
) -> tuple[Level, ...]:
    """Return the levels of a chain of a geography, the top first.

    Args:
        path: public table of counties, one line for each of today, with a column for each level
            below the top.
        chain: names of levels from the top, which is one unit; it may end above the counties.
        keys: for each level of the chain, its keys in the order of its public list. A finest unit
            that the table does not name (records of elsewhere) is a unit of each level above, too.

    Raises:
        PrivacyError: MS640, where the table is not such a tree or does not fit the lists.
    """
    lines = _list_units(path, chain, keys)
    levels: list[Level] = []
    for place, name in enumerate(chain):
        parent_of = _find_parents(path, lines, place, name)
        _compare(path, name, parent_of, keys[name])
        above = {key: number for number, key in enumerate(levels[-1].keys)} if place else {}
        parents = tuple(above[parent_of[key]] for key in keys[name]) if place else ()
        levels.append(Level(name, tuple(keys[name]), parents))
    return tuple(levels)


def _list_units(
    path: Path, chain: Sequence[str], keys: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """Return, for each finest unit, the units of the chain in which it lies."""
    top, *below = chain
    if len(keys[top]) != 1:
        _complain(path, f"Level {top} is the top and must have one unit")
    if not below:
        return [tuple(keys[top])]
    placed = _read_counties(path, below)
    named = {line[-1] for line in placed}
    elsewhere = [(key,) * len(below) for key in keys[below[-1]] if key not in named]
    return [(*keys[top], *line) for line in (*placed, *elsewhere)]


def _read_counties(path: Path, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the units of some levels in which each county lies today."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error):
        _complain(path, "It is missing or is not UTF-8 text")
    if any(None in row or None in row.values() for row in rows):
        _complain(path, "A line is longer or shorter than the header")
    if not rows or not {*names, _UNTIL} <= rows[0].keys():
        _complain(path, f"It has no line, or lacks one of the columns {', '.join(names)}, {_UNTIL}")
    lines = [tuple(row[name] for name in names) for row in rows if row[_UNTIL] == VALID_NOW]
    if not all(map(all, lines)):
        _complain(path, "A line lacks a unit")
    return lines


def _find_parents(
    path: Path, lines: Sequence[tuple[str, ...]], place: int, name: str
) -> dict[str, str]:
    """Return the unit above each unit of a level; the top lies in nothing."""
    parent_of: dict[str, str] = {}
    for line in lines:
        above = line[place - 1] if place else ""
        if parent_of.setdefault(line[place], above) != above:
            _complain(path, f"A unit of level {name} lies in two units of the level above")
    return parent_of


def _compare(path: Path, name: str, parent_of: Mapping[str, str], listed: Sequence[str]) -> None:
    if set(listed) != set(parent_of):
        _complain(path, f"Its units of level {name} are not those of the key list {name}.csv")


def _complain(path: Path, problem: str) -> NoReturn:
    raise PrivacyError("MS640", file=path.name, problem=problem)
