"""What must hold of a counted table follows from its frame, and is said nowhere else."""

from pathlib import Path

import pytest
import yaml

from orchestration.guards.counted_tables import COUNT, QUARTER, UNIT, list_rules, name_rules
from orchestration.hub.settings import PROJECT_ROOT, Settings
from portal import codebook
from portal.columns import DIMENSIONS
from privacy.engine.frames import AGGREGATE
from privacy.policy.policy import load_policy
from privacy.released import ANNUAL

MODELS = PROJECT_ROOT / "dbt_project" / "models" / "release_input"
POLICY = load_policy()
RULES = list_rules(POLICY, Settings(Path("home")))
CONTRACTS = {
    model.get("config", {})
    .get("meta", {})
    .get("dagster", {})
    .get("asset_key", [model["name"]])[-1]: model
    for model in yaml.safe_load((MODELS / "release_input.yml").read_text("utf-8"))["models"]
}
"""Models of release input by the name of their table."""


def kinds(frame: str) -> list[tuple[str, object]]:
    return [(kind, given) for rule in RULES[frame].values() for kind, given in rule.items()]


@pytest.mark.parametrize("name", POLICY.frames)
def test_a_table_has_the_columns_of_its_frame_and_only_those_that_have_public_keys_besides(
    name: str,
) -> None:
    frame = POLICY.frames[name]
    columns = {column["name"]: column["data_type"] for column in CONTRACTS[name]["columns"]}
    counts = {column: "bigint" for column in columns if column.endswith(COUNT)}
    assert len(counts) == (frame.kind == AGGREGATE)
    own = counts or {UNIT: "varchar"}
    own[QUARTER] = "date"
    assert {one: columns.pop(one) for one in own} == own
    assert set(columns) >= {frame.levels[-1], *frame.columns}
    assert set(columns) <= {*POLICY.levels, *POLICY.dimensions}
    assert set(columns.values()) == {"varchar"}
    assert {
        given["column_name"]
        for kind, given in kinds(name)
        if kind == "assert_in_keys" and isinstance(given, dict)
    } == set(columns)


@pytest.mark.parametrize("name", POLICY.frames)
def test_every_row_is_a_unit_or_a_cell_of_one_quarter(name: str) -> None:
    found = kinds(name)
    [one_row] = [given for kind, given in found if kind == "assert_one_row_per"]
    assert isinstance(one_row, dict)
    if POLICY.frames[name].kind == AGGREGATE:
        assert not [one for one in one_row["columns"] if one == UNIT or one.endswith(COUNT)]
        assert {"not_null", "assert_at_least"} <= {kind for kind, _ in found}
    else:
        assert one_row["columns"] == [QUARTER, UNIT]
    assert ("assert_begins_a_quarter", {"column_name": QUARTER}) in found
    is_annual = POLICY.frames[name].cadence == ANNUAL
    assert (("assert_in_fourth_quarters", {"column_name": QUARTER}) in found) is is_annual


def test_the_model_of_each_frame_asks_for_the_rules_of_that_frame() -> None:
    asked = {
        name: test["assert_rules_hold"]["arguments"].get("frame")
        for name, model in CONTRACTS.items()
        for test in model["data_tests"]
        if "assert_rules_hold" in test
    }
    assert {name: frame for name, frame in asked.items() if frame} == {
        name: name for name in POLICY.stated_frames
    }


def test_a_unit_counts_once_ever_unless_a_report_names_another_child_later() -> None:
    once = {
        name
        for name, model in CONTRACTS.items()
        if "assert_counted_once_ever" in str(model["data_tests"])
    }
    rows = {name for name, frame in POLICY.frames.items() if frame.kind != AGGREGATE}
    assert once == rows - {"reports_to_childrens_division"} | {"children_counted"}


def test_no_two_rules_share_a_name() -> None:
    names = name_rules(POLICY, Settings(Path("home")))
    assert len(names) == len(set(names)) > 40


def test_every_word_of_the_codebook_is_about_something_that_the_policy_names() -> None:
    frames = {name.removesuffix("_in_year") for name in POLICY.frames}
    assert set(codebook.FRAMES) <= frames
    assert set(DIMENSIONS) <= set(POLICY.dimensions)
    assert set(codebook.LEVELS) <= set(POLICY.levels)
