"""The error below which no unbiased Gaussian mechanism comes, whatever it measures.

The bound lets the loss of single leaves pass the budget as long as their mean does not: then the
best mechanism is known (the square root of the workload's Gram matrix), and it can only be better
than any real one. Does not belong here: what is measured (privacy.engine.optimising).

Source: Li, Miklau, "Optimal error of query sets under the differentially-private matrix mechanism"
(2013), for a weighted mean of root mean square errors in place of one sum of squares.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from privacy.engine.frames import Axes, Frame, Row
from privacy.engine.kinds import Kind, Positions, find_kinds
from privacy.engine.residuals import list_subsets
from privacy.engine.trees import Numbers

Table = tuple[float, Sequence[Row]]
"""Importance and rows of a published table."""

_ROUNDS = 200
_TOLERANCE = 1e-7
_ZERO = 1e-12


def bound_frame(frame: Frame, tables: Sequence[Table]) -> float:
    """Return the least sum over tables of weight times root mean square error, at rho 1.

    Keys of an axis of which every table shows all, or none, are interchangeable, and the Gram
    matrix splits by their residual spaces. So are units of one kind below the same unit: what sets
    them apart is a small block that repeats. Blocks are as large as kinds of units times the other
    keys, however many units there are.
    """
    free = _find_interchangeable(frame, tables)
    kinds = find_kinds(frame.levels, [rows for _, rows in tables])
    blocks = [
        block
        for space in list_subsets(free)
        for block in _make_blocks(frame, tables, kinds, (free, space))
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


def _make_blocks(
    frame: Frame, tables: Sequence[Table], kinds: Mapping[Kind, int], axes: tuple[Axes, Axes]
) -> list[_Block]:
    """Return the blocks of a residual space: what sets units of a kind apart, and the whole.

    A kind's Gram matrix is that of its parts, each by itself, and of what is shown of the whole.
    """
    free, space = axes
    keys = math.prod(size for axis, size in enumerate(frame.sizes) if axis not in free)
    repeats = math.prod(frame.sizes[axis] - 1 for axis in space)
    rows = np.array([repeats * len(rows) for _, rows in tables])
    grams: dict[Kind, Numbers] = {}
    for kind in kinds:
        side = len(kind.ones) * keys
        gram = np.zeros((len(tables), side, side))
        start = 0
        for one, _ in kind.inside:
            end = start + len(one.ones) * keys
            gram[:, start:end, start:end] = grams[one]
            start = end
        together = np.outer(kind.ones, kind.ones)
        for number, positions in kind.shown:
            gram[number] += np.kron(together, _find_gram(frame, positions, axes))
        grams[kind] = gram
    return [
        _Block(repeats * repeated, grams[kind] / rows[:, None, None])
        for kind, repeated in kinds.items()
        if repeated
    ]


def _find_gram(frame: Frame, positions: Positions, axes: tuple[Axes, Axes]) -> Numbers:
    """Return the outer product of a row's other keys, times its part in a residual space."""
    free, space = axes
    bound = [axis for axis in range(len(frame.sizes)) if axis not in free]
    vector = np.zeros([frame.sizes[axis] for axis in bound])
    vector[np.ix_(*(np.array(positions[axis]) for axis in bound))] = 1
    return _measure_part(frame, positions, free, space) * np.outer(vector, vector)


def _measure_part(frame: Frame, positions: Positions, free: Axes, space: Axes) -> float:
    """Return the squared length of the interchangeable keys in a residual space."""
    part = 1.0
    for axis in free:
        keys = len(positions[axis])
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
