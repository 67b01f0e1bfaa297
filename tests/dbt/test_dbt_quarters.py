"""What the release tables hold after two quarters were built one after the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

KEPT_REPORTS = {("R1", "Missouri"), ("R2", "Missouri"), ("R3", "Missouri"), ("R4", "Missouri")}

FIRST: dict[str, list[tuple[Any, ...]]] = {
    "children_reported": [
        ("C1", "St. Louis", "12_to_14", "female"),
        ("C2", "Outside Missouri", "under_6", "male"),
        ("C3", "St. Louis", "12_to_14", "female"),
    ],
    "children_reported_in_year": [],
    "incidents_known_to_police": [
        ("IL0160000:I3", "Outside Missouri", "strict"),
        ("MO0480600:I2", "A", "broad_only"),
        ("MO0950000:I1", "C", "strict"),
        ("MO0970000:I5", "C", "strict"),
    ],
    "juvenile_victim_records": [
        ("IL0160000:I3:001", "Outside Missouri", "strict", "known"),
        ("MO0480600:I2:001", "A", "broad_only", "known"),
        ("MO0950000:I1:001", "C", "strict", "known"),
        ("MO0950000:I1:002", "C", "strict", "known"),
        ("MO0970000:I5:001", "C", "strict", "known"),
    ],
    "juvenile_victim_records_in_year": [],
    "arrests": [
        ("MO0480600:OLD:01", "Missouri", "involuntary_servitude"),
        ("MO0950000:I1:01", "Missouri", "commercial_sex_acts"),
    ],
    "children_by_agency": [
        ("C1", "Missouri", "both"),
        ("C2", "Missouri", "dss_only"),
        ("C3", "Missouri", "both"),
        ("MO0950000:I1:002", "Missouri", "mshp_only"),
        ("c", "Missouri", "mshp_only"),
        ("d", "Missouri", "mshp_only"),
    ],
    "report_lag": [
        ("IL0160000:I3:001", "Missouri", "none_found"),
        ("MO0480600:I2:001", "Missouri", "days_4_to_30"),
        ("MO0950000:I1:001", "Missouri", "days_4_to_30"),
        ("MO0950000:I1:002", "Missouri", "none_found"),
        ("MO0970000:I5:001", "Missouri", "none_found"),
    ],
    "hotline_cases": [("Missouri", 20)],
    "hotline_children": [
        ("Missouri", "family", 3),
        ("Missouri", "known", 4),
        ("Missouri", "stranger", 0),
        ("Missouri", "unknown", 9),
    ],
}

SECOND: dict[str, list[tuple[Any, ...]]] = {
    "reports_to_childrens_division": [("R8", "Missouri")],
    "children_reported": [
        ("C7", "St. Louis", "12_to_14", "female"),
        ("C8", "St. Louis", "12_to_14", "female"),
    ],
    "incidents_known_to_police": [("MO0480600:I6", "A", "strict")],
    "juvenile_victim_records": [("MO0480600:I6:001", "A", "strict", "known")],
    "arrests": [],
    "children_by_agency": [("C7", "Missouri", "both"), ("C8", "Missouri", "dss_only")],
    "report_lag": [("MO0480600:I6:001", "Missouri", "same_day")],
    "hotline_cases": [("Missouri", 0)],
    "hotline_children": [
        ("Missouri", "family", 0),
        ("Missouri", "known", 0),
        ("Missouri", "stranger", 0),
        ("Missouri", "unknown", 0),
    ],
}
"""C8 has a report of the first quarter that came with the second quarter's delivery."""


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
    assert added == {"reports_to_childrens_division": {("R9", "Missouri")}}
    assert gone == {
        "incidents_known_to_police": {("IL0160000:I3", "Outside Missouri", "strict")},
        "juvenile_victim_records": {("IL0160000:I3:001", "Outside Missouri", "strict", "known")},
        "children_by_agency": {("c", "Missouri", "mshp_only")},
        "report_lag": {("IL0160000:I3:001", "Missouri", "none_found")},
    }


def test_events_of_a_later_quarter_change_no_cohort(history: Any) -> None:
    """C7 was on a police record of the first quarter, and was reported in the second."""
    assert history.first_again["children_reported"] == history.first["children_reported"]
    assert ("d", "Missouri", "mshp_only") in history.first_again["children_by_agency"]
    assert ("C7", "Missouri", "both") in history.second["children_by_agency"]


@pytest.mark.parametrize("table", ["children_reported", "children_by_agency", "report_lag"])
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
    assert emptied == {"incidents_known_to_police", "juvenile_victim_records", "report_lag"}


def test_a_deletion_that_was_taken_back_gives_the_event_back(history: Any) -> None:
    assert (date(2025, 1, 1), "mshp:IL0160000:I3:001") in history.events_withdrawn


def test_seeds_and_models_lie_in_four_schemas_without_a_prefix(history: Any) -> None:
    schemas = history.vault.rows("select distinct table_schema from information_schema.tables")
    assert schemas == [("core",), ("reference",), ("release_input",), ("staging",)]


def test_each_rule_that_interprets_holds_in_its_unit_test(history: Any) -> None:
    outcome = history.vault.dbt("test", "--select", "test_type:unit")
    status = {node: how for node, how in outcome.items() if node.startswith("unit_test.")}
    assert len(status) >= 37
    assert {node for node, how in status.items() if how != "pass"} == set()
