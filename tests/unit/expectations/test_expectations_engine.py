"""Suites judged by Great Expectations itself; the one module that pays for its import."""

import logging
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from expectations.errors import ExpectationsError
from expectations.released import ReleasedShape, read_released, released_suite
from expectations.rules import Rule, Suite, expect_in_list, expect_not_null, expect_unique
from expectations.run import ENGINE, import_engine_meanwhile, read_frame, run_suite
from expectations.staging import STAGING_SUITES

MARKER = "MARKER7731"
QUARTER = date(2025, 1, 1)
SUITE = Suite(
    "release_input.children",
    ("unit_id", "age_band"),
    (
        expect_unique("unit_id"),
        expect_not_null("unit_id"),
        expect_not_null("age_band"),
        expect_in_list("age_band", ("under_6", "unknown"), "age bands"),
    ),
)
GOOD_ROWS = [("child1", "under_6"), ("child2", "unknown")]


def children(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(SUITE.columns))


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("create schema release_input")
    connection.execute(
        "create table release_input.children "
        "(quarter_start date, unit_id varchar, age_band varchar, unneeded varchar)"
    )
    rows = [("2025-01-01", *row, MARKER) for row in GOOD_ROWS]
    rows.append(("2025-04-01", "child1", "under_6", MARKER))
    connection.executemany("insert into release_input.children values (?, ?, ?, ?)", rows)
    yield connection
    connection.close()


def test_the_engine_is_imported_when_what_was_waited_for_is_done() -> None:
    with import_engine_meanwhile():
        pass
    assert ENGINE in sys.modules


def test_an_engine_that_cannot_be_imported_is_told_of_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, ENGINE, None)
    with import_engine_meanwhile():
        pass
    with pytest.raises(ExpectationsError, match="MS501"):
        run_suite(SUITE, children(*GOOD_ROWS))


def test_a_table_that_keeps_every_rule_passes() -> None:
    result = run_suite(SUITE, children(*GOOD_ROWS))
    assert result.passed
    assert result.failed_rules == ()
    assert set(result.outcomes) == {rule.rule_id for rule in SUITE.rules}
    assert result.suite == "release_input.children"


def test_a_quarter_without_any_row_passes() -> None:
    assert run_suite(SUITE, children().astype(str)).passed


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (("child1", "under_6"), "unit_id_is_unique"),
        ((None, "under_6"), "unit_id_is_present"),
        (("child3", MARKER), "age_band_is_in_its_list"),
        (("child3", None), "age_band_is_present"),
    ],
)
def test_one_bad_row_fails_the_rule_it_breaks_and_no_other(
    row: tuple[str | None, ...], broken: str
) -> None:
    result = run_suite(SUITE, children(*GOOD_ROWS, row))
    assert result.failed_rules == (broken,)
    assert not result.passed
    assert MARKER not in repr(result)


def test_a_rule_whose_column_is_absent_does_not_hold() -> None:
    result = run_suite(SUITE, children(*GOOD_ROWS).drop(columns="age_band"))
    assert set(result.failed_rules) == {"age_band_is_present", "age_band_is_in_its_list"}


def test_a_frame_without_any_column_fails_every_rule() -> None:
    result = run_suite(SUITE, pd.DataFrame())
    assert set(result.failed_rules) == set(result.outcomes)


TOO_LITTLE = Rule(
    "text_is_at_least_0",
    "Every text is 0 or more.",
    "ExpectColumnValuesToBeBetween",
    {"column": "text", "min_value": 0},
    ("text",),
)


def test_a_metric_that_raises_is_a_sentence_without_the_value(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = Suite("release_input.x", ("text",), (TOO_LITTLE,))
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
    suite = Suite("release_input.x", ("a",), (rule,))
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
    bad = children(*GOOD_ROWS, (MARKER, MARKER))
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as seen:
        run_suite(SUITE, bad)
    assert capfd.readouterr() == ("", "")
    assert MARKER not in caplog.text
    assert seen == []
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("great_expectations").level == logging.NOTSET


def test_a_frame_holds_one_quarter_and_only_the_columns_of_its_suite(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    frame = read_frame(warehouse, SUITE, QUARTER)
    assert tuple(frame.columns) == SUITE.columns
    assert sorted(frame["unit_id"]) == ["child1", "child2"]
    assert run_suite(SUITE, frame).passed


def test_a_query_that_fails_is_a_sentence_without_the_message_of_the_warehouse(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute(f"alter table release_input.children rename age_band to {MARKER}")
    with pytest.raises(ExpectationsError, match=r"MS502.*children") as caught:
        read_frame(warehouse, SUITE, QUARTER)
    assert MARKER not in caught.value.sentence
    assert caught.value.__context__ is None


DAY = pd.Timestamp("2025-02-03")
STAGED: dict[str, dict[str, object]] = {
    "int_dss__child_reports": {"report_date": DAY, "age_band": "under_6", "sex_group": "female"},
    "int_mshp__incidents": {"incident_date": DAY},
    "int_mshp__arrests": {"arrest_date": DAY},
}


def judge_staged(table: str, changes: dict[str, object], rows: int) -> tuple[str, ...]:
    """Judge ten rows of a table, so many of them changed."""
    (suite,) = [suite for suite in STAGING_SUITES if suite.name == f"intermediate.{table}"]
    frame = pd.DataFrame([STAGED[table]] * 10).astype(object)
    for column, value in changes.items():
        frame.loc[frame.index[:rows], column] = value
    return run_suite(suite, frame).failed_rules


@pytest.mark.parametrize("table", STAGED)
def test_a_staging_table_as_it_should_be_passes(table: str) -> None:
    assert judge_staged(table, {}, 0) == ()


@pytest.mark.parametrize(
    ("table", "changes", "most", "broken"),
    [
        ("int_dss__child_reports", {"report_date": None}, 1, "report_date_is_mostly_present"),
        ("int_mshp__incidents", {"incident_date": None}, 1, "incident_date_is_mostly_present"),
        ("int_mshp__arrests", {"arrest_date": None}, 1, "arrest_date_is_mostly_present"),
        ("int_dss__child_reports", {"age_band": "unknown"}, 5, "age_band_is_mostly_known"),
        ("int_dss__child_reports", {"sex_group": "unknown"}, 5, "sex_group_is_mostly_known"),
    ],
)
def test_a_share_may_be_missed_so_far_and_no_further(
    table: str, changes: dict[str, object], most: int, broken: str
) -> None:
    assert judge_staged(table, changes, most) == ()
    assert judge_staged(table, changes, most + 1) == (broken,)


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
        ("a", "b"),
        (expect_unique("a", "b"), expect_not_null("a"), expect_in_list("b", ("y", "z"), "letters")),
    )
    assert run_suite(suite, pd.DataFrame({"a": ["x", "x"], "b": ["y", "z"]})).passed
    twice = run_suite(suite, pd.DataFrame({"a": ["x", "x"], "b": ["y", "y"]}))
    assert twice.failed_rules == ("a_and_b_are_unique",)
