"""Least squares over all measurements of a frame: every table estimated from everything measured.

The estimate is the exact generalised least-squares one: unbiased, of least variance, and the same
numbers in every table that they belong to. It is found space by space (privacy.engine.residuals)
and node by node (privacy.engine.trees), on arrays no larger than the tables. Does not belong here:
whole numbers (privacy.counts.counts) and margins.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.engine.frames import Axes, Frame, Marginal
from privacy.engine.residuals import count_leaves_per_cell, list_subsets, sum_precisions
from privacy.engine.trees import Tree

Cells = NDArray[np.float64]


@dataclass(frozen=True)
class NoisyTable:
    """A measured table: its noise scale, and noisy cells in the order of the lists."""

    marginal: Marginal
    scale: float
    cells: Sequence[float]


class Reconstruction:
    """The best estimate of every table that the measurements of one frame reach."""

    def __init__(self, frame: Frame, measured: Sequence[NoisyTable]) -> None:
        self._frame = frame
        sums: dict[Axes, list[Cells]] = {}
        for table in measured:
            level, axes = table.marginal
            cells = np.asarray(table.cells, dtype=np.float64)
            cells = cells.reshape(frame.find_shape(table.marginal))
            for space in list_subsets(axes):
                part = _project(cells, axes, space) / table.scale**2
                known = sums.setdefault(space, [np.zeros((1, 1)) for _ in frame.levels])
                known[level] = known[level] + part
        precisions = sum_precisions(frame, [(table.marginal, table.scale) for table in measured])
        self._trees = {space: Tree(frame.levels, precisions[space]) for space in sums}
        self._parts = {space: self._trees[space].solve(known) for space, known in sums.items()}

    def estimate(self, marginal: Marginal) -> Cells:
        """Return the cells of a table: units first, then one dimension for each axis."""
        level, axes = marginal
        shape = self._frame.find_shape(marginal)
        cells = np.zeros(shape)
        for space in list_subsets(axes):
            kept = [
                size if axis in space else 1 for axis, size in zip(axes, shape[1:], strict=True)
            ]
            cells += self._parts[space][level].reshape((shape[0], *kept))
        return cells * count_leaves_per_cell(self._frame.sizes, axes)

    def measure_spread(self, marginal: Marginal) -> Cells:
        """Return, for each unit, the standard deviation of its cells where coarser ones are known.

        What was measured in the unit and inside it counts; the rest only tells of sums over units.
        """
        level, axes = marginal
        per_cell = count_leaves_per_cell(self._frame.sizes, axes)
        spread: Cells = np.sqrt(per_cell * self._trees[axes].inner_variances[level])
        return spread


def _project(cells: Cells, axes: Axes, space: Axes) -> Cells:
    """Return the part of a table in a space: one line for each unit, over the space's axes."""
    left_out = tuple(place + 1 for place, axis in enumerate(axes) if axis not in space)
    part: Cells = cells.sum(axis=left_out) / math.prod(cells.shape[place] for place in left_out)
    for place in range(len(space)):
        part = part - part.mean(axis=place + 1, keepdims=True)
    return part.reshape(len(cells), -1)
