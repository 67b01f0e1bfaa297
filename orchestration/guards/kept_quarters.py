"""Which quarters keep their links and exact rows: those whose release was charged.

What a release was drawn from stays as it was, whatever is delivered later: a child counted once
ever, or a record that took its place with a child, is known by these rows. Does not belong here:
what was spent (see `spending`).
"""

from __future__ import annotations

from orchestration.hub.settings import Settings
from orchestration.steps.spending import read_entries
from privacy.ledger.chain import CHARGE
from sources.quarters import Quarter


def find_kept_quarters(settings: Settings) -> frozenset[Quarter]:
    """Find the quarters that the ledger was charged for.

    Raises:
        PrivacyError: When the ledger is lost or cannot be trusted.
    """
    return frozenset(
        Quarter.parse(entry.charge.quarter)
        for entry in read_entries(settings)
        if entry.kind == CHARGE
    )
