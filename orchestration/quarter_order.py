"""That quarters are released in their order, each from rows that know of all released before it.

The bounds over all years rest on it (`linkage.links`, docs/decisions/0131). Does not belong here:
that a charge comes in its turn (see `privacy.ledger.caps`), and which quarters have ended (see
`closed_quarters`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from orchestration.approving import find_approvals
from orchestration.errors import OrchestrationError
from orchestration.kept_quarters import find_kept_quarters
from orchestration.settings import Settings
from orchestration.writing import write_whole
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

LINKS = "links"
ROWS = "rows"
"""What is built for a quarter from what the released quarters noted."""


def refuse_passed_quarter(quarter: Quarter, released: Collection[Quarter]) -> None:
    """Refuse to build a quarter after a later one was released; raises MS928."""
    later = max(released, default=quarter)
    if later > quarter and quarter not in released:
        raise OrchestrationError("MS928", quarter=str(quarter), later=str(later))


def refuse_passing_over(quarter: Quarter, settings: Settings) -> None:
    """Refuse to release before delivered quarters that were neither released nor rejected.

    Raises:
        OrchestrationError: MS926, naming them.
        PrivacyError: When the ledger or a record of rejections cannot be trusted.
    """
    released = find_kept_quarters(settings)
    first_day = load_policy(settings.policy).first_day_of_record
    delivered = {Quarter.parse(folder.name) for folder in settings.vault.glob("raw/*/*")}
    missing = [
        str(one)
        for one in sorted(delivered - released)
        if one < quarter
        and one.first_day.isoformat() >= first_day
        and not find_approvals(one, settings).review.list_rejections()
    ]
    if missing:
        raise OrchestrationError("MS926", quarter=str(quarter), missing=", ".join(missing))


def note_released(
    what: str, quarter: Quarter, released: Collection[Quarter], settings: Settings
) -> None:
    """Note which quarters had been released when `LINKS` or `ROWS` of a quarter were built."""
    write_whole(_place(what, quarter, settings), json.dumps(_list_before(quarter, released)))


def require_newest(
    what: str, quarter: Quarter, released: Collection[Quarter], settings: Settings
) -> None:
    """Refuse what was built before another quarter was released, or never; raises MS927."""
    try:
        then = json.loads(_place(what, quarter, settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        then = None
    now = _list_before(quarter, released)
    if then != now:
        raise OrchestrationError(
            "MS927",
            quarter=str(quarter),
            then=", ".join(then or ()) or "none",
            now=", ".join(now) or "none",
        )


def _list_before(quarter: Quarter, released: Collection[Quarter]) -> list[str]:
    return [str(one) for one in sorted(released) if one < quarter]


def _place(what: str, quarter: Quarter, settings: Settings) -> Path:
    return settings.vault / "order" / f"{quarter}-{what}.json"
