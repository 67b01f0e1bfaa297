"""By which rules what lies in the vault was made, so that a release can be refused for others.

Each step leaves a note of the rules it worked by, and none while it works: what a step that ended
half-way left behind was made by no rules at all. Does not belong here: what the rules are (see
`rules`), and rows of released quarters, which stay whatever the rules are (see `kept_rows`).
"""

from __future__ import annotations

from pathlib import Path

from orchestration.errors import OrchestrationError
from orchestration.rules import hash_rules
from orchestration.settings import Settings
from orchestration.writing import write_whole
from sources.quarters import Quarter

STAGING = "staging"
CORE = "core"
LINKAGE = "linkage"
RELEASE_INPUT = "release_input"

_OF_ALL_QUARTERS = (STAGING, CORE)
"""Steps whose tables are built anew for whatever quarter is run; the others' are of one quarter."""


def begin_step(step: str, quarter: Quarter, settings: Settings) -> str:
    """Give the rules by which a step works now; what it made before is no longer there.

    Raises:
        OrchestrationError: MS933 for release input whose staging, events or links were made by
            other rules, MS935 when the rules cannot be read.
    """
    rules = hash_rules(settings)
    if step == RELEASE_INPUT:
        for before in (STAGING, CORE, LINKAGE):
            require_rules(before, quarter, rules, settings)
    _place(step, quarter, settings).unlink(missing_ok=True)
    return rules


def end_step(step: str, quarter: Quarter, rules: str, settings: Settings) -> None:
    """Note the rules by which a step worked, once all that it makes was made."""
    write_whole(_place(step, quarter, settings), rules)


def require_rules(step: str, quarter: Quarter, rules: str, settings: Settings) -> None:
    """Refuse unless what a step last made was made by these rules.

    Raises:
        OrchestrationError: MS933 when it was not, or when that is not known.
    """
    note = _place(step, quarter, settings)
    if not note.exists() or note.read_text(encoding="utf-8") != rules:
        raise OrchestrationError("MS933", quarter=str(quarter), step=step)


def _place(step: str, quarter: Quarter, settings: Settings) -> Path:
    name = step if step in _OF_ALL_QUARTERS else f"{step}_{quarter}"
    return settings.vault / "rules" / f"{name}.txt"
