"""Least squares over all measurements of a frame: every table estimated from everything measured.

The estimate is the exact generalised least-squares one: unbiased, of least variance, and the same
numbers in every table that they belong to. It is found space by space (privacy.residuals), on
arrays no larger than the tables. Does not belong here: whole numbers (privacy.counts) and margins.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.frames import Axes
from privacy.residuals import count_leaves_per_cell, list_subsets, sum_precisions

Cells = NDArray[np.float64]


@dataclass(frozen=True)
class NoisyTable:
    """A measured table: its axes, noise scale, and noisy cells in the order of the lists."""

    axes: Axes
    scale: float
    cells: Sequence[int]


class Reconstruction:
    """The best estimate of every table that the measurements of one frame reach."""

    def __init__(self, sizes: Sequence[int], measured: Sequence[NoisyTable]) -> None:
        self._sizes = tuple(sizes)
        precisions = sum_precisions(sizes, [(table.axes, table.scale) for table in measured])
        sums: dict[Axes, Cells] = {}
        for table in measured:
            cells = np.array(table.cells, dtype=np.float64).reshape(self._shape(table.axes))
            for space in list_subsets(table.axes):
                part = self._project(cells, table.axes, space) / table.scale**2
                sums[space] = sums[space] + part if space in sums else part
        self._parts = {space: total / precisions[space] for space, total in sums.items()}

    def estimate(self, axes: Axes) -> Cells:
        """Return the cells of the table over these axes, one dimension for each axis."""
        cells = np.zeros(self._shape(axes))
        for space in list_subsets(axes):
            shape = [self._sizes[axis] if axis in space else 1 for axis in axes]
            cells += self._parts[space].reshape(shape)
        return cells * count_leaves_per_cell(self._sizes, axes)

    def _shape(self, axes: Axes) -> tuple[int, ...]:
        return tuple(self._sizes[axis] for axis in axes)

    def _project(self, cells: Cells, axes: Axes, space: Axes) -> Cells:
        """Return the part of leaf counts in a space that a table sees, over the space's axes."""
        left_out = tuple(place for place, axis in enumerate(axes) if axis not in space)
        part: Cells = cells.sum(axis=left_out) / math.prod(
            self._sizes[axes[place]] for place in left_out
        )
        for place in range(len(space)):
            part = part - part.mean(axis=place, keepdims=True)
        return part
