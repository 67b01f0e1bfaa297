"""What a release says of its own error, held against many draws through the real mechanism."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from privacy.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.frames import AGGREGATE, LINKED, ROWS, Frame
from privacy.keys import load_keys
from privacy.noise import FrameMechanism
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy import TablePolicy, load_policy
from privacy.publishing import Publisher
from privacy.reconstruction import NoisyTable, Reconstruction
from privacy.released import ESTIMATED, Provenance, read_release
from privacy.residuals import compute_variance
from privacy.rows import list_rows, place_on_axes, split_row

KEYS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "keys"
POLICY = load_policy()
PLAN: Plan = make_plan("2025Q1", POLICY, load_keys(KEYS, POLICY.dimensions))
KINDS = {ROWS: ExactRows, LINKED: ExactCells}
NOBODY = Provenance((), is_simulated=True)
DRAWS = 600
QUANTILE = NormalDist().inv_cdf(0.95)
BINS = ((0, 0), (1, 2), (3, 5), (6, 15), (16, 10**9))

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One line for each draw, one column for each published row."""

    truth: Numbers
    deviation: Numbers
    unrounded: Numbers
    estimate: Numbers
    moe90: Numbers
    count: Numbers
    estimated: Numbers


def make_leaves(frame: Frame, rows: int) -> Numbers:
    """Counts of leaves, most of them small and many zero, the same whenever they are asked for."""
    weights = 1 / (1 + np.arange(frame.leaf_count)) ** 1.6
    shares = np.random.default_rng(frame.leaf_count).permutation(weights / weights.sum())
    return np.round(rows * shares)


def hold(frame: Frame, leaves: Numbers) -> ExactFrame:
    """An exact frame with these counts of leaves."""
    places = [np.unravel_index(leaf, frame.sizes) for leaf in range(frame.leaf_count)]
    cells = [
        tuple(keys[at] for keys, at in zip(frame.keys, place, strict=True)) for place in places
    ]
    if frame.kind == AGGREGATE:
        listed = {name: [cell[i] for cell in cells] for i, name in enumerate(frame.columns)}
        return ExactCounts(frame, listed, [int(count) for count in leaves])
    rows = [cell for cell, count in zip(cells, leaves, strict=True) for _ in range(int(count))]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(frame.columns)}
    return KINDS[frame.kind](frame, [f"unit {number}" for number in range(len(rows))], columns)


def sum_rows(planned: PlannedFrame, table: TablePolicy, reconstruction: Reconstruction) -> Numbers:
    frame = planned.frame
    axes = frame.find_axes(table.dimensions)
    cells = reconstruction.estimate(axes)
    placed = [
        place_on_axes(frame, table.dimensions, row)
        for row in list_rows(PLAN.policy, PLAN.keys, table)
    ]
    return np.array([cells[np.ix_(*(row[axis] for axis in axes))].sum() for row in placed])


def list_deviations() -> Numbers:
    planned = {frame.frame.name: frame for frame in PLAN.frames}
    variances = []
    for table in PLAN.policy.measured_tables:
        of = planned[str(table.frame)]
        precisions = of.sum_precisions()
        for row in list_rows(PLAN.policy, PLAN.keys, table):
            lengths = split_row(of.frame, table.dimensions, row)
            variances.append(compute_variance(lengths, precisions))
    return np.sqrt(variances)


def sum_exactly(leaves: dict[str, Numbers]) -> Numbers:
    planned = {frame.frame.name: frame for frame in PLAN.frames}
    whole = {
        name: Reconstruction(
            of.frame.sizes, [NoisyTable(tuple(range(len(of.frame.sizes))), 1.0, leaves[name])]
        )
        for name, of in planned.items()
    }
    tables = PLAN.policy.measured_tables
    rows = [sum_rows(planned[str(t.frame)], t, whole[str(t.frame)]) for t in tables]
    return np.round(np.concatenate(rows))


@cache
def draw_sample(rows: int) -> Sample:
    """DRAWS releases of the default plan, each frame with about this many rows."""
    planned = {frame.frame.name: frame for frame in PLAN.frames}
    leaves = {name: make_leaves(of.frame, rows) for name, of in planned.items()}
    exact = {name: hold(of.frame, leaves[name]) for name, of in planned.items()}
    mechanisms = {name: FrameMechanism(of.frame, of.list_queries()) for name, of in planned.items()}
    publisher = Publisher(PLAN)
    unrounded, published = [], []
    for _ in range(DRAWS):
        drawn = {}
        found = {}
        for name, of in planned.items():
            cells = mechanisms[name].draw(exact[name])
            drawn |= cells
            measured = [
                NoisyTable(one.axes, float(one.scale), cells[one.name]) for one in of.measurements
            ]
            found[name] = Reconstruction(of.frame.sizes, measured)
        unrounded.append(
            np.concatenate(
                [
                    sum_rows(planned[str(t.frame)], t, found[str(t.frame)])
                    for t in PLAN.policy.measured_tables
                ]
            )
        )
        content = publisher.publish(drawn, NOBODY)
        release = read_release({**content, "drawn_at": "", "ledger_head": ""})
        published.append([r for t in release.tables for r in t.rows if r.estimate is not None])

    def collect(name: str) -> Numbers:
        return np.array([[getattr(row, name) for row in rows] for rows in published], float)

    return Sample(
        truth=sum_exactly(leaves),
        deviation=list_deviations(),
        unrounded=np.array(unrounded),
        estimate=collect("estimate"),
        moe90=collect("moe90"),
        count=collect("count"),
        estimated=np.array([[row.status == ESTIMATED for row in rows] for rows in published]),
    )


def test_estimates_are_right_on_average() -> None:
    sample = draw_sample(120)
    scores = (sample.unrounded - sample.truth).mean(axis=0) / sample.deviation
    assert abs(scores).max() < 5 / math.sqrt(DRAWS)
    assert abs(sample.estimate - sample.unrounded).max() <= 0.05 + 1e-9


def test_the_variance_of_every_row_is_the_one_that_is_told() -> None:
    sample = draw_sample(120)
    ratios = ((sample.unrounded - sample.truth) ** 2).mean(axis=0) / sample.deviation**2
    assert abs(ratios - 1).max() < 5 * math.sqrt(2 / DRAWS)
    assert abs(ratios.mean() - 1) < 0.05


def test_unrounded_intervals_cover_the_truth_nine_times_in_ten() -> None:
    sample = draw_sample(120)
    is_covered = abs(sample.unrounded - sample.truth) <= QUANTILE * sample.deviation
    assert 0.89 <= is_covered.mean() <= 0.91
    assert abs(is_covered.mean(axis=0) - 0.9).max() < 5 * math.sqrt(0.09 / DRAWS)


def find_covered(sample: Sample) -> NDArray[np.bool_]:
    low = np.floor(np.round(sample.estimate - sample.moe90, 1))
    high = np.ceil(np.round(sample.estimate + sample.moe90, 1))
    return (low <= sample.truth) & (sample.truth <= high)


def test_published_intervals_cover_whatever_the_unrounded_ones_cover() -> None:
    sample = draw_sample(120)
    within = abs(sample.unrounded - sample.truth) <= QUANTILE * sample.deviation
    assert find_covered(sample)[within].all()
    assert find_covered(sample).mean() >= 0.9


@pytest.mark.parametrize(("least", "most"), BINS)
def test_published_intervals_cover_small_counts_as_well_as_large_ones(
    least: int, most: int
) -> None:
    sample = draw_sample(120)
    chosen = (sample.truth >= least) & (sample.truth <= most)
    assert chosen.sum() >= 5
    shares = find_covered(sample)[:, chosen].mean(axis=1)
    assert shares.mean() >= 0.9 - 3 * shares.std() / math.sqrt(DRAWS)


def test_the_interval_fails_where_the_noise_is_wider_than_told() -> None:
    sample = draw_sample(120)
    narrower = 0.9 * QUANTILE * sample.deviation
    assert (abs(sample.unrounded - sample.truth) <= narrower).mean() < 0.89


def test_counts_are_closer_to_the_truth_than_estimates() -> None:
    sample = draw_sample(120)
    count, estimate = (
        math.sqrt(((numbers - sample.truth) ** 2).mean())
        for numbers in (sample.count, sample.estimate)
    )
    assert count < 0.9 * estimate


def test_fewer_than_one_false_alarm_is_expected_in_a_release() -> None:
    content = Publisher(PLAN).publish(
        {m.name: [0] * m.cell_count for f in PLAN.frames for m in f.measurements}, NOBODY
    )
    release = read_release({**content, "drawn_at": "", "ledger_head": ""})
    cut_offs = [row.cut_off for table in release.tables for row in table.rows]
    alarms = [
        1 - NormalDist(sigma=deviation).cdf(cut_off)
        for cut_off, deviation in zip(
            [cut_off for cut_off in cut_offs if cut_off is not None],
            list_deviations(),
            strict=True,
        )
    ]
    assert 0.5 < sum(alarms) < 0.9


def test_fewer_than_one_false_alarm_comes_in_draws_too() -> None:
    assert 0.3 < draw_sample(0).estimated.sum(axis=1).mean() < 1
