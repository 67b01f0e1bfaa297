"""That the policy joins frames only where a test of their rows stops every release."""

import dagster as dg

from orchestration.definitions import defs
from orchestration.guards.counted_tables import list_rules, name_rules
from orchestration.hub.settings import load_settings
from privacy.policy.policy import load_policy

GRAPH = defs.resolve_asset_graph()


def test_frames_share_a_total_only_where_a_rule_proves_their_rows_the_same() -> None:
    policy, settings = load_policy(), load_settings()
    said = {name: same for name, of in policy.frames.items() if (same := of.same_rows)}
    assert said
    for name, same in said.items():
        assert list_rules(policy, settings)[name][same.test] == {
            "assert_same_rows": {
                "other": same.frame,
                "dimension": policy.frames[name].columns[0],
                "cells": list(same.cells),
            }
        }
        assert same.test in name_rules(policy, settings)
        check = dg.AssetCheckKey(dg.AssetKey(["release_input", name]), f"rules_of_{name}")
        assert GRAPH.get(check).blocking
