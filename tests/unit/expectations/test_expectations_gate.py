"""The gate record: what opens it, what closes it, and what it is tied to."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.errors import ExpectationsError
from expectations.record import (
    digest_release_input,
    read_gate_record,
    require_passed,
    write_gate_record,
)
from expectations.rules import Stage
from expectations.run import SuiteResult

QUARTER = "2025Q1"
STARTS = date(2025, 1, 1)
CREATED = datetime(2025, 4, 15, 6, 0, tzinfo=UTC)
TABLES = {
    "reports_to_childrens_division": ("unit_id", "state"),
    "incidents_known_to_police": ("unit_id", "troop", "definition"),
    "hotline_cases": ("state", "case_count"),
}
NEEDED = [f"release_input.{table}" for table in TABLES]


def results(**changed: bool) -> list[SuiteResult]:
    return [
        SuiteResult(
            f"release_input.{table}", Stage.BEFORE_RELEASE, {"rule": changed.get(table, True)}
        )
        for table in TABLES
    ]


def write(gates: Path, **changes: Any) -> Path:
    facts = {
        "quarter": QUARTER,
        "needed": NEEDED,
        "results": results(),
        "dbt_tests": {"assert_x": True},
        "digest": "d1",
        "created": CREATED,
    }
    return write_gate_record(gates, **(facts | changes))


def test_a_quarter_whose_rules_and_dbt_tests_all_hold_may_be_released(tmp_path: Path) -> None:
    path = write(tmp_path / "gates")
    assert path == tmp_path / "gates" / "2025Q1.json"
    record = require_passed(path, NEEDED, "d1")
    assert record.passed
    assert record.failed == ()
    assert record.created == "2025-04-15T06:00:00+00:00"


def test_the_record_holds_booleans_only_beside_its_own_facts(tmp_path: Path) -> None:
    content = json.loads(write(tmp_path).read_text())
    leaves = [value for suite in content.pop("suites").values() for value in suite.values()]
    leaves += content.pop("dbt_tests").values()
    assert {type(value) for value in leaves} == {bool}
    assert content.pop("needed") == sorted(NEEDED)
    assert set(content) == {"quarter", "passed", "digest", "created", "format"}


def test_a_missing_record_closes_the_gate(tmp_path: Path) -> None:
    with pytest.raises(ExpectationsError, match=r"MS503.*2025Q1") as caught:
        require_passed(tmp_path / "2025Q1.json", NEEDED, "d1")
    assert caught.value.exit_code == 4


def test_a_failed_rule_closes_the_gate_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, results=results(incidents_known_to_police=False))
    with pytest.raises(
        ExpectationsError, match=r"MS504.*release_input\.incidents_known_to_police: rule"
    ):
        require_passed(path, NEEDED, "d1")


def test_a_failed_dbt_test_closes_the_gate_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, dbt_tests={"assert_x": True, "assert_y": False})
    with pytest.raises(ExpectationsError, match=r"MS504.*dbt: assert_y") as caught:
        require_passed(path, NEEDED, "d1")
    assert "assert_x" not in caught.value.sentence


def test_a_table_that_was_not_checked_closes_the_gate(tmp_path: Path) -> None:
    path = write(tmp_path, results=results()[1:])
    with pytest.raises(ExpectationsError, match=r"reports_to_childrens_division: not checked"):
        require_passed(path, NEEDED, "d1")


def test_a_table_that_the_policy_reads_now_and_that_was_not_checked_closes_the_gate(
    tmp_path: Path,
) -> None:
    path = write(tmp_path)
    with pytest.raises(ExpectationsError, match=r"MS504.*release_input\.arrests: not checked"):
        require_passed(path, [*NEEDED, "release_input.arrests"], "d1")


def test_a_suite_without_any_rule_closes_the_gate(tmp_path: Path) -> None:
    empty = SuiteResult("release_input.incidents_known_to_police", Stage.BEFORE_RELEASE, {})
    with pytest.raises(
        ExpectationsError, match=r"release_input\.incidents_known_to_police: not checked"
    ):
        require_passed(write(tmp_path, results=[*results(), empty]), NEEDED, "d1")


def test_a_quarter_for_which_no_dbt_test_ran_is_closed(tmp_path: Path) -> None:
    with pytest.raises(ExpectationsError, match="dbt: no test was run"):
        require_passed(write(tmp_path, dbt_tests={}), NEEDED, "d1")


def test_a_record_of_other_rows_closes_the_gate(tmp_path: Path) -> None:
    with pytest.raises(ExpectationsError, match="MS505"):
        require_passed(write(tmp_path), NEEDED, "d2")


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"quarter": "2025Q1"}',
        b'{"quarter":"2025Q1","passed":true,"suites":[],"dbt_tests":[],"digest":"d","created":""}',
    ],
)
def test_a_damaged_record_closes_the_gate(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "2025Q1.json"
    path.write_bytes(content)
    with pytest.raises(ExpectationsError, match="MS506"):
        require_passed(path, NEEDED, "d1")


@pytest.mark.parametrize(
    "change",
    [
        {"passed": False},
        {"passed": 1},
        {"format": 99},
        {"quarter": "2025Q2"},
        {"unknown": 1},
        {"dbt_tests": {"assert_x": False}},
    ],
)
def test_a_record_that_contradicts_itself_closes_the_gate(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = write(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ExpectationsError, match="MS506"):
        read_gate_record(path)


def test_a_later_check_replaces_the_record_and_leaves_no_other_file(tmp_path: Path) -> None:
    write(tmp_path, results=results(incidents_known_to_police=False))
    path = write(tmp_path)
    assert require_passed(path, NEEDED, "d1").passed
    assert [file.name for file in tmp_path.iterdir()] == ["2025Q1.json"]


def test_a_record_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "2025Q1.json").mkdir()
    with pytest.raises(OSError, match="2025Q1"):
        write(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["2025Q1.json"]


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema release_input")
    for table, columns in TABLES.items():
        fields = ", ".join(
            f"{column} {'bigint' if column.endswith('_count') else 'varchar'}" for column in columns
        )
        connection.execute(f"create table release_input.{table} (quarter_start date, {fields})")
    connection.execute(
        "insert into release_input.hotline_cases values ('2025-01-01', 'Missouri', 5)"
    )
    add_incidents(connection, ("2025-01-01", "a", "x"), ("2025-01-01", "b", "y"))
    connection.execute(
        "create table release_input.arrests as select date '2025-01-01' as quarter_start, "
        "'a' as unit_id, 'x' as finding"
    )
    return connection


def add_incidents(
    connection: duckdb.DuckDBPyConnection, *rows: tuple[str, str | None, str | None]
) -> None:
    connection.executemany(
        "insert into release_input.incidents_known_to_police (quarter_start, unit_id, definition) "
        "values (?, ?, ?)",
        list(rows),
    )


def change(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    connection.execute(statement)


def test_the_digest_does_not_depend_on_the_order_of_rows(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    before = digest_release_input(warehouse, STARTS)
    assert len(before) == 64
    warehouse.execute("delete from release_input.incidents_known_to_police")
    add_incidents(warehouse, ("2025-01-01", "b", "y"), ("2025-01-01", "a", "x"))
    assert digest_release_input(warehouse, STARTS) == before


def test_the_digest_does_not_depend_on_other_quarters(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    before = digest_release_input(warehouse, STARTS)
    add_incidents(warehouse, ("2025-04-01", "c", "x"))
    assert digest_release_input(warehouse, STARTS) == before
    assert digest_release_input(warehouse, date(2025, 4, 1)) != before


@pytest.mark.parametrize(
    "statement",
    [
        "update release_input.incidents_known_to_police set definition = 'y' where unit_id = 'a'",
        "update release_input.incidents_known_to_police set definition = null where unit_id = 'a'",
        "update release_input.incidents_known_to_police set unit_id = 'a1:' where unit_id = 'a'",
        "delete from release_input.incidents_known_to_police where unit_id = 'a'",
        "insert into release_input.incidents_known_to_police values ('2025-01-01', 'a', null, 'x')",
        "insert into release_input.incidents_known_to_police values ('2025-01-01', 'a', 'x', null)",
        "update release_input.hotline_cases set case_count = 6",
        "update release_input.arrests set finding = 'y'",
        "delete from release_input.arrests",
    ],
)
def test_any_change_of_the_rows_changes_the_digest(
    warehouse: duckdb.DuckDBPyConnection, statement: str
) -> None:
    before = digest_release_input(warehouse, STARTS)
    change(warehouse, statement)
    assert digest_release_input(warehouse, STARTS) != before


def test_text_that_moves_between_columns_changes_the_digest(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    seen = set()
    for unit, cell in (
        ("ab", "c"),
        ("a", "bc"),
        ("-", None),
        (None, "-"),
        ("1:a", ""),
        ("", "1:a"),
    ):
        warehouse.execute("delete from release_input.incidents_known_to_police")
        add_incidents(warehouse, ("2025-01-01", unit, cell))
        seen.add(digest_release_input(warehouse, STARTS))
    assert len(seen) == 6


def test_a_table_that_cannot_be_digested_is_a_sentence_without_its_message() -> None:
    connection = duckdb.connect()
    connection.execute("create schema release_input")
    connection.execute("create table release_input.without_a_quarter (unit_id varchar)")
    with pytest.raises(ExpectationsError, match="MS502") as caught:
        digest_release_input(connection, STARTS)
    assert "Binder Error" not in caught.value.sentence
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
