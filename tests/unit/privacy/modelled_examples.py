"""A small made-up geography with released numbers, for tests of what is made from them."""

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from privacy.counts.counts import count_tables
from privacy.engine.covariance import Precisions
from privacy.engine.frames import ROWS, Frame, Level, Marginal, Row
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.modelled.modelling import Model, ModelledRow, model_frame

COUNTIES = tuple(f"county {number}" for number in range(30))
UNITS = (*COUNTIES, "Unknown")
CIRCUITS = (*(f"circuit {number}" for number in range(10)), "Unknown")
REGIONS = ("east", "west", "Unknown")
LEVELS = (
    Level("state", ("Missouri",), ()),
    Level("region", REGIONS, (0, 0, 0)),
    Level("circuit", CIRCUITS, (*(number // 5 for number in range(10)), 2)),
    Level("county", UNITS, (*(number // 3 for number in range(30)), 10)),
)
FRAME = Frame(
    "children", ROWS, LEVELS, ("age", "sex"), (("old", "young", "x"), ("f", "m")), bound=1
)
POPULATION = {name: 500 * (1 + number) ** 2 for number, name in enumerate(COUNTIES)}
ALL_AXES = ((), (0,), (1,), (0, 1))
MARGINALS = [Marginal(level, axes) for level in range(4) for axes in ALL_AXES]
SCALE = 3.0

Leaves = NDArray[np.int64]


def draw_leaves(chance: np.random.Generator, children: int = 150, spread: float = 0.4) -> Leaves:
    """Children of each county by a power of its population and a gamma factor, and 20 unknown."""
    expected = np.array(list(POPULATION.values()), dtype=float)
    expected *= chance.gamma(1 / spread, spread, len(expected))
    units = chance.multinomial(children, expected / expected.sum())
    shares = np.outer([0.7, 0.25, 0.05], [0.85, 0.15]).reshape(-1)
    return np.array(
        [chance.multinomial(one, shares) for one in (*units, 20)], dtype=np.int64
    ).reshape(-1, *FRAME.sizes)


def tabulate(leaves: Leaves, marginal: Marginal, frame: Frame = FRAME) -> Leaves:
    cells = frame.find_cell_of_leaf(marginal)
    summed = np.bincount(cells, weights=leaves.reshape(-1), minlength=frame.count_cells(marginal))
    return np.rint(summed).astype(np.int64).reshape(frame.find_shape(marginal))


def measure(
    leaves: Leaves, chance: np.random.Generator, scale: float = SCALE, frame: Frame = FRAME
) -> list[NoisyTable]:
    deepest = len(frame.levels)
    noisy = []
    for marginal in (one for one in MARGINALS if one.level < deepest):
        exact = tabulate(leaves, marginal, frame).reshape(-1)
        drawn = exact + np.rint(chance.normal(0, scale, len(exact)))
        noisy.append(NoisyTable(marginal, scale, [int(cell) for cell in drawn]))
    return noisy


def model(
    tables: list[NoisyTable], population: Mapping[str, int] | None = POPULATION
) -> tuple[Model, dict[Marginal, Leaves], Reconstruction, Precisions]:
    reconstruction = Reconstruction(FRAME, tables)
    precisions = Precisions(FRAME, [(table.marginal, table.scale) for table in tables])
    counts = count_tables(FRAME, MARGINALS, reconstruction)
    made = model_frame(FRAME, reconstruction, precisions, counts, population)
    assert made is not None
    return made, counts, reconstruction, precisions


def make_row(marginal: Marginal, cell: tuple[int, ...], frame: Frame = FRAME) -> Row:
    """The row of one cell of a table; the cell is the unit and then a key of each axis."""
    positions = [tuple(range(size)) for size in frame.sizes]
    for axis, key in zip(marginal.axes, cell[1:], strict=True):
        positions[axis] = (key,)
    return Row(marginal.level, cell[0], tuple(positions))


def describe_table(made: Model, marginal: Marginal) -> list[ModelledRow]:
    """Modelled rows of all cells of a table, in the order of its cells."""
    return [
        made.describe(make_row(marginal, cell))
        for cell in product(*map(range, FRAME.find_shape(marginal)))
    ]


def list_means(made: Model, marginal: Marginal) -> NDArray[np.float64]:
    means = [row.mean for row in describe_table(made, marginal)]
    return np.array(means).reshape(FRAME.find_shape(marginal))
