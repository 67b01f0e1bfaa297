"""What a release says of its own error, held against many draws through the real mechanism.

The release is that of a fourth quarter of the reviewed policy, with its annual tables. Estimates
and counts come from the same calls as in a release; the rows, margins and cut-offs are its own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray
from small_policy import RULES

from privacy.counts.counts import count_tables
from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Coded, Frame, Marginal
from privacy.engine.noise import FrameMechanism
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.publishing.tables import Blank, prepare_tables, set_cut_offs

KEYS = Path(__file__).resolve().parents[2] / "missouri" / "lists"
POLICY = load_policy()
PLAN: Plan = make_plan("2025Q4", POLICY, load_keys(KEYS, POLICY), load_strategy(), RULES)
PLANNED = {planned.frame.name: planned for planned in PLAN.frames}
BLANKS = [blank for blank in prepare_tables(PLAN) if blank.marginal is not None]
CUT_OFFS = np.array(
    [row.cut_off for table in set_cut_offs([one.table for one in BLANKS]) for row in table.rows]
)
KINDS = {ROWS: ExactRows, LINKED: ExactCells}
DRAWS = 600
COUNTED = 40
QUANTILE = NormalDist().inv_cdf(0.95)
BINS = ((0, 0), (1, 2), (3, 5), (6, 15), (16, 10**9))

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One line for each draw (the first COUNTED for counts), one column for each row."""

    truth: Numbers
    unrounded: Numbers
    counts: Numbers

    @property
    def published(self) -> Numbers:
        """The estimates as they are published."""
        return np.round(self.unrounded, 1)


DEVIATION = np.array([row.deviation for blank in BLANKS for row in blank.table.rows])
MARGIN = np.array([row.moe90 for blank in BLANKS for row in blank.table.rows])


def make_leaves(frame: Frame, rows: int) -> NDArray[np.int64]:
    """Counts of leaves, most of them small and many zero, the same whenever they are asked for."""
    weights = 1 / (1 + np.arange(frame.leaf_count)) ** 1.6
    shares = np.random.default_rng(frame.leaf_count).permutation(weights / weights.sum())
    return np.round(rows * shares).astype(np.int64)


def hold(frame: Frame, leaves: NDArray[np.int64]) -> ExactFrame:
    """An exact frame with these counts of leaves."""
    shape = (len(frame.levels[-1].keys), *frame.sizes)
    listed = (frame.levels[-1].keys, *frame.keys)
    names = (frame.leaf_column, *frame.columns)
    at = np.arange(frame.leaf_count)
    if frame.kind != AGGREGATE:
        at = np.repeat(at, leaves)
    columns = {
        name: Coded(places, keys)
        for name, places, keys in zip(names, np.unravel_index(at, shape), listed, strict=True)
    }
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, columns, leaves.tolist())
    return KINDS[frame.kind](frame, np.arange(len(at)) + 1, columns)


def sum_rows(blank: Blank, cells: NDArray[np.generic]) -> list[float]:
    """The numbers of a table's rows, from the cells of its marginal."""
    assert blank.marginal is not None
    return [
        float(cells[np.ix_([unit], *(positions[axis] for axis in blank.marginal.axes))].sum())
        for unit, positions in blank.table.positions
    ]


def collect(found: Mapping[str, Mapping[Marginal, NDArray[np.generic]]]) -> list[float]:
    return [
        number
        for blank in BLANKS
        if blank.marginal is not None
        for number in sum_rows(blank, found[str(blank.table.frame)][blank.marginal])
    ]


def list_published(planned: PlannedFrame) -> list[Marginal]:
    name = planned.frame.name
    return [one.marginal for one in BLANKS if one.marginal is not None and one.table.frame == name]


def find_truth(leaves: Mapping[str, NDArray[np.int64]]) -> Numbers:
    sums = {
        name: {
            one: np.bincount(of.frame.find_cell_of_leaf(one), leaves[name]).reshape(
                of.frame.find_shape(one)
            )
            for one in list_published(of)
        }
        for name, of in PLANNED.items()
    }
    return np.array(collect(sums))


@cache
def draw_sample(rows: int) -> Sample:
    """Many draws of the plan, each frame with about this many rows."""
    leaves = {name: make_leaves(of.frame, rows) for name, of in PLANNED.items()}
    exact = {name: hold(of.frame, leaves[name]) for name, of in PLANNED.items()}
    mechanisms = {name: FrameMechanism(of.frame, of.list_queries()) for name, of in PLANNED.items()}
    unrounded, counts = [], []
    for draw in range(DRAWS):
        estimates, counted = {}, {}
        for name, of in PLANNED.items():
            cells = mechanisms[name].draw(exact[name])
            reconstruction = Reconstruction(
                of.frame,
                [NoisyTable(m.marginal, float(m.scale), cells[m.name]) for m in of.measurements],
            )
            published = list_published(of)
            estimates[name] = {one: reconstruction.estimate(one) for one in published}
            if draw < COUNTED:
                counted[name] = count_tables(of.frame, published, reconstruction)
        unrounded.append(collect(estimates))
        if draw < COUNTED:
            counts.append(collect(counted))
    return Sample(find_truth(leaves), np.array(unrounded), np.array(counts))


def test_estimates_are_right_on_average() -> None:
    sample = draw_sample(120)
    scores = (sample.unrounded - sample.truth).mean(axis=0) / DEVIATION
    assert abs(scores).max() < 5 / math.sqrt(DRAWS)


def test_the_variance_of_every_row_is_the_one_that_is_told() -> None:
    sample = draw_sample(120)
    ratios = ((sample.unrounded - sample.truth) ** 2).mean(axis=0) / DEVIATION**2
    assert abs(ratios - 1).max() < 5.5 * math.sqrt(2 / DRAWS)
    assert abs(ratios.mean() - 1) < 0.03


def test_unrounded_intervals_cover_the_truth_nine_times_in_ten() -> None:
    sample = draw_sample(120)
    is_covered = abs(sample.unrounded - sample.truth) <= QUANTILE * DEVIATION
    assert 0.89 <= is_covered.mean() <= 0.91
    assert abs(is_covered.mean(axis=0) - 0.9).max() < 5.5 * math.sqrt(0.09 / DRAWS)


def find_covered(sample: Sample) -> NDArray[np.bool_]:
    low = np.floor(np.round(sample.published - MARGIN, 1))
    high = np.ceil(np.round(sample.published + MARGIN, 1))
    covered: NDArray[np.bool_] = (low <= sample.truth) & (sample.truth <= high)
    return covered


def test_published_intervals_cover_whatever_the_unrounded_ones_cover() -> None:
    sample = draw_sample(120)
    within = abs(sample.unrounded - sample.truth) <= QUANTILE * DEVIATION
    assert find_covered(sample)[within].all()
    assert find_covered(sample).mean() >= 0.9


@pytest.mark.parametrize(("least", "most"), BINS)
def test_published_intervals_cover_small_counts_as_well_as_large_ones(
    least: int, most: int
) -> None:
    sample = draw_sample(120)
    chosen = (sample.truth >= least) & (sample.truth <= most)
    assert chosen.sum() >= 5
    assert find_covered(sample)[:, chosen].mean() >= 0.9


def test_the_interval_fails_where_the_noise_is_wider_than_told() -> None:
    sample = draw_sample(120)
    narrower = 0.9 * QUANTILE * DEVIATION
    assert (abs(sample.unrounded - sample.truth) <= narrower).mean() < 0.89


def test_counts_are_closer_to_the_truth_than_estimates() -> None:
    sample = draw_sample(120)
    count = math.sqrt(((sample.counts - sample.truth) ** 2).mean())
    estimate = math.sqrt(((sample.unrounded - sample.truth) ** 2).mean())
    assert count < 0.8 * estimate


def test_counts_add_up_over_the_units_of_every_table() -> None:
    sample = draw_sample(120)
    start = 0
    totals: dict[str, list[Numbers]] = {}
    for blank in BLANKS:
        end = start + len(blank.table.rows)
        every = tuple(tuple(range(size)) for size in PLANNED[str(blank.table.frame)].frame.sizes)
        plain = [start + at for at, (_, of) in enumerate(blank.table.positions) if of == every]
        if plain:
            totals.setdefault(str(blank.table.frame), []).append(
                sample.counts[:, plain].sum(axis=1)
            )
        start = end
    assert any(len(of) > 1 for of in totals.values())
    for of in totals.values():
        assert all((one == of[0]).all() for one in of)


def test_fewer_than_one_false_alarm_is_expected_in_a_release() -> None:
    alarms = [
        1 - NormalDist(sigma=deviation).cdf(cut_off)
        for deviation, cut_off in zip(DEVIATION, CUT_OFFS, strict=True)
    ]
    assert 0.3 < sum(alarms) < 0.9


def test_fewer_than_one_false_alarm_comes_in_draws_too() -> None:
    alarms = (draw_sample(0).published > CUT_OFFS).sum(axis=1)
    assert 0.2 < alarms.mean() < 0.9
