"""A real plan and made-up exact rows, for tests and for processes that tests start."""

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from privacy import door, ledger, noise
from privacy.chain import Charge
from privacy.exact import ExactCells, ExactCounts, ExactFrame, ExactRelease, ExactRows
from privacy.frames import AGGREGATE, LINKED, ROWS, Frame
from privacy.keys import load_keys
from privacy.ledger import Ledger
from privacy.plan import Plan, make_plan
from privacy.policy import Caps, load_policy
from privacy.released import Provenance

KEYS = Path(__file__).resolve().parents[3] / "dbt_project" / "seeds" / "keys"
CAPS = Caps(Fraction(1, 8), Fraction(1, 2))
PROVENANCE = Provenance((("dss", "full"), ("hotline", "nil"), ("mshp", "delta")), True)
KILLED = 17


def example_plan(quarter: str = "2025Q1") -> Plan:
    policy = load_policy()
    return make_plan(quarter, policy, load_keys(KEYS, policy.dimensions))


def example_frame(kind: str = ROWS, bound: int = 1) -> Frame:
    return Frame("children", kind, ("sex", "age"), (("f", "m"), ("old", "young", "x")), bound)


def example_charge(
    quarter: str = "2025Q1", plan: str = "a", rho: Fraction = Fraction(1, 8)
) -> Charge:
    return Charge(quarter, plan * 64, rho)


def fill(frame: Frame, leaves: Sequence[int]) -> ExactFrame:
    """An exact frame with one row (or count) per given leaf."""
    columns: dict[str, list[str]] = {name: [] for name in frame.columns}
    for leaf in leaves:
        rest = leaf
        for name, keys in reversed(list(zip(frame.columns, frame.keys, strict=True))):
            rest, position = divmod(rest, len(keys))
            columns[name].append(keys[position])
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, columns, [7] * len(leaves))
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, [f"unit {number}" for number in range(len(leaves))], columns)


def example_exact(plan: Plan, rows: int = 40) -> ExactRelease:
    frames = (
        fill(
            planned.frame,
            range(planned.frame.leaf_count)
            if planned.frame.kind == AGGREGATE
            else [row % planned.frame.leaf_count for row in range(rows)],
        )
        for planned in plan.frames
    )
    return ExactRelease(frames, PROVENANCE)


STEPS = {
    "read": (None, ""),
    "charge": (Ledger, "charge"),
    "write": (ledger, "_append"),
    "begin": (Ledger, "begin_draw"),
    "draw": (noise.FrameMechanism, "draw"),
    "finish": (Ledger, "finish_draw"),
}


class CrashError(BaseException):
    """Stands for whatever ends a process between two steps."""


def crash(*, for_good: bool) -> None:
    if for_good:
        os._exit(KILLED)
    raise CrashError


def release_and_crash(
    monkeypatch: Any, ledger_path: Path, step: str, moment: str, *, for_good: bool
) -> None:
    """Run the door and crash before or after one of its steps."""
    plan = example_plan()
    owner, name = STEPS[step]

    def read_exact() -> ExactRelease:
        if owner is None:
            crash(for_good=for_good)
        return example_exact(plan)

    if owner is not None:
        original = getattr(owner, name)

        def crashing(*arguments: Any, **named: Any) -> Any:
            if moment == "after":
                original(*arguments, **named)
            return crash(for_good=for_good)

        monkeypatch.setattr(owner, name, crashing)
    door.release(plan, read_exact, Ledger(ledger_path))


class Patch:
    """What a killed process needs of pytest's monkeypatch."""

    def setattr(self, owner: object, name: str, value: object) -> None:
        setattr(owner, name, value)


def release_and_be_killed(ledger_path: Path, step: str, moment: str) -> None:
    release_and_crash(Patch(), ledger_path, step, moment, for_good=True)


def release_after_meeting(
    ledger_path: Path, quarters: Sequence[str], rows: int, barrier: Any, answers: Any
) -> None:
    """Release quarters in the given order, at the same time as another process."""
    plans = [example_plan(quarter) for quarter in quarters]
    barrier.wait()
    for plan in plans:
        release = door.release(
            plan, lambda plan=plan: example_exact(plan, rows), Ledger(ledger_path)
        )
        answers.put((plan.quarter, release.to_json()))
