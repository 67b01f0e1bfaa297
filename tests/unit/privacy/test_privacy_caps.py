"""The worst case of one identity, against every way in which it could stand in the frames."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_examples import CAPS, EIGHTH, example_charge, example_part

from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.ledger.caps import (
    YEARS_AHEAD,
    check_caps,
    compute_spending,
    foresee_lifetime,
    name_period,
)
from privacy.ledger.chain import BEGUN, CHARGE, LOST, Charge, Entry, Part
from privacy.policy.policy import Caps
from privacy.released import ACTIVITY, ANNUAL, COHORT, QUARTERLY

WIDE = Caps(*[Fraction(100)] * 5)
PERIODS = ("quarter", "annual", "year", "three_years", "lifetime")


def enter(*charges: Charge) -> list[Entry]:
    return [
        Entry(number, "", kind, charge, None, "", "")
        for number, charge in enumerate(charges, start=1)
        for kind in (CHARGE, BEGUN)
    ]


def charge_of(quarter: str, *parts: Part) -> Charge:
    return Charge(quarter, compute_sha256(quarter), parts)


def spend(charges: list[Charge], charge: Charge, caps: Caps = WIDE) -> dict[str, Fraction]:
    return {fact.period: fact.spent for fact in compute_spending(enter(*charges), charge, caps)}


def test_the_periods_come_in_order_with_their_caps() -> None:
    facts = compute_spending([], example_charge(), CAPS)
    assert tuple(fact.period for fact in facts) == PERIODS
    assert [fact.cap for fact in facts] == [
        CAPS.quarter,
        CAPS.annual,
        CAPS.year,
        CAPS.three_years,
        CAPS.lifetime,
    ]


def test_a_cohort_frame_costs_a_lifetime_its_dearest_quarter_only() -> None:
    costs = [Fraction(1, 8), Fraction(1, 4), Fraction(1, 16)]
    charges = [
        charge_of(f"2025Q{number}", example_part(rho, counting=COHORT, quarters=1))
        for number, rho in enumerate(costs, start=1)
    ]
    assert spend(charges[:2], charges[2]) == {
        "quarter": Fraction(1, 16),
        "annual": 0,
        "year": Fraction(1, 4),
        "three_years": Fraction(1, 4),
        "lifetime": Fraction(1, 4),
    }


def test_an_activity_frame_costs_a_lifetime_as_many_of_its_dearest_quarters_as_it_allows() -> None:
    costs = [Fraction(cost, 32) for cost in (1, 4, 2, 3, 5)]
    charges = [
        charge_of(f"{2024 + number // 4}Q{number % 4 + 1}", example_part(rho, quarters=2))
        for number, rho in enumerate(costs)
    ]
    found = spend(charges[:-1], charges[-1])
    assert found["lifetime"] == Fraction(9, 32)
    assert found["year"] == Fraction(5, 32)


def test_an_activity_frame_without_a_limit_costs_every_quarter() -> None:
    charges = [charge_of(f"2025Q{number}", example_part(EIGHTH)) for number in (1, 2, 3)]
    assert spend(charges[:2], charges[2])["lifetime"] == Fraction(3, 8)


def test_frames_add_up() -> None:
    charge = charge_of(
        "2025Q1",
        example_part(Fraction(1, 16), frame="a", counting=COHORT),
        example_part(Fraction(1, 32), frame="b"),
    )
    assert spend([], charge)["quarter"] == Fraction(3, 32)


def test_annual_tables_have_a_cap_of_their_own_and_count_in_the_year() -> None:
    third = charge_of("2025Q3", example_part(Fraction(1, 8)))
    fourth = charge_of(
        "2025Q4",
        example_part(Fraction(1, 16)),
        example_part(Fraction(1, 4), frame="in_year", cadence=ANNUAL, quarters=1),
    )
    assert spend([third], fourth) == {
        "quarter": Fraction(1, 16),
        "annual": Fraction(1, 4),
        "year": Fraction(7, 16),
        "three_years": Fraction(7, 16),
        "lifetime": Fraction(7, 16),
    }


def test_three_years_are_any_twelve_quarters_in_a_row() -> None:
    old = [charge_of(f"{year}Q2", example_part(EIGHTH)) for year in (2022, 2023, 2024)]
    assert spend(old, charge_of("2025Q1", example_part(EIGHTH)))["three_years"] == Fraction(1, 2)
    assert spend(old, charge_of("2025Q2", example_part(EIGHTH)))["three_years"] == Fraction(3, 8)


def test_a_quarter_is_not_charged_after_a_later_one() -> None:
    first, second, third = (example_charge(f"2025Q{number}", str(number)) for number in (1, 2, 3))
    check_caps(enter(first), second, WIDE)
    check_caps(enter(first, third), third, WIDE)
    check_caps(enter(first, third), first, WIDE)
    for entries in (enter(first, third), enter(third), enter(third, first)):
        with pytest.raises(PrivacyError, match=r"MS648.*2025Q2.*2025Q3") as caught:
            check_caps(entries, second, WIDE)
        assert caught.value.exit_code == 5
    with pytest.raises(PrivacyError, match=r"MS648.*2024Q4.*2025Q1"):
        check_caps(enter(first), example_charge("2024Q4"), WIDE)


def test_another_plan_for_a_charged_quarter_is_told_so_though_a_later_one_was_charged() -> None:
    charged = enter(example_charge("2025Q1"), example_charge("2025Q2"))
    with pytest.raises(PrivacyError, match="MS624"):
        check_caps(charged, example_charge("2025Q1", "other"), WIDE)


def test_the_cost_of_a_quarter_charged_late_would_count_with_what_was_charged_after_it() -> None:
    newer = [charge_of(f"{year}Q1", example_part(EIGHTH)) for year in (2024, 2025, 2026)]
    late = charge_of("2023Q2", example_part(EIGHTH))
    assert spend(newer, late)["three_years"] == Fraction(1, 2)
    assert spend(newer, charge_of("2023Q1", example_part(EIGHTH)))["three_years"] == Fraction(3, 8)


def test_promises_made_anew_add_up_with_the_old_ones() -> None:
    old = charge_of("2025Q1", example_part(EIGHTH, counting=COHORT, quarters=1))
    new = charge_of("2025Q2", example_part(EIGHTH, quarters=2))
    assert spend([old], new)["lifetime"] == Fraction(1, 4)


def test_a_frame_that_became_annual_costs_beside_what_it_cost_in_quarters() -> None:
    old = charge_of("2025Q1", example_part(EIGHTH, quarters=1))
    new = charge_of("2025Q4", example_part(EIGHTH, quarters=1, cadence=ANNUAL))
    assert spend([old], new)["lifetime"] == Fraction(1, 4)


def test_a_lifetime_is_foreseen_by_twenty_more_years_of_what_a_fourth_quarter_costs() -> None:
    """A cohort counts once, an activity twice, an annual frame without a limit each year."""
    parts = (
        Part("c", COHORT, QUARTERLY, 1, Fraction(1, 8)),
        Part("a", ACTIVITY, QUARTERLY, 2, Fraction(1, 16)),
        Part("y", ACTIVITY, ANNUAL, None, Fraction(1, 100)),
    )
    first, fourth = charge_of("2025Q1", *parts[:2]), charge_of("2025Q4", *parts)
    expected = Fraction(1, 8) + 2 * Fraction(1, 16) + YEARS_AHEAD * Fraction(1, 100)
    assert foresee_lifetime([], first, fourth) == expected
    assert foresee_lifetime(enter(first), first, fourth) == expected
    dear = charge_of("2024Q4", Part("c", COHORT, QUARTERLY, 1, Fraction(1, 2)))
    assert foresee_lifetime(enter(dear), first, fourth) == expected + Fraction(3, 8)


def test_a_charge_is_counted_once_whether_it_is_in_the_ledger_or_not() -> None:
    charge = example_charge()
    assert compute_spending([], charge, CAPS) == compute_spending(enter(charge), charge, CAPS)


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        ({"quarter": Fraction(1, 9)}, "the quarterly tables of 2025Q4"),
        ({"annual": Fraction(1, 17)}, "the annual tables of 2025"),
        ({"year": Fraction(1, 4)}, "the year 2025"),
        ({"three_years": Fraction(2, 5)}, "any twelve quarters with 2025Q4"),
        ({"lifetime": Fraction(3, 7)}, "a lifetime"),
    ],
)
def test_each_cap_refuses_by_name_what_passes_it(caps: dict[str, Fraction], words: str) -> None:
    earlier = enter(
        charge_of("2024Q1", example_part(EIGHTH)), charge_of("2025Q1", example_part(EIGHTH))
    )
    charge = charge_of(
        "2025Q4",
        example_part(EIGHTH),
        example_part(Fraction(1, 16), frame="in_year", cadence=ANNUAL),
    )
    check_caps(earlier, charge, WIDE)
    with pytest.raises(PrivacyError, match=rf"MS625.*cap of {words}\. .*rho 0\.187500"):
        check_caps(earlier, charge, Caps(**{**vars(WIDE), **caps}))


def test_a_cap_may_be_reached_to_the_last_fraction() -> None:
    tight = Caps(*[EIGHTH] * 5)
    check_caps([], example_charge(), tight)
    with pytest.raises(PrivacyError, match="MS625"):
        check_caps([], example_charge(rho=EIGHTH + Fraction(1, 10**40)), tight)


def test_a_plan_already_charged_fits_however_low_the_cap_is_now() -> None:
    charge = example_charge()
    check_caps(enter(charge), charge, Caps(*[Fraction(0)] * 5))
    with pytest.raises(PrivacyError, match="MS624"):
        check_caps(enter(charge), example_charge(plan="b"), WIDE)


def lose(*charges: Charge) -> list[Entry]:
    """What the ledger holds of charges whose draws were declared lost."""
    return [
        *enter(*charges),
        *(Entry(0, "", LOST, charge, None, "", "") for charge in charges),
    ]


def pay_again(charge: Charge, plan: str = "again") -> Charge:
    return Charge(charge.quarter, compute_sha256(plan), charge.parts, charge.plan)


@pytest.mark.parametrize("counting", [COHORT, ACTIVITY])
def test_a_quarter_paid_for_once_more_costs_both_charges_in_every_window(counting: str) -> None:
    quarterly = example_part(EIGHTH, counting=counting, quarters=1)
    annual = example_part(EIGHTH, frame="year", counting=counting, cadence=ANNUAL, quarters=1)
    lost = charge_of("2025Q4", quarterly, annual)
    facts = compute_spending(lose(lost), pay_again(lost), WIDE)
    assert {fact.period: fact.spent for fact in facts} == {
        "quarter": Fraction(1, 4),
        "annual": Fraction(1, 4),
        "year": Fraction(1, 2),
        "three_years": Fraction(1, 2),
        "lifetime": Fraction(1, 2),
    }


def test_a_lost_quarter_counts_in_what_later_quarters_find_spent() -> None:
    lost = charge_of("2025Q1", example_part(EIGHTH, counting=COHORT, quarters=1))
    entries = [*lose(lost), *enter(pay_again(lost))]
    later = charge_of("2025Q2", example_part(EIGHTH, counting=COHORT, quarters=1))
    found = {fact.period: fact.spent for fact in compute_spending(entries, later, WIDE)}
    assert found["quarter"] == EIGHTH
    assert found["year"] == found["lifetime"] == Fraction(1, 4)


@pytest.mark.parametrize("period", ["quarter", "year", "three_years", "lifetime"])
def test_a_quarter_is_paid_for_once_more_only_where_every_cap_leaves_room_for_both(
    period: str,
) -> None:
    lost = example_charge(counting=COHORT, quarters=1)
    tight = Caps(**{**vars(WIDE), period: Fraction(1, 4)})
    check_caps(lose(lost), pay_again(lost), tight)
    tight = Caps(**{**vars(WIDE), period: Fraction(1, 4) - Fraction(1, 10**40)})
    with pytest.raises(PrivacyError, match="MS625"):
        check_caps(lose(lost), pay_again(lost), tight)


def test_only_a_lost_draw_is_paid_for_once_more_and_only_by_a_plan_that_says_so() -> None:
    first = example_charge()
    with pytest.raises(PrivacyError, match="MS624"):
        check_caps(enter(first), pay_again(first), WIDE)
    with pytest.raises(PrivacyError, match="MS637"):
        check_caps([], pay_again(first), WIDE)
    with pytest.raises(PrivacyError, match="MS637"):
        check_caps(lose(first), example_charge(plan="silent"), WIDE)
    with pytest.raises(PrivacyError, match="MS626"):
        check_caps(lose(first), first, WIDE)


def test_a_draw_that_is_lost_again_may_be_paid_for_a_third_time() -> None:
    first = example_charge()
    second = pay_again(first)
    entries = lose(first, second)
    third = pay_again(second, "once more")
    check_caps(entries, third, WIDE)
    assert compute_spending(entries, third, WIDE)[0].spent == Fraction(3, 8)
    with pytest.raises(PrivacyError, match="MS637"):
        check_caps(entries, pay_again(first, "once more"), WIDE)


def test_every_period_has_words() -> None:
    assert len({name_period(period, "2025Q1") for period in PERIODS}) == len(PERIODS)


PARTS = st.builds(
    example_part,
    st.fractions(Fraction(0), Fraction(1), max_denominator=64),
    frame=st.sampled_from(["a", "b"]),
    counting=st.sampled_from([COHORT, ACTIVITY]),
    cadence=st.just(QUARTERLY),
    quarters=st.sampled_from([None, 1, 2]),
)
HISTORIES = st.lists(
    st.lists(PARTS, max_size=2, unique_by=lambda part: part.frame), min_size=1, max_size=5
)


@given(HISTORIES, st.data())
@settings(max_examples=60)
def test_no_choice_of_quarters_costs_an_identity_more_than_the_worst_case(
    history: list[list[Part]], data: st.DataObject
) -> None:
    """A quarter may be charged several times over, where draws of it were lost."""
    quarters = [f"2024Q{data.draw(st.integers(1, 4))}" for _ in history]
    plans = [compute_sha256(str(number)) for number, _ in enumerate(history)]
    last: dict[str, str] = {}
    charges = []
    for quarter, plan, parts in zip(quarters, plans, history, strict=True):
        charges.append(Charge(quarter, plan, tuple(parts), last.get(quarter)))
        last[quarter] = plan
    promises: dict[object, dict[str, Fraction]] = {}
    for charge in charges:
        for part in charge.parts:
            costs = promises.setdefault((part.frame, part.counting, part.appearances), {})
            costs[charge.quarter] = costs.get(charge.quarter, Fraction(0)) + part.rho
    worst = Fraction(0)
    for (_, _, appearances), costs in promises.items():  # type: ignore[misc]
        most = len(costs) if appearances is None else min(appearances, len(costs))
        worst += max(sum(chosen, Fraction(0)) for chosen in combinations(costs.values(), most))
    assert spend(charges[:-1], charges[-1])["lifetime"] == worst
