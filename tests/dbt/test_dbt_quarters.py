"""What the release tables hold after two quarters were built one after the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

KEPT_REPORTS = {("R1", "Missouri"), ("R2", "Missouri"), ("R3", "Missouri"), ("R4", "Missouri")}

FIRST: dict[str, list[tuple[Any, ...]]] = {
    "children_reported": [
        ("C1", "12_to_14", "female", "St. Louis"),
        ("C2", "under_6", "male", "Outside Missouri"),
        ("C3", "12_to_14", "female", "St. Louis"),
    ],
    "incidents_known_to_police": [
        ("IL0160000:I3", "strict", "Outside Missouri"),
        ("MO0480600:I2", "broad_only", "A"),
        ("MO0950000:I1", "strict", "C"),
        ("MO0970000:I5", "strict", "C"),
    ],
    "juvenile_victim_records": [
        ("IL0160000:I3:001", "strict", "Outside Missouri", "known"),
        ("MO0480600:I2:001", "broad_only", "A", "known"),
        ("MO0950000:I1:001", "strict", "C", "known"),
        ("MO0950000:I1:002", "strict", "C", "known"),
        ("MO0970000:I5:001", "strict", "C", "known"),
    ],
    "arrests": [
        ("MO0480600:OLD:01", "involuntary_servitude"),
        ("MO0950000:I1:01", "commercial_sex_acts"),
    ],
    "children_by_agency": [
        ("C1", "both"),
        ("C2", "dss_only"),
        ("C3", "both"),
        ("IL0160000:I3:001", "mshp_only"),
        ("MO0950000:I1:002", "mshp_only"),
        ("MO0970000:I5:001", "mshp_only"),
    ],
    "report_lag": [
        ("IL0160000:I3:001", "none_found"),
        ("MO0480600:I2:001", "days_4_to_30"),
        ("MO0950000:I1:001", "days_4_to_30"),
        ("MO0950000:I1:002", "none_found"),
        ("MO0970000:I5:001", "none_found"),
    ],
    "hotline_cases": [("Missouri", 20)],
    "hotline_children": [("family", 3), ("known", 4), ("stranger", 0), ("unknown", 9)],
}

SECOND: dict[str, list[tuple[Any, ...]]] = {
    "reports_to_childrens_division": [("R8", "Missouri")],
    "children_reported": [("C7", "12_to_14", "female", "St. Louis")],
    "incidents_known_to_police": [("MO0480600:I6", "strict", "A")],
    "juvenile_victim_records": [("MO0480600:I6:001", "strict", "A", "known")],
    "arrests": [],
    "children_by_agency": [("C7", "both")],
    "report_lag": [("MO0480600:I6:001", "same_day")],
    "hotline_cases": [("Missouri", 0)],
    "hotline_children": [("family", 0), ("known", 0), ("stranger", 0), ("unknown", 0)],
}


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
    assert (date(2025, 1, 1), "dss:R9:C8") in history.events
    assert (date(2025, 4, 1), "dss:R8:C7") in history.events


def test_a_deleted_incident_takes_its_event_out_of_an_earlier_quarter(history: Any) -> None:
    assert not [event for _, event in history.events if "IL0160000" in event]


def test_a_quarter_built_again_differs_by_late_records_and_deletions_only(history: Any) -> None:
    again = {table: set(rows) for table, rows in history.first_again.items()}
    first = {table: set(rows) for table, rows in history.first.items()}
    added = {table: rows - first[table] for table, rows in again.items() if rows - first[table]}
    gone = {table: first[table] - rows for table, rows in again.items() if first[table] - rows}
    assert added == {
        "reports_to_childrens_division": {("R9", "Missouri")},
        "children_reported": {("C8", "12_to_14", "female", "St. Louis")},
        "children_by_agency": {("C8", "dss_only")},
        "report_lag": {("MO0970000:I5:001", "over_30_days")},
    }
    assert gone == {
        "incidents_known_to_police": {("IL0160000:I3", "strict", "Outside Missouri")},
        "juvenile_victim_records": {("IL0160000:I3:001", "strict", "Outside Missouri", "known")},
        "children_by_agency": {("IL0160000:I3:001", "mshp_only")},
        "report_lag": {
            ("IL0160000:I3:001", "none_found"),
            ("MO0970000:I5:001", "none_found"),
        },
    }


def test_a_nil_delivery_empties_the_tables_of_its_quarter(history: Any) -> None:
    emptied = {
        table
        for table, rows in history.second.items()
        if rows and not history.second_withdrawn[table]
    }
    assert emptied == {"incidents_known_to_police", "juvenile_victim_records", "report_lag"}
    assert history.second_withdrawn["children_by_agency"] == [("C7", "dss_only")]


def test_a_deletion_that_was_taken_back_gives_the_event_back(history: Any) -> None:
    assert (date(2025, 1, 1), "mshp:IL0160000:I3:001") in history.events_withdrawn


def test_seeds_and_models_lie_in_four_schemas_without_a_prefix(history: Any) -> None:
    schemas = history.vault.rows("select distinct table_schema from information_schema.tables")
    assert schemas == [("core",), ("reference",), ("release_input",), ("staging",)]


def test_each_rule_that_interprets_holds_in_its_unit_test(history: Any) -> None:
    outcome = history.vault.dbt("test", "--select", "test_type:unit")
    status = {node: how for node, how in outcome.items() if node.startswith("unit_test.")}
    assert len(status) >= 25
    assert {node for node, how in status.items() if how != "pass"} == set()
