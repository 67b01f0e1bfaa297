"""What the release tables hold after two quarters were built one after the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

KEPT_REPORTS = {("R1", "Missouri"), ("R2", "Missouri"), ("R3", "Missouri"), ("R4", "Missouri")}

FIRST: dict[str, list[tuple[Any, ...]]] = {
    "children_reported": [
        ("C1", "St. Louis"),
        ("C2", "Outside Missouri"),
        ("C3", "St. Louis"),
    ],
    "children_reported_in_year": [],
    "incidents_known_to_police": [
        ("IL0160000:I3", "Outside Missouri", "strict"),
        ("MO0480600:I2", "A", "broad_only"),
        ("MO0950000:I1", "C", "strict"),
        ("MO0970000:I5", "C", "strict"),
    ],
    "juvenile_victim_records_in_year": [],
    "arrests": [
        ("MO0480600:OLD:01", "Missouri"),
        ("MO0950000:I1:01", "Missouri"),
    ],
    "children_by_agency_in_year": [],
    "report_lag_in_year": [],
    "hotline_cases": [("Missouri", 20)],
    "hotline_children": [
        ("Missouri", "family", 3),
        ("Missouri", "known", 4),
        ("Missouri", "stranger", 0),
        ("Missouri", "unknown", 9),
    ],
}
"""The third quarter of the year: annual tables have no rows."""

SECOND: dict[str, list[tuple[Any, ...]]] = {
    "reports_to_childrens_division": [("R8", "Missouri"), ("R9", "Missouri")],
    "children_reported": [("C7", "St. Louis"), ("C8", "St. Louis")],
    "children_reported_in_year": [
        ("C1", "St. Louis city", "12_to_14", "female"),
        ("C2", "Outside Missouri", "under_6", "male"),
        ("C3", "St. Louis County", "12_to_14", "female"),
        ("C7", "St. Louis city", "12_to_14", "female"),
        ("C8", "St. Louis city", "12_to_14", "female"),
    ],
    "incidents_known_to_police": [("MO0480600:I6", "A", "strict")],
    "juvenile_victim_records_in_year": [
        ("MO0480600:I2:001", "Jackson County", "broad_only", "known"),
        ("MO0480600:I6:001", "Jackson County", "strict", "known"),
        ("MO0950000:I1:001", "St. Louis County", "strict", "known"),
        ("MO0950000:I1:002", "St. Louis County", "strict", "known"),
        ("MO0970000:I5:001", "Ste. Genevieve County", "strict", "known"),
    ],
    "arrests": [],
    "children_by_agency_in_year": [
        ("C1", "Missouri", "both"),
        ("C2", "Missouri", "dss_only"),
        ("C3", "Missouri", "both"),
        ("C7", "Missouri", "both"),
        ("C8", "Missouri", "dss_only"),
        ("MO0950000:I1:002", "Missouri", "mshp_only"),
    ],
    "report_lag_in_year": [
        ("MO0480600:I2:001", "Missouri", "later"),
        ("MO0480600:I6:001", "Missouri", "same_day"),
        ("MO0950000:I1:001", "Missouri", "later"),
        ("MO0950000:I1:002", "Missouri", "none_found"),
        ("MO0970000:I5:001", "Missouri", "later"),
    ],
    "hotline_cases": [("Missouri", 0)],
    "hotline_children": [
        ("Missouri", "family", 0),
        ("Missouri", "known", 0),
        ("Missouri", "stranger", 0),
        ("Missouri", "unknown", 0),
    ],
}
"""The fourth. C8's report is dated in the third quarter and came with this one's delivery; C7 was
on a police record of the third quarter (I5), and was reported in this one."""


@pytest.mark.parametrize("table", FIRST)
def test_a_quarter_gives_the_rows_of_its_records(history: Any, table: str) -> None:
    assert history.first[table] == FIRST[table]


def test_a_child_with_three_reports_keeps_two_of_them(history: Any) -> None:
    kept = set(history.first["reports_to_childrens_division"])
    assert kept < KEPT_REPORTS
    assert len(kept) == 3
    assert ("R4", "Missouri") in kept


@pytest.mark.parametrize("table", SECOND)
def test_the_next_quarter_gives_its_own_rows_and_a_nil_delivery_gives_zeros(
    history: Any, table: str
) -> None:
    assert history.second[table] == SECOND[table]


def test_building_a_quarter_leaves_the_release_rows_of_other_quarters_alone(history: Any) -> None:
    assert history.first_untouched == history.first


def test_a_late_record_becomes_an_event_of_its_own_quarter(history: Any) -> None:
    assert (date(2025, 7, 1), "dss:R9:C8") in history.events
    assert (date(2025, 10, 1), "dss:R8:C7") in history.events


def test_a_deleted_incident_takes_its_event_out_of_an_earlier_quarter(history: Any) -> None:
    assert not [event for _, event in history.events if "IL0160000" in event]


def test_a_quarter_built_again_differs_by_deletions_only(history: Any) -> None:
    again = {table: set(rows) for table, rows in history.first_again.items()}
    first = {table: set(rows) for table, rows in history.first.items()}
    added = {table: rows - first[table] for table, rows in again.items() if rows - first[table]}
    gone = {table: first[table] - rows for table, rows in again.items() if first[table] - rows}
    assert added == {}
    assert gone == {
        "incidents_known_to_police": {("IL0160000:I3", "Outside Missouri", "strict")},
    }


@pytest.mark.parametrize(
    "table", ["reports_to_childrens_division", "children_reported", "incidents_known_to_police"]
)
def test_nobody_is_counted_in_two_quarters(history: Any, table: str) -> None:
    first, second = ({unit for unit, *_ in rows[table]} for rows in (history.first, history.second))
    assert first
    assert second
    assert first.isdisjoint(second)


def test_a_nil_delivery_empties_the_tables_of_its_quarter(history: Any) -> None:
    emptied = {
        table
        for table, rows in history.second.items()
        if rows and not history.second_withdrawn[table]
    }
    assert emptied == {"incidents_known_to_police"}
    assert "MO0480600:I6:001" not in {
        unit for unit, *_ in history.second_withdrawn["juvenile_victim_records_in_year"]
    }


def test_a_deletion_that_was_taken_back_gives_the_event_back(history: Any) -> None:
    assert (date(2025, 7, 1), "mshp:IL0160000:I3:001") in history.events_withdrawn


def test_seeds_and_models_lie_in_four_schemas_without_a_prefix(history: Any) -> None:
    schemas = history.vault.rows("select distinct table_schema from information_schema.tables")
    assert schemas == [("core",), ("intermediate",), ("reference",), ("release_input",)]


def test_each_rule_that_interprets_holds_in_its_unit_test(history: Any) -> None:
    outcome = history.vault.dbt("test", "--select", "test_type:unit")
    status = {node: how for node, how in outcome.items() if node.startswith("unit_test.")}
    assert len(status) >= 60
    assert {node for node, how in status.items() if how != "pass"} == set()
