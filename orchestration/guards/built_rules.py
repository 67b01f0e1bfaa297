"""By which rules, and after which releases, what lies in the vault was made.

Each step leaves a note of both, and none while it works: what a step that ended half-way left
behind was made by no rules at all. A release is refused where they are not those of its plan and of
now. Does not belong here: what the rules are (see `rules`), and rows of released quarters, which
stay whatever the rules are (see `kept_rows`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from durable.writing import write_whole
from orchestration.guards.rules import hash_rules
from orchestration.hub.engine import name_engine
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from sources.quarters import Quarter

STAGING = "staging"
CORE = "core"
LINKAGE = "linkage"
RELEASE_INPUT = "release_input"

_OF_ALL_QUARTERS = (STAGING, CORE)
"""Steps whose tables are built anew for whatever quarter is run; the others' are of one quarter."""


@dataclass(frozen=True)
class Making:
    """How something was made.

    Attributes:
        rules: Hash of the rules.
        released: The quarters before it that had been released; links and rows of release input
            leave out what these counted.
    """

    rules: str
    released: tuple[str, ...]

    @classmethod
    def now(cls, rules: str, quarter: Quarter, released: Collection[Quarter]) -> Making:
        """Say how something of a quarter is made now."""
        return cls(rules, tuple(str(one) for one in sorted(released) if one < quarter))


def begin_step(
    step: str, quarter: Quarter, released: Collection[Quarter], settings: Settings
) -> Making:
    """Say how a step works now; what it made before is no longer there.

    Raises:
        OrchestrationError: For release input MS933 when its staging, events or links were made by
            other rules, MS927 when its links were made before another release; MS935 when the rules
            cannot be read.
    """
    making = Making.now(hash_rules(settings), quarter, released)
    if step == RELEASE_INPUT:
        for before in (STAGING, CORE, LINKAGE):
            require_made(before, quarter, making, settings)
    _place(step, quarter, settings).unlink(missing_ok=True)
    return making


def end_step(step: str, quarter: Quarter, making: Making, settings: Settings) -> None:
    """Note how a step worked, once all that it makes was made."""
    note = {
        "rules": making.rules,
        "released": making.released,
        "engine": name_engine(settings),
    }
    write_whole(_place(step, quarter, settings), json.dumps(note, sort_keys=True))


def require_made(step: str, quarter: Quarter, making: Making, settings: Settings) -> None:
    """Refuse unless a step last worked in this way.

    Raises:
        OrchestrationError: MS933 for other rules, or when that is not known, MS927 when another
            quarter was released since.
    """
    try:
        noted = json.loads(_place(step, quarter, settings).read_text(encoding="utf-8"))
        made = Making(noted["rules"], tuple(noted["released"]))
    except (OSError, ValueError):
        made = None
    if made is None or made.rules != making.rules:
        raise OrchestrationError("MS933", quarter=str(quarter), step=step)
    if step not in _OF_ALL_QUARTERS and made.released != making.released:
        raise OrchestrationError(
            "MS927",
            quarter=str(quarter),
            then=", ".join(made.released) or "none",
            now=", ".join(making.released) or "none",
        )


def _place(step: str, quarter: Quarter, settings: Settings) -> Path:
    name = step if step in _OF_ALL_QUARTERS else f"{step}_{quarter}"
    return settings.vault.built_rules(name)
