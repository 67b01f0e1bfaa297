"""A small frame with three levels and two dimensions, and exact rows made up for it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Frame, Level, Marginal, Row

LEVELS = (
    Level("state", ("Missouri",), ()),
    Level("region", ("East", "West"), (0, 0)),
    Level("county", ("Adair", "Boone", "Clay", "Dade"), (1, 0, 1, 1)),
)
STATE = Marginal(0, ())
BY_SEX = Marginal(0, (0,))


def example_frame(kind: str = ROWS, bound: int = 1, levels: tuple[Level, ...] = LEVELS) -> Frame:
    keys = (("f", "m"), ("old", "young", "x"))
    return Frame("children", kind, levels, ("sex", "age"), keys, bound)


def list_columns(frame: Frame, leaves: Sequence[int]) -> dict[str, list[str]]:
    """The keys of these leaves, column by column."""
    shape = (len(frame.levels[-1].keys), *frame.sizes)
    places = np.unravel_index(np.array(leaves, dtype=np.int64), shape)
    listed = (frame.levels[-1].keys, *frame.keys)
    return {
        name: [keys[place] for place in column]
        for name, keys, column in zip(
            (frame.leaf_column, *frame.columns), listed, places, strict=True
        )
    }


def fill(frame: Frame, leaves: Sequence[int]) -> ExactFrame:
    """An exact frame with one row (or a count of seven) per given leaf."""
    columns = list_columns(frame, leaves)
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, columns, [7] * len(leaves))
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, [f"unit {number}" for number in range(len(leaves))], columns)


def sum_table(frame: Frame, marginal: Marginal, leaves: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cells of a table of which these are the leaf counts."""
    cells = np.zeros(frame.count_cells(marginal), dtype=np.int64)
    np.add.at(cells, frame.find_cell_of_leaf(marginal), leaves)
    return cells


def make_matrix(frame: Frame, marginal: Marginal) -> NDArray[np.float64]:
    """The dense matrix that sums leaves into the cells of a table."""
    matrix = np.zeros((frame.count_cells(marginal), frame.leaf_count))
    matrix[frame.find_cell_of_leaf(marginal), np.arange(frame.leaf_count)] = 1
    return matrix


def mark_leaves(frame: Frame, row: Row) -> NDArray[np.float64]:
    """One for each leaf that a row sums, zero elsewhere."""
    marked = np.zeros((len(frame.levels[-1].keys), *frame.sizes))
    units = np.flatnonzero(frame.units_of_leaf(row.level) == row.unit)
    marked[np.ix_(units, *map(np.array, row.positions))] = 1
    return marked.reshape(-1)


def list_cells(frame: Frame, marginal: Marginal) -> tuple[Row, ...]:
    """One row for each cell of a table."""
    rows = []
    for place in np.ndindex(*frame.find_shape(marginal)):
        positions = [tuple(range(size)) for size in frame.sizes]
        for axis, key in zip(marginal.axes, place[1:], strict=True):
            positions[axis] = (key,)
        rows.append(Row(marginal.level, place[0], tuple(positions)))
    return tuple(rows)
