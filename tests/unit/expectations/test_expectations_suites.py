"""What the suites say, without the engine."""

import re
from pathlib import Path

import pytest
import yaml

import expectations
from expectations import released
from expectations.released import ReleasedShape, released_suite
from expectations.rules import Suite
from expectations.staging import STAGING_SUITES

MODELS = Path(expectations.__file__).parents[1] / "dbt_project" / "models"
SHAPE = ReleasedShape(
    "children_by_sex",
    "2025Q1",
    {"sex_group": ("Female", "Male", "Unknown")},
    "children",
    ("estimated",),
    ("not released",),
)


@pytest.mark.parametrize(
    "suite", [*STAGING_SUITES, released_suite(SHAPE)], ids=lambda suite: suite.name
)
def test_every_rule_has_its_own_id_a_sentence_and_columns_that_are_read(suite: Suite) -> None:
    ids = [rule.rule_id for rule in suite.rules]
    assert len(ids) == len(set(ids)) > 0
    for rule in suite.rules:
        assert rule.rule_id.replace("_", "").isalnum()
        assert rule.rule_id == rule.rule_id.lower()
        assert rule.description.endswith(".")
        assert set(rule.columns) <= {*suite.columns, "is_status_consistent"}


@pytest.mark.parametrize("suite", STAGING_SUITES, ids=lambda suite: suite.name)
def test_every_column_that_is_checked_after_staging_is_made_by_its_model(suite: Suite) -> None:
    schema, table = suite.name.split(".")
    models = yaml.safe_load((MODELS / schema / f"{schema}.yml").read_text("utf-8"))["models"]
    (model,) = [model for model in models if model["name"] == table]
    columns = {column["name"] for column in model["columns"]}
    assert {suite.quarter_column, *suite.columns} <= columns


def test_great_expectations_says_nothing_of_single_rows_of_staging() -> None:
    for suite in STAGING_SUITES:
        assert all(0 < rule.settings["mostly"] < 1 for rule in suite.rules)


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


@pytest.mark.parametrize("pattern", [released.COUNT, released.TENTHS, released.POSITIVE_NUMBER])
def test_a_pattern_captures_nothing(pattern: str) -> None:
    """pandas warns of groups, and a warning in one thread may become an error in another."""
    assert re.compile(pattern).groups == 0
