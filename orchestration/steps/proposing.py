"""Make the plan of a quarter and put it up for approval, with the page that an officer reads.

Reads the policy, its stored split, public lists, the rules and the ledger, and no confidential row.
Does not belong here: signing (see `approving`), what stands on the page (see
`privacy.approval.assessment`) and how it looks (see `portal.officers_page`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from durable.writing import PUBLIC, write_whole
from orchestration.guards.closed_quarters import refuse_open_quarter
from orchestration.guards.rules import hash_rules
from orchestration.hub.settings import Settings
from orchestration.steps.building import check_folder
from orchestration.steps.spending import read_entries
from portal.officers_page import mark_rejected, render_officers_page
from privacy.approval.approval import load_all_officers
from privacy.approval.assessment import assess
from privacy.approval.plan_folder import PlanFolder
from privacy.errors import PrivacyError
from privacy.ledger.chain import CHARGE, LOST, Entry
from privacy.plan import Plan, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.publishing.publisher import Publisher
from privacy.released import Provenance, Release
from sources.quarters import Quarter

PAGE_NAME = "index.html"
"""The page that an officer reads, beside the plan that is signed."""


def plan_quarter(quarter: Quarter, settings: Settings) -> Plan:
    """Say what a quarter's release holds and costs; the same files and ledger give the same plan.

    A quarter whose draw was declared lost has a plan that pays once more, and says so. Rows of a
    quarter that was charged stay as they are, so its plan names the rules that they were made by.
    """
    policy = load_policy(settings.policy, settings.words)
    keys = load_keys(settings.public_keys, policy)
    strategy = load_strategy(settings.strategy)
    entries = [one for one in read_entries(settings) if one.charge.quarter == str(quarter)]
    rules = _find_rules(entries) or hash_rules(settings)
    return make_plan(str(quarter), policy, keys, strategy, rules, _find_recovered(entries))


def _find_rules(of_quarter: Iterable[Entry]) -> str | None:
    """Find the rules that the rows of a charged quarter were made by."""
    charged = [entry.payload or {} for entry in of_quarter if entry.kind == CHARGE]
    return dict(json.loads(charged[-1]["plan"])).get("rules_hash") if charged else None


def _find_recovered(of_quarter: Iterable[Entry]) -> str | None:
    """Find the plan whose lost draw the quarter's next or last plan pays for once more."""
    lost = [entry.charge.plan for entry in of_quarter if entry.kind == LOST]
    return lost[-1] if lost else None


def put_up_plan(quarter: Quarter, settings: Settings) -> Path:
    """Write `review/<quarter>/`: plan.json, which is signed, and index.html, which is read.

    Returns:
        The folder.

    Raises:
        OrchestrationError: MS905 when the quarter has not ended, MS934 when no folder could be
            built of its release.
        PrivacyError: MS624 when the quarter was charged for another plan, MS658 when the record of
            rejections was changed, and what making the plan raises.
    """
    refuse_open_quarter(quarter)
    plan = plan_quarter(quarter, settings)
    entries = read_entries(settings)
    charged = {
        entry.charge.plan
        for entry in entries
        if entry.kind == CHARGE and entry.charge.quarter == plan.quarter
    }
    lost = {entry.charge.plan for entry in entries if entry.kind == LOST}
    if charged - lost - {plan.hash}:
        raise PrivacyError("MS624", quarter=plan.quarter)
    review = PlanFolder(plan.quarter, settings.review / plan.quarter)
    check_folder(preview_release(plan))
    officers = load_all_officers(settings.officers, settings.throwaway_keys)
    page = render_officers_page(assess(plan, entries, officers))
    review.put_plan(plan.to_json())
    write_whole(review.folder / PAGE_NAME, page, PUBLIC)
    tell_rejection(review, plan.hash)
    return review.folder


def preview_release(plan: Plan) -> Release:
    """What the release of a plan would look like, on zeros: its tables, rows and margins."""
    given = tuple((source, "full") for source in sorted(plan.policy.sources))
    return Publisher(plan).preview(Provenance(given, is_simulated=True))


def tell_rejection(review: PlanFolder, plan: str) -> None:
    """Say on the page of a plan that it was rejected, where it was.

    Raises:
        PrivacyError: MS658 when the record of rejections was changed.
    """
    rejection = review.find_rejection(plan)
    page = review.folder / PAGE_NAME
    if rejection is not None and page.exists():
        marked = mark_rejected(page.read_bytes(), rejection.at, rejection.because)
        write_whole(page, marked, PUBLIC)
