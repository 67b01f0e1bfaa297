"""Counts: whole, never negative, the same wherever they stand, and near what was measured."""

from collections.abc import Sequence

import numpy as np
import pytest
from frame_examples import BY_SEX, LEVELS, STATE, example_frame, sum_table
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from privacy.counts import fitting
from privacy.counts.counts import count_tables
from privacy.counts.fitting import Pin, fit, mean_above_zero
from privacy.counts.informing import Split, inform
from privacy.counts.rounding import Held, round_by_remainder, round_together
from privacy.engine.frames import Frame, Marginal
from privacy.engine.reconstruction import NoisyTable, Reconstruction

FRAME = example_frame()
TOGETHER = np.zeros(3, dtype=np.int64)
RING = Frame("ring", "rows", LEVELS, ("a", "b", "c"), (("1", "2"),) * 3, 1)
PUBLISHED: dict[str, tuple[Frame, list[Marginal]]] = {
    "totals": (FRAME, [Marginal(level, ()) for level in range(3)]),
    "margins": (FRAME, [Marginal(level, (axis,)) for level in range(3) for axis in range(2)]),
    "crossed": (FRAME, [FRAME.whole, Marginal(2, (0,)), Marginal(2, (1,))]),
    "levels apart": (FRAME, [Marginal(2, (0,)), Marginal(1, (0, 1))]),
    "state ring": (RING, [Marginal(0, axes) for axes in ((0, 1), (1, 2), (0, 2), (0, 1, 2))]),
    "county ring": (RING, [Marginal(2, axes) for axes in ((0, 1), (1, 2), (0, 2))]),
}


def reconstruct(frame: Frame, leaves: Sequence[float], scale: float, seed: int) -> Reconstruction:
    chance = np.random.default_rng(seed)
    tables = []
    for marginal in (frame.whole, STATE, Marginal(1, (0,))):
        noise = np.round(chance.normal(0, scale, frame.count_cells(marginal)))
        cells = sum_table(frame, marginal, np.array(leaves, dtype=np.int64)) + noise
        tables.append(NoisyTable(marginal, scale, cells.tolist()))
    return Reconstruction(frame, tables)


@pytest.mark.parametrize("name", PUBLISHED)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    level=st.sampled_from([0.0, 0.4, 3.0, 50.0]),
    scale=st.sampled_from([1.0, 6.0, 80.0]),
)
def test_counts_are_whole_not_negative_and_agree(
    name: str, seed: int, level: float, scale: float
) -> None:
    frame, published = PUBLISHED[name]
    leaves = np.random.default_rng(seed).poisson(level, frame.leaf_count)
    reconstruction = reconstruct(frame, leaves, scale, seed)
    counts = count_tables(frame, published, reconstruction)
    total = max(0, round(float(reconstruction.estimate(STATE)[0])))
    assert counts.keys() == set(published)
    for table, cells in counts.items():
        assert cells.dtype == np.int64
        assert cells.shape == frame.find_shape(table)
        assert cells.min() >= 0
        assert cells.sum() == total
        for other, others in counts.items():
            shared = Marginal(
                min(table.level, other.level), tuple(sorted({*table.axes} & {*other.axes}))
            )
            sums = [
                np.bincount(frame.find_cells(one, shared), of.reshape(-1))
                for one, of in ((table, cells), (other, others))
            ]
            assert (sums[0] == sums[1]).all()


def test_what_was_measured_without_noise_is_counted_so() -> None:
    leaves = np.random.default_rng(3).integers(5, 60, FRAME.leaf_count)
    tables = [NoisyTable(FRAME.whole, 0.01, sum_table(FRAME, FRAME.whole, leaves).tolist())]
    published = [FRAME.whole, BY_SEX, Marginal(1, (1,)), Marginal(2, ())]
    for table, cells in count_tables(FRAME, published, Reconstruction(FRAME, tables)).items():
        assert cells.reshape(-1).tolist() == sum_table(FRAME, table, leaves).tolist()


def test_a_fit_is_not_negative_and_has_its_sums() -> None:
    pin = Pin(np.array([0, 0, 0, 1, 1]), np.array([10.0, 4.0]))
    cells = fit(np.array([-6.0, 3.0, 9.0, 2.0, 2.0]), np.full(5, 2.0), [pin])
    assert cells.min() > 0
    assert np.allclose(pin.sum_up(cells), pin.sums)
    assert cells[0] < cells[1] < cells[2]
    assert cells[3] == pytest.approx(cells[4])


def test_a_fit_to_two_kinds_of_sums_has_both() -> None:
    rows, columns = (
        Pin(np.array([0, 0, 1, 1]), np.array([5.0, 1.0])),
        Pin(np.array([0, 1, 0, 1]), np.array([2.0, 4.0])),
    )
    cells = fit(np.array([9.0, -3.0, 0.0, 2.0]), np.full(4, 1.5), [rows, columns])
    assert np.allclose(rows.sum_up(cells), rows.sums, atol=1e-3)
    assert np.allclose(columns.sum_up(cells), columns.sums, atol=1e-3)


def test_cells_of_a_sum_of_zero_are_zero() -> None:
    pin = Pin(np.array([0, 0, 1]), np.array([0.0, 3.0]))
    assert fit(np.array([7.0, 2.0, -4.0]), np.ones(3), [pin]).tolist() == [0, 0, pytest.approx(3)]
    nothing = Pin(TOGETHER, np.zeros(1))
    assert fit(np.array([7.0, 2.0, -4.0]), np.ones(3), [nothing]).tolist() == [0, 0, 0]


def test_what_was_measured_well_counts_and_what_was_measured_badly_does_not() -> None:
    pin = Pin(TOGETHER, np.array([90.0]))
    estimates = np.array([10.0, 30.0, 50.0])
    assert fit(estimates, np.full(3, 0.01), [pin]) == pytest.approx([10, 30, 50], abs=0.1)
    assert fit(estimates, np.full(3, 1e6), [pin]) == pytest.approx([30, 30, 30], abs=0.1)


def test_sums_that_cannot_all_be_met_end_the_search() -> None:
    torn = [Pin(TOGETHER, np.array([5.0])), Pin(TOGETHER, np.array([50.0]))]
    cells = fit(np.zeros(3), np.ones(3), torn)
    assert cells.sum() == pytest.approx(50)


@pytest.mark.parametrize("centre", [-40.0, -3.0, 0.0, 2.0, 30.0])
def test_the_mean_above_zero_is_that_of_the_cut_normal_law(centre: float) -> None:
    expected = stats.truncnorm.mean(-centre / 1.5, np.inf, centre, 1.5)
    assert mean_above_zero(np.array([centre]), np.array([1.5])) == pytest.approx(expected, rel=1e-6)


def test_the_mean_above_zero_holds_far_below_zero() -> None:
    centres = -np.geomspace(1e2, 1e9, 30)
    means = mean_above_zero(centres, np.ones(30))
    assert means == pytest.approx(-1 / centres, rel=1e-3)
    assert (np.diff(means) < 0).all()


def test_a_search_for_shifts_that_is_cut_short_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_STEPS", 1)
    monkeypatch.setattr(fitting, "_SWEEPS", 1)
    cells = fit(np.array([-6.0, 3.0, 9.0]), np.ones(3), [Pin(TOGETHER, np.array([7.0]))])
    assert (cells > 0).all()


def test_the_largest_remainders_get_what_a_sum_lacks() -> None:
    values = np.array([1.2, 2.7, 0.6, 1.1, 0.4])
    groups = np.array([0, 0, 1, 0, 1])
    sums = np.array([5, 1])
    assert round_by_remainder(values, groups, sums).tolist() == [1, 3, 1, 1, 0]


def test_rounding_to_two_kinds_of_sums_moves_least() -> None:
    values = np.array([0.5, 0.5, 0.9, 0.1, 1.6, 1.4])
    rows = Held(0, np.array([0, 0, 1, 1, 2, 2]), np.array([1, 1, 3]))
    columns = Held(0, np.array([0, 1, 0, 1, 0, 1]), np.array([3, 2]))
    (counts,) = round_together([values], [rows, columns])
    assert counts.tolist() == [0, 1, 1, 0, 2, 1]


def test_rounding_goes_further_than_to_the_next_number_where_sums_ask_for_it() -> None:
    held = Held(0, np.zeros(2, dtype=np.int64), np.array([9]))
    (counts,) = round_together([np.array([0.2, 3.9])], [held])
    assert counts.sum() == 9
    held = Held(0, np.zeros(2, dtype=np.int64), np.array([1]))
    (counts,) = round_together([np.array([0.2, 3.9])], [held])
    assert sorted(counts.tolist()) == [0, 1]


def test_tables_rounded_together_agree() -> None:
    fine = np.array([0.5, 0.5, 0.5, 0.5])
    coarse = np.array([1.0, 1.0])
    groups = np.array([0, 0, 1, 1])
    zeros = np.zeros(2, dtype=np.int64)
    rounded = round_together(
        [fine, coarse], [Held(0, groups, zeros, other=1), Held(1, zeros, np.array([2]))]
    )
    assert np.bincount(groups, rounded[0]).tolist() == rounded[1].tolist()
    assert rounded[1].sum() == 2


def split_cells(
    totals: np.ndarray, shares: np.ndarray, spread: float, seed: int
) -> tuple[np.ndarray, Split]:
    """Noisy totals, and noisy parts of the same totals of which the unit above has these shares."""
    chance = np.random.default_rng(seed)
    noisy = totals + chance.normal(0, spread, len(totals))
    parts = totals[:, None] * shares + chance.normal(0, spread, (len(totals), len(shares)))
    above = np.broadcast_to(1_000 * shares, parts.shape)
    return noisy, Split(parts, np.full(len(totals), spread), above)


def test_parts_in_known_shares_tell_of_small_cells() -> None:
    totals = np.full(4_000, 3.0)
    noisy, split = split_cells(totals, np.array([0.85, 0.15]), 2.0, seed=1)
    better, spread = inform(noisy, np.full(4_000, 2.0), totals, [split])
    assert ((better - totals) ** 2).mean() < 0.85 * ((noisy - totals) ** 2).mean()
    assert abs(better.mean() - 3) < 0.2
    assert (spread < 2).all()


def test_parts_of_large_cells_tell_next_to_nothing() -> None:
    totals = np.full(10, 1e6)
    noisy, split = split_cells(totals, np.array([0.85, 0.15]), 2.0, seed=2)
    better, spread = inform(noisy, np.full(10, 2.0), totals, [split])
    assert better == pytest.approx(noisy, abs=1e-3)
    assert spread == pytest.approx(2.0)


def test_even_parts_tell_nothing_beside_their_sum() -> None:
    totals = np.full(10, 3.0)
    noisy, split = split_cells(totals, np.full(4, 0.25), 2.0, seed=3)
    better, _ = inform(noisy, np.full(10, 2.0), totals, [split])
    assert better == pytest.approx(noisy)


def test_counts_are_closer_to_the_truth_than_estimates_cut_at_zero() -> None:
    published = [Marginal(level, axes) for level in range(3) for axes in ((), (0,), (1,))]
    squares = np.zeros(2)
    for seed in range(60):
        leaves = np.random.default_rng(seed).poisson(0.3, FRAME.leaf_count)
        reconstruction = reconstruct(FRAME, leaves, 3.0, seed)
        for table, cells in count_tables(FRAME, published, reconstruction).items():
            truth = sum_table(FRAME, table, leaves).reshape(cells.shape)
            cut = np.maximum(0, np.round(reconstruction.estimate(table)))
            squares += [((cells - truth) ** 2).mean(), ((cut - truth) ** 2).mean()]
    assert squares[0] < 0.8 * squares[1]
