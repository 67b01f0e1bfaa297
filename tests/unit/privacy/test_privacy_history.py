import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from privacy_examples import PROVENANCE, example_plan

from privacy.engine.margins import compute_margin
from privacy.plan import Plan
from privacy.publishing.history import History, count_quarters
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.publishing.tables import prepare_tables
from privacy.released import (
    ANNUAL,
    ESTIMATED,
    FOUR_QUARTERS,
    NOT_DISTINGUISHABLE,
    Release,
    ReleasedRow,
    ReleasedTable,
)


def publish(quarter: str, value: int, earlier: Sequence[Release] = ()) -> Release:
    plan = example_plan(quarter)
    drawn = {
        measured.name: [value] * measured.cell_count
        for frame in plan.frames
        for measured in frame.measurements
    }
    content: dict[str, Any] = Publisher(plan, earlier=earlier).publish(drawn, PROVENANCE)
    return read_release({**content, "drawn_at": "now", "ledger_head": quarter})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return example_plan("2026Q1")


@pytest.fixture(scope="module")
def three() -> list[Release]:
    return [publish(f"2025Q{number}", 10 * number) for number in (2, 3, 4)]


def find(release: Release, name: str) -> ReleasedTable:
    return next(table for table in release.tables if table.name == name)


def list_tables(plan: Plan) -> list[ReleasedTable]:
    return [blank.table for blank in prepare_tables(plan)]


def only(table: ReleasedTable) -> ReleasedRow:
    (row,) = table.rows
    return row


def test_neighbouring_quarters_differ_by_one() -> None:
    assert count_quarters("2026Q1") - count_quarters("2025Q4") == 1


def test_the_latest_earlier_release_is_the_previous_one(three: list[Release]) -> None:
    release = publish("2026Q1", 5, [three[2], three[0], three[1]])
    assert release.previous is not None
    assert release.previous.release_id == "2025Q4"
    assert release.previous.sha256 == three[2].sha256


def test_a_release_knows_nothing_of_later_ones(three: list[Release]) -> None:
    release = publish("2025Q3", 5, three)
    assert release.previous is not None
    assert release.previous.release_id == "2025Q2"
    assert {point.period for point in release.history} == {"2025Q2"}


def test_the_first_release_has_no_history(three: list[Release]) -> None:
    assert three[0].history == ()
    assert publish("2025Q2", 10, three).previous is None


def test_earlier_rows_are_told_as_they_were_published(three: list[Release]) -> None:
    release = publish("2026Q1", 5, three)
    points = [point for point in release.history if point.table == "reports"]
    assert [(point.period, point.estimate) for point in points] == [
        ("2025Q2", 20.0),
        ("2025Q3", 30.0),
        ("2025Q4", 40.0),
    ]
    row = only(find(three[2], "reports"))
    assert (points[2].count, points[2].moe90, points[2].status, points[2].deviation) == (
        row.count,
        row.moe90,
        row.status,
        row.deviation,
    )
    regions = {point.geography for point in release.history if point.table == "children_by_region"}
    assert len(regions) == 8
    modelled = {
        point.geography: (point.modelled, point.modelled_low90, point.modelled_high90)
        for point in release.history
        if (point.table, point.period) == ("children_by_region", "2025Q4")
    }
    assert modelled == {
        row.geography: (row.modelled, row.modelled_low90, row.modelled_high90)
        for row in find(three[2], "children_by_region").rows
    }
    assert None not in {numbers[0] for numbers in modelled.values()}


def test_silent_tables_and_sums_over_quarters_have_no_history(three: list[Release]) -> None:
    last = publish("2026Q1", 5, three)
    after = publish("2026Q2", 5, [*three, last])
    names = {point.table for point in after.history}
    assert "prosecutions" not in names
    assert not any(name.endswith("_four_quarters") for name in names)


def test_history_goes_back_seven_quarters(plan: Plan, three: list[Release]) -> None:
    releases = [
        replace(three[0], release_id=f"{year}Q{number}")
        for year in (2023, 2024, 2025)
        for number in range(1, 5)
    ]
    within = History(plan.quarter, releases).list_points(list_tables(plan)[:1])
    assert len(within) == 7


def test_the_history_of_annual_tables_counts_years(three: list[Release]) -> None:
    plan = example_plan("2026Q4")
    points = History("2026Q4", [three[2]]).list_points(list_tables(plan))
    assert {point.period for point in points if point.table == "report_lag"} == {"2025"}
    earlier = replace(three[2], release_id="2019Q4")
    assert {
        point.table for point in History("2026Q4", [earlier]).list_points(list_tables(plan))
    } == {table.name for table in list_tables(plan) if table.cadence == ANNUAL}


@pytest.mark.parametrize(
    "change",
    [
        {"definition": "Another."},
        {"unit": "cases"},
        {"level": "region"},
        {"dimensions": ("sex_group",)},
        {"kind": "cohort"},
        {"sources": ("mshp",)},
        {"cadence": ANNUAL},
    ],
)
def test_a_table_that_was_defined_otherwise_is_no_history(
    change: dict[str, Any], plan: Plan, three: list[Release]
) -> None:
    changed = [
        replace(one, tables=(replace(one.tables[0], **change), *one.tables[1:])) for one in three
    ]
    first = list_tables(plan)[:1]
    assert History(plan.quarter, changed).list_points(first) == ()
    assert History(plan.quarter, changed).add_quarters(first[0]) is None


def test_four_quarters_in_a_row_are_added_up(three: list[Release]) -> None:
    release = publish("2026Q1", 50, three)
    total = find(release, "reports_four_quarters")
    row = only(total)
    assert (total.cadence, total.period) == (FOUR_QUARTERS, "2025Q2 to 2026Q1")
    assert (row.estimate, row.count, row.status) == (20 + 30 + 40 + 50, None, ESTIMATED)
    deviation = 2 * (only(find(release, "reports")).deviation or 0)
    assert row.deviation == pytest.approx(deviation)
    assert row.moe90 == compute_margin(math.sqrt(row.deviation or 0) ** 2)
    assert (total.frame, total.positions) == (None, ())
    assert total.title == "Reports to Children's Division (reports), four quarters"


def test_a_sum_stands_directly_after_its_table_and_keeps_its_rows(three: list[Release]) -> None:
    release = publish("2026Q1", 50, three)
    names = [table.name for table in release.tables]
    place = names.index("children_by_region")
    assert names[place + 1] == "children_by_region_four_quarters"
    one, other = release.tables[place], release.tables[place + 1]
    assert [(row.geography, row.keys, row.labels) for row in one.rows] == [
        (row.geography, row.keys, row.labels) for row in other.rows
    ]


def test_a_sum_near_zero_cannot_be_told_from_zero(three: list[Release]) -> None:
    zeros = [publish(f"2025Q{number}", 0) for number in (2, 3, 4)]
    row = only(find(publish("2026Q1", 0, zeros), "reports_four_quarters"))
    assert (row.estimate, row.status) == (0.0, NOT_DISTINGUISHABLE)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_three_quarters_are_not_added_up_as_four(missing: int, three: list[Release]) -> None:
    release = publish("2026Q1", 50, [one for place, one in enumerate(three) if place != missing])
    assert not any(table.cadence == FOUR_QUARTERS for table in release.tables)


def test_annual_and_silent_tables_are_not_added_up() -> None:
    earlier = [publish("2025Q3", 1), publish("2025Q4", 1), publish("2026Q1", 1)]
    release = publish("2026Q2", 1, earlier)
    summed = {table.name for table in release.tables if table.cadence == FOUR_QUARTERS}
    assert summed == {
        f"{table.name}_four_quarters" for table in earlier[0].tables if table.frame is not None
    }


def test_rows_of_another_list_are_not_added_up(plan: Plan, three: list[Release]) -> None:
    changed = [
        replace(
            one,
            tables=tuple(
                replace(table, rows=table.rows[1:]) if table.name == "reports" else table
                for table in one.tables
            ),
        )
        for one in three
    ]
    assert History(plan.quarter, changed).add_quarters(list_tables(plan)[0]) is None


def test_a_table_is_judged_alike_with_and_without_sums_over_quarters(
    three: list[Release],
) -> None:
    alone = only(find(publish("2026Q1", 0), "reports"))
    among = only(find(publish("2026Q1", 0, three), "reports"))
    assert alone.cut_off == among.cut_off
    total = only(find(publish("2026Q1", 0, three), "reports_four_quarters"))
    assert (total.cut_off or 0) > 2 * (alone.cut_off or 0)
