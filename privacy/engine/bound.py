"""The error below which no unbiased Gaussian mechanism comes, whatever it measures.

The bound lets the loss of single leaves pass the budget as long as their mean does not: then the
best mechanism is known (the square root of the workload's Gram matrix), and it can only be better
than any real one. Does not belong here: what is measured (privacy.engine.optimising).

Source: Li, Miklau, "Optimal error of query sets under the differentially-private matrix mechanism"
(2013), for a weighted mean of root mean square errors in place of one sum of squares.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from privacy.engine.frames import Axes, Frame, Places, Row
from privacy.engine.residuals import list_subsets
from privacy.engine.trees import Numbers

Table = tuple[float, Sequence[Row]]
"""Importance and rows of a published table."""

_ROUNDS = 200
_TOLERANCE = 1e-7
_ZERO = 1e-12


def bound_frame(frame: Frame, tables: Sequence[Table]) -> float:
    """Return the least sum over tables of weight times root mean square error, at rho 1.

    Keys of an axis of which every table shows all, or none, are interchangeable; there the Gram
    matrix splits by residual space, and what is left is as large as units times the other keys, of
    which the finest units that have the same unit above them are interchangeable too.
    """
    free = _find_interchangeable(frame, tables)
    blocks = [
        block for space in list_subsets(free) for block in _make_blocks(frame, tables, free, space)
    ]
    leaves = sum(block.repeats * len(block.grams[0]) for block in blocks)
    weights = np.array([weight for weight, _ in tables])
    roots, error = np.ones(len(tables)), math.inf
    for _ in range(_ROUNDS):
        traces, means = _mix(blocks, weights / roots)
        roots = np.sqrt(traces * means * frame.distance**2 / (2 * leaves))
        before, error = error, float(weights @ roots)
        if error >= before * (1 - _TOLERANCE):
            break
    return error


@dataclass(frozen=True)
class _Block:
    """One residual space: how often it repeats, and each table's Gram matrix in it."""

    repeats: int
    grams: Numbers


def _find_interchangeable(frame: Frame, tables: Sequence[Table]) -> Axes:
    def is_free(axis: int) -> bool:
        size = frame.sizes[axis]
        for _, rows in tables:
            shown = {row.positions[axis] for row in rows}
            if shown not in ({tuple(range(size))}, {(key,) for key in range(size)}):
                return False
        return True

    return tuple(axis for axis in range(len(frame.sizes)) if is_free(axis))


@dataclass(frozen=True)
class _Units:
    """Orthonormal combinations of finest units: for each unit which, and its part in it."""

    combinations: Places
    parts: Numbers

    @property
    def count(self) -> int:
        return int(self.combinations.max()) + 1

    def project(self, inside: Places) -> Numbers:
        sums = np.zeros(self.count)
        np.add.at(sums, self.combinations[inside], self.parts[inside])
        return sums


def _make_blocks(
    frame: Frame, tables: Sequence[Table], free: Axes, space: Axes
) -> tuple[_Block, ...]:
    """Return the block of a residual space, or two where tables show all finest units alike.

    Units below one unit are then interchangeable: what sets them apart is a small block that
    repeats, and the other block has the units above them only.
    """
    level = max(row.level for _, rows in tables for row in rows)
    repeats = math.prod(frame.sizes[axis] - 1 for axis in space)
    units = len(frame.levels[level].keys)

    def make(repeated: int, combined: _Units, chosen: Callable[[Row], bool]) -> _Block:
        grams = []
        for _, rows in tables:
            shown = [row for row in rows if chosen(row)]
            gram = _find_gram(frame, shown, level, combined, (free, space))
            grams.append(gram / (repeats * len(rows)))
        return _Block(repeated, np.array(grams))

    if level == 0 or not all(_shows_alike(rows, level, units) for _, rows in tables):
        return (make(repeats, _Units(np.arange(units), np.ones(units)), lambda _: True),)
    _, above, siblings = np.unique(
        frame.find_units(level, level - 1), return_inverse=True, return_counts=True
    )
    sums = _Units(above, 1 / np.sqrt(siblings[above]))
    apart = _Units(np.zeros(1, dtype=np.int64), np.ones(1))
    repeated = repeats * (units - len(siblings))
    return (
        make(repeats, sums, lambda _: True),
        make(repeated, apart, lambda row: (row.level, row.unit) == (level, 0)),
    )


def _shows_alike(rows: Sequence[Row], level: int, units: int) -> bool:
    """Whether a table shows the same sums of every unit of a level, or of none."""
    shown: dict[int, list[tuple[tuple[int, ...], ...]]] = {}
    for row in rows:
        if row.level == level:
            shown.setdefault(row.unit, []).append(row.positions)
    first = sorted(next(iter(shown.values()), []))
    return len(shown) in (0, units) and all(sorted(one) == first for one in shown.values())


def _find_gram(
    frame: Frame, rows: Sequence[Row], level: int, units: _Units, axes: tuple[Axes, Axes]
) -> Numbers:
    """Return the sum of the rows' outer products in a residual space, over combined units."""
    free, space = axes
    bound = tuple(axis for axis in range(len(frame.sizes)) if axis not in free)
    shape = (units.count, *(frame.sizes[axis] for axis in bound))
    gram = np.zeros((math.prod(shape), math.prod(shape)))
    for row in rows:
        vector = np.zeros(shape)
        keys = np.ix_(np.arange(units.count), *(np.array(row.positions[axis]) for axis in bound))
        inside = np.flatnonzero(frame.find_units(level, row.level) == row.unit)
        along = units.project(inside).reshape(-1, *(1 for _ in bound))
        vector[keys] = along
        places = np.flatnonzero(vector)
        part = _measure_part(frame, row, free, space)
        gram[np.ix_(places, places)] += part * np.outer(vector.flat[places], vector.flat[places])
    return gram


def _measure_part(frame: Frame, row: Row, free: Axes, space: Axes) -> float:
    """Return the squared length of a row's interchangeable keys in a residual space."""
    part = 1.0
    for axis in free:
        keys = len(row.positions[axis])
        mean = keys * keys / frame.sizes[axis]
        part *= keys - mean if axis in space else mean
    return part


def _mix(blocks: Sequence[_Block], weights: Numbers) -> tuple[float, Numbers]:
    """Return the trace of the root of the weighted Gram matrix, and each table's mean in it."""
    trace, means = 0.0, np.zeros(len(weights))
    for block in blocks:
        values, vectors = np.linalg.eigh(np.tensordot(weights, block.grams, axes=1))
        kept = values > _ZERO * max(values[-1], _ZERO)
        roots, vectors = np.sqrt(values[kept]), vectors[:, kept]
        trace += block.repeats * float(roots.sum())
        for number, gram in enumerate(block.grams):
            lengths = np.einsum("ij,ij->j", vectors, gram @ vectors)
            means[number] += block.repeats * float((lengths / roots).sum())
    return trace, means
