import multiprocessing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from privacy_examples import (
    KILLED,
    PROVENANCE,
    CrashError,
    example_exact,
    example_plan,
    release_after_meeting,
    release_and_be_killed,
    release_and_crash,
)

from privacy import door, publishing
from privacy.chain import BEGUN, CHARGE, DONE, Charge
from privacy.errors import PrivacyError
from privacy.exact import ExactRelease
from privacy.ledger import Ledger
from privacy.plan import Plan
from privacy.policy import Caps
from privacy.released import Provenance, Release

SPAWN = multiprocessing.get_context("spawn")


def never_read() -> ExactRelease:
    pytest.fail("exact rows were read")


def kinds(ledger: Ledger) -> list[str]:
    return [entry.kind for entry in ledger.read_entries()]


def test_a_release_is_charged_marked_drawn_and_recorded_in_this_order(
    plan: Plan, ledger: Ledger
) -> None:
    door.release(plan, lambda: example_exact(plan), ledger)
    assert kinds(ledger) == [CHARGE, BEGUN, DONE]
    assert [entry.charge.rho for entry in ledger.read_entries()] == [plan.rho] * 3


def test_a_second_release_of_a_quarter_gives_the_first_again_without_reading(
    plan: Plan, ledger: Ledger
) -> None:
    first = door.release(plan, lambda: example_exact(plan), ledger)
    again = door.release(plan, never_read, ledger)
    assert again.to_json() == first.to_json()
    assert door.recall(plan.quarter, ledger) == first
    assert kinds(ledger) == [CHARGE, BEGUN, DONE]


def test_recalling_a_quarter_that_was_never_drawn_gives_nothing(ledger: Ledger) -> None:
    assert door.recall("2025Q1", ledger) is None


def test_a_draw_recorded_in_an_older_form_is_refused_and_not_drawn_again(
    plan: Plan, ledger: Ledger
) -> None:
    charge = Charge(plan.quarter, plan.hash, plan.rho)
    ledger.charge(charge, plan.policy.caps)
    ledger.begin_draw(charge)
    ledger.finish_draw(charge, {"release_id": plan.quarter, "tables": []})
    for give in (
        lambda: door.release(plan, never_read, ledger),
        lambda: door.recall(plan.quarter, ledger),
    ):
        with pytest.raises(PrivacyError, match=r"MS629.*older version"):
            give()
    assert kinds(ledger) == [CHARGE, BEGUN, DONE]


def test_what_follows_the_draw_is_rehearsed_before_anything_is_charged(
    plan: Plan, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(publishing, "count_tables", fail)
    with pytest.raises(ArithmeticError):
        door.release(plan, never_read, ledger)
    assert kinds(ledger) == []


def test_a_release_names_the_ledgers_head_and_time(plan: Plan, ledger: Ledger) -> None:
    released = door.release(plan, lambda: example_exact(plan), ledger)
    done = ledger.read_entries()[-1]
    assert (released.ledger_head, released.drawn_at) == (done.hash, done.at)
    assert ledger.verify([released.ledger_head]) == done.hash


def test_another_plan_for_a_drawn_quarter_is_refused(plan: Plan, ledger: Ledger) -> None:
    door.release(plan, lambda: example_exact(plan), ledger)
    other = replace(plan, policy=replace(plan.policy, hash="0" * 64))
    with pytest.raises(PrivacyError, match=r"MS624.*2025Q1") as caught:
        door.release(other, never_read, ledger)
    assert caught.value.exit_code == 5


def test_a_plan_over_its_cap_is_refused_before_anything_is_read(plan: Plan, ledger: Ledger) -> None:
    tight = replace(plan.policy, caps=Caps(Fraction(1, 9), Fraction(1, 2)))
    with pytest.raises(PrivacyError, match="MS625"):
        door.release(replace(plan, policy=tight), never_read, ledger)
    assert kinds(ledger) == []


def test_a_fifth_quarter_of_one_year_cannot_exist_but_a_lower_year_cap_refuses(
    plan: Plan, ledger: Ledger
) -> None:
    tight = replace(plan.policy, caps=Caps(Fraction(1, 8), Fraction(1, 5)))
    door.release(replace(plan, policy=tight), lambda: example_exact(plan), ledger)
    second = replace(example_plan("2025Q2"), policy=tight)
    with pytest.raises(PrivacyError, match=r"MS625.*cap of 2025\."):
        door.release(second, never_read, ledger)


def test_a_plan_that_costs_more_than_it_says_is_refused(plan: Plan, ledger: Ledger) -> None:
    first = replace(plan.frames[0], rho=plan.frames[0].rho / 2)
    forged = replace(plan, frames=(first, *plan.frames[1:]))
    with pytest.raises(PrivacyError, match="MS612"):
        door.release(forged, never_read, ledger)
    assert kinds(ledger) == []


def test_rows_that_are_not_an_exact_release_are_refused_and_cost_nothing(
    plan: Plan, ledger: Ledger
) -> None:
    with pytest.raises(PrivacyError, match="MS609"):
        door.release(plan, lambda: {"children": [1]}, ledger)  # type: ignore[arg-type, return-value]
    assert kinds(ledger) == []


def test_rows_without_a_frame_of_the_plan_are_refused_and_cost_nothing(
    plan: Plan, ledger: Ledger
) -> None:
    with pytest.raises(PrivacyError, match="MS609"):
        door.release(plan, lambda: ExactRelease([], PROVENANCE), ledger)
    assert kinds(ledger) == []


def test_a_quarter_that_an_agency_did_not_deliver_is_refused_and_costs_nothing(
    plan: Plan, ledger: Ledger
) -> None:
    silent = Provenance(PROVENANCE.deliveries[:2], is_simulated=True)
    frames = [example_exact(plan).take(planned.frame.name) for planned in plan.frames]
    with pytest.raises(PrivacyError, match=r"MS614.*mshp has not delivered"):
        door.release(plan, lambda: ExactRelease(frames, silent), ledger)
    assert kinds(ledger) == []


def test_who_delivered_is_recorded_with_the_draw_and_never_told_anew(
    plan: Plan, ledger: Ledger
) -> None:
    first = door.release(plan, lambda: example_exact(plan), ledger)
    payload = ledger.read_entries()[-1].payload
    assert payload is not None
    assert payload["provenance"] == {
        "deliveries": {"dss": "full", "hotline": "nil", "mshp": "delta"},
        "is_simulated": True,
    }
    assert first.provenance == PROVENANCE
    assert door.release(plan, never_read, ledger).provenance == PROVENANCE


# (step, moment) -> what the ledger holds after the crash, and what a new call gives
CRASHES = [
    ("read", "before", [], "drawn"),
    ("charge", "before", [], "drawn"),
    ("write", "before", [], "drawn"),
    ("write", "after", [], "drawn"),
    ("charge", "after", [CHARGE], "drawn"),
    ("begin", "before", [CHARGE], "drawn"),
    ("begin", "after", [CHARGE, BEGUN], "lost"),
    ("draw", "before", [CHARGE, BEGUN], "lost"),
    ("draw", "after", [CHARGE, BEGUN], "lost"),
    ("finish", "before", [CHARGE, BEGUN], "lost"),
    ("finish", "after", [CHARGE, BEGUN, DONE], "kept"),
]


def check_recovery(path: Path, plan: Plan, left: list[str], outcome: str) -> None:
    ledger = Ledger(path)
    assert kinds(ledger) == left
    if outcome == "lost":
        for _ in range(2):
            with pytest.raises(PrivacyError, match=r"MS626.*stays spent"):
                door.release(plan, never_read, ledger)
        assert kinds(ledger) == left
        return
    read = never_read if outcome == "kept" else lambda: example_exact(plan)
    finished = door.release(plan, read, ledger)
    assert kinds(ledger) == [CHARGE, BEGUN, DONE]
    assert door.release(plan, never_read, ledger) == finished


@pytest.mark.parametrize(("step", "moment", "left", "outcome"), CRASHES)
def test_an_exception_between_two_steps_never_leads_to_a_second_charge_or_draw(
    step: str, moment: str, left: list[str], outcome: str, plan: Plan, ledger_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CrashError):
        release_and_crash(patch, ledger_path, step, moment, for_good=False)
    check_recovery(ledger_path, plan, left, outcome)


@pytest.mark.parametrize(("step", "moment", "left", "outcome"), CRASHES)
def test_a_killed_process_never_leads_to_a_second_charge_or_draw(
    step: str, moment: str, left: list[str], outcome: str, plan: Plan, ledger_path: Path
) -> None:
    process = SPAWN.Process(target=release_and_be_killed, args=(ledger_path, step, moment))
    process.start()
    process.join()
    assert process.exitcode == KILLED
    check_recovery(ledger_path, plan, left, outcome)


def release_at_once(
    path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> list[tuple[str, str]]:
    barrier, answers = SPAWN.Barrier(2), SPAWN.Queue()
    processes = [
        SPAWN.Process(target=release_after_meeting, args=(path, quarters, rows, barrier, answers))
        for quarters, rows in ((first, 40), (second, 90))
    ]
    for process in processes:
        process.start()
    given = [answers.get(timeout=120) for _ in range(len(first) + len(second))]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    answers.close()
    answers.join_thread()
    return given


def test_two_processes_with_one_plan_give_equal_bytes_for_one_charge(ledger_path: Path) -> None:
    given = release_at_once(ledger_path, ("2025Q1",), ("2025Q1",))
    assert len(set(given)) == 1
    assert kinds(Ledger(ledger_path)) == [CHARGE, BEGUN, DONE]
    assert Release.from_json(given[0][1]).release_id == "2025Q1"


def test_two_processes_in_opposite_order_give_equal_bytes_for_one_charge_each(
    ledger_path: Path,
) -> None:
    given = release_at_once(ledger_path, ("2025Q1", "2025Q2"), ("2025Q2", "2025Q1"))
    assert len(given) == 4
    assert len(set(given)) == 2
    assert sorted(kinds(Ledger(ledger_path))) == sorted([CHARGE, BEGUN, DONE] * 2)
