"""Least squares over tables and levels, held against the same by dense matrices."""

import numpy as np
import pytest
from frame_examples import LEVELS, example_frame, make_matrix, mark_leaves
from hypothesis import given
from hypothesis import strategies as st

from privacy.engine.covariance import Precisions
from privacy.engine.frames import Frame, Level, Marginal, Row
from privacy.engine.margins import compute_cut_off, compute_margin
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.engine.residuals import list_subsets, overlap_rows, sum_precisions
from privacy.engine.trees import Tree

FRAME = example_frame()
MEASURED = [
    (Marginal(0, ()), 2.0),
    (Marginal(2, (0,)), 3.0),
    (Marginal(1, (0, 1)), 1.5),
    (Marginal(2, (1,)), 5.0),
    (Marginal(2, ()), 2.5),
]
REACHED = [Marginal(0, (0, 1)), Marginal(1, (0, 1)), Marginal(1, ()), Marginal(2, (0,))]


def draw_tables(seed: int) -> list[NoisyTable]:
    chance = np.random.default_rng(seed)
    return [
        NoisyTable(marginal, scale, chance.integers(-9, 40, FRAME.count_cells(marginal)).tolist())
        for marginal, scale in MEASURED
    ]


def invert_densely() -> np.ndarray:
    rows = np.vstack([make_matrix(FRAME, marginal) / scale for marginal, scale in MEASURED])
    return np.asarray(np.linalg.pinv(rows.T @ rows))


@pytest.mark.parametrize("seed", range(3))
def test_estimates_are_those_of_the_whole_least_squares(seed: int) -> None:
    tables = draw_tables(seed)
    rows = np.vstack([make_matrix(FRAME, one.marginal) / one.scale for one in tables])
    cells = np.concatenate([np.array(one.cells) / one.scale for one in tables])
    leaves = np.linalg.lstsq(rows, cells, rcond=None)[0]
    reconstruction = Reconstruction(FRAME, tables)
    for marginal in REACHED:
        estimate = reconstruction.estimate(marginal)
        assert estimate.shape == FRAME.find_shape(marginal)
        expected = make_matrix(FRAME, marginal) @ leaves
        assert np.allclose(estimate.reshape(-1), expected, atol=1e-9, rtol=0)


def test_exact_tables_are_given_back_exactly() -> None:
    leaves = np.arange(FRAME.leaf_count)
    exact = [
        NoisyTable(marginal, scale, (make_matrix(FRAME, marginal) @ leaves).tolist())
        for marginal, scale in MEASURED
    ]
    for marginal in REACHED:
        estimate = Reconstruction(FRAME, exact).estimate(marginal).reshape(-1)
        assert np.allclose(estimate, make_matrix(FRAME, marginal) @ leaves)


def draw_row(data: st.DataObject) -> Row:
    level = data.draw(st.integers(0, 2))
    keys = [
        tuple(sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1))))
        for size in FRAME.sizes
    ]
    if level == 2:
        whole = data.draw(st.integers(0, 1))
        keys[whole] = tuple(range(FRAME.sizes[whole]))
    return Row(level, data.draw(st.integers(0, len(LEVELS[level].keys) - 1)), tuple(keys))


@given(data=st.data())
def test_every_covariance_is_that_of_the_whole_least_squares(data: st.DataObject) -> None:
    one, other = draw_row(data), draw_row(data)
    inverse, precisions = invert_densely(), Precisions(FRAME, MEASURED)
    marks = mark_leaves(FRAME, one), mark_leaves(FRAME, other)
    expected = marks[0] @ inverse @ marks[1]
    assert precisions.covariance(one, other) == pytest.approx(expected, abs=1e-9)
    assert precisions.variance(one) == pytest.approx(marks[0] @ inverse @ marks[0], abs=1e-9)


def test_units_of_any_two_levels_vary_together_as_in_the_whole_least_squares() -> None:
    inverse, precisions = invert_densely(), Precisions(FRAME, MEASURED)
    rows = [
        Row(level, unit, ((0, 1), (0, 1, 2)))
        for level, of in enumerate(LEVELS)
        for unit in range(len(of.keys))
    ]
    for one in rows:
        for other in rows:
            expected = mark_leaves(FRAME, one) @ inverse @ mark_leaves(FRAME, other)
            assert precisions.covariance(one, other) == pytest.approx(expected, abs=1e-9)


def test_the_covariance_follows_from_what_a_release_publishes() -> None:
    state = dict(Precisions(FRAME, MEASURED).state())
    assert state == sum_precisions(FRAME, MEASURED)
    one, other = Row(1, 0, ((0,), (0, 1))), Row(1, 1, ((0, 1), (2,)))
    units = np.array([FRAME.units_of_leaf(level) for level in range(3)])
    indicators = [np.equal.outer(range(len(LEVELS[at].keys)), units[at]) * 1.0 for at in range(3)]
    total = 0.0
    for space, product in overlap_rows(FRAME.sizes, one, other).items():
        gram = sum(p * h.T @ h for p, h in zip(state[space], indicators, strict=True))
        total += product * indicators[1][0] @ np.linalg.pinv(gram) @ indicators[1][1]
    assert Precisions(FRAME, MEASURED).covariance(one, other) == pytest.approx(total)


def test_a_row_that_nothing_measured_reaches_has_no_variance() -> None:
    with pytest.raises(KeyError):
        Precisions(FRAME, MEASURED[:1]).variance(Row(0, 0, ((0,), (0, 1, 2))))
    with pytest.raises(IndexError):
        Precisions(FRAME, MEASURED[:1]).variance(Row(1, 0, ((0, 1), (0, 1, 2))))


def test_the_spread_of_a_cell_is_that_of_its_unit_where_the_levels_above_are_known() -> None:
    reconstruction = Reconstruction(FRAME, draw_tables(0))
    state = Precisions(FRAME, MEASURED).variance(Row(0, 0, ((0, 1), (0, 1, 2))))
    assert reconstruction.measure_spread(Marginal(0, ()))[0] ** 2 == pytest.approx(state)
    precision = 1 / 9 * 3 + 1 / 25 * 2 + 1 / 2.5**2 * 6
    counties = reconstruction.measure_spread(Marginal(2, ()))
    assert counties == pytest.approx([np.sqrt(6 / precision)] * 4)


def test_slopes_of_a_tree_are_those_of_its_variances() -> None:
    precisions = (0.3, 0.2, 0.7)
    weights = [np.array([0.5]), np.zeros(1), np.array([0.1, 0.7, 0.2, 0.4])]

    def weigh(values: tuple[float, ...]) -> float:
        tree = Tree(LEVELS, values)
        return sum(float((w * v).sum()) for w, v in zip(weights, tree.variances, strict=True))

    for level, slope in enumerate(Tree(LEVELS, precisions).find_slopes(weights)):
        moved = tuple(p + 1e-6 * (at == level) for at, p in enumerate(precisions))
        assert slope == pytest.approx((weigh(precisions) - weigh(moved)) / 1e-6, rel=1e-4)


def test_a_million_cells_are_reconstructed_without_a_matrix() -> None:
    parents = tuple(number % 20 for number in range(1000))
    levels = (
        Level("state", ("Missouri",), ()),
        Level("region", tuple(map(str, range(20))), (0,) * 20),
        Level("county", tuple(map(str, range(1000))), parents),
    )
    keys = tuple(map(str, range(10)))
    frame = Frame("large", "rows", levels, ("a", "b", "c"), (keys,) * 3, 1)
    chance = np.random.default_rng(7)
    tables = [
        NoisyTable(marginal, 2.0, chance.integers(-5, 9, frame.count_cells(marginal)))
        for marginal in (frame.whole, Marginal(1, (0, 1)), Marginal(0, ()))
    ]
    reconstruction = Reconstruction(frame, tables)
    assert frame.leaf_count == 10**6
    whole = reconstruction.estimate(frame.whole)
    assert whole.sum() == pytest.approx(reconstruction.estimate(Marginal(0, ()))[0])


def test_the_margin_is_rounded_up_to_tenths() -> None:
    assert compute_margin(1.0) == 1.7
    assert compute_margin(10.0) == 16.5


def test_more_rows_need_a_higher_cut_off() -> None:
    cut_offs = [compute_cut_off(5.0, 0.9 / rows) for rows in (2, 10, 100, 1000)]
    assert cut_offs == sorted(set(cut_offs))
    assert compute_cut_off(5.0, 0.9) == 0


def test_subsets_come_smaller_first() -> None:
    assert list_subsets((0, 2)) == [(), (0,), (2,), (0, 2)]


def test_precisions_of_tables_add_up_in_the_spaces_and_levels_they_share() -> None:
    measured = [(Marginal(0, ()), 1.0), (Marginal(2, (0,)), 2.0), (Marginal(0, (0,)), 1.0)]
    assert sum_precisions(FRAME, measured) == {(): (9.0, 0.0, 0.75), (0,): (3.0, 0.0, 0.75)}
