"""Ranges of tables made from matches, where some matches were missed."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from portal_examples import make_example

from portal.page.figures import list_unreported
from portal.page.missed import (
    MOST_FALSE,
    MOST_MISSED,
    MOST_MISSED_BY_TOKEN,
    find_widened_ranges,
)
from portal.page.rows import describe_table
from portal.ranges import find_range
from privacy.released import ESTIMATED, Release, ReleasedSameRows, ReleasedTable

QUANTILE = NormalDist().inv_cdf(0.95)
LAGS = ("same_day", "later", "none_found")


@pytest.fixture(scope="module")
def example() -> Release:
    return make_example()


def find(release: Release, name: str) -> ReleasedTable:
    return next(table for table in release.tables if table.name == name)


def fill(table: ReleasedTable, estimates: dict[str, float], deviation: float) -> ReleasedTable:
    """The table with one row for each key, all of one deviation."""
    margin = math.ceil(10 * QUANTILE * deviation) / 10
    rows = tuple(
        replace(
            table.rows[0],
            keys=(key,),
            labels=(key,),
            estimate=estimate,
            count=round(estimate),
            deviation=deviation,
            moe90=margin,
            status=ESTIMATED,
        )
        for key, estimate in estimates.items()
    )
    return replace(table, rows=rows)


def widen(release: Release, table: ReleasedTable) -> dict[str, tuple[int, int]]:
    found = {}
    for row, one in zip(table.rows, find_widened_ranges(release, table), strict=True):
        assert one is not None
        found[row.keys[0]] = one
    return found


def match_one_to_one(release: Release) -> Release:
    """The release as if its children by agency were matched one to one: by the bound of that."""
    measurements = tuple(
        replace(one, sigma=math.sqrt(7 / (2 * float(one.rho))))
        if one.frame.startswith("children_by_agency")
        else one
        for one in release.measurements
    )
    return replace(release, measurements=measurements)


def test_missed_matches_stand_with_the_unmatched_and_belong_to_the_matched(
    example: Release,
) -> None:
    table = find(example, "children_by_agency")
    exact = fill(table, {"dss_only": 200, "mshp_only": 60, "both": 70}, 1e-9)
    assert (MOST_MISSED, MOST_MISSED_BY_TOKEN, MOST_FALSE) == (2, 5, 1)
    assert widen(match_one_to_one(example), exact) == {
        "dss_only": (182, 207),
        "mshp_only": (42, 67),
        "both": (62, 88),
    }


def test_a_table_that_was_made_by_an_earlier_rule_keeps_the_ranges_of_it(example: Release) -> None:
    table = find(example, "children_by_agency")
    exact = fill(table, {"dss_only": 200, "mshp_only": 60, "both": 70}, 1e-9)
    assert widen(example, exact) == {
        "dss_only": (130, 207),
        "mshp_only": (0, 67),
        "both": (62, 140),
    }


def test_each_matched_row_may_hold_all_that_were_missed(example: Release) -> None:
    table = find(example, "report_lag")
    exact = fill(table, {"same_day": 30, "later": 40, "none_found": 50}, 1e-9)
    assert widen(example, exact) == {
        "same_day": (26, 100),
        "later": (35, 110),
        "none_found": (0, 57),
    }


def test_no_range_falls_below_zero(example: Release) -> None:
    table = find(example, "children_by_agency")
    assert widen(example, fill(table, {"mshp_only": 4, "both": 70}, 2.0))["mshp_only"][0] == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5])
def test_widened_ranges_hold_the_truth_nine_times_in_ten(example: Release, share: float) -> None:
    table, deviation = find(example, "children_by_agency"), 10.0
    truth = {"dss_only": 200, "mshp_only": 60, "both": 90}
    missed = round(share * truth["both"])
    found = {
        "dss_only": truth["dss_only"] + missed,
        "mshp_only": truth["mshp_only"] + missed,
        "both": truth["both"] - missed,
    }
    random = np.random.default_rng(11)
    held = dict.fromkeys(truth, 0)
    draws = 400
    for _ in range(draws):
        drawn = {key: float(round(random.normal(one, deviation))) for key, one in found.items()}
        for key, (low, high) in widen(example, fill(table, drawn, deviation)).items():
            held[key] += low <= truth[key] <= high
    assert min(held.values()) >= 0.9 * draws - 3 * math.sqrt(0.09 * draws)


def test_rows_that_share_a_total_are_widened_by_the_noise_that_is_left_to_them(
    example: Release,
) -> None:
    """Draws of a table of matches whose sum is known better, as a release has it."""
    table, sigma, known, random = find(example, "report_lag"), 10.0, 4.0, np.random.default_rng(3)
    truth = np.array([60.0, 70.0, 200.0])
    covariance = (known**2 / 3 - sigma**2) / 3
    same = ReleasedSameRows("others", "lag_group", LAGS, (0, 1, 2), covariance)
    frames = tuple(
        replace(one, same_rows=same) for one in example.frames if one.name == table.frame
    )
    release = replace(example, frames=frames)
    found, held, draws = truth + np.array([-32.5, -32.5, 65.0]), [0, 0], 1000
    for _ in range(draws):
        drawn = found + random.normal(0, sigma, 3)
        drawn += (truth.sum() + random.normal(0, known) - drawn.sum()) / 3
        deviation = math.sqrt(sigma**2 + covariance)
        filled = fill(table, dict(zip(LAGS, drawn.tolist(), strict=True)), deviation)
        held[0] += widen(release, filled)["none_found"][0] <= truth[2]
        held[1] += widen(example, filled)["none_found"][0] <= truth[2]
    assert held[0] >= 0.95 * draws - 3 * math.sqrt(0.05 * draws)
    assert held[1] < held[0]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1])
def test_widened_ranges_hold_the_truth_though_some_matches_are_false(
    example: Release, share: float
) -> None:
    """Of ten matches so many are false, and of ten true ones one is missed."""
    table, deviation = find(example, "children_by_agency"), 10.0
    truth = {"dss_only": 200, "mshp_only": 60, "both": 90}
    more = round(0.9 * truth["both"] / (1 - share)) - truth["both"]
    found = {"dss_only": 200 - more, "mshp_only": 60 - more, "both": 90 + more}
    random, draws = np.random.default_rng(12), 400
    held = dict.fromkeys(truth, 0)
    for _ in range(draws):
        drawn = {key: float(round(random.normal(one, deviation))) for key, one in found.items()}
        filled = fill(table, drawn, deviation)
        for key, (low, high) in widen(match_one_to_one(example), filled).items():
            held[key] += low <= truth[key] <= high
    assert min(held.values()) >= 0.9 * draws - 3 * math.sqrt(0.09 * draws)


def test_other_tables_are_not_widened(example: Release) -> None:
    assert find_widened_ranges(example, find(example, "children_reported")) == (None,)
    silent = replace(find(example, "report_lag").rows[0], estimate=None, moe90=None)
    silent_table = replace(find(example, "report_lag"), rows=(silent,))
    assert find_widened_ranges(example, silent_table) == (None,)


def test_a_reader_sees_the_widened_range_of_every_row_and_of_what_stands_in_front(
    example: Release,
) -> None:
    table = find(example, "children_by_agency")
    view = describe_table(example, table)
    assert view.extra_header == "With up to 5 of 10 matches missed and 1 of 10 false"
    likely, widened = [find_range(row) for row in table.rows], find_widened_ranges(example, table)
    for row, inner, outer in zip(view.rows, likely, widened, strict=True):
        assert inner is not None
        assert outer is not None
        assert outer[0] <= inner[0] <= inner[1] <= outer[1] != inner
        assert row.extra == f"{outer[0]:,} to {outer[1]:,}"
    for figure in list_unreported(example, {}):
        assert figure.also.startswith(view.extra_header + ": likely ")


def test_a_table_without_a_last_column_has_no_header_of_one(example: Release) -> None:
    view = describe_table(example, find(example, "reports"))
    assert (view.extra_header, {row.extra for row in view.rows}) == ("", {""})
