"""Approve or reject the plan of a quarter, and look whether it is approved.

Does not belong here: making the plan (see `proposing`), and what an approval is (see
`privacy.approval.approval`). The door checks an approval again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.guards.closed_quarters import refuse_open_quarter
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.proposing import plan_quarter, put_up_plan, tell_rejection
from orchestration.steps.spending import read_entries
from privacy.approval.approval import (
    Approvals,
    check_approval,
    check_shown,
    make_officer_key,
    sign_plan,
)
from privacy.approval.plan_folder import PlanFolder, Rejection
from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.ledger.caps import check_caps
from privacy.ledger.chain import CHARGE, DRAWN, LOST, find_entry, find_head
from privacy.plan import Plan
from privacy.released import ApprovalFacts
from sources.quarters import Quarter

_DEMO_OFFICER = "throwaway_key_of_the_demo"


@dataclass(frozen=True)
class Standing:
    """How far a plan's approval has come.

    Attributes:
        plan: Hash of the plan.
        signers: Names of the officers whose signatures count.
        needed: How many the policy asks for.
        problem: Why it is not approved, as a sentence; empty when it is.
    """

    plan: str
    signers: tuple[str, ...]
    needed: int
    problem: str


def find_approvals(quarter: Quarter, settings: Settings) -> Approvals:
    """Say where the door looks for the approval of a quarter, and whose keys count."""
    review = PlanFolder(str(quarter), settings.review / str(quarter))
    return Approvals(review, settings.officers, settings.throwaway_keys)


def approve(
    quarter: Quarter, settings: Settings, secret: Path, ask_password: Callable[[], str]
) -> Standing:
    """Sign the plan that was put up, if it is the plan that would be released and can be paid.

    Args:
        quarter: A closed quarter.
        settings: Where the review folder lies.
        secret: The officer's secret key.
        ask_password: Called if the key has a password.

    Raises:
        OrchestrationError: MS905 when the quarter has not ended.
        PrivacyError: MS624 or MS625 when it may not be charged, MS650, MS651, MS655 or MS658 when
            it may not be signed, MS653 or MS657 for the key.
    """
    refuse_open_quarter(quarter)
    plan, approvals = plan_quarter(quarter, settings), find_approvals(quarter, settings)
    entries = read_entries(settings)
    check_caps(entries, plan.charge, plan.policy.caps)
    shown, head = check_shown(plan, approvals.plan_folder), find_head(entries)
    key_id, signature = sign_plan(plan.quarter, shown, head, secret, ask_password)
    if key_id not in {officer.key_id for officer in approvals.list_officers()}:
        raise PrivacyError("MS653", quarter=plan.quarter, key=key_id)
    approvals.plan_folder.add_signature(key_id, signature)
    return _find_standing(plan, approvals)


def reject(quarter: Quarter, settings: Settings, because: str) -> Rejection:
    """Reject the plan that was put up, for good, and say so on its page.

    Raises:
        OrchestrationError: MS921 when it was charged and its draw is not lost, MS922 when no reason
            is given.
        PrivacyError: MS650 when no plan was put up, MS658 when the record was changed.
    """
    if not because.strip():
        raise OrchestrationError("MS922")
    entries = [one for one in read_entries(settings) if one.charge.quarter == str(quarter)]
    lost = {entry.charge.plan for entry in entries if entry.kind == LOST}
    if any(entry.charge.plan not in lost for entry in entries):
        raise OrchestrationError("MS921", quarter=str(quarter))
    review = find_approvals(quarter, settings).plan_folder
    shown = compute_sha256(review.read_plan().decode("utf-8"))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rejection = review.reject(shown, because.strip(), now)
    tell_rejection(review, shown)
    return rejection


def pass_over(quarter: Quarter, settings: Settings, silent: Sequence[str]) -> Rejection:
    """Pass a quarter over because agencies are silent, with a note that everyone may read.

    Raises:
        OrchestrationError: MS921 when it was charged.
        PrivacyError: When its plan cannot be put up.
    """
    put_up_plan(quarter, settings)
    names = ", ".join(silent)
    because = f"Passed over, as the state's calendar says: no delivery came from {names}."
    return reject(quarter, settings, because)


def refuse_rejected(quarter: Quarter, settings: Settings) -> None:
    """Raise PrivacyError MS650, MS651, MS655 or MS658 unless the plan put up can be approved."""
    check_shown(plan_quarter(quarter, settings), find_approvals(quarter, settings).plan_folder)


def require_approval(quarter: Quarter, settings: Settings) -> tuple[ApprovalFacts, ...]:
    """Say who approved the plan of a quarter; for a charged plan, who did when it was charged.

    Raises:
        PrivacyError: MS624 or MS625 when it may not be charged, MS650 to MS658 when it is not
            approved.
    """
    plan = plan_quarter(quarter, settings)
    entries = read_entries(settings)
    check_caps(entries, plan.charge, plan.policy.caps)
    drawn = find_entry(entries, DRAWN, plan.hash)
    charged = find_entry(entries, CHARGE, plan.hash)
    if drawn is not None and charged is not None:
        return tuple(ApprovalFacts(**facts) for facts in (charged.payload or {})["approvals"])
    return check_approval(plan, find_approvals(quarter, settings)).facts


def approve_for_demo(quarter: Quarter, settings: Settings) -> Standing:
    """Put up the plan of a quarter and sign it with throw-away keys made here.

    Such keys count for simulated deliveries only: the door refuses everything else (MS656).
    """
    put_up_plan(quarter, settings)
    plan, approvals = plan_quarter(quarter, settings), find_approvals(quarter, settings)
    for number in range(1, plan.policy.signers + 1):
        secret = settings.throwaway_keys / f"{_DEMO_OFFICER}_{number}.key"
        public = secret.with_suffix(".pub")
        if not (secret.exists() and public.exists()):  # none yet, or a process was killed between
            secret.unlink(missing_ok=True)
            public.unlink(missing_ok=True)
            make_officer_key(secret, public, None)
        shown, head = check_shown(plan, approvals.plan_folder), find_head(read_entries(settings))
        approvals.plan_folder.add_signature(*sign_plan(plan.quarter, shown, head, secret, str))
    return _find_standing(plan, approvals)


def _find_standing(plan: Plan, approvals: Approvals) -> Standing:
    needed = plan.policy.signers
    try:
        facts = check_approval(plan, approvals).facts
    except PrivacyError as error:
        return Standing(plan.hash, (), needed, error.sentence)
    return Standing(plan.hash, tuple(one.signer for one in facts), needed, "")
