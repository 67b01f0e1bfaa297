"""Public geometry of a frame: its geography, its columns, and the cell of each leaf in a table.

A leaf is one unit of the finest level of the geography with one key of each column, numbered in the
order of the public lists, units first. Nothing here has seen a confidential row; rows live in
privacy.engine.exact, and geographies are read in privacy.policy.geography.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS = "rows"
AGGREGATE = "aggregate"
LINKED = "linked"

Axes = tuple[int, ...]
"""A set of axes of a frame: positions in its columns, in rising order."""

Places = NDArray[np.int64]


class Marginal(NamedTuple):
    """A table of a frame: the level of its units (0 is the top), and the axes it breaks down by."""

    level: int
    axes: Axes


TOTAL = Marginal(0, ())
"""The table of one cell: all rows of the frame."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of keys as places in a short list of its own, which need not be the public one."""

    codes: NDArray[np.integer[Any]]
    keys: Sequence[str]

    def __len__(self) -> int:
        """Return how many entries the column has."""
        return len(self.codes)


Column = Sequence[str] | Coded


@dataclass(frozen=True)
class Level:
    """Units of one level of a geography; `parents` are places in the level above, () at the top."""

    name: str
    keys: tuple[str, ...]
    parents: tuple[int, ...]


@dataclass(frozen=True)
class Frame:
    """One confidential table of a period, as the plan expects it.

    `kind` is rows, aggregate or linked. `levels` go from the top to the level at which rows are
    read; `columns` are the dimensions besides. `bound` is the number of rows (rows) or of counted
    appearances (aggregate) that one identity can add; for linked frames it is the square of the
    Euclidean distance by which one identity can move the counts.
    """

    name: str
    kind: str
    levels: tuple[Level, ...]
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    bound: int

    @property
    def leaf_column(self) -> str:
        """Name of the column that holds the units of the finest level."""
        return self.levels[-1].name

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many keys each column has, without the geography."""
        return tuple(len(keys) for keys in self.keys)

    @property
    def leaf_count(self) -> int:
        """How many combinations of a unit of the finest level and keys there are."""
        return len(self.levels[-1].keys) * math.prod(self.sizes)

    @property
    def whole(self) -> Marginal:
        """The table that shows every leaf."""
        return Marginal(len(self.levels) - 1, self.find_axes(self.columns))

    @property
    def distance(self) -> float:
        """Euclidean distance between counts of neighbours, never rounded down."""
        if self.kind != LINKED:
            return float(self.bound)
        root = math.isqrt(self.bound)
        if root * root == self.bound:
            return float(root)
        return math.nextafter(math.sqrt(self.bound), math.inf)

    def find_level(self, name: str) -> int:
        """Return the place of a level, from the top; raises ValueError for one it has not."""
        return [level.name for level in self.levels].index(name)

    def find_axes(self, dimensions: Sequence[str]) -> Axes:
        """Return the axes of a table with these dimensions.

        A column with a single key, and a dimension that is no column, tells nothing and is no axis.
        """
        return tuple(
            axis
            for axis, (column, size) in enumerate(zip(self.columns, self.sizes, strict=True))
            if column in dimensions and size > 1
        )

    def find_shape(self, marginal: Marginal) -> tuple[int, ...]:
        """Return how many units a table has, and how many keys on each of its axes."""
        units = len(self.levels[marginal.level].keys)
        return (units, *(self.sizes[axis] for axis in marginal.axes))

    def count_cells(self, marginal: Marginal) -> int:
        """Return how many cells a table has."""
        return math.prod(self.find_shape(marginal))

    def list_places(self, marginal: Marginal) -> list[tuple[str, tuple[str, ...]]]:
        """Return the unit and the keys of each cell of a table, in the order of its cells."""
        level, axes = marginal
        found = product(self.levels[level].keys, *(self.keys[axis] for axis in axes))
        return [(unit, tuple(keys)) for unit, *keys in found]

    def find_units(self, fine: int, coarse: int) -> Places:
        """Return, for each unit of a level, the unit of a level above, or the same, it lies in."""
        units = np.arange(len(self.levels[fine].keys))
        for level in reversed(self.levels[coarse + 1 : fine + 1]):
            units = np.array(level.parents, dtype=np.int64)[units]
        return units

    def units_of_leaf(self, level: int) -> Places:
        """Return, for each unit of the finest level, the unit of this level that it lies in."""
        return self.find_units(len(self.levels) - 1, level)

    def find_cells(self, fine: Marginal, coarse: Marginal) -> Places:
        """Return, for each cell of a table, the number of its cell in a table that it refines.

        Cells are counted units first, then along the axes in their order.
        """
        shape = self.find_shape(fine)
        cells = self.find_units(fine.level, coarse.level).reshape((-1, *(1 for _ in fine.axes)))
        for place, axis in enumerate(fine.axes, start=1):
            if axis in coarse.axes:
                along = [-1 if place == other else 1 for other in range(len(shape))]
                cells = cells * self.sizes[axis] + np.arange(self.sizes[axis]).reshape(along)
        return np.ascontiguousarray(np.broadcast_to(cells, shape)).reshape(-1)

    def find_cell_of_leaf(self, marginal: Marginal) -> Places:
        """Return, for each leaf, the number of its cell in a table."""
        every_column = tuple(range(len(self.columns)))
        return self.find_cells(Marginal(len(self.levels) - 1, every_column), marginal)

    def compute_leaves(self, columns: Mapping[str, Column]) -> Places:
        """Return the leaf of each row, from a column of keys for the units and each dimension.

        Raises KeyError with the name of the column, never with the key, where no list names it.
        """
        leaves = np.zeros(1, dtype=np.int64)
        listed = (self.levels[-1].keys, *self.keys)
        for column, keys in zip((self.leaf_column, *self.columns), listed, strict=True):
            positions = _find_positions(columns[column], keys)
            if (positions < 0).any():
                raise KeyError(column)
            leaves = leaves * len(keys) + positions
        return leaves


@dataclass(frozen=True)
class Row:
    """A sum of leaves: one unit of a level, and for each axis of the frame the keys summed.

    Where a table has no such axis, all its keys are summed.
    """

    level: int
    unit: int
    positions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Query:
    """One table to be measured on a frame, and its noise scale.

    `scale` is the standard deviation of the discrete Gaussian, in counted units.
    """

    name: str
    marginal: Marginal
    scale: float


def _find_positions(column: Column, keys: Sequence[str]) -> Places:
    """Return the place of each entry in the public list, -1 where the list does not name it."""
    position_of = {key: position for position, key in enumerate(keys)}
    if not isinstance(column, Coded):
        return np.fromiter((position_of.get(key, -1) for key in column), np.int64, len(column))
    own = np.array([*(position_of.get(key, -1) for key in column.keys), -1], dtype=np.int64)
    is_known = (column.codes >= 0) & (column.codes < len(column.keys))
    return own[np.where(is_known, column.codes, len(column.keys))]
