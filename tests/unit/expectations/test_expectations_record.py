"""The quality record: what lets a quarter be released, what does not, and what it is tied to."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.digest import digest_release_input
from expectations.errors import ExpectationsError
from expectations.record import read_quality_record, require_passed, write_quality_record
from expectations.run import SuiteResult

QUARTER = "2025Q1"
STARTS = date(2025, 1, 1)
CREATED = datetime(2025, 4, 15, 6, 0, tzinfo=UTC)
TABLES = {
    "reports_to_childrens_division": ("unit_id", "state"),
    "incidents_known_to_police": ("unit_id", "troop", "definition"),
    "hotline_cases": ("state", "case_count"),
}
NEEDED = ["assert_x", "assert_y"]


def results(*, dates: bool = True) -> list[SuiteResult]:
    return [
        SuiteResult("staging.stg_mshp__incidents", {"incident_date_is_mostly_present": dates}),
        SuiteResult("staging.stg_mshp__arrests", {"arrest_date_is_mostly_present": True}),
    ]


def write(folder: Path, **changes: Any) -> Path:
    facts = {
        "quarter": QUARTER,
        "needed": NEEDED,
        "results": results(),
        "dbt_rules": {"assert_x": True, "assert_y": True, "assert_z": True},
        "digest": "d1",
        "created": CREATED,
    }
    return write_quality_record(folder, **(facts | changes))


def test_a_quarter_of_which_every_rule_holds_may_be_released(tmp_path: Path) -> None:
    path = write(tmp_path / "quality")
    assert path == tmp_path / "quality" / "2025Q1.json"
    record = require_passed(path, NEEDED, "d1")
    assert record.passed
    assert record.failed == ()
    assert record.created == "2025-04-15T06:00:00+00:00"


def test_the_record_holds_booleans_only_beside_its_own_facts(tmp_path: Path) -> None:
    content = json.loads(write(tmp_path).read_text())
    leaves = [value for suite in content.pop("suites").values() for value in suite.values()]
    leaves += content.pop("dbt_rules").values()
    assert {type(value) for value in leaves} == {bool}
    assert content.pop("needed") == sorted(NEEDED)
    assert set(content) == {"quarter", "passed", "digest", "created", "format"}


def test_without_a_record_there_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ExpectationsError, match=r"MS503.*2025Q1") as caught:
        require_passed(tmp_path / "2025Q1.json", NEEDED, "d1")
    assert caught.value.exit_code == 4


def test_a_share_that_does_not_hold_stops_the_release_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, results=results(dates=False))
    with pytest.raises(ExpectationsError, match=r"MS504.*incidents: incident_date_is_mostly"):
        require_passed(path, NEEDED, "d1")


def test_a_rule_of_dbt_that_does_not_hold_stops_the_release_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, dbt_rules={"assert_x": True, "assert_y": False})
    with pytest.raises(ExpectationsError, match=r"MS504.*dbt: assert_y") as caught:
        require_passed(path, NEEDED, "d1")
    assert "assert_x" not in caught.value.sentence


@pytest.mark.parametrize("looked_at", [{}, {"assert_x": True}, {"assert_x": True, "other": True}])
def test_a_needed_rule_that_nothing_looked_at_stops_the_release_and_is_named(
    tmp_path: Path, looked_at: dict[str, bool]
) -> None:
    path = write(tmp_path, dbt_rules=looked_at)
    with pytest.raises(ExpectationsError, match=r"MS504.*dbt: assert_y was not looked at"):
        require_passed(path, NEEDED, "d1")


def test_a_rule_that_the_policy_asks_for_now_and_did_not_then_stops_the_release(
    tmp_path: Path,
) -> None:
    path = write(tmp_path)
    with pytest.raises(ExpectationsError, match=r"MS504.*dbt: assert_more was not looked at"):
        require_passed(path, [*NEEDED, "assert_more"], "d1")


def test_a_record_of_other_rows_stops_the_release(tmp_path: Path) -> None:
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
        b'{"quarter":"2025Q1","passed":true,"suites":[],"dbt_rules":[],"digest":"d","created":""}',
    ],
)
def test_a_damaged_record_stops_the_release(tmp_path: Path, content: bytes) -> None:
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
        {"dbt_rules": {"assert_x": False}},
    ],
)
def test_a_record_that_contradicts_itself_stops_the_release(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = write(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ExpectationsError, match="MS506"):
        read_quality_record(path)


def test_a_later_check_replaces_the_record_and_leaves_no_other_file(tmp_path: Path) -> None:
    write(tmp_path, results=results(dates=False))
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
