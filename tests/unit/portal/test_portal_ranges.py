"""The number of a row that stands first, its range, and its status in words."""

from dataclasses import replace

import pytest
from portal_examples import make_example

from portal.ranges import UNDER_CUT_OFF, First, find_first, find_range, say_status
from privacy.released import ESTIMATED, NOT_COLLECTED, NOT_DISTINGUISHABLE, ReleasedRow

ROW = ReleasedRow("N", (), (), 8, 18.0, 5.0, 20, NOT_DISTINGUISHABLE, 3.0)
MODELLED = replace(ROW, modelled=14.2, modelled_low90=9.0, modelled_high90=19.0)


def test_a_modelled_number_stands_first_with_the_range_of_the_estimate() -> None:
    assert find_first(MODELLED) == First(14.2, 0, 23, "modelled")


def test_the_range_of_the_first_number_holds_it() -> None:
    assert find_first(replace(MODELLED, modelled=24.1)) == First(24.1, 0, 25, "modelled")
    told = replace(MODELLED, status=ESTIMATED, modelled=11.9, count=18)
    assert find_range(told) == (13, 23)
    assert find_first(told) == First(11.9, 11, 23, "modelled")


def test_without_a_model_the_count_stands_first_and_without_a_count_the_estimate() -> None:
    assert find_first(ROW) == First(8, 0, 23, "count")
    assert find_first(replace(ROW, count=None)) == First(18, 0, 23, "estimate")


def test_a_count_that_the_model_keeps_is_called_a_count() -> None:
    assert find_first(replace(MODELLED, modelled=8.0)) == First(8, 0, 23, "count")


def test_a_row_without_a_number_has_no_first_one() -> None:
    silent = replace(ROW, count=None, estimate=None, moe90=None, status=NOT_COLLECTED)
    assert find_first(silent) is None


def test_the_first_number_of_every_row_lies_in_its_range() -> None:
    example = make_example()
    rows = [*(row for table in example.tables for row in table.rows), *example.history]
    found = [first for first in map(find_first, rows) if first is not None]
    assert {first.column for first in found} == {"count", "modelled", "estimate"}
    assert all(first.low90 <= first.number <= first.high90 for first in found)


@pytest.mark.parametrize(
    ("estimate", "status", "said"),
    [
        (18.0, NOT_DISTINGUISHABLE, f"{UNDER_CUT_OFF}; by itself 13 to 23"),
        (5.0, NOT_DISTINGUISHABLE, NOT_DISTINGUISHABLE),
        (21.0, ESTIMATED, ESTIMATED),
    ],
)
def test_a_row_above_zero_by_its_own_range_is_said_to_be_under_the_cut_off_of_the_release(
    estimate: float, status: str, said: str
) -> None:
    assert say_status(replace(ROW, estimate=estimate, status=status)) == said


def test_the_status_of_a_row_without_a_number_is_its_status() -> None:
    silent = replace(ROW, count=None, estimate=None, moe90=None, status=NOT_DISTINGUISHABLE)
    assert say_status(silent) == NOT_DISTINGUISHABLE
