"""Suites judged by Great Expectations itself; the one module that pays for its import."""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from expectations.errors import ExpectationsError
from expectations.released import read_released
from expectations.rules import (
    Rule,
    Stage,
    Suite,
    expect_at_least,
    expect_in_list,
    expect_not_null,
    expect_unique,
)
from expectations.run import read_frame, run_suite
from expectations.staging import after_staging_suites
from expectations.suites import InputTable, ReleasedShape, before_release_suites, released_suite

MARKER = "MARKER7731"
QUARTER = date(2025, 1, 1)
KEYS = {
    "state": ("Missouri",),
    "age_band": ("under_6", "unknown"),
    "sex_group": ("female", "unknown"),
    "region": ("St. Louis", "Unknown"),
    "county": ("St. Louis city", "Unknown"),
    "definition": ("strict", "broad_only"),
    "troop": ("A", "Unknown"),
    "relationship_group": ("family", "unknown"),
    "offence_group": ("commercial_sex_acts", "involuntary_servitude"),
    "agency_pattern": ("dss_only", "both"),
    "lag_group": ("same_day", "none_found"),
}
TABLES = (
    InputTable("children_reported_in_year", ("county", "age_band", "sex_group")),
    InputTable("hotline_cases", ("state",), "case_count"),
)
SUITES = {suite.name: suite for suite in before_release_suites(QUARTER, TABLES, KEYS)}
CHILDREN = SUITES["release_input.children_reported_in_year"]
GOOD_ROWS = [
    ("2025-01-01", "child1", "St. Louis city", "under_6", "female"),
    ("2025-01-01", "child2", "Unknown", "unknown", "unknown"),
]


def children(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(CHILDREN.columns))


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("create schema release_input")
    connection.execute(
        "create table release_input.children_reported_in_year (quarter_start date, "
        "unit_id varchar, county varchar, age_band varchar, sex_group varchar, unneeded varchar)"
    )
    rows = [(*row, MARKER) for row in GOOD_ROWS]
    rows.append(("2025-04-01", "child1", "St. Louis city", "under_6", "female", MARKER))
    connection.executemany(
        "insert into release_input.children_reported_in_year values (?, ?, ?, ?, ?, ?)", rows
    )
    yield connection
    connection.close()


def test_a_table_that_keeps_every_rule_passes() -> None:
    result = run_suite(CHILDREN, children(*GOOD_ROWS))
    assert result.passed
    assert result.failed_rules == ()
    assert set(result.outcomes) == {rule.rule_id for rule in CHILDREN.rules}
    assert result.suite == "release_input.children_reported_in_year"
    assert result.stage is Stage.BEFORE_RELEASE


def test_a_quarter_without_any_row_passes() -> None:
    assert run_suite(CHILDREN, children().astype(str)).passed


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (("2025-01-01", "child1", "Unknown", "under_6", "female"), "unit_id_is_unique"),
        (("2025-01-01", None, "Unknown", "under_6", "female"), "unit_id_is_present"),
        (("2025-01-02", "child3", "Unknown", "under_6", "female"), "quarter_start_is_the_quarter"),
        ((None, "child3", "Unknown", "under_6", "female"), "quarter_start_is_present"),
        (("2025-01-01", "child3", "Unknown", MARKER, "female"), "age_band_is_in_its_list"),
        (("2025-01-01", "child3", "Unknown", "under_6", None), "sex_group_is_present"),
    ],
)
def test_one_bad_row_fails_the_rule_it_breaks_and_no_other(
    row: tuple[str | None, ...], broken: str
) -> None:
    result = run_suite(CHILDREN, children(*GOOD_ROWS, row))
    assert result.failed_rules == (broken,)
    assert not result.passed
    assert MARKER not in repr(result)


def test_a_rule_whose_column_is_absent_does_not_hold() -> None:
    result = run_suite(CHILDREN, children(*GOOD_ROWS).drop(columns="county"))
    assert set(result.failed_rules) == {"county_is_present", "county_is_in_its_list"}


def test_a_frame_without_any_column_fails_every_rule() -> None:
    result = run_suite(CHILDREN, pd.DataFrame())
    assert set(result.failed_rules) == set(result.outcomes)


@pytest.mark.parametrize(("count", "holds"), [(0, True), (7, True), (-1, False)])
def test_an_aggregate_count_is_never_negative(*, count: int, holds: bool) -> None:
    suite = SUITES["release_input.hotline_cases"]
    frame = pd.DataFrame(
        {"quarter_start": ["2025-01-01"], "state": ["Missouri"], "case_count": [count]}
    )
    assert run_suite(suite, frame).passed is holds


def test_a_metric_that_raises_is_a_sentence_without_the_value(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = Suite("release_input.x", Stage.BEFORE_RELEASE, ("text",), (expect_at_least("text", 0),))
    with caplog.at_level(logging.DEBUG), pytest.raises(ExpectationsError, match="MS501") as caught:
        run_suite(suite, pd.DataFrame({"text": [MARKER]}))
    assert "text_is_at_least_0" in caught.value.sentence
    written = capsys.readouterr()
    everything = caught.value.sentence + caplog.text + written.out + written.err
    assert MARKER not in everything
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_engine_that_stops_is_a_sentence_without_its_message() -> None:
    rule = Rule("impossible", "It cannot be judged.", "ExpectNothingKnown", {MARKER: 1}, ("a",))
    suite = Suite("release_input.x", Stage.BEFORE_RELEASE, ("a",), (rule,))
    with pytest.raises(ExpectationsError, match=r"MS501.*impossible.*AttributeError") as caught:
        run_suite(suite, pd.DataFrame({"a": [MARKER]}))
    assert MARKER not in caught.value.sentence
    assert caught.value.__context__ is None


def test_the_engine_logs_prints_warns_and_writes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    bad = children(*GOOD_ROWS, ("2025-01-01", MARKER, MARKER, MARKER, MARKER))
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as seen:
        run_suite(CHILDREN, bad)
    assert capfd.readouterr() == ("", "")
    assert MARKER not in caplog.text
    assert seen == []
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("great_expectations").level == logging.NOTSET


def test_a_frame_holds_one_quarter_and_only_the_columns_of_its_suite(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    frame = read_frame(warehouse, CHILDREN, QUARTER)
    assert tuple(frame.columns) == CHILDREN.columns
    assert sorted(frame["unit_id"]) == ["child1", "child2"]
    assert run_suite(CHILDREN, frame).passed


@pytest.mark.parametrize("stray", ["2025-02-03", None])
def test_a_row_of_no_quarter_is_read_and_fails_the_quarter(
    warehouse: duckdb.DuckDBPyConnection, stray: str | None
) -> None:
    warehouse.execute(
        "insert into release_input.children_reported_in_year values "
        "(?, 'child9', 'Unknown', 'under_6', 'female', '')",
        [stray],
    )
    result = run_suite(CHILDREN, read_frame(warehouse, CHILDREN, QUARTER))
    assert result.failed_rules == (
        "quarter_start_is_present" if stray is None else "quarter_start_is_the_quarter",
    )


def test_a_query_that_fails_is_a_sentence_without_the_message_of_the_warehouse(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(
        f"alter table release_input.children_reported_in_year rename county to {MARKER}"
    )
    with pytest.raises(ExpectationsError, match=r"MS502.*children_reported_in_year") as caught:
        read_frame(warehouse, CHILDREN, QUARTER)
    assert MARKER not in caught.value.sentence
    assert caught.value.__context__ is None


STAGED: dict[str, list[dict[str, object]]] = {
    "int_deliveries": [
        {
            "agency": "dss",
            "delivery_sequence": 1,
            "delivery_kind": "full",
            "is_simulated": True,
        }
    ],
    "int_dss__child_reports": [
        {
            "report_id": f"r{number}",
            "child_id": "c1",
            "report_date": pd.Timestamp("2025-02-03"),
            "age_years": None if number else 12,
            "age_band": "unknown" if number else "12_to_14",
            "sex_group": "female",
            "is_sex_trafficking_alleged": False,
        }
        for number in range(10)
    ],
    "int_mshp__incidents": [
        {"incident_key": "MO1:1", "troop": "A", "incident_date": pd.Timestamp("2025-02-03")}
    ],
    "int_hotline__counts": [
        {
            "quarter_start": pd.Timestamp("2025-01-01"),
            "measure": "children",
            "relationship_group": group,
            "delivered_count": 0,
        }
        for group in ("family", "known")
    ],
}


def judge_staged(table: str, changes: dict[str, object], rows: int) -> tuple[str, ...]:
    (suite,) = [
        suite for suite in after_staging_suites(QUARTER) if suite.name == f"intermediate.{table}"
    ]
    frame = pd.DataFrame(STAGED[table]).assign(delivery_quarter_start="2025-01-01").astype(object)
    for column, value in changes.items():
        frame.loc[frame.index[:rows], column] = value
    return run_suite(suite, frame).failed_rules


@pytest.mark.parametrize("table", STAGED)
def test_a_staging_table_as_it_should_be_passes(table: str) -> None:
    assert judge_staged(table, {}, 0) == ()


@pytest.mark.parametrize(
    ("table", "changes", "rows", "broken"),
    [
        ("int_dss__child_reports", {"report_id": "r9"}, 1, "report_id_and_child_id_are_unique"),
        ("int_dss__child_reports", {"report_date": None}, 1, None),
        ("int_dss__child_reports", {"report_date": None}, 2, "report_date_is_mostly_present"),
        ("int_dss__child_reports", {"age_years": -1}, 1, "age_years_is_at_least_0"),
        ("int_dss__child_reports", {"age_band": MARKER}, 1, "age_band_is_in_its_list"),
        ("int_hotline__counts", {"delivered_count": None}, 1, "delivered_count_is_present"),
        ("int_hotline__counts", {"delivered_count": -1}, 1, "delivered_count_is_at_least_0"),
        ("int_deliveries", {"delivery_kind": "silence"}, 1, "delivery_kind_is_in_its_list"),
        (
            "int_mshp__incidents",
            {"delivery_quarter_start": "2025-04-01"},
            1,
            "delivery_quarter_start_is_the_quarter",
        ),
    ],
)
def test_a_fault_in_staging_fails_the_rule_it_breaks(
    table: str, changes: dict[str, object], rows: int, broken: str | None
) -> None:
    assert judge_staged(table, changes, rows) == ((broken,) if broken else ())


SHAPE = ReleasedShape(
    table="children_by_sex",
    quarter="2025Q1",
    dimensions={"geography": ("Missouri",), "sex_group": ("Female", "Unknown")},
    unit="children",
    estimated=("estimated", "not distinguishable from zero"),
    without_estimate=("not released",),
)
HEADER = "quarter,geography,sex_group,unit,estimate,moe90,low90,high90,count,status\n"
FIRST = "2025Q1,Missouri,Female,children,23.8,12.1,11,36,24,estimated\n"
SECOND = "2025Q1,Missouri,Unknown,children,-3.2,12.1,0,9,0,not distinguishable from zero\n"


def judge_released(folder: Path, content: str) -> tuple[str, ...]:
    path = folder / "children_by_sex.csv"
    path.write_text(content, encoding="utf-8")
    return run_suite(released_suite(SHAPE), read_released(path, SHAPE)).failed_rules


def test_a_released_table_as_published_passes(tmp_path: Path) -> None:
    assert judge_released(tmp_path, HEADER + FIRST + SECOND) == ()


def test_a_row_without_estimate_passes_if_its_status_says_so(tmp_path: Path) -> None:
    assert (
        judge_released(
            tmp_path, f"{HEADER}{FIRST}2025Q1,Missouri,Unknown,children,,,,,,not released\n"
        )
        == ()
    )


@pytest.mark.parametrize(
    ("second", "broken"),
    [
        ("", {"every_cell_is_present"}),
        (
            SECOND + SECOND,
            {"every_cell_is_present", "quarter_and_geography_and_sex_group_are_unique"},
        ),
        (SECOND.replace("2025Q1", "2025Q2"), {"quarter_is_in_its_list"}),
        (SECOND.replace("Unknown", "Other"), {"sex_group_is_in_its_list"}),
        (SECOND.replace("Unknown", ""), {"sex_group_is_present"}),
        (SECOND.replace("children", "cases"), {"unit_is_in_its_list"}),
        (SECOND.replace("-3.2", "-3"), {"estimate_is_in_tenths"}),
        (SECOND.replace(",9,0,", ",9,0.5,"), {"count_is_whole"}),
        (SECOND.replace(",9,0,", ",9,-1,"), {"count_is_whole"}),
        (SECOND.replace(",0,9,", ",-1,9,"), {"low90_is_whole"}),
        (SECOND.replace(",0,9,", ",0,8.9,"), {"high90_is_whole"}),
        (SECOND.replace(",0,9,", ",0,,"), {"status_explains_the_numbers"}),
        (SECOND.replace("Missouri", "Kansas"), {"geography_is_in_its_list"}),
        (SECOND.replace("12.1", "0.0"), {"moe90_is_more_than_zero"}),
        (SECOND.replace("12.1", "-4.0"), {"moe90_is_more_than_zero"}),
        (SECOND.replace("12.1", ""), {"status_explains_the_numbers"}),
        (SECOND.replace(",9,0,", ",9,,"), {"status_explains_the_numbers"}),
        (SECOND.replace("-3.2,12.1,0,9,0", ",,,,"), {"status_explains_the_numbers"}),
        (
            SECOND.replace("not distinguishable from zero", "fine"),
            {"status_is_in_its_list", "status_explains_the_numbers"},
        ),
        (
            SECOND.replace("not distinguishable from zero", ""),
            {"status_is_present", "status_explains_the_numbers"},
        ),
    ],
)
def test_a_released_table_with_one_fault_fails_the_rule_it_breaks(
    tmp_path: Path, second: str, broken: set[str]
) -> None:
    assert set(judge_released(tmp_path, HEADER + FIRST + second)) == broken


@pytest.mark.parametrize(("count", "broken"), [("", ()), ("24", ("status_explains_the_numbers",))])
def test_a_sum_over_quarters_has_no_whole_count(
    tmp_path: Path, count: str, broken: tuple[str, ...]
) -> None:
    shape = replace(SHAPE, has_count=False, more=("modelled",))
    path = tmp_path / "children_by_sex.csv"
    header = HEADER.replace("status", "status,modelled")
    first = FIRST.replace(",24,", f",{count},").replace("estimated", "estimated,23.1")
    second = SECOND.replace(",9,0,", ",9,,").replace("zero", "zero,1.1")
    path.write_text(header + first + second, encoding="utf-8")
    assert run_suite(released_suite(shape), read_released(path, shape)).failed_rules == broken


def test_a_released_table_with_a_column_too_many_fails(tmp_path: Path) -> None:
    wide = "".join(f"{line},x\n" for line in (HEADER + FIRST + SECOND).splitlines())
    assert judge_released(tmp_path, wide) == ("columns_are_as_published",)


def test_a_released_table_without_a_status_column_fails(tmp_path: Path) -> None:
    narrow = "".join(f"{line.rsplit(',', 1)[0]}\n" for line in (HEADER + FIRST).splitlines())
    assert "columns_are_as_published" in judge_released(tmp_path, narrow)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\xff"])
def test_a_released_table_that_is_no_csv_is_a_sentence(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "children_by_sex.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExpectationsError, match=r"MS507.*children_by_sex\.csv"):
        read_released(path, SHAPE)


def test_rules_on_several_columns_judge_them_together() -> None:
    suite = Suite(
        "staging.x",
        Stage.AFTER_STAGING,
        ("a", "b"),
        (expect_unique("a", "b"), expect_not_null("a"), expect_in_list("b", ("y", "z"), "letters")),
    )
    assert run_suite(suite, pd.DataFrame({"a": ["x", "x"], "b": ["y", "z"]})).passed
    twice = run_suite(suite, pd.DataFrame({"a": ["x", "x"], "b": ["y", "y"]}))
    assert twice.failed_rules == ("a_and_b_are_unique",)
