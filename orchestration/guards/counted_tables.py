"""What must hold of the rows of each table that a release counts, as the policy's frames say it.

A frame names its table, the place and the columns by which it is read, how often it is counted, and
whose rows it shares; the contract of its model names the columns. The rules that follow go to dbt
with its call, and without a result of each of them there is no release. Does not belong here: what
no frame says (see `models/release_input`), and shares of a table (see `expectations`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.hub.settings import Settings, load_settings
from privacy.engine.frames import AGGREGATE
from privacy.policy.frames import FramePolicy
from privacy.policy.policy import Policy, load_policy
from privacy.released import ANNUAL

RULES_VARIABLE = "rules_of_frames"
"""Variable of dbt that brings the rules, by frame."""

LISTS_VARIABLE = "lists"
"""Variable of dbt that names the folder of the state's lists, as it lies beside the project."""

QUARTER = "quarter_start"
UNIT = "unit_id"
COUNT = "_count"
"""How the column that holds the counts ends, where a frame is delivered as counts."""

Rules = dict[str, dict[str, dict[str, object]]]
"""Rule to the dbt test that looks at it, and what that test is given."""


@dataclass(frozen=True)
class Contract:
    """What dbt says of a table of release input: the name of its model, and the columns it has."""

    model: str
    columns: tuple[str, ...]


def list_rules(policy: Policy, settings: Settings) -> dict[str, Rules]:
    """Give the rules of each frame's table, by frame."""
    contracts = _read_contracts(settings.dbt_manifest)
    listed = {*policy.levels, *policy.dimensions}
    rules = {}
    for name, frame in policy.frames.items():
        contract = contracts.get(name, Contract(name, ()))
        read = (frame.levels[-1], *frame.columns)
        keys = dict.fromkeys((*read, *(one for one in contract.columns if one in listed)))
        said = {**_of_rows(frame, contract, keys), **_of_quarters(frame)}
        rules[name] = {
            **{f"assert_{contract.model}_{rule}": test for rule, test in said.items()},
            **_of_other_frames(frame, contracts),
        }
    return rules


def name_parsing_variables(policy: Policy, settings: Settings) -> dict[str, Any]:
    """Give all of dbt's variables that the parsed project depends on: rules, and the lists' folder.

    The folder is told as it lies beside the project.
    """
    lists = os.path.relpath(settings.public_keys, settings.dbt_project)
    return {RULES_VARIABLE: list_rules(policy, settings), LISTS_VARIABLE: lists}


def name_rules(policy: Policy, settings: Settings) -> list[str]:
    """Name every rule without which no quarter is released."""
    return [rule for rules in list_rules(policy, settings).values() for rule in rules]


def _of_rows(frame: FramePolicy, contract: Contract, keys: Iterable[str]) -> Rules:
    """One row for each unit, or one count for each cell; and public keys only."""
    rules: Rules = {
        f"{key}_is_a_public_key": {"assert_in_keys": {"column_name": key, "dimension": key}}
        for key in keys
    }
    if frame.kind != AGGREGATE:
        one_row: dict[str, object] = {"columns": [QUARTER, UNIT]}
        return rules | {"has_one_row_per_quarter_and_unit": {"assert_one_row_per": one_row}}
    count = next((one for one in contract.columns if one.endswith(COUNT)), COUNT)
    columns = [QUARTER, *keys]
    return rules | {
        "has_one_row_per_quarter_and_cell": {"assert_one_row_per": {"columns": columns}},
        f"{count}_is_filled": {"not_null": {"column_name": count}},
        f"{count}_is_never_negative": {"assert_at_least": {"column_name": count, "lowest": 0}},
    }


def _of_quarters(frame: FramePolicy) -> Rules:
    given: dict[str, object] = {"column_name": QUARTER}
    rules: Rules = {f"{QUARTER}_begins_a_quarter": {"assert_begins_a_quarter": given}}
    if frame.cadence == ANNUAL:
        rules["has_rows_in_fourth_quarters_only"] = {"assert_in_fourth_quarters": given}
    return rules


def _of_other_frames(frame: FramePolicy, contracts: Mapping[str, Contract]) -> Rules:
    """That cells are another frame's rows, under the name that the policy gives the test."""
    same = frame.same_rows
    if same is None:
        return {}
    other = contracts[same.frame].model if same.frame in contracts else same.frame
    given: dict[str, object] = {
        "other": other,
        "dimension": frame.columns[0],
        "cells": list(same.cells),
    }
    return {same.test: {"assert_same_rows": given}}


@cache
def _read_contracts(manifest: Path) -> dict[str, Contract]:
    """Give the contract of each table of release input, by the table's name."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        node["alias"]: Contract(node["name"], tuple(node["columns"]))
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "release_input"
    }


if __name__ == "__main__":  # for `make install`, which parses the project for them
    found = load_settings()
    sys.stdout.write(json.dumps(name_parsing_variables(load_policy(found.policy), found)))
