"""A real plan, its approval, and made-up exact rows, for tests and for processes they start."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from approval_examples import Office
from frame_examples import fill
from small_policy import RULES

from jurisdiction.folder import LISTS
from privacy import door, held
from privacy.engine import noise
from privacy.engine.exact import ExactRelease
from privacy.engine.frames import AGGREGATE
from privacy.errors import PrivacyError
from privacy.ledger import ledger
from privacy.ledger.ledger import Ledger, Place
from privacy.plan import Plan, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.publishing import publisher
from privacy.released import Provenance, Release

KEYS = LISTS
KINDS = {"hotline": "nil", "mshp": "delta"}
PROVENANCE = Provenance(
    tuple((agency, KINDS.get(agency, "full")) for agency in sorted(load_policy().sources)), True
)
KILLED = 17


def example_plan(quarter: str = "2025Q1", recovers: str | None = None) -> Plan:
    """The plan of the reviewed policy, but that one officer is enough."""
    policy = load_policy()
    plan = make_plan(quarter, policy, load_keys(KEYS, policy), load_strategy(), RULES, recovers)
    return replace(plan, policy=replace(policy, signers=1))


def example_exact(plan: Plan, rows: int = 40, *, is_made_up: bool = False) -> ExactRelease:
    frames = (
        fill(
            planned.frame,
            range(planned.frame.leaf_count)
            if planned.frame.kind == AGGREGATE
            else [row % planned.frame.leaf_count for row in range(rows)],
        )
        for planned in plan.frames
    )
    held = [one.policy.same_rows.test for one in plan.frames if one.policy.same_rows]
    return ExactRelease(frames, PROVENANCE, is_made_up=is_made_up, held=held)


def approve_example(office: Office, *quarters: str) -> None:
    """Have the plans of these quarters signed by one officer."""
    secret = office.appoint("doe")
    for quarter in quarters:
        office.sign(example_plan(quarter), secret)


def release_example(plan: Plan, office: Office, place: Place, rows: int = 40) -> Release:
    return door.release(
        plan,
        office.approvals(plan.quarter),
        lambda: example_exact(plan, rows),
        try_nothing,
        Ledger(place),
        office.custody(),
    )


def never_read() -> ExactRelease:
    """Fail, for these exact rows are read by nobody."""
    pytest.fail("exact rows were read")


def try_nothing(preview: Release) -> None:
    """Take the preview of a release, for nobody."""


STEPS = {
    "approve": (door, "check_approval", 1),
    "try": (door, "Publisher", 1),
    "read": (None, "", 1),
    "reserve": (held, "_write", 1),
    "charge": (Ledger, "charge", 1),
    "write": (ledger, "_append", 1),
    "draw": (noise.FrameMechanism, "draw", 1),
    "begin": (Ledger, "begin_draw", 1),
    "write the mark": (ledger, "_append", 2),
    "flag": (held, "_write", 2),
    "hold": (held, "_write", 3),
    "record": (Ledger, "record_draw", 1),
    "write the draw": (ledger, "_append", 3),
    "publish": (publisher.Publisher, "publish", 2),  # it is tried before
    "finish": (Ledger, "finish", 1),
    "clear": (held.Custody, "clear", 1),
}
"""Where each step is taken, and which time it is the real one."""


class CrashError(BaseException):
    """Stands for whatever ends a process between two steps."""


def crash(*, for_good: bool) -> None:
    if for_good:
        os._exit(KILLED)
    raise CrashError


def release_and_crash(
    patch: Any, office: Office, place: Place, step: str, moment: str, *, for_good: bool
) -> None:
    """Run the door and crash before, after or halfway through one of its steps.

    Halfway is for what is written to a file.
    """
    plan = example_plan()
    owner, name, times = STEPS[step]

    def read_exact() -> ExactRelease:
        if owner is None:
            crash(for_good=for_good)
        return example_exact(plan)

    if owner is not None:
        original = getattr(owner, name)

        def crashing(*arguments: Any, **named: Any) -> Any:
            nonlocal times
            times -= 1
            if times:
                return original(*arguments, **named)
            if moment == "after":
                original(*arguments, **named)
            if moment == "halfway":
                file, content, place = arguments
                original(file, content[: len(content) // 2], place)
            return crash(for_good=for_good)

        patch.setattr(owner, name, crashing)
    door.release(plan, office.approvals(), read_exact, try_nothing, Ledger(place), office.custody())


class Patch:
    """What a killed process needs of pytest's monkeypatch."""

    def setattr(self, owner: object, name: str, value: object) -> None:
        setattr(owner, name, value)


def release_and_be_killed(office: Office, place: Place, step: str, moment: str) -> None:
    release_and_crash(Patch(), office, place, step, moment, for_good=True)


def release_after_meeting(
    office: Office, place: Place, quarters: Sequence[str], rows: int, barrier: Any, answers: Any
) -> None:
    """Release quarters in the given order, at the same time as another process.

    The answer of a quarter is its release, or the code of the refusal.
    """
    plans = [example_plan(quarter) for quarter in quarters]
    barrier.wait()
    for plan in plans:
        try:
            answers.put((plan.quarter, release_example(plan, office, place, rows).to_json()))
        except PrivacyError as refusal:
            answers.put((plan.quarter, refusal.code))
