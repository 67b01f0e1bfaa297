"""What the door refuses, and in which order it takes its steps; each on both kinds of ledger."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from approval_examples import Office
from ledger_examples import RESERVATION, example_charge
from privacy_examples import (
    PROVENANCE,
    example_exact,
    example_plan,
    never_read,
    release_example,
    try_nothing,
)

from privacy import door
from privacy.approval.approval import check_recorded
from privacy.canonical import compute_sha256
from privacy.engine.exact import ExactRelease
from privacy.errors import PrivacyError
from privacy.held import HeldDraw
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN, Charge
from privacy.ledger.ledger import Ledger, Place
from privacy.plan import Plan
from privacy.publishing import numbers
from privacy.released import Provenance, Release


def kinds(ledger: Ledger) -> list[str]:
    return [entry.kind for entry in ledger.read_entries()]


Open = Callable[..., Release]


@pytest.fixture
def open_door(office: Office, ledger: Ledger) -> Open:
    def open_it(
        plan: Plan, read_exact: Callable[[], ExactRelease] = never_read, by: Office = office
    ) -> Release:
        return door.release(
            plan, by.approvals(plan.quarter), read_exact, try_nothing, ledger, by.custody()
        )

    return open_it


def test_the_mark_of_a_draw_is_told_before_the_draw_may_be_seen(
    plan: Plan, office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    put = HeldDraw.put

    def put_after_word(*arguments: Any) -> Any:
        assert len(told) == 1
        return put(*arguments)

    monkeypatch.setattr(HeldDraw, "put", put_after_word)
    custody = replace(office.custody(), tell_mark=told.append)
    for _ in range(2):
        door.release(
            plan, office.approvals(), lambda: example_exact(plan), try_nothing, ledger, custody
        )
    assert told == [entry.hash for entry in ledger.read_entries() if entry.kind == BEGUN]


def test_a_release_is_charged_marked_drawn_and_recorded_in_this_order(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    open_door(plan, lambda: example_exact(plan))
    assert kinds(ledger) == [CHARGE, BEGUN, DRAWN, DONE]
    charge = Charge(plan.quarter, plan.hash, plan.parts)
    assert {entry.charge for entry in ledger.read_entries()} == {charge}
    assert charge.rho == plan.rho


def test_a_second_release_of_a_quarter_gives_the_first_again_without_reading(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    first = open_door(plan, lambda: example_exact(plan))
    assert open_door(plan).to_json() == first.to_json()
    assert door.recall(plan.quarter, ledger) == first
    assert kinds(ledger) == [CHARGE, BEGUN, DRAWN, DONE]


def test_recalling_a_quarter_that_was_never_drawn_gives_nothing(ledger: Ledger) -> None:
    assert door.recall("2025Q1", ledger) is None


def test_the_raw_draw_is_recorded_as_it_is_published(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    released = open_door(plan, lambda: example_exact(plan))
    drawn = ledger.read_entries()[2]
    assert drawn.payload is not None
    assert drawn.payload["cells"] == {
        measured.name: [cell.noisy_count for cell in measured.cells]
        for measured in released.measurements
    }
    assert released.drawn_at == drawn.at


def test_a_release_in_an_older_form_is_refused_and_not_drawn_again(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    charge = Charge(plan.quarter, plan.hash, plan.parts)
    ledger.charge(charge, plan.policy.caps, {"plan": plan.to_json()})
    ledger.begin_draw(charge, RESERVATION)
    ledger.record_draw(charge, {})
    ledger.finish(charge, {"release_id": plan.quarter, "tables": []})
    for give in (lambda: open_door(plan), lambda: door.recall(plan.quarter, ledger)):
        with pytest.raises(PrivacyError, match=r"MS629.*older version"):
            give()
    assert kinds(ledger) == [CHARGE, BEGUN, DRAWN, DONE]


def test_what_follows_the_draw_is_tried_before_anything_is_charged(
    plan: Plan, open_door: Open, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(numbers, "count_tables", fail)
    with pytest.raises(ArithmeticError):
        open_door(plan)
    assert kinds(ledger) == []


def test_a_release_names_the_ledgers_head_and_what_it_spent(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    released = open_door(plan, lambda: example_exact(plan))
    assert ledger.verify([released.ledger_head]) == released.ledger_head
    spent = {fact.period: fact.spent for fact in released.privacy.spending}
    assert spent["quarter"] == spent["lifetime"] == plan.rho


def test_a_release_says_who_approved_it_and_the_ledger_keeps_the_proof(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    [facts] = open_door(plan, lambda: example_exact(plan)).approvals
    assert facts.signer == "doe"
    charged = ledger.read_entries()[0]
    assert charged.payload is not None
    assert compute_sha256(charged.payload["plan"]) == plan.hash
    officers = office.approvals().list_officers()
    [told] = check_recorded(charged, officers)
    assert (told["signer"], told["is_listed"]) == ("doe", True)
    assert check_recorded(charged, ())[0]["is_listed"] is False
    forged = replace(charged, payload={**charged.payload, "plan": "{}"})
    with pytest.raises(PrivacyError, match=r"MS654.*doe"):
        check_recorded(forged, officers)


def test_a_later_release_knows_the_earlier_one(plan: Plan, open_door: Open) -> None:
    first = open_door(plan, lambda: example_exact(plan))
    second_plan = example_plan("2025Q2")
    second = open_door(second_plan, lambda: example_exact(second_plan))
    assert second.previous is not None
    assert second.previous.sha256 == first.sha256
    assert {point.period for point in second.history} == {"2025Q1"}


def test_an_earlier_quarter_is_never_drawn_after_a_later_one(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    """What it would have counted is in the later one; its rows are not even read."""
    second_plan = example_plan("2025Q2")
    second = open_door(second_plan, lambda: example_exact(second_plan))
    error = refused(open_door, plan, ledger, "MS648", exit_code=5)
    assert "2025Q1" in error.sentence
    assert "2025Q2" in error.sentence
    assert open_door(second_plan).to_json() == second.to_json()


def test_a_quarter_that_was_drawn_in_its_turn_is_given_again_after_a_later_one(
    plan: Plan, open_door: Open
) -> None:
    first = open_door(plan, lambda: example_exact(plan))
    second_plan = example_plan("2025Q2")
    open_door(second_plan, lambda: example_exact(second_plan))
    assert open_door(plan).to_json() == first.to_json()


def refused(
    open_door: Open, plan: Plan, ledger: Ledger, code: str, *, exit_code: int, **options: object
) -> PrivacyError:
    before = kinds(ledger)
    with pytest.raises(PrivacyError, match=code) as caught:
        open_door(plan, **options)
    assert caught.value.exit_code == exit_code
    assert kinds(ledger) == before
    return caught.value


def test_another_plan_for_a_drawn_quarter_is_refused(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    open_door(plan, lambda: example_exact(plan))
    other = replace(plan, policy=replace(plan.policy, hash="0" * 64))
    refused(open_door, other, ledger, "MS624.*2025Q1", exit_code=5)


@pytest.mark.parametrize("cap", ["quarter", "year", "three_years", "lifetime"])
def test_a_plan_over_a_cap_is_refused_before_anything_is_read(
    plan: Plan, open_door: Open, ledger: Ledger, cap: str
) -> None:
    caps = replace(plan.policy.caps, **{cap: Fraction(1, 99)})
    over = replace(plan, policy=replace(plan.policy, caps=caps))
    refused(open_door, over, ledger, "MS625", exit_code=5)


def test_a_plan_that_costs_more_than_it_says_is_refused(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    first = replace(plan.frames[0], rho=plan.frames[0].rho / 2)
    forged = replace(plan, frames=(first, *plan.frames[1:]))
    office.sign(forged, office.folder / "secret" / "doe.key")
    refused(open_door, forged, ledger, "MS612", exit_code=5)


def test_a_plan_that_nobody_signed_is_refused_before_anything_is_read(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger, tmp_path: Path
) -> None:
    refused(open_door, plan, ledger, "MS650", exit_code=6, by=Office(tmp_path / "empty"))
    for path in office.approvals().plan_folder.folder.glob("*.minisig"):
        path.unlink()
    refused(open_door, plan, ledger, "MS652", exit_code=6)


def test_a_plan_whose_policy_was_touched_after_signing_is_refused(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    touched = replace(plan, policy=replace(plan.policy, version=plan.policy.version + 1))
    refused(open_door, touched, ledger, "MS651", exit_code=6)


def test_an_approval_of_another_quarter_cannot_be_replayed(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    review, other = office.approvals().plan_folder, office.approvals("2025Q2").plan_folder
    for name, signature in other.read_signatures().items():
        (review.folder / name).write_bytes(signature)
    refused(open_door, plan, ledger, "MS654", exit_code=6)


def test_a_plan_signed_with_a_wrong_key_is_refused(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    (office.folder / "officers" / "doe.pub").unlink()
    refused(open_door, plan, ledger, "MS653", exit_code=6)


def test_a_rejected_plan_is_refused_though_it_is_signed(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    office.approvals().plan_folder.reject(plan.hash, "too dear", "2025-04-02")
    refused(open_door, plan, ledger, "MS655", exit_code=6)


def test_a_key_of_the_demo_opens_the_door_for_simulated_records_alone(
    plan: Plan, open_door: Open, office: Office, ledger: Ledger
) -> None:
    (office.folder / "officers" / "doe.pub").unlink()
    office.sign(plan, office.appoint_throwaway())
    real = example_exact(plan)
    assert real.provenance.is_simulated
    refused(open_door, plan, ledger, "MS656", exit_code=6, read_exact=lambda: real)
    made_up = open_door(plan, lambda: example_exact(plan, is_made_up=True))
    assert [facts.signer for facts in made_up.approvals] == ["demo"]


def test_rows_that_are_not_an_exact_release_are_refused_and_cost_nothing(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    refused(open_door, plan, ledger, "MS609", exit_code=5, read_exact=lambda: {"a": [1]})


def test_rows_without_a_frame_of_the_plan_are_refused_and_cost_nothing(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    empty = ExactRelease([], PROVENANCE)
    refused(open_door, plan, ledger, "MS609", exit_code=5, read_exact=lambda: empty)


def test_a_quarter_that_an_agency_did_not_deliver_is_refused_and_costs_nothing(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    silent = Provenance(PROVENANCE.deliveries[:2], is_simulated=True)
    frames = [example_exact(plan).take(planned.frame.name) for planned in plan.frames]
    exact = ExactRelease(frames, silent)
    refused(
        open_door,
        plan,
        ledger,
        "MS614.*mshp has not delivered",
        exit_code=5,
        read_exact=lambda: exact,
    )


def test_an_awaited_agency_cannot_be_told_to_have_delivered_nothing(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    deliveries = (*PROVENANCE.deliveries[:2], ("mshp", "none"))
    silent = Provenance(deliveries, is_simulated=True)
    frames = [example_exact(plan).take(planned.frame.name) for planned in plan.frames]
    exact = ExactRelease(frames, silent)
    refused(
        open_door,
        plan,
        ledger,
        "MS614.*mshp has not delivered",
        exit_code=5,
        read_exact=lambda: exact,
    )


def test_a_test_that_the_policy_names_and_that_did_not_hold_is_refused_and_costs_nothing(
    open_door: Open, ledger: Ledger
) -> None:
    annual = example_plan("2025Q4")
    frames = [example_exact(annual).take(planned.frame.name) for planned in annual.frames]
    held = ["assert_children_by_agency_in_year_covers_every_child_reported"]
    refused(
        open_door,
        annual,
        ledger,
        "MS615.*report_lag_in_year.*assert_report_lag_in_year_has_every_juvenile_victim_record",
        exit_code=5,
        read_exact=lambda: ExactRelease(frames, PROVENANCE, held=held),
    )


def test_who_delivered_is_recorded_with_the_draw_and_never_told_anew(
    plan: Plan, open_door: Open, ledger: Ledger
) -> None:
    first = open_door(plan, lambda: example_exact(plan))
    payload = ledger.read_entries()[2].payload
    assert payload is not None
    assert payload["provenance"] == {
        "deliveries": {"dss": "full", "hotline": "nil", "mshp": "delta"},
        "is_simulated": True,
    }
    assert first.provenance == PROVENANCE
    assert open_door(plan).provenance == PROVENANCE


def test_a_drawn_quarter_needs_its_approval_no_more(
    plan: Plan, office: Office, open_door: Open, tmp_path: Path
) -> None:
    first = open_door(plan, lambda: example_exact(plan))
    assert open_door(plan, by=Office(tmp_path / "empty")) == first


def test_what_was_charged_since_changes_nothing_in_a_release_finished_late(
    plan: Plan, office: Office, open_door: Open, ledger_place: Place, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", fail)
        with pytest.raises(KeyboardInterrupt):
            open_door(plan, lambda: example_exact(plan))
    assert door.recall(plan.quarter, Ledger(ledger_place)) is None
    later = example_plan("2025Q2")
    release_example(later, office, ledger_place)
    finished = open_door(plan)
    assert {fact.spent for fact in finished.privacy.spending} == {plan.rho, Fraction(0)}
    assert [facts.signer for facts in finished.approvals] == ["doe"]


def test_the_cost_of_a_charge_is_that_of_its_frames(plan: Plan) -> None:
    assert sum(part.rho for part in plan.parts) == plan.rho
    assert example_charge().rho == Fraction(1, 8)
