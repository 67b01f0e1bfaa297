"""Ranges of tables made from matches, where some matches were missed."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from portal_examples import make_example

from portal.page.figures import list_unreported
from portal.page.missed import MOST_MISSED, find_widened_ranges
from portal.page.rows import describe_table
from portal.ranges import find_range
from privacy.released import ESTIMATED, Release, ReleasedTable

QUANTILE = NormalDist().inv_cdf(0.95)


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


def widen(table: ReleasedTable) -> dict[str, tuple[int, int]]:
    found = {}
    for row, one in zip(table.rows, find_widened_ranges(table), strict=True):
        assert one is not None
        found[row.keys[0]] = one
    return found


def test_missed_matches_stand_with_the_unmatched_and_belong_to_the_matched(
    example: Release,
) -> None:
    table = find(example, "children_by_agency")
    exact = fill(table, {"dss_only": 200, "mshp_only": 60, "both": 70}, 1e-9)
    assert MOST_MISSED == 3
    assert widen(exact) == {"dss_only": (170, 201), "mshp_only": (30, 61), "both": (69, 100)}


def test_each_matched_row_may_hold_all_that_were_missed(example: Release) -> None:
    table = find(example, "report_lag")
    exact = fill(table, {"same_day": 30, "later": 40, "none_found": 50}, 1e-9)
    assert widen(exact) == {"same_day": (29, 60), "later": (39, 70), "none_found": (20, 51)}


def test_no_range_falls_below_zero(example: Release) -> None:
    table = find(example, "children_by_agency")
    assert widen(fill(table, {"mshp_only": 4, "both": 70}, 2.0))["mshp_only"][0] == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3])
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
        for key, (low, high) in widen(fill(table, drawn, deviation)).items():
            held[key] += low <= truth[key] <= high
    assert min(held.values()) >= 0.9 * draws - 3 * math.sqrt(0.09 * draws)


def test_other_tables_are_not_widened(example: Release) -> None:
    assert find_widened_ranges(find(example, "children_reported")) == (None,)
    silent = replace(find(example, "report_lag").rows[0], estimate=None, moe90=None)
    assert find_widened_ranges(replace(find(example, "report_lag"), rows=(silent,))) == (None,)


def test_a_reader_sees_the_widened_range_of_every_row_and_of_what_stands_in_front(
    example: Release,
) -> None:
    table = find(example, "children_by_agency")
    view = describe_table(example, table)
    assert view.extra_header == "With up to 3 of 10 matches missed"
    likely, widened = [find_range(row) for row in table.rows], find_widened_ranges(table)
    for row, inner, outer in zip(view.rows, likely, widened, strict=True):
        assert inner is not None
        assert outer is not None
        assert outer[0] <= inner[0] <= inner[1] <= outer[1] != inner
        assert row.extra == f"{outer[0]:,} to {outer[1]:,}"
    for figure in list_unreported(example):
        assert figure.also.startswith("With up to 3 of 10 matches missed: likely ")


def test_a_table_without_a_last_column_has_no_header_of_one(example: Release) -> None:
    view = describe_table(example, find(example, "reports"))
    assert (view.extra_header, {row.extra for row in view.rows}) == ("", {""})
