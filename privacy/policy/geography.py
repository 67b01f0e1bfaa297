"""Geographies from public files: which county lies in which circuit, region or troop.

Belongs here: reading a tree of units and checking it against the key lists of its levels. Does not
belong here: the key lists themselves (privacy.policy.keys) and counts of any kind.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from privacy.engine.frames import Level
from privacy.errors import PrivacyError


def load_levels(
    path: Path, chain: Sequence[str], keys: Mapping[str, Sequence[str]]
) -> tuple[Level, ...]:
    """Return the levels of a chain of a geography, the top first.

    Args:
        path: public tree with one column for each level and one line for each finest unit.
        chain: names of levels from the top; the tree may go on below it.
        keys: for each level of the chain, its keys in the order of its public list.

    Raises:
        PrivacyError: MS640, where the file is not such a tree or does not fit the lists.
    """
    lines = _read_tree(path, chain)
    levels: list[Level] = []
    for place, name in enumerate(chain):
        parent_of = _find_parents(path, lines, place, name)
        _compare(path, name, parent_of, keys[name])
        if place == 0:
            if len(keys[name]) != 1:
                _complain(path, f"Level {name} is the top and must have one unit")
            levels.append(Level(name, tuple(keys[name]), ()))
            continue
        position_of = {key: position for position, key in enumerate(levels[-1].keys)}
        parents = tuple(position_of[parent_of[key]] for key in keys[name])
        levels.append(Level(name, tuple(keys[name]), parents))
    return tuple(levels)


def _read_tree(path: Path, chain: Sequence[str]) -> list[tuple[str, ...]]:
    """Return, for each finest unit, the units of the chain in which it lies."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *body = list(csv.reader(file)) or [[]]
    except (OSError, UnicodeDecodeError):
        _complain(path, "It is missing or is not UTF-8 text")
    if not chain or header[: len(chain)] != list(chain):
        _complain(path, f"Its columns do not begin with {', '.join(chain)}")
    if not body or any(len(line) != len(header) or not all(line) for line in body):
        _complain(path, "It has no units, or a line lacks one")
    return [tuple(line[: len(chain)]) for line in body]


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
