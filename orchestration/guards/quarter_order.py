"""That quarters are released in their order, and none that was delivered is passed over unseen.

The bounds over all years rest on it (`linkage.links`, docs/decisions/0131). Does not belong here:
that a charge comes in its turn (see `privacy.ledger.caps`), that rows know of all quarters released
before theirs (see `built_rules`), and which quarters have ended (see `closed_quarters`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from jurisdiction.state import read_state
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.approving import find_approvals
from privacy.canonical import compute_sha256
from privacy.policy.policy import load_policy
from sources.errors import SourcesError
from sources.manifest import MANIFEST_NAME
from sources.quarters import Quarter


def refuse_passed_quarter(quarter: Quarter, released: Collection[Quarter]) -> None:
    """Refuse to build a quarter after a later one was released; raises MS928."""
    later = max(released, default=quarter)
    if later > quarter and quarter not in released:
        raise OrchestrationError("MS928", quarter=str(quarter), later=str(later))


def refuse_passing_over(quarter: Quarter, settings: Settings) -> None:
    """Refuse to release before delivered quarters that were neither released nor rejected.

    What agencies delivered for which no quarter waits makes no quarter one of them.

    Raises:
        OrchestrationError: MS926, naming them.
        PrivacyError: When the ledger or a record of rejections cannot be trusted, MS650 when the
            plan that was rejected is gone.
    """
    released = find_kept_quarters(settings)
    first_day = load_policy(settings.policy).first_day_of_record
    awaited = read_state().awaited
    delivered = {
        Quarter.parse(folder.name)
        for agency in awaited
        for folder in settings.vault.find_raw_quarters(agency)
    }
    delivered |= {one for agency in awaited for one in _find_waiting(agency, settings)}
    missing = [
        str(one)
        for one in sorted(delivered - released)
        if one < quarter
        and one.first_day.isoformat() >= first_day
        and not is_rejected(one, settings)
    ]
    if missing:
        raise OrchestrationError("MS926", quarter=str(quarter), missing=", ".join(missing))


def _find_waiting(agency: str, settings: Settings) -> Iterator[Quarter]:
    """Quarters of which a manifest lies in the agency's inbox, taken in or not."""
    for manifest in settings.landing.glob(f"inbox/{agency}/*/{MANIFEST_NAME}"):
        with suppress(SourcesError):
            yield Quarter.parse(manifest.parent.name)


def is_rejected(quarter: Quarter, settings: Settings) -> bool:
    """Whether the plan that stands for a quarter was rejected: none was put up since."""
    review = find_approvals(quarter, settings).plan_folder
    rejected = {rejection.plan for rejection in review.list_rejections()}
    return bool(rejected) and compute_sha256(review.read_plan().decode("utf-8")) in rejected
