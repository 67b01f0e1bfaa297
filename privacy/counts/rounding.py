"""Whole numbers near given ones that have given whole sums, in one table or in several at once.

One kind of sum is met by largest remainders. With two kinds the sums form a network, where linear
programming gives whole numbers of itself; more of them, and several tables at once, need integer
programming. Does not belong here: where numbers and sums come from (privacy.counts.counts).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from privacy.engine.frames import Places
from privacy.engine.trees import Numbers

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """Sums over the cells of one table: for each cell the number of its sum, and the whole sums.

    Where `other` is given, they are the cells of that table, which is rounded at the same time.
    """

    table: int
    groups: Places
    sums: Counts
    other: int | None = None


def round_by_remainder(values: Numbers, groups: Places, sums: Counts) -> Counts:
    """Return values rounded down, with what each sum lacks given to its largest remainders.

    The values of a sum must come to it, but for errors of calculation.
    """
    floors = np.floor(values)
    lacking = sums - np.bincount(groups, weights=floors, minlength=len(sums))
    order = np.lexsort((floors - values, groups))
    starts = np.searchsorted(groups[order], np.arange(len(sums)))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values)) - starts[groups[order]]
    counts: Counts = (floors + (ranks < lacking[groups])).astype(np.int64)
    return counts


def round_together(tables: Sequence[Numbers], held: Sequence[Held]) -> list[Counts]:
    """Return the tables of whole numbers, never negative, that meet all sums and move least.

    Moves are counted as squares up to two from the rounded-down value, then on a straight line. All
    sums must be possible.
    """
    values = np.concatenate(tables)
    floors = np.floor(values)
    rest = values - floors
    starts = np.cumsum([0, *(len(table) for table in tables)])
    sums, wanted = _write_sums(starts, held)
    found = milp(
        np.concatenate([1 - 2 * rest, 3 - 2 * rest, 1 + 2 * rest]),
        integrality=1,
        bounds=Bounds(
            0, np.concatenate([np.ones(len(values)), np.full(len(values), np.inf), floors])
        ),
        constraints=LinearConstraint(
            sparse.hstack([sums, sums, -sums]), *[wanted - sums @ floors] * 2
        ),
    )
    first, further, down = np.round(found.x).astype(np.int64).reshape(3, -1)
    counts = floors.astype(np.int64) + first + further - down
    return [counts[start:end] for start, end in pairwise(starts)]


def _write_sums(starts: Places, held: Sequence[Held]) -> tuple[sparse.csr_array, Numbers]:
    """Return the matrix of all sums over all cells, and what each sum must be."""
    lines, cells, signs, wanted = [], [], [], []
    first = 0
    for one in held:
        count = len(one.sums)
        lines.append(first + one.groups)
        cells.append(starts[one.table] + np.arange(len(one.groups)))
        signs.append(np.ones(len(one.groups)))
        if one.other is not None:
            lines.append(first + np.arange(count))
            cells.append(starts[one.other] + np.arange(count))
            signs.append(-np.ones(count))
        wanted.append(np.zeros(count) if one.other is not None else one.sums)
        first += count
    places = (np.concatenate(lines), np.concatenate(cells))
    matrix = sparse.csr_array((np.concatenate(signs), places), shape=(first, starts[-1]))
    return matrix, np.concatenate(wanted)
