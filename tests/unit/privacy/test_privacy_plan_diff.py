import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from privacy_examples import example_plan

from privacy.approval.plan_diff import compare_plans

Content = dict[str, Any]


@pytest.fixture(scope="module")
def before() -> Content:
    content: Content = json.loads(example_plan("2025Q1").to_json())
    return content


def frame(content: Content, name: str = "arrests") -> Content:
    found: Content = next(one for one in content["frames"] if one["name"] == name)
    return found


def set_frame(**changes: object) -> Callable[[Content], None]:
    return lambda content: frame(content).update(changes)


CHANGES: list[tuple[Callable[[Content], None], str]] = [
    (lambda it: it.update(policy_version=99), "The policy is version 99; it was "),
    (lambda it: it.update(unit="other"), "unit of protection is worded differently"),
    (lambda it: it.update(delta="0.1"), "delta is 0.1; it was 0.000001."),
    (lambda it: it.update(signers=2), "2 officers must sign; it was 1."),
    (lambda it: it.update(synthetic=not it["synthetic"]), "Synthetic records are released: "),
    (lambda it: it.update(modelled=not it["modelled"]), "Modelled values are released: "),
    (lambda it: it["budget"].update(quarterly="1/4"), "The budget of quarterly tables is rho 0.25"),
    (lambda it: it["caps"].update(three_years="2/1"), "The cap of three years is rho 2; it was "),
    (set_frame(bound=3), "One identity can move arrests by 3; it was 1."),
    (set_frame(places=3), "The records that may take one child in arrests are now 3."),
    (lambda it: it.update(rules_hash="0"), "Release input is made by other rules than before."),
    (set_frame(quarters=None), "arrests can count one identity any number of times; it was 1."),
    (set_frame(counting="cohort"), "arrests counts by cohort; it was activity."),
    (set_frame(kind="linked"), "arrests is read as linked; it was rows."),
    (set_frame(rho="1/2"), "The cost of arrests is rho 0.5; it was "),
    (
        set_frame(same_rows={"frame": "reports", "cells": ["a_b", "c"], "test": "t"}),
        "arrests shares the total of reports (a b, c); before, it has a total of its own.",
    ),
    (set_frame(measurements=[]), "arrests is measured with other tables or other noise."),
    (lambda it: it["frames"].remove(frame(it)), "arrests is not measured (quarterly)."),
    (lambda it: it["public"].clear(), "No totals of courts are declared public."),
    (
        lambda it: it["public"]["courts"].update(contract="courts/2"),
        "Totals of courts are declared public: by courts/2 they pass without noise.",
    ),
    (lambda it: it["tables"].pop(), "is not released."),
    (lambda it: it["tables"][0].update(level="county"), "has another level, dimension, frame"),
    (
        lambda it: it["tables"].append({**it["tables"][0], "name": "brand_new"}),
        "The table brand new is released now.",
    ),
    (
        lambda it: it["tables"].append({**it["tables"][-1], "name": "brand_new"}),
        "The table brand new is new, and not released.",
    ),
    (
        lambda it: it["frames"].append({**frame(it), "name": "new_frame"}),
        "new frame is measured now (quarterly), at rho ",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=[words for _, words in CHANGES])
def test_each_change_is_said_once_and_nothing_else(
    before: Content, change: Callable[[Content], None], sentence: str
) -> None:
    after = copy.deepcopy(before)
    change(after)
    said = compare_plans(before, after)
    assert len(said) == 1, said
    assert sentence in said[0]


def test_a_plan_from_before_totals_were_shared_shares_none(before: Content) -> None:
    old = copy.deepcopy(before)
    for one in old["frames"]:
        del one["same_rows"]
    assert compare_plans(old, before) == ()


def test_another_quarter_with_the_same_tables_is_no_change(before: Content) -> None:
    assert compare_plans(before, json.loads(example_plan("2025Q2").to_json())) == ()


def test_a_plan_of_a_time_before_rules_were_named_is_compared_too(before: Content) -> None:
    old = {name: value for name, value in before.items() if name != "rules_hash"}
    assert compare_plans(old, before) == ("Release input is made by other rules than before.",)


def test_a_fourth_quarter_brings_the_annual_tables(before: Content) -> None:
    said = compare_plans(before, json.loads(example_plan("2025Q4").to_json()))
    assert any("is measured now (annual)" in one for one in said)
    back = compare_plans(json.loads(example_plan("2025Q4").to_json()), before)
    assert any("is not measured (annual)" in one for one in back)


def test_a_plan_from_before_anything_was_declared_public_declares_nothing(before: Content) -> None:
    old = copy.deepcopy(before)
    del old["public"]
    assert compare_plans(old, before) == (
        "Totals of courts are declared public: by courts/1 they pass without noise.",
    )
