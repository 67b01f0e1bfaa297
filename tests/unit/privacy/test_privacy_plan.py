import datetime
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from privacy_examples import KEYS, example_frame, example_plan

from privacy.errors import PrivacyError
from privacy.frames import AGGREGATE, LINKED
from privacy.keys import PublicKeys, load_keys
from privacy.plan import Plan, find_quarter_start, make_plan
from privacy.policy import Dimension, PublishedKey, load_policy


def test_a_leaf_is_a_combination_of_keys_in_the_order_of_the_lists() -> None:
    frame = example_frame()
    assert frame.leaf_count == 6
    assert frame.compute_leaves({"sex": ["f", "m"], "age": ["x", "old"]}) == [2, 3]
    assert frame.find_cell_of_leaf(["sex"]) == (0, 0, 0, 1, 1, 1)
    assert frame.find_cell_of_leaf(["age"]) == (0, 1, 2, 0, 1, 2)
    assert frame.find_cell_of_leaf(["age", "sex"]) == (0, 2, 4, 1, 3, 5)
    assert frame.find_cell_of_leaf(["state"]) == (0,) * 6


@pytest.mark.parametrize(
    ("kind", "bound", "squared"),
    [("rows", 2, 4), (AGGREGATE, 1, 1), (LINKED, 9, 9), (LINKED, 5, 5)],
)
def test_the_distance_of_neighbours_is_never_rounded_down(
    kind: str, bound: int, squared: int
) -> None:
    assert Fraction(example_frame(kind, bound).distance) ** 2 >= squared
    assert example_frame(kind, bound).distance == pytest.approx(squared**0.5)


def test_a_plan_costs_its_cap_and_no_more(plan: Plan) -> None:
    assert plan.policy.caps.quarter * Fraction(99, 100) < plan.rho <= plan.policy.caps.quarter


def test_four_plans_fit_a_year(plan: Plan) -> None:
    assert 4 * plan.rho <= plan.policy.caps.year


def test_scales_are_whole_thousandths_from_1_up(plan: Plan) -> None:
    scales = [measured.scale for frame in plan.frames for measured in frame.measurements]
    assert all(scale >= 1 and scale * 1000 == int(scale * 1000) for scale in scales)


def test_a_generous_cap_never_makes_a_scale_below_1(plan: Plan) -> None:
    caps = replace(plan.policy.caps, quarter=Fraction(500), year=Fraction(2000))
    generous = make_plan("2025Q1", replace(plan.policy, caps=caps), plan.keys)
    assert {measured.scale for frame in generous.frames for measured in frame.measurements} >= {
        Decimal(1)
    }
    assert generous.rho <= 500


def test_the_same_inputs_give_the_same_plan_and_hash(plan: Plan) -> None:
    assert example_plan().to_json() == plan.to_json()
    assert example_plan().hash == plan.hash


def test_quarter_policy_and_keys_are_part_of_the_hash(plan: Plan) -> None:
    relabelled = PublicKeys(
        tuple((name, (replace(keys[0], label="x"), *keys[1:])) for name, keys in plan.keys.lists)
    )
    others = [
        example_plan("2025Q2"),
        replace(plan, policy=replace(plan.policy, hash="0" * 64)),
        replace(plan, keys=relabelled),
    ]
    assert len({plan.hash, *(other.hash for other in others)}) == 4


def test_the_plan_tells_what_is_read_and_what_it_costs(plan: Plan) -> None:
    told = json.loads(plan.to_json())
    assert Fraction(told["rho"]) == plan.rho
    assert told["caps"] == {"quarter": "1/8", "year": "1/2"}
    reports = told["frames"][0]
    assert (reports["name"], reports["kind"], reports["bound"]) == (
        "reports_to_childrens_division",
        "rows",
        2,
    )
    assert reports["measurements"][0]["sigma"] == str(plan.frames[0].measurements[0].scale)
    assert [measured["dimensions"] for measured in told["frames"][1]["measurements"]] == [
        [],
        ["age_band"],
        ["sex_group"],
        ["region"],
    ]


def test_frames_are_found_by_name(plan: Plan) -> None:
    assert plan.frame("children_reported").columns == ("age_band", "sex_group", "region")
    with pytest.raises(KeyError):
        plan.frame("children")


@pytest.mark.parametrize(
    ("quarter", "start"),
    [("2025Q1", (2025, 1, 1)), ("2025Q2", (2025, 4, 1)), ("2025Q4", (2025, 10, 1))],
)
def test_a_quarter_begins_on_its_first_day(quarter: str, start: tuple[int, int, int]) -> None:
    assert find_quarter_start(quarter) == datetime.date(*start)
    assert example_plan(quarter).quarter_start == datetime.date(*start)


@pytest.mark.parametrize(
    "quarter", ["2025Q5", "2025Q0", "2025-Q1", "25Q1", "0000Q1", "2025Q1 ", ""]
)
def test_text_that_is_no_quarter_is_refused(quarter: str, plan: Plan) -> None:
    with pytest.raises(PrivacyError, match="MS604"):
        make_plan(quarter, plan.policy, plan.keys)


def test_key_lists_of_other_dimensions_are_refused() -> None:
    with pytest.raises(PrivacyError, match=r"MS602.*key lists"):
        make_plan("2025Q1", load_policy(), load_keys(KEYS, ["state"]))


def test_a_sum_of_keys_that_no_list_names_is_refused(plan: Plan) -> None:
    dimension = Dimension("state", "State", (PublishedKey("all", "All", ("Kansas",)),))
    policy = replace(plan.policy, dimensions={**plan.policy.dimensions, "state": dimension})
    with pytest.raises(PrivacyError, match=r"MS602.*state sums"):
        make_plan("2025Q1", policy, plan.keys)


def test_tables_that_no_whole_counts_may_fit_are_refused(plan: Plan) -> None:
    crossed = [("age_band", "sex_group"), ("sex_group", "region"), ("age_band", "region")]
    names = ("children_by_age_band", "children_by_sex", "children_by_region")
    dimensions = dict(zip(names, crossed, strict=True))
    tables = tuple(
        replace(table, dimensions=dimensions.get(table.name, table.dimensions))
        for table in plan.policy.tables
    )
    with pytest.raises(PrivacyError, match=r"MS602.*children_reported overlap"):
        make_plan("2025Q1", replace(plan.policy, tables=tables), plan.keys)


def test_a_table_may_not_use_a_dimension_that_its_frame_does_not_hold(plan: Plan) -> None:
    first = replace(plan.policy.tables[0], dimensions=("troop",))
    policy = replace(plan.policy, tables=(first, *plan.policy.tables[1:]))
    with pytest.raises(PrivacyError, match=r"MS602.*reports uses troop"):
        make_plan("2025Q1", policy, plan.keys)
