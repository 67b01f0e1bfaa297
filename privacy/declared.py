"""Declared public quantities: totals that pass the door as an agency delivered them.

Belongs here: the frozen types. Does not belong here: which ones may pass
(privacy.publishing.declared), and what is declared (privacy.policy.tables).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class DeclaredFacts:
    """Why a table has no noise: by which contract its totals come, which measure, why public."""

    contract: str
    measure: str
    reason: str


@dataclass(frozen=True)
class DeliveredTotals:
    """What an agency delivered of one quarter: measure -> group -> count, under one contract."""

    agency: str
    contract: str
    quarter: str
    counts: Mapping[str, Mapping[str, int]]

    def to_content(self) -> dict[str, Any]:
        """Return it as plain JSON content."""
        return asdict(self)
