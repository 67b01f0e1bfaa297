"""A quarter whose draw may have been seen and is not whole: another plan pays for it once more."""

import resource
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from approval_examples import Office
from ledger_examples import RESERVATION
from privacy_examples import (
    CrashError,
    Patch,
    example_exact,
    example_plan,
    never_read,
    release_and_crash,
    try_nothing,
)
from test_privacy_door_crashes import PROCESSES, kinds, read_held

from privacy import door
from privacy.errors import PrivacyError
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN, LOST
from privacy.ledger.ledger import Ledger, Place
from privacy.plan import Plan
from privacy.policy.policy import Caps
from privacy.released import Release

ROOMY = Caps(*[Fraction(1)] * 5)


def with_caps(plan: Plan, caps: Caps) -> Plan:
    """A plan as it would be under a policy with other caps."""
    return replace(plan, policy=replace(plan.policy, caps=caps))


@pytest.fixture
def lost(plan: Plan, office: Office, ledger_place: Place) -> Ledger:
    """A ledger in which the draw of 2025Q1 ended while it was being written."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CrashError):
        release_and_crash(patch, office, ledger_place, "hold", "halfway", for_good=False)
    return Ledger(ledger_place)


def release(plan: Plan, office: Office, ledger: Ledger, read: Callable[[], object]) -> Release:
    return door.release(plan, office.approvals(), read, try_nothing, ledger, office.custody())  # type: ignore[arg-type]


def sign(office: Office, plan: Plan, ledger: Ledger) -> None:
    office.sign(plan, office.folder / "secret" / "doe.key", ledger.verify())


def test_a_lost_quarter_is_released_by_a_signed_plan_that_pays_once_more(
    plan: Plan, office: Office, lost: Ledger
) -> None:
    assert door.declare_lost("2025Q1", lost, office.custody()) == plan.hash
    assert door.declare_lost("2025Q1", lost, office.custody()) == plan.hash
    assert read_held(office) == b""
    again = with_caps(replace(plan, recovers=plan.hash), ROOMY)
    sign(office, again, lost)
    released = release(again, office, lost, lambda: example_exact(plan))
    assert [entry.kind for entry in lost.read_entries()] == [
        CHARGE,
        BEGUN,
        LOST,
        CHARGE,
        BEGUN,
        DRAWN,
        DONE,
    ]
    assert released.plan.recovers == plan.hash
    assert {fact.spent for fact in released.privacy.spending if fact.period != "annual"} == {
        2 * plan.rho
    }
    assert release(again, office, lost, never_read) == released
    assert door.recall("2025Q1", lost) == released


def test_a_lost_quarter_stays_unpublished_where_the_caps_leave_no_room_for_both(
    plan: Plan, office: Office, lost: Ledger
) -> None:
    door.declare_lost("2025Q1", lost, office.custody())
    again = replace(plan, recovers=plan.hash)
    sign(office, again, lost)
    with pytest.raises(PrivacyError, match=r"MS625.*quarterly tables of 2025Q1"):
        release(again, office, lost, never_read)
    assert lost.read_entries()[-1].kind == LOST


def test_a_lost_quarter_stays_unpublished_until_its_new_plan_is_signed(
    plan: Plan, office: Office, lost: Ledger
) -> None:
    door.declare_lost("2025Q1", lost, office.custody())
    again = with_caps(replace(plan, recovers=plan.hash), ROOMY)
    with pytest.raises(PrivacyError, match="MS651"):
        release(again, office, lost, never_read)
    office.approvals().plan_folder.put_plan(again.to_json())
    with pytest.raises(PrivacyError, match="MS652"):
        release(again, office, lost, never_read)
    with pytest.raises(PrivacyError, match="MS626"):
        release(plan, office, lost, never_read)


def test_a_plan_that_pays_once_more_is_refused_before_the_draw_is_declared_lost(
    plan: Plan, office: Office, lost: Ledger
) -> None:
    again = with_caps(replace(plan, recovers=plan.hash), ROOMY)
    sign(office, again, lost)
    with pytest.raises(PrivacyError, match="MS624"):
        release(again, office, lost, never_read)


def test_a_draw_begun_by_an_older_version_or_on_another_machine_is_never_made_again(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    ledger.charge(plan.charge, plan.policy.caps, {"plan": plan.to_json()})
    ledger.begin_draw(plan.charge, RESERVATION)
    with pytest.raises(PrivacyError, match="MS626"):
        release(plan, office, ledger, never_read)
    assert door.declare_lost("2025Q1", ledger, office.custody()) == plan.hash


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_only_a_draw_that_was_begun_and_not_recorded_can_be_declared_lost(
    steps: int, plan: Plan, office: Office, ledger: Ledger
) -> None:
    if steps == 1:
        ledger.charge(plan.charge, plan.policy.caps, {"plan": plan.to_json()})
    if steps == 4:
        release(plan, office, ledger, lambda: example_exact(plan))
    with pytest.raises(PrivacyError, match=r"MS634.*moshare release --quarter 2025Q1"):
        door.declare_lost("2025Q1", ledger, office.custody())
    assert len(ledger.read_entries()) == steps


def test_a_plan_tells_which_lost_draw_it_pays_for_and_is_another_plan(plan: Plan) -> None:
    again = example_plan(recovers=plan.hash)
    assert again.hash != plan.hash
    assert f'"recovers":"{plan.hash}"' in again.to_json()
    assert "recovers" not in plan.to_json()
    assert again.charge.recovers == plan.hash
    assert (again.rho, again.parts) == (plan.rho, plan.parts)


def test_an_approval_given_on_a_newer_ledger_opens_nothing(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    office.sign(plan, office.folder / "secret" / "doe.key", "f" * 64)
    with pytest.raises(PrivacyError, match=r"MS628.*approval"):
        release(plan, office, ledger, never_read)
    assert ledger.read_entries() == ()


def test_a_mark_that_cannot_be_told_leaves_a_draw_that_nobody_saw(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    def fail(_: str) -> None:
        raise PrivacyError("MS636", file="heads.txt")

    custody = replace(office.custody(), tell_mark=fail)
    for _ in range(2):
        with pytest.raises(PrivacyError, match="MS636"):
            door.release(
                plan, office.approvals(), lambda: example_exact(plan), try_nothing, ledger, custody
            )
    assert [entry.kind for entry in ledger.read_entries()] == [CHARGE, BEGUN]
    assert release(plan, office, ledger, lambda: example_exact(plan)).release_id == "2025Q1"


def release_on_a_full_disk(office: Office, place: Path, step: str) -> None:
    """Release, while from one step on no file takes more than its first byte."""
    owner, name = {
        "reserve": (door, "_reserve"),
        "charge": (Ledger, "charge"),
        "mark": (Ledger, "begin_draw"),
        "record": (Ledger, "record_draw"),
        "finish": (Ledger, "finish"),
    }[step]
    original = getattr(owner, name)

    def filling(*arguments: object) -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        return original(*arguments)

    Patch().setattr(owner, name, filling)
    plan = example_plan()
    try:
        release(plan, office, Ledger(place), lambda: example_exact(plan))
    except PrivacyError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        (office.folder / "told").write_text(error.sentence)


@pytest.mark.parametrize(
    ("step", "code", "left", "is_read_again"),
    [
        ("reserve", "MS632", [], True),
        ("charge", "MS627", [], True),
        ("mark", "MS627", [CHARGE], True),
        ("record", "MS627", [CHARGE, BEGUN], False),
        ("finish", "MS627", [CHARGE, BEGUN, DRAWN], False),
    ],
)
def test_a_disk_that_fills_at_any_step_loses_nothing_and_the_next_run_ends_it(
    step: str, code: str, left: list[str], is_read_again: bool, office: Office, tmp_path: Path
) -> None:
    place, plan = tmp_path / "ledger.sqlite", example_plan()
    ledger = Ledger.create(place)
    process = PROCESSES.Process(target=release_on_a_full_disk, args=(office, place, step))
    process.start()
    process.join()
    assert process.exitcode == 0
    told = (office.folder / "told").read_text()
    assert told.startswith(code)
    assert "run again, which takes up what was begun" in told
    assert kinds(place) == left
    read = (lambda: example_exact(plan)) if is_read_again else never_read
    assert release(plan, office, ledger, read).release_id == "2025Q1"
