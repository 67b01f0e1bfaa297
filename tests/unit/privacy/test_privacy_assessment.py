"""What an officer is shown of a plan, against the plan, the ledger and released numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from ledger_examples import EIGHTH, example_charge
from privacy_examples import PROVENANCE, example_plan
from release_examples import fill_cells, find_table, publish

from privacy.approval.approval import Officer
from privacy.approval.assessment import assess
from privacy.approval.policy_summary import LIFETIME_QUARTERS, sum_worst
from privacy.engine.margins import compute_margin
from privacy.errors import PrivacyError
from privacy.ledger.chain import BEGUN, CHARGE, DONE, Charge, Entry
from privacy.plan import Plan
from privacy.publishing.publisher import Publisher
from privacy.released import DECLARED_PUBLIC, NOT_RELEASED, Release, describe_release
from privacy.shown import ShownPlan, TableAccuracy

DOE = Officer("doe", "A1", b"", is_throwaway=False)


def enter(kind: str, charge: Charge, payload: dict[str, Any], number: int = 1) -> Entry:
    return Entry(number, "", kind, charge, payload, "", "")


def charge_of(plan: Plan) -> Charge:
    return Charge(plan.quarter, plan.hash, plan.parts)


def enter_release(plan: Plan, release: Release) -> list[Entry]:
    content = describe_release(release)
    del content["ledger_head"]
    return [
        enter(CHARGE, charge_of(plan), {"plan": plan.to_json()}),
        enter(BEGUN, charge_of(plan), {}),
        enter(DONE, charge_of(plan), content),
    ]


def find(review: ShownPlan, name: str) -> TableAccuracy:
    return next(table for table in review.tables if table.name == name)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return example_plan("2025Q2")


@pytest.fixture(scope="module")
def first(plan: Plan) -> ShownPlan:
    """The review of a plan where nothing was ever charged."""
    return assess(plan, (), [DOE])


def assess_after(plan: Plan, entries: Sequence[Entry]) -> ShownPlan:
    return assess(plan, entries, [DOE])


def test_the_review_names_the_plan_that_is_signed_and_who_may_sign(
    plan: Plan, first: ShownPlan
) -> None:
    assert (first.quarter, first.plan) == ("2025Q2", plan.hash)
    assert [(one.name, one.key_id) for one in first.officers] == [("doe", "A1")]
    assert first.signers == plan.policy.signers
    assert [group.size for group in first.groups] == [1, 2, 3]
    assert first.groups[2].rho == 9 * plan.rho


def test_every_table_of_the_release_is_in_the_review_with_its_own_margin(
    plan: Plan, first: ShownPlan
) -> None:
    release = publish(plan, fill_cells(plan, 10))
    assert [one.name for one in first.tables] == [table.name for table in release.tables]
    for table in release.tables:
        margins = [row.moe90 for row in table.rows if row.moe90 is not None]
        assert find(first, table.name).moe90[1] == max(margins, default=0)


def test_the_three_budgets_are_half_one_and_two_and_margins_follow_their_square_root(
    plan: Plan, first: ShownPlan
) -> None:
    assert [choice.rho / plan.rho for choice in first.choices] == [Fraction(1, 2), 1, 2]
    table = find(first, "reports")
    [row] = find_table(publish(plan, fill_cells(plan, 10)), "reports").rows
    assert row.deviation is not None
    assert table.moe90 == tuple(
        compute_margin(row.deviation * factor) for factor in (math.sqrt(2), 1, math.sqrt(0.5))
    )
    assert table.smallest_change[1] == compute_margin(row.deviation * math.sqrt(2))


def test_a_budget_that_would_pass_a_cap_says_so(plan: Plan, first: ShownPlan) -> None:
    assert [choice.fits for choice in first.choices] == [True, True, False]
    assert first.problem == ""


def test_a_plan_over_a_cap_is_shown_with_its_problem(plan: Plan) -> None:
    policy = replace(plan.policy, caps=replace(plan.policy.caps, lifetime=plan.rho / 2))
    review = assess_after(replace(plan, policy=policy), ())
    assert review.problem.startswith("MS625")
    assert [choice.fits for choice in review.choices] == [True, False, False]


def test_the_budget_is_shown_before_and_after_in_the_worst_case(plan: Plan) -> None:
    earlier = example_charge("2025Q1", "a", Fraction(1, 64))
    review = assess_after(plan, [enter(CHARGE, earlier, {"plan": plan.to_json()})])
    shown = {one.period: (one.before, one.after) for one in review.periods}
    assert shown["quarter"] == (0, plan.rho)
    assert shown["year"][0] == shown["lifetime"][0] == Fraction(1, 64)
    own = [part.rho for part in plan.parts if part.frame == "arrests"]
    assert shown["lifetime"][1] == plan.rho + Fraction(1, 64)
    assert len(own) == 1


def test_a_plan_that_was_charged_is_shown_as_before_its_charge(
    plan: Plan, first: ShownPlan
) -> None:
    charged = enter(CHARGE, charge_of(plan), {"plan": plan.to_json()})
    review = assess_after(plan, [charged])
    assert review.periods == first.periods
    assert review.changed_since == ""
    assert review.problem == ""


def test_silent_tables_say_why_they_have_no_number(first: ShownPlan) -> None:
    silent = [table for table in first.tables if table.silence]
    assert {table.name: table.silence for table in silent} == {
        "prosecutions": DECLARED_PUBLIC,
        "dispositions": DECLARED_PUBLIC,
        "convictions": DECLARED_PUBLIC,
        "children_in_care_trafficked": NOT_RELEASED,
        "children_absent_from_care": NOT_RELEASED,
    }
    assert {(table.moe90, table.usable) for table in silent} == {((0, 0, 0), ())}


def test_nothing_is_called_usable_before_anything_was_released(first: ShownPlan) -> None:
    assert {table.usable for table in first.tables} == {()}
    assert {table.compared for table in first.tables} == {""}


@pytest.mark.parametrize(("value", "share"), [(0, 0.0), (10_000, 1.0)])
def test_cells_are_usable_where_the_last_release_was_large_beside_the_margin(
    plan: Plan, value: int, share: float
) -> None:
    last = example_plan("2025Q1")
    older = example_plan("2024Q4")
    entries = [
        *enter_release(older, publish(older, fill_cells(older, 500))),
        *enter_release(last, publish(last, fill_cells(last, value))),
    ]
    review = assess_after(plan, entries)
    for table in review.tables:
        if not table.silence:
            assert table.compared == "2025Q1"
            assert table.usable == (share * table.cells,) * 3


def test_a_cell_is_usable_up_to_half_its_number(plan: Plan) -> None:
    last = example_plan("2025Q1")
    margins = find(assess_after(plan, ()), "reports").moe90
    value = math.ceil(2 * margins[1])
    cells = fill_cells(last, 0) | {"reports_to_childrens_division_at_state": [value]}
    review = assess_after(plan, enter_release(last, publish(last, cells)))
    assert find(review, "reports").usable == (0, 1, 1)


def test_a_later_quarter_released_before_counts_for_nothing(plan: Plan) -> None:
    later = example_plan("2025Q3")
    entries = enter_release(later, publish(later, fill_cells(later, 500)))
    assert {table.usable for table in assess_after(plan, entries).tables} == {()}


def test_an_earlier_release_that_cannot_be_read_is_a_sentence(plan: Plan) -> None:
    broken = enter(DONE, example_charge("2025Q1"), {"tables": []})
    with pytest.raises(PrivacyError, match="MS629"):
        assess_after(plan, [broken])


def test_what_changed_is_said_against_the_plan_charged_last(plan: Plan) -> None:
    same, other = example_plan("2025Q1"), example_plan("2024Q4")
    entries = [
        enter(CHARGE, charge_of(other), {"plan": other.to_json()}),
        enter(CHARGE, charge_of(same), {"plan": same.to_json()}),
    ]
    review = assess_after(plan, entries)
    assert (review.changed_since, review.changes) == ("2025Q1", ())
    review = assess_after(plan, entries[:1])
    assert review.changed_since == "2024Q4"
    assert all("annual" in change or "table" in change for change in review.changes)
    assert review.changes


def test_bounds_cost_what_the_plan_costs(plan: Plan, first: ShownPlan) -> None:
    assert sum(frame.rho for frame in first.frames) == plan.rho
    assert all(frame.reason and frame.title for frame in first.frames)


def test_the_rehearsal_shows_made_up_counts_near_what_would_be_published(
    plan: Plan, first: ShownPlan
) -> None:
    shown = {table.name: table for table in first.rehearsal}
    assert shown.keys() == {table.name for table in first.tables if not table.silence}
    [reports] = shown["reports"].rows
    assert reports.made_up == 120
    assert abs(reports.estimate - 120) < 10 * reports.moe90
    regions = shown["children_by_region"].rows
    assert sum(row.made_up for row in regions) == 120
    assert sum(row.count for row in regions) == shown["children_reported"].rows[0].count
    definitions = {row.labels[-1]: row.made_up for row in shown["incidents_known_to_police"].rows}
    assert definitions["Broad"] == 120
    assert definitions["Strict"] < 120


def test_the_rehearsal_of_a_fourth_quarter_has_no_table_too_long_to_read() -> None:
    review = assess_after(example_plan("2024Q4"), ())
    names = {table.name for table in review.rehearsal}
    assert "children_in_year_by_county" not in names
    assert "children_by_agency" in names
    assert all(len(table.rows) <= 24 for table in review.rehearsal)
    assert review.year == "2024"


def test_a_review_reads_nothing_but_plan_ledger_and_officers(plan: Plan) -> None:
    assert plan.policy.caps.quarter == EIGHTH
    once, again = assess_after(plan, ()), assess_after(plan, ())
    assert replace(once, rehearsal=()) == replace(again, rehearsal=())


def test_the_officer_sees_which_records_stand_in_two_sets_and_what_proves_it() -> None:
    review = assess_after(example_plan("2025Q4"), ())
    agency, lag = review.shared
    assert agency.title == find(review, "children_by_agency").title
    assert agency.other == find(review, "children_reported_in_year").title
    assert agency.cells == ("Social Services only", "Both")
    assert lag.test == "assert_report_lag_in_year_has_every_juvenile_victim_record"
    assert find(review, "children_by_agency").moe90[1] == 19.2  # police only, in no other set
    assert find(review, "report_lag").moe90[1] == 15.5


def test_the_rehearsal_makes_up_as_many_rows_in_both_sets() -> None:
    review = assess_after(example_plan("2025Q4"), ())
    made_up = {one.name: [row.made_up for row in one.rows] for one in review.rehearsal}
    agency = made_up["children_by_agency"]
    assert agency[0] + agency[2] == made_up["children_reported_in_year"][0]
    assert sum(made_up["report_lag"]) == made_up["victim_records_in_year"][1]


def test_a_lifetime_is_foreseen_for_the_officer(first: ShownPlan, plan: Plan) -> None:
    *others, lifetime = first.periods
    assert [one.ahead for one in others] == [None] * 4
    assert lifetime.ahead == sum_worst(example_plan("2025Q4"), LIFETIME_QUARTERS)
    assert lifetime.ahead < plan.policy.caps.lifetime


def test_a_year_is_shown_with_what_its_quarters_measured() -> None:
    earlier = [example_plan(f"2025Q{number}") for number in (1, 2, 3)]
    releases = [publish(plan, fill_cells(plan, 9)) for plan in earlier]
    entries = [
        entry
        for plan, release in zip(earlier, releases, strict=True)
        for entry in enter_release(plan, release)
    ]
    plan = example_plan("2025Q4")
    name = "children_in_year_by_region"
    alone, informed = (find(assess_after(plan, before), name).moe90 for before in ((), entries))
    content = Publisher(plan, earlier=releases).publish(fill_cells(plan, 9), PROVENANCE)
    rows = next(table for table in content["tables"] if table["name"] == name)["rows"]
    assert informed[1] == max(row["moe90"] for row in rows)
    assert all(after < 0.85 * before for before, after in zip(alone, informed, strict=True))
    # A looser budget buys less than its square root: the quarters before stay what they were.
    assert informed[1] / math.sqrt(2) < informed[2] < informed[1] < informed[0]


def test_the_rehearsal_is_as_large_as_the_last_release_told(plan: Plan) -> None:
    last = example_plan("2025Q1")
    entries = enter_release(last, publish(last, fill_cells(last, 50)))
    shown = {table.name: table for table in assess_after(plan, entries).rehearsal}
    [released] = find_table(publish(last, fill_cells(last, 50)), "reports").rows
    [reports] = shown["reports"].rows
    assert reports.made_up == released.count
    assert reports.made_up != 120


def test_a_rehearsal_of_a_year_keeps_rows_alike_that_two_sets_have() -> None:
    last = example_plan("2024Q4")
    entries = enter_release(last, publish(last, fill_cells(last, 50)))
    review = assess_after(example_plan("2025Q4"), entries)
    made_up = {one.name: [row.made_up for row in one.rows] for one in review.rehearsal}
    agency = made_up["children_by_agency"]
    assert agency[0] + agency[2] == made_up["children_reported_in_year"][0]
