"""The one door: the only place where exact counts become released ones, once per charge.

Order of steps, each committed before the next: check the approval, read and check, take the space
in the vault that the draw needs, charge, draw in memory, mark in the ledger that the draw may soon
be seen, hold it in the vault, record it in the ledger, record the release that follows from it.
Does not belong here: how any of these steps is done.

What a crash leaves behind: before the charge, nothing; until the draw is held, a charge that the
next call uses for a draw of its own, because nobody can have seen the first (privacy.held says how
that is proved); once it is held, a draw that the next call finishes without reading anything; after
that, the release. A draw that may have been seen and is not whole is lost: its charge is spent for
good, and only a plan that pays for the quarter once more can be released.

Nothing from the draw until it is held may fail by what was drawn, or the noise would follow another
law: the space is that of the largest draw there can be.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from privacy.approval.approval import Approval, Approvals, check_approval
from privacy.declared import DeliveredTotals
from privacy.engine.exact import ExactRelease
from privacy.engine.frames import Frame
from privacy.engine.noise import FrameMechanism
from privacy.errors import PrivacyError
from privacy.held import Custody, HeldDraw
from privacy.ledger.caps import LIFETIME, compute_spending, foresee_lifetime
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN, LOST, Entry, find_entry
from privacy.ledger.ledger import Ledger
from privacy.plan import Plan, charge_fourth
from privacy.publishing.declared import check_totals, list_largest
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import recall_entry
from privacy.released import ApprovalFacts, Provenance, Release

_LARGEST_CELL = -(2**63)


def release(
    plan: Plan,
    approvals: Approvals,
    read_exact: Callable[[], ExactRelease],
    check_folder: Callable[[Release], None],
    ledger: Ledger,
    custody: Custody,
) -> Release:
    """Return the release of a plan: what was drawn before, or else drawn now, once.

    A second process waits until the first is done and gets the same release. `read_exact` is
    called only where nothing was drawn yet, the plan is approved and it can be paid. `check_folder`
    is given a preview of the release, without counts, before anything is charged, and raises where
    it could not be published.

    Raises:
        PrivacyError: MS624 (another plan was charged), MS625 (a cap), MS626 (the draw is lost),
            MS637 (the plan pays once more without need), MS648 (it comes out of turn), MS632 (the
            vault cannot hold the draw), MS635 and MS650 to MS658 (the approval), MS628 (it was
            given on a newer ledger), MS612 (the plan's cost is not its real cost), MS609 (wrong
            frames), MS614 (an agency is missing or unknown), MS615 (a test that the policy names
            did not hold), MS616 (totals that are not declared public), MS629 (drawn in an older
            form), and those of the ledger. What `read_exact` and `check_folder` raise passes
            through, and nothing is charged then.
    """
    with ledger.lock():
        ledger.check_charge(plan.charge, plan.policy.caps)
        found = ledger.find_draw(plan.hash)
        if found is not None and found.kind == BEGUN:
            found = _take_up(found, ledger, custody)
        if found is None or found.kind == BEGUN:
            approval = check_approval(plan, approvals)
            ledger.verify(facts.ledger_head for facts in approval.facts)
            publisher = _prepare(plan, approval.facts, ledger)
            exact = _read(plan, approval, read_exact)
            totals = check_totals(plan, exact.totals, exact.provenance)
            check_folder(publisher.preview(exact.provenance, totals))
            drawn = _draw(plan, approval, exact, totals, ledger, custody, found)
            found = _finish(publisher, drawn, ledger)
        elif found.kind == DRAWN:
            found = _finish(_prepare(plan, (), ledger), found, ledger)
        custody.clear(plan.quarter)
    return recall_entry(found)


def recall(quarter: str, ledger: Ledger) -> Release | None:
    """Return the finished release of a quarter as it was drawn, or None; raises MS629."""
    found = ledger.find_release(quarter)
    return None if found is None else recall_entry(found)


def declare_lost(quarter: str, ledger: Ledger, custody: Custody) -> str:
    """Give up the draw of a quarter that was begun and cannot be finished; return its plan's hash.

    Once this is recorded another plan can pay for the quarter once more. Raises PrivacyError MS634
    where the draw is not lost.
    """
    with ledger.lock():
        of_quarter = [entry for entry in ledger.read_entries() if entry.charge.quarter == quarter]
        if not of_quarter or of_quarter[-1].kind not in (BEGUN, LOST):
            raise PrivacyError("MS634", quarter=quarter)
        last = of_quarter[-1]
        if last.kind == BEGUN:
            with custody.open(quarter) as held:
                reservation = _find_reservation(last)
                if held.is_unseen(reservation) or held.read(reservation) is not None:
                    raise PrivacyError("MS634", quarter=quarter)
                ledger.declare_lost(last.charge)
        custody.clear(quarter)
    return last.charge.plan


def _take_up(begun: Entry, ledger: Ledger, custody: Custody) -> Entry:
    """Record a draw that is held; return the mark where none can have been seen; raises MS626."""
    with custody.open(begun.charge.quarter) as held:
        whole = held.read(_find_reservation(begun))
        if whole is not None:
            return ledger.record_draw(begun.charge, whole)
        if not held.is_unseen(_find_reservation(begun)):
            raise PrivacyError("MS626", quarter=begun.charge.quarter)
        return begun


def _find_reservation(begun: Entry) -> str:
    return str((begun.payload or {}).get("reservation"))


def _read(plan: Plan, approval: Approval, read_exact: Callable[[], ExactRelease]) -> ExactRelease:
    if sum(mechanism.rho for _, mechanism in _list_mechanisms(plan)) != plan.rho:
        raise PrivacyError("MS612", quarter=plan.quarter)
    exact = read_exact()
    if not isinstance(exact, ExactRelease):
        raise PrivacyError("MS609", problem="They must come as an ExactRelease")
    frames, policy = [frame.frame for frame in plan.frames], plan.policy
    exact.require(frames, policy.sources, policy.public, policy.not_awaited)
    exact.require_tests(
        {of.name: of.same_rows.test for of in (one.policy for one in plan.frames) if of.same_rows}
    )
    if approval.needs_simulated and not exact.is_made_up:
        raise PrivacyError("MS656", quarter=plan.quarter)
    return exact


def _draw(
    plan: Plan,
    approval: Approval,
    exact: ExactRelease,
    totals: Sequence[DeliveredTotals],
    ledger: Ledger,
    custody: Custody,
    begun: Entry | None,
) -> Entry:
    mechanisms = _list_mechanisms(plan)
    provenance = exact.provenance.to_content()
    with custody.open(plan.quarter) as held:
        reservation = _find_reservation(begun) if begun else _reserve(plan, provenance, held)
        ledger.charge(plan.charge, plan.policy.caps, _state_charge(plan, approval))
        cells: dict[str, list[int]] = {}
        for frame, mechanism in mechanisms:
            cells |= mechanism.draw(exact.take(frame.name))
        begun = begun or ledger.begin_draw(plan.charge, reservation)
        custody.tell_mark(begun.hash)
        public = [one.to_content() for one in totals]
        drawn = {"cells": cells, "provenance": provenance, "totals": public}
        held.put(reservation, drawn)
        return ledger.record_draw(plan.charge, drawn)


def _reserve(plan: Plan, provenance: dict[str, Any], held: HeldDraw) -> str:
    """Take the space of the largest draw there can be of a plan."""
    cells = {
        measured.name: [_LARGEST_CELL] * measured.cell_count
        for frame in plan.frames
        for measured in frame.measurements
    }
    totals = [one.to_content() for one in list_largest(plan)]
    return held.reserve(plan.hash, {"cells": cells, "provenance": provenance, "totals": totals})


def _list_mechanisms(plan: Plan) -> list[tuple[Frame, FrameMechanism]]:
    return [
        (frame.frame, FrameMechanism(frame.frame, frame.list_queries())) for frame in plan.frames
    ]


def _finish(publisher: Publisher, drawn: Entry, ledger: Ledger) -> Entry:
    """Make the release that follows from a recorded draw; everything here may be done again."""
    payload = drawn.payload or {}
    provenance = Provenance.from_content(payload["provenance"])
    totals = [DeliveredTotals(**one) for one in payload.get("totals", ())]  # version 8 had none
    content = publisher.publish(payload["cells"], provenance, totals)
    return ledger.finish(drawn.charge, {**content, "drawn_at": drawn.at})


def _prepare(plan: Plan, approved: Sequence[ApprovalFacts], ledger: Ledger) -> Publisher:
    """Try the release from the facts that the ledger held when its plan was charged.

    What was charged or finished later changes nothing, and who approved stands in the charge.
    """
    entries, charge = ledger.read_entries(), plan.charge
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
    ahead = foresee_lifetime(entries, charge, charge_fourth(plan))
    told = [replace(one, ahead=ahead) if one.period == LIFETIME else one for one in spending]
    return Publisher(plan, earlier=earlier, approvals=approved, spending=told)


def _state_charge(plan: Plan, approval: Approval) -> dict[str, Any]:
    """Return what the ledger keeps with a charge, enough to check the approval without a file."""
    return {
        "plan": plan.to_json(),
        "approvals": [asdict(facts) for facts in approval.facts],
        "signatures": list(approval.signatures),
    }


def _read_approvals(charged: Entry) -> tuple[ApprovalFacts, ...]:
    return tuple(ApprovalFacts(**facts) for facts in (charged.payload or {})["approvals"])
