"""Units of a geography that nothing tells apart but their names.

Two units are of one kind where tables show the same sums of both, and as many units of each kind
lie in both. A search over what is published then depends on kinds, of which there are few, and not
on units. Does not belong here: what is done with it (privacy.engine.bound).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from privacy.engine.frames import Level, Row
from privacy.engine.trees import Node, Numbers

Positions = tuple[tuple[int, ...], ...]
Shown = tuple[tuple[int, Positions], ...]
"""What is shown of a unit itself: the table's number, and the keys that its row sums."""


@dataclass(frozen=True, eq=False)
class Kind:
    """Units alike: what is shown of each, and which kinds lie in it, with how many units.

    What treats units of a kind within alike has one number for each kind of finest unit, by the
    kinds above it, as a part of a combination of length 1; `ones` is the sum of all finest units.
    """

    shown: Shown
    inside: tuple[tuple["Kind", int], ...]
    ones: Numbers


def find_kinds(levels: Sequence[Level], tables: Sequence[Sequence[Row]]) -> dict[Kind, int]:
    """Return all kinds down to the finest level shown, finest first, and how often each repeats.

    Of n units of a kind below one unit, n - 1 are left when what they have in common is taken away;
    these are counted. The top, which comes last, counts as one.
    """
    shown = _list_shown(tables)
    depth = max(level for level, _ in shown)
    repeats: dict[Kind, int] = {}
    inside: list[Counter[Kind]] = [Counter() for _ in levels[depth].keys]
    for level in range(depth, -1, -1):
        known: dict[tuple[Shown, frozenset[tuple[Kind, int]]], Kind] = {}
        above: list[Counter[Kind]] = [Counter() for _ in levels[max(level - 1, 0)].keys]
        for unit, (parent, own) in enumerate(
            zip(levels[level].parents or (0,), inside, strict=True)
        ):
            mark = (shown.get((level, unit), ()), frozenset(own.items()))
            if mark not in known:
                known[mark] = _make_kind(mark[0], own)
                repeats[known[mark]] = 0
            above[parent][known[mark]] += 1
        for counted in above:
            for kind, units in counted.items():
                repeats[kind] += units - 1
        inside = above
    (top,) = inside[0]
    return repeats | {top: 1}


def _list_shown(tables: Sequence[Sequence[Row]]) -> dict[Node, Shown]:
    found: defaultdict[Node, list[tuple[int, Positions]]] = defaultdict(list)
    for number, rows in enumerate(tables):
        for row in rows:
            found[row.level, row.unit].append((number, row.positions))
    return {node: tuple(sorted(shown)) for node, shown in found.items()}


def _make_kind(shown: Shown, inside: Counter[Kind]) -> Kind:
    parts = [math.sqrt(units) * kind.ones for kind, units in inside.items()]
    return Kind(shown, tuple(inside.items()), np.concatenate(parts) if parts else np.ones(1))
