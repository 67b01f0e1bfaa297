import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from privacy_examples import example_frame

from privacy.counts import count_tables, order_tables
from privacy.frames import Axes
from privacy.margins import compute_cut_off, compute_margin
from privacy.reconstruction import NoisyTable, Reconstruction
from privacy.residuals import compute_variance, list_subsets, split_length, sum_precisions
from privacy.rows import RowShape, split_row

SIZES = (3, 2, 4)
MEASURED: list[tuple[Axes, float]] = [
    ((), 9.0),
    ((0,), 4.0),
    ((2,), 7.5),
    ((0, 1), 6.0),
    ((0, 2), 5.0),
]
TABLES: list[Axes] = [(), (0,), (1,), (2,), (0, 1), (0, 2)]


def make_matrix(axes: Axes) -> np.ndarray:
    """The dense matrix that sums leaves into the cells of a table."""
    matrix = np.ones((1, 1))
    for axis, size in enumerate(SIZES):
        matrix = np.kron(matrix, np.eye(size) if axis in axes else np.ones((1, size)))
    return matrix


def draw_tables(seed: int) -> list[NoisyTable]:
    chance = np.random.default_rng(seed)
    leaves = chance.poisson(3, math.prod(SIZES))
    return [
        NoisyTable(
            axes,
            scale,
            [round(cell + chance.normal(0, scale)) for cell in make_matrix(axes) @ leaves],
        )
        for axes, scale in MEASURED
    ]


def solve_densely(tables: Sequence[NoisyTable]) -> np.ndarray:
    rows = np.vstack([make_matrix(table.axes) / table.scale for table in tables])
    cells = np.concatenate([np.array(table.cells) / table.scale for table in tables])
    return np.asarray(np.linalg.lstsq(rows, cells, rcond=None)[0])


@pytest.mark.parametrize("seed", range(3))
def test_estimates_are_those_of_the_whole_least_squares(seed: int) -> None:
    tables = draw_tables(seed)
    leaves = solve_densely(tables)
    reconstruction = Reconstruction(SIZES, tables)
    for axes in TABLES:
        estimate = reconstruction.estimate(axes)
        assert estimate.shape == tuple(SIZES[axis] for axis in axes)
        assert np.allclose(estimate.reshape(-1), make_matrix(axes) @ leaves, atol=1e-9)


def test_exact_tables_are_given_back_exactly() -> None:
    leaves = np.arange(math.prod(SIZES))
    exact = [
        NoisyTable(axes, scale, [int(cell) for cell in make_matrix(axes) @ leaves])
        for axes, scale in MEASURED
    ]
    for axes in TABLES:
        estimate = Reconstruction(SIZES, exact).estimate(axes).reshape(-1)
        assert np.allclose(estimate, make_matrix(axes) @ leaves)


@pytest.mark.parametrize("summed", [{}, {0: 1}, {0: 2, 1: 1}, {0: 1, 2: 3}, {0: 3, 1: 2}])
def test_the_variance_of_a_sum_of_cells_is_that_of_the_whole_least_squares(
    summed: dict[int, int],
) -> None:
    row = np.ones(1)
    for axis, size in enumerate(SIZES):
        row = np.kron(row, [1.0] * summed.get(axis, size) + [0.0] * (size - summed.get(axis, size)))
    rows = np.vstack([make_matrix(axes) / scale for axes, scale in MEASURED])
    expected = row @ np.linalg.pinv(rows.T @ rows) @ row
    lengths = split_length(SIZES, summed)
    assert float(sum(lengths.values())) == pytest.approx(row @ row)
    assert compute_variance(lengths, sum_precisions(SIZES, MEASURED)) == pytest.approx(expected)


def test_a_row_is_split_over_the_axes_of_its_own_dimensions() -> None:
    row = RowShape(("Missouri", "x"), ("Missouri", "X"), ((0,), (2,)))
    assert split_row(example_frame(), ("state", "age"), row).keys() == {(), (1,)}


def test_what_two_tables_share_is_counted_before_both() -> None:
    assert order_tables([(0, 1), (0, 2), (0,)]) == [((0,), ()), ((0, 1), (0,)), ((0, 2), (0,))]
    assert order_tables([(0, 1), (0, 2)]) == [((0,), ()), ((0, 1), (0,)), ((0, 2), (0,))]
    assert order_tables([(0,), (1,)]) == [((0,), ()), ((1,), ())]
    assert order_tables([()]) == []


def test_tables_in_a_ring_have_no_order() -> None:
    assert order_tables([(0, 1), (1, 2), (0, 2)]) is None
    assert order_tables([(0,), (1,), (0, 1)]) is None


def sum_out(cells: np.ndarray, axes: Axes, kept: Axes) -> np.ndarray:
    return np.asarray(cells.sum(axis=tuple(axes.index(axis) for axis in set(axes) - set(kept))))


@given(seed=st.integers(0, 10**6), level=st.sampled_from([-20.0, 0.0, 0.4, 3.0, 50.0]))
def test_counts_are_whole_not_negative_and_agree(seed: int, level: float) -> None:
    chance = np.random.default_rng(seed)
    tables: list[Axes] = [(0,), (0, 1), (0, 2)]
    noisy = {
        axes: chance.normal(level, 5, tuple(SIZES[axis] for axis in axes)) for axes in [(), *tables]
    }
    steps = order_tables(tables)
    assert steps is not None
    counts = count_tables(steps, noisy.__getitem__)
    assert counts[()] == max(0, round(float(noisy[()])))
    for axes, coarser in steps:
        assert counts[axes].min() >= 0
        assert counts[axes].shape == noisy[axes].shape
        assert (sum_out(counts[axes], axes, coarser) == counts[coarser]).all()


def test_a_table_refined_on_a_later_axis_keeps_its_cells_in_place() -> None:
    leaves = np.arange(6.0).reshape(2, 3) * 10
    steps = [((1,), ()), ((0, 1), (1,))]
    counts = count_tables(steps, lambda axes: sum_out(leaves, (0, 1), axes))
    assert (counts[0, 1] == leaves).all()


def test_whole_consistent_estimates_are_their_own_counts() -> None:
    leaves = np.array([[4.0, 0.0, 7.0], [1.0, 2.0, 3.0]])
    steps = order_tables([(0,), (0, 1)])
    assert steps is not None
    counts = count_tables(steps, lambda axes: sum_out(leaves, (0, 1), axes))
    assert (counts[0, 1] == leaves).all()


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    estimates = {(): np.array(10.0), (0,): np.array([3.3, 2.6, 4.1])}
    counts = count_tables([((0,), ())], estimates.__getitem__)
    assert counts[0,].tolist() == [3, 3, 4]


def test_negative_cells_take_from_the_others_and_not_from_the_total() -> None:
    estimates = {(): np.array(10.0), (0,): np.array([-4.0, 5.0, 9.0])}
    counts = count_tables([((0,), ())], estimates.__getitem__)
    assert counts[0,].tolist() == [0, 3, 7]


def test_the_margin_is_rounded_up_to_tenths() -> None:
    assert compute_margin(1.0) == 1.7
    assert compute_margin(10.0) == 16.5


def test_more_rows_need_a_higher_cut_off() -> None:
    cut_offs = [compute_cut_off(5.0, 0.9 / rows) for rows in (2, 10, 100, 1000)]
    assert cut_offs == sorted(set(cut_offs))
    assert compute_cut_off(5.0, 0.9) == 0


def test_subsets_come_smaller_first() -> None:
    assert list_subsets((0, 2)) == [(), (0,), (2,), (0, 2)]
