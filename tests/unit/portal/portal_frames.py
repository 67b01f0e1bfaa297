"""Dense least squares over one frame: slow, plain, and independent of the engine's way.

Here: what the page's covariance is compared with, and true deviations for the example release.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, product

import numpy as np
from numpy.typing import NDArray

from privacy.released import ReleasedFrame, ReleasedLevel

Floats = NDArray[np.float64]
Position = tuple[int, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True)
class Column:
    """A dimension: its title, and its keys with their labels."""

    name: str
    title: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """One measured table: its level, its axes, and the scale of its noise."""

    level: int
    axes: tuple[int, ...]
    sigma: float


@dataclass(frozen=True)
class DenseFrame:
    """One confidential table of an example, with every cell of it written out."""

    name: str
    levels: tuple[ReleasedLevel, ...]
    columns: tuple[Column, ...]
    measured: tuple[Measured, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(column.keys) for column in self.columns)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (len(self.levels[-1].keys), *self.sizes)

    def mark(self, level: int, position: Position) -> Floats:
        """The 0/1 vector of the cells that a row of a level sums."""
        unit, axes = position
        below = [unit]
        for lower in self.levels[level + 1 :]:
            below = [place for place, parent in enumerate(lower.parents) if parent in below]
        cells = np.zeros(self.shape)
        cells[np.ix_(below, *axes)] = 1
        return cells.ravel()

    def list_cells(self, level: int, axes: Sequence[int]) -> Iterator[Position]:
        """Every cell of a table, unit by unit."""
        whole = [((*range(size),),) for size in self.sizes]
        parts = [
            [(key,) for key in range(size)] if axis in axes else whole[axis]
            for axis, size in enumerate(self.sizes)
        ]
        for unit in range(len(self.levels[level].keys)):
            for chosen in product(*parts):
                yield unit, chosen

    @cached_property
    def design(self) -> Floats:
        """Measured cells by cells of the frame."""
        return np.array(
            [
                self.mark(table.level, position)
                for table in self.measured
                for position in self.list_cells(table.level, table.axes)
            ]
        )

    @cached_property
    def sigmas(self) -> Floats:
        """The scale of the noise of each measured cell."""
        return np.array(
            [
                table.sigma
                for table in self.measured
                for _ in self.list_cells(table.level, table.axes)
            ]
        )

    @cached_property
    def inverse(self) -> Floats:
        """Covariance of all cells as least squares finds them, on what was measured."""
        weighted = self.design / self.sigmas[:, None]
        return np.linalg.pinv(weighted.T @ weighted, hermitian=True, rcond=1e-10)

    def solve(self, rows: Floats) -> Floats:
        """How each row (a vector over cells) depends on the measured cells."""
        return rows @ self.inverse @ self.design.T / self.sigmas**2

    def deviate(self, rows: Floats) -> Floats:
        """The exact standard deviation of each row."""
        return np.sqrt(((self.solve(rows) * self.sigmas) ** 2).sum(axis=1))

    def release(self, period: str) -> ReleasedFrame:
        """The facts of which the page makes covariances."""
        axes = range(len(self.columns))
        spaces = chain.from_iterable(
            combinations(axes, size) for size in range(len(self.columns) + 1)
        )
        precisions = [
            (space, tuple(self._sum_precision(space, level) for level in range(len(self.levels))))
            for space in spaces
        ]
        return ReleasedFrame(
            self.name,
            period,
            self.levels,
            tuple(column.name for column in self.columns),
            self.sizes,
            tuple((space, values) for space, values in precisions if any(values)),
        )

    def _sum_precision(self, space: tuple[int, ...], level: int) -> float:
        return sum(
            math.prod(size for axis, size in enumerate(self.sizes) if axis not in table.axes)
            / table.sigma**2
            for table in self.measured
            if table.level == level and set(space) <= set(table.axes)
        )
