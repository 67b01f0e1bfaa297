"""What was spent on privacy and what is left, as `moshare ledger` shows it.

Does not belong here: charging (see `privacy.ledger`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from orchestration.settings import Settings
from privacy.chain import BEGUN, CHARGE, DONE, sum_spent
from privacy.ledger import Ledger
from privacy.policy import load_policy

_STATES = {CHARGE: "charged, not drawn", BEGUN: "draw interrupted", DONE: "drawn"}


def read_spending(settings: Settings) -> dict[str, Any]:
    """Check the ledger's chain and sum it up; plain data, ready for JSON.

    Returns:
        `head` (hash), `caps`, and `charges`: one for each release, in order.

    Raises:
        PrivacyError: When there is no ledger or its chain is broken.
    """
    ledger = Ledger(settings.ledger)
    entries = ledger.read_entries()
    caps = load_policy(settings.policy).caps
    spent = sum_spent(entries)
    states = {entry.charge.plan: _STATES[entry.kind] for entry in entries}
    return {
        "head": ledger.verify(),
        "caps": {"quarter": str(float(caps.quarter)), "year": str(float(caps.year))},
        "charges": [
            {
                "quarter": entry.charge.quarter,
                "plan": entry.charge.plan,
                "charged_at": entry.at,
                "rho": _decimal(entry.charge.rho),
                "rho_exact": str(entry.charge.rho),
                "state": states[entry.charge.plan],
                "left_in_quarter": _decimal(caps.quarter - spent[entry.charge.quarter]),
                "left_in_year": _decimal(caps.year - spent[entry.charge.year]),
            }
            for entry in entries
            if entry.kind == CHARGE
        ],
    }


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6f}"
