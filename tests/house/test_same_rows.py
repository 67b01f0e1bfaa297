"""That the policy joins frames only where a test of their rows stops every release."""

from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from orchestration.definitions import defs
from privacy.policy.policy import load_policy

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "release_input"
GRAPH = defs.resolve_asset_graph()


def find_proved() -> dict[str, dict[str, Any]]:
    """What each model of release input is tested for to be the rows of another one."""
    models = yaml.safe_load((MODELS / "release_input.yml").read_text("utf-8"))["models"]
    return {
        model["name"]: test["assert_same_rows"]
        for model in models
        for test in model["data_tests"]
        if "assert_same_rows" in test
    }


def test_frames_share_a_total_only_where_a_test_proves_their_rows_the_same() -> None:
    said = {name: same for name, of in load_policy().frames.items() if (same := of.same_rows)}
    assert said
    assert {
        name: {
            "name": same.test,
            "arguments": {
                "other": f"ref('{same.frame}')",
                "dimension": load_policy().frames[name].columns[0],
                "cells": list(same.cells),
            },
        }
        for name, same in said.items()
    } == find_proved()


def test_such_a_test_stops_what_follows() -> None:
    for name, proved in find_proved().items():
        key = dg.AssetCheckKey(dg.AssetKey(["release_input", name]), proved["name"])
        assert GRAPH.get(key).blocking
