from fractions import Fraction
from pathlib import Path

from privacy_examples import KEYS, example_plan
from small_policy import RULES, SMALL, load_small

from bench.switched_on import load_switched_on
from jurisdiction.state import read_state
from privacy.approval.policy_summary import LIFETIME_QUARTERS, sum_worst, summarise
from privacy.plan import make_plan
from privacy.policy.keys import load_keys
from privacy.policy.optimise import optimise
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.released import ANNUAL, QUARTERLY


def test_the_reviewed_policy_stays_below_its_own_caps_for_ever() -> None:
    policy = load_policy()
    told = summarise(policy, load_keys(KEYS, policy), load_strategy())
    assert [one["period"] for one in told["worst_case"]] == [
        "quarter",
        "annual",
        "year",
        "three_years",
        "lifetime",
    ]
    assert all(one["fits"] for one in told["worst_case"])
    assert {one["name"] for one in told["frames"]} == set(policy.frames)


def test_the_reviewed_policy_would_keep_its_caps_with_all_tables_switched_on() -> None:
    policy = load_switched_on()
    assert policy.switched_off == {}
    keys = load_keys(KEYS, policy)
    strategy = optimise(policy, keys)
    told = summarise(policy, keys, strategy)
    assert all(one["fits"] for one in told["worst_case"])
    plan = make_plan("2025Q4", policy, keys, strategy, RULES)
    care = {one.frame.name: one.rho for one in plan.frames}["children_in_care_in_year"]
    years = sum_worst(plan, LIFETIME_QUARTERS) - sum_worst(plan, 4)
    assert years == 3 * care
    assert sum_worst(plan, LIFETIME_QUARTERS) < Fraction(38, 100)


def test_with_all_tables_switched_on_no_quarter_waits_for_an_optional_agency() -> None:
    policy = load_switched_on()
    assert policy.sources - set(read_state().awaited) == set(policy.not_awaited)


def test_what_is_switched_off_is_named_and_costs_nothing() -> None:
    policy = load_policy()
    told = summarise(policy, load_keys(KEYS, policy), load_strategy())
    assert told["switched_off"] == ["children_in_care_in_year"]
    assert not {one["name"] for one in told["frames"]} & set(told["switched_off"])


def test_a_cohort_and_a_limited_activity_cost_no_more_in_a_lifetime_than_in_their_quarters() -> (
    None
):
    plan = example_plan("2025Q4")
    rho = {one.frame.name: one.rho for one in plan.frames}
    assert sum_worst(plan, 1) == plan.sum_rho(QUARTERLY)
    reports, incidents = rho["reports_to_childrens_division"], rho["incidents_known_to_police"]
    year = plan.rho + 3 * reports + incidents
    assert sum_worst(plan, 4) == year
    assert sum_worst(plan, LIFETIME_QUARTERS) == year


def test_an_unlimited_activity_costs_each_time(tmp_path: Path) -> None:
    policy, keys = load_small(tmp_path)
    strategy = optimise(policy, keys)
    plan = make_plan("2025Q4", policy, keys, strategy, RULES)
    annual, cohort = plan.sum_rho(ANNUAL), plan.frames[1].rho
    twice = 2 * plan.frames[0].rho
    assert sum_worst(plan, 12) == twice + cohort + 3 * annual
    told = summarise(policy, keys, strategy)
    assert {one["period"]: one["fits"] for one in told["worst_case"]}["three_years"] is False
    assert [one["quarters"] for one in told["frames"]] == [2, 1, "any"]
    assert Fraction(told["frames"][2]["rho"]) <= Fraction(1, 4)


def test_the_summary_names_what_was_reviewed(tmp_path: Path) -> None:
    policy, keys = load_small(tmp_path, SMALL)
    told = summarise(policy, keys, optimise(policy, keys))
    assert (told["policy_hash"], told["keys_hash"]) == (policy.hash, keys.hash)
    assert told["gaps"].keys() == {QUARTERLY, ANNUAL}
