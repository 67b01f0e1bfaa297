import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from frame_examples import make_matrix, mark_leaves
from numpy.typing import NDArray
from privacy_examples import PROVENANCE, example_plan

from privacy.engine.frames import TOTAL, Row
from privacy.plan import Plan, PlannedFrame
from privacy.publishing.history import History
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.years import add_year_sums
from privacy.released import Release, ReleasedTable

YEAR = "children_reported_in_year"
QUARTER = "children_reported"
QUARTERS = ("2025Q1", "2025Q2", "2025Q3")


def draw(plan: Plan, seed: int) -> dict[str, list[int]]:
    random = np.random.default_rng(seed)
    return {
        measured.name: random.integers(-9, 40, measured.cell_count).tolist()
        for frame in plan.frames
        for measured in frame.measurements
    }


def publish(
    plan: Plan, drawn: Mapping[str, Sequence[int]], earlier: Sequence[Release] = ()
) -> Release:
    content: dict[str, Any] = Publisher(plan, earlier=earlier).publish(drawn, PROVENANCE)
    return read_release({**content, "drawn_at": "now", "ledger_head": plan.quarter})


@pytest.fixture(scope="module")
def earlier() -> list[Release]:
    plans = [example_plan(quarter) for quarter in QUARTERS]
    return [publish(plan, draw(plan, seed)) for seed, plan in enumerate(plans)]


def find_frame(plan: Plan, name: str) -> PlannedFrame:
    return next(one for one in plan.frames if one.frame.name == name)


def find_table(release: Release, name: str) -> ReleasedTable:
    return next(table for table in release.tables if table.name == name)


def inform(earlier: Sequence[Release], quarter: str = "2025Q4") -> Plan:
    return join_same_rows(add_year_sums(example_plan(quarter), History(quarter, earlier)))


def test_the_quarters_of_a_year_measure_it_with_their_noise_added_up(
    earlier: list[Release],
) -> None:
    plan = inform(earlier)
    year, quarter = find_frame(plan, YEAR), find_frame(plan, QUARTER)
    assert [one.base for one in year.year_sums] == [one.name for one in quarter.measurements]
    for known, measured in zip(year.year_sums, quarter.measurements, strict=True):
        assert known.scale == pytest.approx(2 * float(measured.scale))
        cells = [
            [cell.noisy_count for cell in one.cells]
            for release in earlier
            for one in release.measurements
            if one.name == known.base
        ]
        assert list(known.earlier) == [sum(column) for column in zip(*cells, strict=True)]
        assert year.frame.levels[known.marginal.level].keys == (
            quarter.frame.levels[measured.marginal.level].keys
        )
    others = [one for one in plan.frames if one.frame.name != YEAR]
    assert not any(one.year_sums for one in others)


def test_what_the_quarters_measured_changes_neither_plan_nor_cost(earlier: list[Release]) -> None:
    plan, informed = example_plan("2025Q4"), inform(earlier)
    assert (informed.hash, informed.rho) == (plan.hash, plan.rho)


def solve_densely(plan: Plan, drawn: Mapping[str, Sequence[int]], row: Row) -> tuple[float, float]:
    """The least-squares estimate of a row of the year and its variance, by one dense matrix."""
    year = find_frame(plan, YEAR)
    tables = [(one.marginal, float(one.scale), drawn[one.name]) for one in year.measurements]
    for known in year.year_sums:
        cells = np.add(known.earlier, drawn[known.base])
        tables.append((known.marginal, known.scale, cells.tolist()))
    for told in year.totals:
        total = sum(drawn[told.measurement][cell] for cell in told.cells)
        tables.append((TOTAL, told.scale, [total]))
    design = np.vstack([make_matrix(year.frame, one) / scale for one, scale, _ in tables])
    seen: NDArray[np.float64] = np.concatenate(
        [np.asarray(cells) / scale for _, scale, cells in tables]
    )
    left, lengths, right = np.linalg.svd(design, full_matrices=False)
    kept = lengths > 1e-9 * lengths[0]
    told = (right[kept] @ mark_leaves(year.frame, row)) / lengths[kept]
    return float(told @ (left.T[kept] @ seen)), float(told @ told)


@pytest.mark.parametrize(
    "name",
    [
        "children_reported_in_year",
        "children_in_year_by_region",
        "children_in_year_by_county",
        "children_in_year_by_sex",
    ],
)
def test_the_year_is_estimated_by_least_squares_from_all_five_measurements(
    name: str, earlier: list[Release]
) -> None:
    plan = inform(earlier)
    drawn = draw(plan, 7)
    table = find_table(publish(plan, drawn, earlier), name)
    level = find_frame(plan, YEAR).frame.find_level(table.level)
    for row, (unit, positions) in list(zip(table.rows, table.positions, strict=True))[:8]:
        estimate, variance = solve_densely(plan, drawn, Row(level, unit, positions))
        assert row.estimate == pytest.approx(estimate, abs=0.051)
        assert row.deviation == pytest.approx(math.sqrt(variance))


def test_the_year_errs_less_where_its_quarters_were_released(earlier: list[Release]) -> None:
    plan = example_plan("2025Q4")
    drawn = draw(plan, 1)
    alone, informed = publish(plan, drawn), publish(plan, drawn, earlier)
    for name, factor in (("children_reported_in_year", 0.9), ("children_in_year_by_region", 0.85)):
        before = find_table(alone, name).rows[0].deviation
        after = find_table(informed, name).rows[0].deviation
        assert after is not None
        assert before is not None
        assert after < factor * before


def test_a_release_names_what_a_year_rests_on(earlier: list[Release]) -> None:
    plan = example_plan("2025Q4")
    release = publish(plan, draw(plan, 2), earlier)
    found = {frame.name: frame.year_sums for frame in release.frames}
    assert {one.frame for one in found[YEAR]} == {QUARTER}
    sums = {one.measurement: (one.level, one.sigma) for one in found.pop(YEAR)}
    assert not any(found.values())
    sigmas = {one.name: one.sigma for one in release.measurements if one.frame == QUARTER}
    assert sums == {
        name: (name.rpartition("_")[2], pytest.approx(2 * sigma)) for name, sigma in sigmas.items()
    }


def test_no_sum_of_four_quarters_stands_beside_a_year_that_rests_on_them(
    earlier: list[Release],
) -> None:
    plan = example_plan("2025Q4")
    names = {table.name for table in publish(plan, draw(plan, 3), earlier).tables}
    assert "arrests_four_quarters" in names
    assert not any(name.endswith("_in_year_four_quarters") for name in names)
    assert not {"children_reported_four_quarters", "children_by_region_four_quarters"} & names


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_three_quarters_are_no_year(missing: int, earlier: list[Release]) -> None:
    found = [one for place, one in enumerate(earlier) if place != missing]
    assert not find_frame(inform(found), YEAR).year_sums


def test_a_quarter_that_is_not_the_fourth_has_no_year(earlier: list[Release]) -> None:
    assert not any(one.year_sums for one in inform(earlier, "2026Q1").frames)


def change_table(release: Release, **fields: Any) -> Release:
    tables = tuple(
        replace(table, **fields) if table.name == "children_by_region" else table
        for table in release.tables
    )
    return replace(release, tables=tables)


def change_cell(release: Release) -> Release:
    measurements = tuple(
        replace(one, cells=(replace(one.cells[0], geography="Elsewhere"), *one.cells[1:]))
        if one.name == "children_reported_at_region"
        else one
        for one in release.measurements
    )
    return replace(release, measurements=measurements)


def drop_table(release: Release) -> Release:
    tables = tuple(table for table in release.tables if table.name != "children_by_region")
    return replace(release, tables=tables)


def drop_measurement(release: Release) -> Release:
    kept = tuple(one for one in release.measurements if one.name != "children_reported_at_region")
    return replace(release, measurements=kept)


@pytest.mark.parametrize(
    "change",
    [
        lambda release: change_table(release, definition="Other children."),
        lambda release: change_table(release, bound="Another bound."),
        drop_table,
    ],
)
def test_quarters_that_counted_something_else_are_not_added_up(
    change: Any, earlier: list[Release]
) -> None:
    assert not find_frame(inform([*earlier[:2], change(earlier[2])]), YEAR).year_sums


@pytest.mark.parametrize("change", [change_cell, drop_measurement])
def test_measurements_of_other_cells_are_not_added_up(change: Any, earlier: list[Release]) -> None:
    year = find_frame(inform([change(earlier[0]), *earlier[1:]]), YEAR)
    assert [one.base for one in year.year_sums] == ["children_reported_at_state"]
