from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelled_examples import (
    ALL_AXES,
    FRAME,
    LEVELS,
    MARGINALS,
    POPULATION,
    SCALE,
    UNITS,
    Leaves,
    describe_table,
    draw_leaves,
    list_means,
    make_row,
    measure,
    model,
)
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from privacy.counts.counts import count_tables
from privacy.engine.covariance import Precisions
from privacy.engine.frames import Frame, Marginal, Row
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.modelled import modelling
from privacy.modelled.modelling import Model, ModelledRow, model_frame

TABLES = measure(draw_leaves(np.random.default_rng(10)), np.random.default_rng(11))
MODEL, COUNTS, RECONSTRUCTION, PRECISIONS = model(TABLES)
PINNED = [*(Marginal(0, axes) for axes in ALL_AXES), Marginal(1, ())]


@pytest.mark.parametrize("marginal", PINNED)
def test_state_tables_and_region_totals_are_the_published_counts(marginal: Marginal) -> None:
    assert np.array_equal(list_means(MODEL, marginal), COUNTS[marginal])


@pytest.mark.parametrize("marginal", PINNED)
def test_their_bounds_are_those_of_the_estimates(marginal: Marginal) -> None:
    estimates = RECONSTRUCTION.estimate(marginal).reshape(-1)
    for place, row in enumerate(describe_table(MODEL, marginal)):
        cell = tuple(np.unravel_index(place, FRAME.find_shape(marginal)))
        deviation = PRECISIONS.variance(make_row(marginal, tuple(map(int, cell)))) ** 0.5
        assert row.low90 <= max(estimates[place] - 1.64 * deviation, 0.0)
        assert row.high90 >= estimates[place] + 1.64 * deviation
        assert row.high90 - row.low90 <= 2 * (1.65 * deviation + 1.1)


@pytest.mark.parametrize("axes", ALL_AXES)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_modelled_numbers_add_up_to_the_state(level: int, axes: tuple[int, ...]) -> None:
    """But for what is lost where a belief below zero is published as zero."""
    found = list_means(MODEL, Marginal(level, axes)).sum(axis=0)
    assert np.allclose(found, COUNTS[Marginal(0, axes)][0], atol=0.5)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_modelled_breakdowns_add_up_to_the_modelled_totals(level: int) -> None:
    totals = list_means(MODEL, Marginal(level, ()))
    for axes in ALL_AXES[1:]:
        found = list_means(MODEL, Marginal(level, axes))
        assert np.allclose(found.sum(axis=tuple(range(1, found.ndim))), totals, atol=0.5)


def test_modelled_numbers_are_never_negative_and_lie_in_their_bounds() -> None:
    assert min(RECONSTRUCTION.estimate(Marginal(3, (0, 1))).reshape(-1)) < 0
    for marginal in MARGINALS:
        for row in describe_table(MODEL, marginal):
            assert 0 <= row.low90 <= row.mean <= row.high90


def test_the_same_numbers_give_the_same_model() -> None:
    again = model(TABLES)[0]
    for marginal in MARGINALS:
        assert describe_table(again, marginal) == describe_table(MODEL, marginal)


def test_a_row_that_sums_keys_has_the_sum_of_their_numbers() -> None:
    parts = [MODEL.describe(Row(2, 3, ((key,), (0, 1)))) for key in (0, 1)]
    both = MODEL.describe(Row(2, 3, ((0, 1), (0, 1))))
    assert both.mean == pytest.approx(sum(part.mean for part in parts))
    assert both.high90 <= sum(part.high90 for part in parts)


@pytest.mark.parametrize("axes", ALL_AXES)
def test_one_quantity_has_one_modelled_range_at_every_level(axes: tuple[int, ...]) -> None:
    """Unknown is a region, a circuit and a county."""
    told = set()
    for level in (1, 2, 3):
        marginal = Marginal(level, axes)
        unit = len(LEVELS[level].keys) - 1
        for key in product(*(range(FRAME.sizes[axis]) for axis in axes)):
            found = MODEL.describe(make_row(marginal, (unit, *key)))
            told.add((key, found.mean, found.low90, found.high90))
    assert len(told) == len({key for key, *_ in told})


def test_one_quantity_has_one_modelled_range_in_every_table_of_a_release() -> None:
    plan = example_plan("2025Q4")
    random = np.random.default_rng(4)
    drawn = {
        name: random.integers(0, 30, len(cells)).tolist()
        for name, cells in fill_cells(plan, 0).items()
    }
    told: dict[tuple[object, ...], set[tuple[object, ...]]] = {}
    for table in publish(plan, drawn).tables:
        for row, (unit, axes) in zip(table.rows, table.positions, strict=False):
            frame = plan.frame(str(table.frame))
            leaves = np.flatnonzero(frame.units_of_leaf(frame.find_level(table.level)) == unit)
            quantity = (frame.name, tuple(leaves.tolist()), axes)
            numbers = (row.modelled, row.modelled_low90, row.modelled_high90)
            told.setdefault(quantity, set()).add((row.estimate, row.count, *numbers))
    assert sum(len(numbers) > 1 for numbers in told.values()) == 0
    assert len(told) < sum(len(table.rows) for table in publish(plan, drawn).tables)


def test_a_county_is_pulled_towards_its_population_and_unknown_is_not() -> None:
    """Unknown holds 20 children; no county of its size in the list would be expected to."""
    estimates = RECONSTRUCTION.estimate(Marginal(3, ()))
    found = list_means(MODEL, Marginal(3, ()))
    unknown = UNITS.index("Unknown")
    assert abs(found[unknown] - estimates[unknown]) < 2.0
    pull = np.abs(found - estimates)[:unknown]
    assert np.median(pull) > 0.5


@pytest.mark.parametrize("population", [None, {"another county": 7}])
def test_without_population_counties_are_pulled_towards_each_other(
    population: dict[str, int] | None,
) -> None:
    found = list_means(model(TABLES, population)[0], Marginal(3, ()))
    by_population = list_means(MODEL, Marginal(3, ()))
    smallest = slice(0, 5)
    assert found[smallest].sum() > by_population[smallest].sum()
    assert np.allclose(found.sum(), COUNTS[Marginal(0, ())][0], atol=0.5)


def test_a_county_of_which_the_list_says_zero_is_modelled() -> None:
    found = model(TABLES, POPULATION | {"county 0": 0})[0].describe(Row(3, 0, ((0, 1, 2), (0, 1))))
    assert 0 <= found.mean < 2


def model_of(
    frame: Frame, published: list[Marginal], tables: list[NoisyTable]
) -> tuple[Model | None, dict[Marginal, Leaves]]:
    reconstruction = Reconstruction(frame, tables)
    counts = count_tables(frame, published, reconstruction)
    precisions = Precisions(frame, [(table.marginal, table.scale) for table in tables])
    return model_frame(frame, reconstruction, precisions, counts, POPULATION), counts


def describe_leaves(made: Model, frame: Frame) -> list[ModelledRow]:
    units = range(len(frame.levels[-1].keys))
    return [made.describe(make_row(Marginal(1, ()), (unit,), frame)) for unit in units]


def test_leaves_right_below_the_top_are_modelled_and_add_up_to_it() -> None:
    """Bound to their published counts they would have nothing to gain."""
    frame = replace(FRAME, levels=LEVELS[:2])
    published = [Marginal(0, ()), Marginal(1, ())]
    tables = measure(
        draw_leaves(np.random.default_rng(3)).sum(axis=0, keepdims=True).repeat(3, 0),
        np.random.default_rng(4),
        frame=frame,
    )
    made, counts = model_of(frame, published, tables)
    assert made is not None
    found = np.array([row.mean for row in describe_leaves(made, frame)])
    assert np.abs(found - counts[Marginal(1, ())]).max() > 0.3
    assert found.sum() == pytest.approx(counts[Marginal(0, ())][0], abs=0.5)


def test_a_frame_published_at_its_top_alone_has_no_model() -> None:
    assert model_of(FRAME, [Marginal(0, ()), Marginal(0, (1,))], TABLES)[0] is None


def test_a_frame_with_too_many_cells_has_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelling, "MOST_WORK", 45 * 6**3 - 1)
    assert model_of(FRAME, MARGINALS, TABLES)[0] is None
    monkeypatch.setattr(modelling, "MOST_WORK", 46 * 6**3)
    assert model_of(FRAME, MARGINALS, TABLES)[0] is not None


def test_levels_below_the_published_ones_are_left_out() -> None:
    made, counts = model_of(FRAME, [Marginal(0, ()), Marginal(2, (0,))], TABLES)
    assert made is not None
    found = made.describe(Row(1, 0, ((0, 1, 2), (0, 1))))
    assert found.mean == counts[Marginal(2, (0,))][:5].sum()
    with pytest.raises(IndexError):
        made.describe(Row(3, 0, ((0, 1, 2), (0, 1))))


def test_totals_are_found_where_only_a_crossed_table_of_counties_is_published() -> None:
    made, counts = model_of(FRAME, [Marginal(3, (0, 1))], TABLES)
    assert made is not None
    cells = counts[Marginal(3, (0, 1))]
    state = made.describe(Row(0, 0, ((0,), (0, 1))))
    assert state.mean == cells[:, 0].sum()
    east = made.describe(Row(1, 0, ((0, 1, 2), (0, 1))))
    assert east.mean == cells[:15].sum()


def test_a_frame_of_totals_alone_is_modelled() -> None:
    frame = replace(FRAME, columns=(), keys=())
    published = [Marginal(level, ()) for level in range(4)]
    tables = [table for table in TABLES if table.marginal in published]
    made, _ = model_of(frame, published, tables)
    assert made is not None
    estimates = Reconstruction(frame, tables).estimate(Marginal(3, ()))
    found = np.array([made.describe(Row(3, unit, ())).mean for unit in range(len(UNITS))])
    assert found.min() >= 0
    assert found.std() < estimates.std()


wild = st.integers(-400, 400) | st.sampled_from([-(10**6), 10**6])


@settings(max_examples=25)
@given(st.lists(wild, min_size=50, max_size=50), st.sampled_from([1.0, SCALE, 400.0]))
def test_no_draw_however_wild_leaves_a_row_without_a_number(cells: list[int], scale: float) -> None:
    tables = [
        NoisyTable(marginal, scale, np.resize(cells, FRAME.count_cells(marginal)).tolist())
        for marginal in MARGINALS
    ]
    made = model(tables)[0]
    for marginal in (Marginal(1, (0,)), Marginal(2, ()), Marginal(3, (0, 1))):
        for cell in product(*map(range, FRAME.find_shape(marginal))):
            row = made.describe(make_row(marginal, cell))
            assert np.isfinite(row.mean)
            assert 0 <= row.low90 <= row.mean <= row.high90


def test_the_levels_of_the_example_are_a_tree() -> None:
    """Else the other tests would show nothing."""
    for above, level in pairwise(LEVELS):
        assert set(level.parents) == set(range(len(above.keys)))
