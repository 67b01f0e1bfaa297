"""The one door: the only place where exact counts become released ones, once per charge.

Order of steps, each committed before the next: check the approval, read and check, charge, mark
the draw as begun, draw and record the noisy cells, record the release that follows from them.
Does not belong here: how any of these steps is done.

What a crash leaves behind:
before the charge, nothing; after the charge, a charge that the next call uses; after the mark, a
charge that is spent for good, because noise may have been seen; after the noisy cells, a draw that
the next call finishes without reading anything; after that, the release.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from privacy.approval.approval import Approval, Approvals, check_approval
from privacy.engine.exact import ExactRelease
from privacy.engine.noise import FrameMechanism
from privacy.errors import PrivacyError
from privacy.ledger.caps import compute_spending
from privacy.ledger.chain import CHARGE, DONE, DRAWN, Charge, Entry, find_entry
from privacy.ledger.ledger import Ledger
from privacy.plan import Plan
from privacy.publishing.publishing import Publisher
from privacy.publishing.recalled import recall_entry
from privacy.released import ApprovalFacts, Provenance, Release


def release(
    plan: Plan,
    approvals: Approvals,
    read_exact: Callable[[], ExactRelease],
    ledger: Ledger,
    note_begun: Callable[[str], None],
) -> Release:
    """Return the release of a plan: what was drawn before, or else drawn now, once.

    A second process waits until the first is done and gets the same release. `read_exact` is
    called only where nothing was drawn yet, the plan is approved and it can be paid. `note_begun`
    is given the hash of the entry that marks the draw as begun, before anything is drawn, so that
    it can be kept where an older copy of the ledger does not reach.

    Raises:
        PrivacyError: MS624 (another plan was charged), MS625 (a cap), MS626 (a draw was begun and
            lost), MS650 to MS658 (the approval), MS612 (the plan's cost is not its real cost),
            MS609 (wrong frames), MS614 (an agency is missing or unknown), MS629 (drawn in an older
            form), and those of the ledger. What `read_exact` raises passes through, and nothing is
            charged then.
    """
    charge = Charge(plan.quarter, plan.hash, plan.parts)
    with ledger.lock():
        ledger.check_charge(charge, plan.policy.caps)
        found = ledger.find_draw(plan.quarter)
        if found is None:
            approval = check_approval(plan, approvals)
            publisher = _prepare(plan, charge, approval.facts, ledger)
            drawn = _draw(plan, charge, approval, read_exact, ledger, note_begun)
            found = _finish(publisher, drawn, ledger)
        elif found.kind == DRAWN:
            publisher = _prepare(plan, charge, (), ledger)
            found = _finish(publisher, found, ledger)
    return recall_entry(found)


def recall(quarter: str, ledger: Ledger) -> Release | None:
    """Return the finished release of a quarter as it was drawn, or None; raises MS626, MS629."""
    found = ledger.find_draw(quarter)
    return None if found is None or found.kind != DONE else recall_entry(found)


def _draw(
    plan: Plan,
    charge: Charge,
    approval: Approval,
    read_exact: Callable[[], ExactRelease],
    ledger: Ledger,
    note_begun: Callable[[str], None],
) -> Entry:
    mechanisms = [
        (frame.frame, FrameMechanism(frame.frame, frame.list_queries())) for frame in plan.frames
    ]
    if sum(mechanism.rho for _, mechanism in mechanisms) != plan.rho:
        raise PrivacyError("MS612", quarter=plan.quarter)
    exact = read_exact()
    if not isinstance(exact, ExactRelease):
        raise PrivacyError("MS609", problem="They must come as an ExactRelease")
    exact.require([frame for frame, _ in mechanisms], plan.policy.sources)
    if approval.needs_simulated and not exact.is_made_up:
        raise PrivacyError("MS656", quarter=plan.quarter)
    ledger.charge(charge, plan.policy.caps, _state_charge(plan, approval))
    note_begun(ledger.begin_draw(charge).hash)
    cells: dict[str, list[int]] = {}
    for frame, mechanism in mechanisms:
        cells |= mechanism.draw(exact.take(frame.name))
    return ledger.record_draw(charge, {"cells": cells, "provenance": exact.provenance.to_content()})


def _finish(publisher: Publisher, drawn: Entry, ledger: Ledger) -> Entry:
    """Make the release that follows from a recorded draw; everything here may be done again."""
    payload = drawn.payload or {}
    content = publisher.publish(payload["cells"], Provenance.from_content(payload["provenance"]))
    return ledger.finish(drawn.charge, {**content, "drawn_at": drawn.at})


def _prepare(
    plan: Plan, charge: Charge, approved: Sequence[ApprovalFacts], ledger: Ledger
) -> Publisher:
    """Rehearse the release from the facts that the ledger held when its plan was charged.

    What was charged or finished later changes nothing, and who approved stands in the charge.
    """
    entries = ledger.read_entries()
    charged = find_entry(entries, CHARGE, charge.plan)
    if charged is not None:
        entries = entries[: charged.number - 1]
        approved = _read_approvals(charged)
    earlier = [
        recall_entry(entry)
        for entry in entries
        if entry.kind == DONE and entry.charge.place < charge.place
    ]
    spending = compute_spending(entries, charge, plan.policy.caps)
    return Publisher(plan, earlier=earlier, approvals=approved, spending=spending)


def _state_charge(plan: Plan, approval: Approval) -> dict[str, Any]:
    """Return what the ledger keeps with a charge, enough to check the approval without a file."""
    return {
        "plan": plan.to_json(),
        "approvals": [asdict(facts) for facts in approval.facts],
        "signatures": list(approval.signatures),
    }


def _read_approvals(charged: Entry) -> tuple[ApprovalFacts, ...]:
    return tuple(ApprovalFacts(**facts) for facts in (charged.payload or {})["approvals"])
