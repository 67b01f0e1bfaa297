"""Bounds of the children known to any of the three agencies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from portal_examples import make_example

from portal.page.known_to_any import HOTLINE_TABLE, MATCHED_TABLE, bound_known_to_any
from portal.page.missed import MOST_MISSED_BY_TOKEN
from portal.ranges import find_range
from privacy.released import Release, ReleasedTable


@pytest.fixture(scope="module")
def example() -> Release:
    """A release with a sum of the hotline's children, which other examples lack."""
    made = make_example()
    hotline = find(made, "hotline_children")
    return replace(made, tables=(*made.tables, replace(hotline, name=HOTLINE_TABLE)))


def find(release: Release, name: str) -> ReleasedTable:
    return next(one for one in release.tables if one.name == name)


def test_the_bounds_are_the_larger_lower_end_and_both_upper_ends_together(example: Release) -> None:
    bounds = bound_known_to_any(example)
    hotline = find_range(find(example, HOTLINE_TABLE).rows[0])
    assert bounds is not None
    assert hotline is not None
    two, of_hotline, of_any = (words for _, words in bounds.rows)
    low, high = (int(part.replace(",", "")) for part in two.split(" to "))
    assert of_hotline == f"{hotline[0]:,} to {hotline[1]:,}"
    assert of_any == f"{max(low, hotline[0]):,} to {high + hotline[1]:,}"
    assert f"At least {max(low, hotline[0]):,} and at most {high + hotline[1]:,}" in bounds.sentence
    assert "no estimate" in bounds.sentence


def test_a_missed_match_counts_one_child_twice_so_the_lower_end_allows_for_it(
    example: Release,
) -> None:
    table = find(example, MATCHED_TABLE)
    rows = tuple(
        replace(row, estimate=estimate, count=estimate, deviation=1e-9, moe90=0.0)
        for row, estimate in zip(table.rows, (100, 50, 30), strict=True)
    )
    tables = tuple(replace(one, rows=rows) if one is table else one for one in example.tables)
    bounds = bound_known_to_any(replace(example, tables=tables))
    both = next(row.estimate for row in rows if row.keys == ("both",)) or 0
    assert bounds is not None
    share = MOST_MISSED_BY_TOKEN / (10 - MOST_MISSED_BY_TOKEN)
    assert bounds.rows[0][1].split(" to ")[0] == f"{180 - share * both:.0f}"


@pytest.mark.parametrize("name", [MATCHED_TABLE, HOTLINE_TABLE])
def test_a_release_without_one_of_the_numbers_has_no_bounds(example: Release, name: str) -> None:
    tables = tuple(one for one in example.tables if one.name != name)
    assert bound_known_to_any(replace(example, tables=tables)) is None
    silent = replace(find(example, name).rows[0], estimate=None, moe90=None)
    hidden = replace(find(example, name), rows=(silent,))
    assert bound_known_to_any(replace(example, tables=(*tables, hidden))) is None
