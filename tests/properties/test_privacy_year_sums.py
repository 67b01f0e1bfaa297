"""That a year which rests on its quarters is right on average, and errs as much as it says.

Four quarters and their year are drawn through the real mechanisms many times, from children of whom
the year's are those of the quarters.
"""

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from frame_examples import fill
from numpy.typing import NDArray
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from privacy.engine.frames import Frame
from privacy.engine.noise import FrameMechanism
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.plan import PlannedFrame
from privacy.publishing.history import History
from privacy.publishing.tables import prepare_tables
from privacy.publishing.years import add_year_sums

YEAR, QUARTER = "children_reported_in_year", "children_reported"
TABLES = ("children_reported_in_year", "children_in_year_by_region", "children_in_year_by_sex")
DRAWS = 400
CHILDREN = 280
QUANTILE = NormalDist().inv_cdf(0.95)

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


BEFORE = [example_plan(f"2025Q{number}") for number in (1, 2, 3)]
EARLIER = [publish(plan, fill_cells(plan, 0)) for plan in BEFORE]
"""Releases from which the plan of the year learns what is added up; their cells are not used."""
PLAN = add_year_sums(example_plan("2025Q4"), History("2025Q4", EARLIER))
PLANNED = {one.frame.name: one for one in PLAN.frames}
BLANKS = [blank for blank in prepare_tables(PLAN) if blank.table.name in TABLES]
DEVIATION = np.array([row.deviation for blank in BLANKS for row in blank.table.rows])


def find_region(year: Frame, leaves: Places) -> Places:
    """The region of each child, as the quarter that counted it has it."""
    counties = leaves // math.prod(year.sizes)
    return year.units_of_leaf(year.find_level("region"))[counties]


def collect(planned: PlannedFrame, measured: list[NoisyTable]) -> list[float]:
    reconstruction = Reconstruction(planned.frame, measured)
    numbers = []
    for blank in BLANKS:
        assert blank.marginal is not None
        cells = reconstruction.estimate(blank.marginal)
        for unit, positions in blank.table.positions:
            axes = (positions[axis] for axis in blank.marginal.axes)
            numbers.append(float(cells[np.ix_([unit], *axes)].sum()))
    return numbers


@dataclass(frozen=True)
class Sample:
    """One line for each draw, one column for each row of TABLES."""

    truth: Numbers
    estimates: Numbers


@cache
def draw_years() -> Sample:
    year, quarter = PLANNED[YEAR], PLANNED[QUARTER]
    random = np.random.default_rng(5)
    children = random.integers(0, year.frame.leaf_count // 3, CHILDREN)
    counted = np.array_split(children, 4)
    of_quarter = FrameMechanism(quarter.frame, quarter.list_queries())
    of_year = FrameMechanism(year.frame, year.list_queries())
    quarters = [fill(quarter.frame, find_region(year.frame, one).tolist()) for one in counted]
    exact = fill(year.frame, children.tolist())
    estimates = []
    for _ in range(DRAWS):
        drawn = [of_quarter.draw(one) for one in quarters]
        own = of_year.draw(exact)
        measured = [
            NoisyTable(one.marginal, float(one.scale), own[one.name]) for one in year.measurements
        ]
        for known in year.year_sums:
            cells = np.sum([one[known.base] for one in drawn], axis=0)
            measured.append(NoisyTable(known.marginal, known.scale, cells.tolist()))
        estimates.append(collect(year, measured))
    leaves = np.bincount(children, minlength=year.frame.leaf_count)
    exactly = [
        NoisyTable(one.marginal, 1.0, np.bincount(place, leaves).astype(int).tolist())
        for one in year.measurements
        for place in [year.frame.find_cell_of_leaf(one.marginal)]
    ]
    return Sample(np.array(collect(year, exactly)), np.array(estimates))


def test_a_year_is_measured_by_its_quarters_too() -> None:
    assert len(PLANNED[YEAR].year_sums) == len(PLANNED[QUARTER].measurements) == 2


def test_estimates_of_a_year_are_right_on_average() -> None:
    sample = draw_years()
    scores = (sample.estimates - sample.truth).mean(axis=0) / DEVIATION
    assert abs(scores).max() < 5 / math.sqrt(DRAWS)


def test_the_variance_of_every_row_of_a_year_is_the_one_that_is_told() -> None:
    sample = draw_years()
    ratios = ((sample.estimates - sample.truth) ** 2).mean(axis=0) / DEVIATION**2
    assert abs(ratios - 1).max() < 5.5 * math.sqrt(2 / DRAWS)


def test_intervals_of_a_year_cover_the_truth_nine_times_in_ten() -> None:
    sample = draw_years()
    is_covered = abs(sample.estimates - sample.truth) <= QUANTILE * DEVIATION
    assert abs(is_covered.mean(axis=0) - 0.9).max() < 5.5 * math.sqrt(0.09 / DRAWS)
    assert abs(is_covered.mean() - 0.9) < 0.015
