"""What the suites say, without the engine."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

import expectations
from expectations import suites
from expectations.rules import Stage, Suite
from expectations.staging import RULES, after_staging_suites
from expectations.suites import (
    InputTable,
    ReleasedShape,
    before_release_suites,
    released_suite,
)

MODELS = Path(expectations.__file__).parents[1] / "dbt_project" / "models"
QUARTER = date(2025, 1, 1)
TABLES = (
    InputTable("incidents_known_to_police", ("troop", "definition")),
    InputTable("hotline_children", ("state", "relationship_group"), "child_count"),
)
DIMENSIONS = ("troop", "definition", "state", "relationship_group")
KEYS = {dimension: (f"{dimension}_1", f"{dimension}_2") for dimension in DIMENSIONS}
SHAPE = ReleasedShape(
    "children_by_sex",
    "2025Q1",
    {"sex_group": ("Female", "Male", "Unknown")},
    "children",
    ("estimated",),
    ("not released",),
)


def all_suites() -> list[Suite]:
    return [
        *after_staging_suites(QUARTER),
        *before_release_suites(QUARTER, TABLES, KEYS),
        released_suite(SHAPE),
    ]


@pytest.mark.parametrize("suite", all_suites(), ids=lambda suite: suite.name)
def test_every_rule_has_its_own_id_a_sentence_and_columns_that_are_read(suite: Suite) -> None:
    ids = [rule.rule_id for rule in suite.rules]
    assert len(ids) == len(set(ids)) > 0
    for rule in suite.rules:
        assert rule.rule_id.replace("_", "").isalnum()
        assert rule.rule_id == rule.rule_id.lower()
        assert rule.description.endswith(".")
        assert set(rule.columns) <= {*suite.columns, "is_status_consistent"}


def test_every_table_that_a_release_reads_has_a_suite_of_all_its_columns() -> None:
    units, counts = before_release_suites(QUARTER, TABLES, KEYS)
    assert (units.name, counts.name) == tuple(table.suite for table in TABLES)
    assert units.columns == ("quarter_start", "unit_id", "troop", "definition")
    assert counts.columns == ("quarter_start", "state", "relationship_group", "child_count")
    assert {suite.stage for suite in (units, counts)} == {Stage.BEFORE_RELEASE}


def test_units_are_there_once_and_counts_once_for_each_cell() -> None:
    units, counts = before_release_suites(QUARTER, TABLES, KEYS)
    ids = [{rule.rule_id for rule in suite.rules} for suite in (units, counts)]
    assert {"unit_id_is_unique", "unit_id_is_present", "troop_is_in_its_list"} <= ids[0]
    assert {"child_count_is_present", "relationship_group_is_in_its_list"} <= ids[1]
    assert any("unique" in rule and "relationship_group" in rule for rule in ids[1])


@pytest.mark.parametrize("table", RULES)
def test_every_column_that_is_checked_after_staging_is_made_by_its_model(table: str) -> None:
    (suite,) = [
        suite for suite in after_staging_suites(QUARTER) if suite.name == f"staging.{table}"
    ]
    models = yaml.safe_load((MODELS / "staging" / "staging.yml").read_text("utf-8"))["models"]
    (model,) = [model for model in models if model["name"] == table]
    assert set(suite.columns) <= {column["name"] for column in model["columns"]}


def test_every_model_of_staging_is_checked_or_has_no_quarter_of_its_own() -> None:
    models = {path.stem for path in (MODELS / "staging").glob("stg_*.sql")}
    assert models - set(RULES) <= {"stg_mshp__offences"}


def test_a_dimension_without_public_keys_is_refused() -> None:
    with pytest.raises(KeyError):
        before_release_suites(QUARTER, TABLES, {"state": ("Missouri",)})


def test_a_released_table_has_one_row_for_each_combination_of_keys() -> None:
    shape = ReleasedShape(
        "incidents_by_troop",
        "2025Q1",
        {"definition": ("a", "b"), "troop": ("x", "y", "z")},
        "incidents",
        ("estimated",),
        (),
    )
    counts = [
        rule.settings["value"]
        for rule in released_suite(shape).rules
        if rule.rule_id == "every_cell_is_present"
    ]
    assert counts == [6]


@pytest.mark.parametrize("pattern", [suites.COUNT, suites.TENTHS, suites.POSITIVE_NUMBER])
def test_a_pattern_captures_nothing(pattern: str) -> None:
    """pandas warns of groups, and a warning in one thread may become an error in another."""
    assert re.compile(pattern).groups == 0
