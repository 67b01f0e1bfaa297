"""Public geometry of a frame: its columns, its leaves, and the cell of each leaf in a table.

A leaf is one combination of the keys of all columns of a frame, numbered in the order of the
public lists. Nothing here has seen a confidential row; rows live in privacy.exact.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

ROWS = "rows"
AGGREGATE = "aggregate"
LINKED = "linked"

Axes = tuple[int, ...]
"""A set of axes of a frame: positions in its columns, in rising order."""


@dataclass(frozen=True)
class Frame:
    """One confidential table of a quarter, as the plan expects it.

    `kind` is rows, aggregate or linked. `bound` is the number of rows (rows) or of counted
    appearances (aggregate) that one identity can add; for linked frames it is the square of the
    Euclidean distance by which one identity can move the counts.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    bound: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many keys each column has."""
        return tuple(len(keys) for keys in self.keys)

    @property
    def leaf_count(self) -> int:
        """How many combinations of keys there are."""
        return math.prod(self.sizes)

    @property
    def distance(self) -> float:
        """Euclidean distance between counts of neighbours, never rounded down."""
        if self.kind != LINKED:
            return float(self.bound)
        root = math.isqrt(self.bound)
        if root * root == self.bound:
            return float(root)
        return math.nextafter(math.sqrt(self.bound), math.inf)

    def compute_leaves(self, columns: Mapping[str, Sequence[str]]) -> list[int]:
        """Return the leaf of each row, from one sequence of keys per column.

        Raises KeyError with the name of the column, never with the key, where no list names it.
        """
        leaves = [0] * len(columns[self.columns[0]])
        for column, keys in zip(self.columns, self.keys, strict=True):
            position_of = {key: position for position, key in enumerate(keys)}
            positions = [position_of.get(key, -1) for key in columns[column]]
            if -1 in positions:
                raise KeyError(column)
            leaves = [
                leaf * len(keys) + position
                for leaf, position in zip(leaves, positions, strict=True)
            ]
        return leaves

    def find_axes(self, dimensions: Sequence[str]) -> Axes:
        """Return the axes of a table with these dimensions.

        A column with a single key, and a dimension that is no column, tells nothing and is no axis.
        """
        return tuple(
            axis
            for axis, (column, size) in enumerate(zip(self.columns, self.sizes, strict=True))
            if column in dimensions and size > 1
        )

    def count_cells(self, axes: Axes) -> int:
        """Return how many cells the table over these axes has."""
        return math.prod(self.sizes[axis] for axis in axes)

    def find_cell_of_leaf(self, dimensions: Sequence[str]) -> tuple[int, ...]:
        """Return, for each leaf, the number of its cell in a table with these dimensions.

        A dimension that is no column of the frame has a single key and moves no cell.
        """
        used = [
            (self.columns.index(dimension), len(self.keys[self.columns.index(dimension)]))
            for dimension in dimensions
            if dimension in self.columns
        ]
        cells = []
        for positions in product(*(range(len(keys)) for keys in self.keys)):
            cell = 0
            for column, size in used:
                cell = cell * size + positions[column]
            cells.append(cell)
        return tuple(cells)


@dataclass(frozen=True)
class Query:
    """One table to be measured on a frame: the cell of each leaf, the cells, and the noise scale.

    `scale` is the standard deviation of the discrete Gaussian, in counted units.
    """

    table: str
    cell_of_leaf: tuple[int, ...]
    cell_count: int
    scale: float
