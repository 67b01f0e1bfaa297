"""What counts where a quarter is passed over, and where a delivery brings a whole history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from dbt_records import JACKSON, Submission, counts, report
from dbt_vault import Record, Rows, Vault, release_rows, start_of

from privacy.policy.policy import load_policy

TABLES = (
    "children_reported",
    "children_reported_in_year",
    "incidents_known_to_police",
    "arrests",
    "hotline_cases",
    "hotline_children",
)
MODELS = ("children_counted", "arrests_in_quarter", *(name for name in TABLES if name != "arrests"))
OLD = [report(f"OLD{number}", f"D{number}", f"0510{2020 + number % 4}") for number in range(50)]
"""Fifty reports of 2020 to 2023."""


@dataclass(frozen=True)
class Passed:
    """Rows of each quarter when it was built; 2025Q2 was built and then passed over.

    C1 is reported in 2025Q2, whose delivery is replaced by one without it, and again in 2026Q1.
    """

    vault: Vault
    rows: dict[str, Rows]


def deliver(
    vault: Vault, quarter: str, children: list[Record], cases: str, family: str, known: str = "0"
) -> None:
    vault.deliver("dss", quarter, 1, "full", {"child_file": children})
    told = counts(quarter, cases=cases, family=family, known=known, stranger="0", unknown="0")
    vault.deliver("hotline", quarter, 1, "full", {"counts": told})
    police = Submission()
    if quarter == "2025Q2":
        police.incident(JACKSON, "NEW", "20250505", "64A", "15  ")
        for number, day in (("OLD", "20210503"), ("NEW", "20250506")):
            arrest = {"arrestee_sequence_number": "01", "arrest_date": day}
            police.incident(JACKSON, f"{number}I", day, "64A", "15  ")
            police.add("arrestee", JACKSON, f"{number}I", **arrest, ucr_arrest_offense_code="64A")
    vault.deliver("mshp", quarter, 1, "full", police.tables)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Passed:
    """Build five quarters; 2025Q2 is passed over, and the others are released in their order."""
    vault = Vault(tmp_path_factory.mktemp("order") / "vault")
    vault.variables["first_day_of_record"] = load_policy().first_day_of_record
    built: dict[str, Rows] = {}
    released: list[str] = []

    def build(quarter: str, *seeds: str) -> None:
        models = ("path:models/intermediate", "path:models/core", *MODELS)
        vault.build(*seeds, *models, quarter=quarter, released=released)
        start = start_of(quarter).isoformat()
        built[quarter] = release_rows(vault, start, *TABLES)
        if quarter != "2025Q2":
            released.append(quarter)

    deliver(vault, "2025Q2", [*OLD, report("R1", "C1", "05152025")], "5", "3")
    build("2025Q2", "resource_type:seed")
    deliver(vault, "2025Q3", [report("R3", "C3", "08152025")], "7", "4", "1")
    build("2025Q3")
    deliver(vault, "2025Q4", [], "1", "1")
    build("2025Q4")
    vault.deliver("dss", "2025Q2", 2, "full", {"child_file": OLD})
    deliver(vault, "2026Q1", [report("R2", "C1", "02152026")], "2", "0")
    build("2026Q1")
    build("2026Q4")
    return Passed(vault, built)


def test_a_history_beside_the_records_of_a_quarter_is_not_news(passed: Passed) -> None:
    rows = passed.rows["2025Q2"]
    assert [unit for unit, *_ in rows["children_reported"]] == ["C1"]
    assert [unit for unit, *_ in rows["incidents_known_to_police"]] == [
        f"{JACKSON}:NEW",
        f"{JACKSON}:NEWI",
    ]
    assert [unit for unit, *_ in rows["arrests"]] == [f"{JACKSON}:NEWI:01"]
    assert passed.vault.rows("select count(*) from intermediate.int_dss__child_reports") > [(50,)]


def test_a_child_of_two_years_counts_in_one_quarter_and_one_year(passed: Passed) -> None:
    """Its first quarter was passed over, lost it, and it comes again in the next year."""
    told = {
        table: {quarter for quarter, rows in passed.rows.items() if "C1" in _units(rows, table)}
        for table in ("children_reported", "children_reported_in_year")
    }
    assert told == {
        "children_reported": {"2025Q2", "2025Q3"},
        "children_reported_in_year": {"2025Q4"},
    }
    known = "select first_quarter_start from core.children where child_id = 'C1'"
    assert passed.vault.rows(known) == [(date(2026, 1, 1),)]


def test_what_a_quarter_that_was_passed_over_would_have_counted_counts_in_the_next(
    passed: Passed,
) -> None:
    second, third = passed.rows["2025Q2"], passed.rows["2025Q3"]
    assert _units(third, "children_reported") == {"C1", "C3"}
    for table in ("incidents_known_to_police", "arrests"):
        assert third[table] == second[table]
        assert passed.rows["2025Q4"][table] == []


def test_hotline_totals_of_a_quarter_that_was_passed_over_count_in_the_next(
    passed: Passed,
) -> None:
    cases = {quarter: rows["hotline_cases"] for quarter, rows in passed.rows.items()}
    assert [cases[quarter] for quarter in ("2025Q2", "2025Q3", "2025Q4", "2026Q1")] == [
        [("Missouri", 5)],
        [("Missouri", 12)],
        [("Missouri", 1)],
        [("Missouri", 2)],
    ]
    assert passed.rows["2025Q3"]["hotline_children"] == [
        ("Missouri", "family", 7),
        ("Missouri", "known", 1),
        ("Missouri", "stranger", 0),
        ("Missouri", "unknown", 0),
    ]


def _units(rows: Rows, table: str) -> set[str]:
    return {unit for unit, *_ in rows[table]}
