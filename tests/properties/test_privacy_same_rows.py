"""That frames about the same rows agree, are right on average, and err as much as they say.

Quarters and year are drawn through the real mechanisms, as the benchmark of the same name draws
them more often, from rows of which both frames of each pair hold the same.
"""

import math
from functools import cache

import numpy as np

from bench.same_rows import QUANTILE, Sample, find_totals, sample

DRAWS = 300


@cache
def draw() -> Sample:
    return sample(DRAWS)


def test_totals_of_frames_about_the_same_rows_are_one_number_in_every_draw() -> None:
    for one, other in find_totals(draw().counts):
        assert (one == other).all()
    for one, other in find_totals(draw().estimates):
        assert abs(one - other).max() <= 0.2 + 1e-9  # up to four numbers rounded to tenths


def test_the_exact_totals_are_one_number() -> None:
    for one, other in find_totals({name: of[None] for name, of in draw().truth.items()}):
        assert (one == other).all()


def test_no_row_errs_more_than_without_the_other_frame_and_linked_ones_much_less() -> None:
    found = draw()
    for name, margins in found.margins.items():
        assert (margins <= found.before[name]).all()
    agency, lag = (found.margins[one] for one in ("children_by_agency", "report_lag"))
    assert (agency / found.before["children_by_agency"]).round(2).tolist() == [0.75, 1.0, 0.75]
    assert (lag / found.before["report_lag"]).round(2).tolist() == [0.85, 0.85, 0.85]


def test_estimates_are_right_on_average() -> None:
    found = draw()
    for name, truth in found.truth.items():
        scores = (found.estimates[name] - truth).mean(axis=0) / found.deviations[name]
        assert abs(scores).max() < 5 / math.sqrt(DRAWS)


def test_the_variance_of_every_row_is_the_one_that_is_told() -> None:
    found = draw()
    for name, truth in found.truth.items():
        ratios = ((found.estimates[name] - truth) ** 2).mean(axis=0) / found.deviations[name] ** 2
        assert abs(ratios - 1).max() < 5.5 * math.sqrt(2 / DRAWS)


def test_intervals_hold_the_truth_nine_times_in_ten() -> None:
    found = draw()
    held = np.hstack(
        [
            abs(found.estimates[name] - truth) <= QUANTILE * found.deviations[name]
            for name, truth in found.truth.items()
        ]
    )
    assert abs(held.mean(axis=0) - 0.9).max() < 5.5 * math.sqrt(0.09 / DRAWS)
    assert abs(held.mean() - 0.9) < 0.015
