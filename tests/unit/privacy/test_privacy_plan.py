import datetime
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from privacy_examples import KEYS, example_plan
from small_policy import CALLS_OFF, RULES, SMALL, load_small, write_policy

from privacy.engine.frames import Marginal
from privacy.errors import PrivacyError
from privacy.ledger.chain import Part
from privacy.plan import Plan, find_quarter_start, find_year, make_plan
from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.optimise import optimise
from privacy.policy.policy import REVIEWED_POLICY, load_policy
from privacy.policy.strategy import Share, Strategy, load_strategy
from privacy.released import ACTIVITY, ANNUAL, COHORT, QUARTERLY


@pytest.fixture(scope="module")
def annual() -> Plan:
    return example_plan("2025Q4")


def plan_small(folder: Path, quarter: str = "2025Q4", text: str = SMALL) -> Plan:
    policy, keys = load_small(folder, text)
    return make_plan(quarter, policy, keys, optimise(policy, keys), RULES)


def change_shares(strategy: Strategy, frame: str, *shares: Share) -> Strategy:
    """The strategy with other shares of one frame."""
    splits = tuple(
        replace(
            split,
            shares=(
                *(share for share in split.shares if share.frame != frame),
                *(shares if any(share.frame == frame for share in split.shares) else ()),
            ),
        )
        for split in strategy.splits
    )
    return replace(strategy, splits=splits)


def test_a_plan_costs_its_budget_and_no_more(plan: Plan, annual: Plan) -> None:
    budget = plan.policy.budget
    assert budget.quarterly * Fraction(99, 100) < plan.rho <= budget.quarterly
    assert annual.sum_rho(QUARTERLY) == plan.rho
    assert budget.annual * Fraction(99, 100) < annual.sum_rho(ANNUAL) <= budget.annual
    assert annual.rho == annual.sum_rho(QUARTERLY) + annual.sum_rho(ANNUAL)


def test_a_frame_that_is_switched_off_is_not_planned_and_costs_nothing(
    annual: Plan, tmp_path: Path
) -> None:
    """Every share, scale and charge is what it would be if the policy had never named it."""
    assert "children_in_care_in_year" in annual.policy.switched_off
    text = REVIEWED_POLICY.read_text("utf-8")
    frame = text[text.index("[frames.children_in_care_in_year]") : text.index("# Quarterly tables")]
    tables = text[text.index("# Annual tables of children in care") :]
    policy = load_policy(write_policy(tmp_path, text.replace(frame, "").replace(tables, "")))
    keys = load_keys(KEYS, policy)
    without = make_plan("2025Q4", policy, keys, optimise(policy, keys), RULES)
    assert without.parts == annual.parts
    assert [one.measurements for one in without.frames] == [
        one.measurements for one in annual.frames
    ]


def test_a_budget_whose_tables_are_all_withheld_is_not_spent(tmp_path: Path) -> None:
    plan = plan_small(tmp_path, text=CALLS_OFF)
    assert plan.sum_rho(ANNUAL) == 0
    told = {table["name"]: table for table in json.loads(plan.to_json())["tables"]}
    assert told["calls"]["frame"] is None
    assert told["calls"]["withheld"] == "Not released: too few."


@pytest.mark.parametrize("quarter", ["2025Q1", "2025Q2", "2025Q3"])
def test_annual_frames_are_read_in_a_fourth_quarter_only(quarter: str, annual: Plan) -> None:
    plan = example_plan(quarter)
    assert {one.policy.cadence for one in plan.frames} == {QUARTERLY}
    assert {one.period for one in plan.frames} == {quarter}
    assert plan.year is None
    assert annual.year == "2025"
    assert {(one.policy.cadence, one.period) for one in annual.frames} == {
        (QUARTERLY, "2025Q4"),
        (ANNUAL, "2025"),
    }


def test_a_quarter_before_the_first_day_of_record_has_no_plan(tmp_path: Path) -> None:
    text = SMALL.replace("first_day_of_record = 2000-01-01", "first_day_of_record = 2025-04-01")
    assert text != SMALL
    assert plan_small(tmp_path, "2025Q2", text).quarter_start == datetime.date(2025, 4, 1)
    for quarter in ("2025Q1", "2024Q4"):
        with pytest.raises(PrivacyError, match=rf"MS649.*{quarter}.*2025-04-01") as caught:
            plan_small(tmp_path, quarter, text)
        assert caught.value.exit_code == 5


def test_each_frame_is_a_part_of_the_charge(annual: Plan) -> None:
    parts = {part.frame: part for part in annual.parts}
    assert sum(part.rho for part in annual.parts) == annual.rho
    reports = parts["reports_to_childrens_division"]
    assert reports == Part(
        "reports_to_childrens_division", ACTIVITY, QUARTERLY, 4, annual.frames[0].rho
    )
    assert (parts["children_reported"].counting, parts["children_reported"].quarters) == (COHORT, 1)


def test_scales_are_whole_thousandths_from_1_up(annual: Plan) -> None:
    scales = [measured.scale for frame in annual.frames for measured in frame.measurements]
    assert all(scale >= 1 and scale * 1000 == int(scale * 1000) for scale in scales)


def test_a_generous_budget_never_makes_a_scale_below_1(plan: Plan) -> None:
    budget = replace(plan.policy.budget, quarterly=Fraction(500))
    generous = make_plan(
        "2025Q1", replace(plan.policy, budget=budget), plan.keys, plan.strategy, RULES
    )
    assert {measured.scale for frame in generous.frames for measured in frame.measurements} >= {
        Decimal(1)
    }
    assert generous.rho <= 500


def test_a_measurement_is_named_by_frame_level_and_dimensions(annual: Plan) -> None:
    names = {measured.name for frame in annual.frames for measured in frame.measurements}
    assert {
        "reports_to_childrens_division_at_state",
        "children_reported_at_region",
        "incidents_known_to_police_at_state_by_definition",
        "children_reported_in_year_at_county",
    } <= names
    assert len(names) == sum(len(frame.measurements) for frame in annual.frames)


def test_a_measurement_knows_its_table_and_its_cells(tmp_path: Path) -> None:
    plan = plan_small(tmp_path)
    measured = {one.name: one for frame in plan.frames for one in frame.measurements}
    by_region = measured["victims_at_region"]
    assert (by_region.marginal, by_region.cell_count) == (Marginal(1, ()), 3)
    queries = [query.name for query in plan.frames[0].list_queries()]
    assert queries == [one.name for one in plan.frames[0].measurements]


def test_the_same_inputs_give_the_same_plan_and_hash(plan: Plan) -> None:
    assert example_plan().to_json() == plan.to_json()
    assert example_plan().hash == plan.hash


def test_the_rules_by_which_rows_are_made_are_part_of_the_plan_and_its_hash(plan: Plan) -> None:
    other = replace(plan, rules_hash="6" * 64)
    assert other.hash != plan.hash
    assert json.loads(other.to_json())["rules_hash"] == "6" * 64


def test_the_plan_states_the_places_of_a_linked_frame_of_records(annual: Plan) -> None:
    stated = {one["name"]: one["places"] for one in json.loads(annual.to_json())["frames"]}
    assert stated.pop("report_lag_in_year") == load_policy().frames["report_lag_in_year"].places
    assert set(stated.values()) == {None}


def test_quarter_policy_keys_and_split_are_part_of_the_hash(plan: Plan) -> None:
    relabelled = PublicKeys(
        tuple((name, (replace(keys[0], label="x"), *keys[1:])) for name, keys in plan.keys.lists),
        plan.keys.trees,
    )
    splits = (replace(plan.strategy.splits[0], gap="0.5"), *plan.strategy.splits[1:])
    others = [
        example_plan("2025Q2"),
        replace(plan, policy=replace(plan.policy, hash="0" * 64)),
        replace(plan, policy=replace(plan.policy, signers=2)),
        replace(plan, keys=relabelled),
        replace(plan, strategy=replace(plan.strategy, splits=splits)),
    ]
    assert len({plan.hash, *(other.hash for other in others)}) == 6


def test_the_plan_tells_what_is_read_published_and_spent(annual: Plan) -> None:
    told = json.loads(annual.to_json())
    assert Fraction(told["rho"]) == annual.rho
    assert Fraction(told["quarterly_rho"]) + Fraction(told["annual_rho"]) == annual.rho
    assert told["caps"] == {
        "quarter": "1/8",
        "annual": "1/8",
        "year": "1/2",
        "three_years": "1/2",
        "lifetime": "1/2",
    }
    assert (told["quarter"], told["year"], told["signers"]) == ("2025Q4", "2025", 1)
    assert told["unit"] == annual.policy.unit
    reports = told["frames"][0]
    assert (reports["kind"], reports["counting"], reports["quarters"]) == ("rows", "activity", 4)
    assert (reports["bound"], reports["levels"]) == (2, [{"name": "state", "units": 1}])
    assert reports["measurements"][0]["sigma"] == str(annual.frames[0].measurements[0].scale)
    counties = next(one for one in told["frames"] if one["name"] == "children_reported_in_year")
    assert [level["units"] for level in counties["levels"]] == [1, 8, 48, 117]
    assert [one["name"] for one in counties["dimensions"]] == ["age_band", "sex_group"]
    assert [one["name"] for one in told["tables"]] == [one.name for one in annual.policy.tables]


def test_the_plan_of_another_quarter_does_not_list_annual_tables(plan: Plan) -> None:
    told = json.loads(plan.to_json())
    names = [one["name"] for one in told["tables"]]
    assert "prosecutions" in names
    assert "report_lag" not in names
    assert (told["year"], told["annual_rho"]) == (None, "0/1")


def test_frames_are_found_by_name(plan: Plan) -> None:
    assert plan.frame("children_reported").leaf_column == "region"
    with pytest.raises(KeyError):
        plan.frame("children_reported_in_year")


@pytest.mark.parametrize(
    ("quarter", "start"),
    [("2025Q1", (2025, 1, 1)), ("2025Q2", (2025, 4, 1)), ("2025Q4", (2025, 10, 1))],
)
def test_a_quarter_begins_on_its_first_day(quarter: str, start: tuple[int, int, int]) -> None:
    assert find_quarter_start(quarter) == datetime.date(*start)
    assert example_plan(quarter).quarter_start == datetime.date(*start)


def test_a_fourth_quarter_ends_its_year() -> None:
    assert [find_year(f"0987Q{number}") for number in range(1, 5)] == [None, None, None, "0987"]


@pytest.mark.parametrize(
    "quarter", ["2025Q5", "2025Q0", "2025-Q1", "25Q1", "0000Q1", "2025Q1 ", ""]
)
def test_text_that_is_no_quarter_is_refused(quarter: str, plan: Plan) -> None:
    with pytest.raises(PrivacyError, match="MS604"):
        make_plan(quarter, plan.policy, plan.keys, plan.strategy, RULES)


def test_key_lists_of_another_policy_are_refused(tmp_path: Path) -> None:
    _, keys = load_small(tmp_path)
    with pytest.raises(PrivacyError, match=r"MS602.*key lists"):
        make_plan("2025Q1", load_policy(), keys, load_strategy(), RULES)


def test_a_sum_of_keys_that_no_list_names_is_refused(tmp_path: Path) -> None:
    policy, keys = load_small(tmp_path, SMALL.replace('"broad_only"]', '"other"]'))
    strategy = Strategy(policy.hash, keys.hash, ())
    with pytest.raises(PrivacyError, match=r"MS602.*definition sums"):
        make_plan("2025Q1", policy, keys, strategy, RULES)


def test_same_rows_in_cells_that_no_list_names_are_refused(plan: Plan, tmp_path: Path) -> None:
    text = REVIEWED_POLICY.read_text(encoding="utf-8").replace('"later", "none', '"sooner", "none')
    policy = load_policy(write_policy(tmp_path, text))
    with pytest.raises(PrivacyError, match=r"MS602.*report_lag_in_year has same_rows"):
        make_plan("2025Q1", policy, plan.keys, plan.strategy, RULES)


def test_a_split_of_another_policy_or_other_lists_is_refused(plan: Plan) -> None:
    for changed in ({"policy_hash": "0" * 64}, {"keys_hash": "0" * 64}):
        with pytest.raises(PrivacyError, match="MS646"):
            make_plan("2025Q1", plan.policy, plan.keys, replace(plan.strategy, **changed), RULES)


@pytest.mark.parametrize(
    "shares",
    [
        (),
        (Share("arrests", "troop", (), Fraction(1, 10)),),
        (Share("arrests", "state", ("definition",), Fraction(1, 10)),),
        (Share("arrests", "state", (), Fraction(0)),),
        (Share("arrests", "state", (), Fraction(1, 20)),) * 2,
    ],
)
def test_a_split_that_does_not_fit_a_frame_is_refused(
    shares: tuple[Share, ...], plan: Plan
) -> None:
    strategy = change_shares(plan.strategy, "arrests", *shares)
    with pytest.raises(PrivacyError, match=r"MS647.*arrests"):
        make_plan("2025Q1", plan.policy, plan.keys, strategy, RULES)


def test_a_linked_frame_is_measured_whole_because_its_bound_holds_for_no_sum_of_it(
    plan: Plan,
) -> None:
    total = Share("report_lag_in_year", "state", (), Fraction(1, 10))
    strategy = change_shares(plan.strategy, "report_lag_in_year", total)
    with pytest.raises(PrivacyError, match=r"MS647.*report_lag_in_year"):
        make_plan("2025Q4", plan.policy, plan.keys, strategy, RULES)


def test_the_stored_split_is_that_of_the_reviewed_policy_and_lists() -> None:
    policy = load_policy()
    keys, strategy = load_keys(KEYS, policy), load_strategy()
    assert (strategy.policy_hash, strategy.keys_hash) == (policy.hash, keys.hash)
    assert {share.frame for split in strategy.splits for share in split.shares} == set(
        policy.frames
    )
