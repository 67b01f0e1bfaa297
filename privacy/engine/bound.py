"""The error below which no unbiased Gaussian mechanism comes, whatever it measures.

The bound lets the loss of single leaves pass the budget as long as their mean does not: then the
best mechanism is known (the square root of the workload's Gram matrix), and it can only be better
than any real one. Does not belong here: what is measured (privacy.engine.optimising).

Source: Li, Miklau, "Optimal error of query sets under the differentially-private matrix mechanism"
(2013), for a weighted mean of root mean square errors in place of one sum of squares.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from privacy.engine.frames import Axes, Frame, Row
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
    matrix splits by residual space, and what is left is as large as units times the other keys.
    """
    free = _find_interchangeable(frame, tables)
    blocks = [_make_block(frame, tables, free, space) for space in list_subsets(free)]
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


def _make_block(frame: Frame, tables: Sequence[Table], free: Axes, space: Axes) -> _Block:
    level = max(row.level for _, rows in tables for row in rows)
    units = len(frame.levels[level].keys)
    bound = [axis for axis in range(len(frame.sizes)) if axis not in free]
    shape = (units, *(frame.sizes[axis] for axis in bound))
    repeats = math.prod(frame.sizes[axis] - 1 for axis in space)
    grams = []
    for _, rows in tables:
        gram = np.zeros((math.prod(shape), math.prod(shape)))
        for row in rows:
            vector = np.zeros(shape)
            inside = np.flatnonzero(frame.find_units(level, row.level) == row.unit)
            vector[np.ix_(inside, *(np.array(row.positions[axis]) for axis in bound))] = 1
            share = _measure_part(frame, row, free, space) / (repeats * len(rows))
            places = np.flatnonzero(vector)
            gram[np.ix_(places, places)] += share
        grams.append(gram)
    return _Block(repeats, np.array(grams))


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
