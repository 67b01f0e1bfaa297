"""Totals that the policy declares public, read from what their agencies delivered.

They are read from accepted deliveries and from nowhere else: no model of the warehouse, where the
records of others lie, can put another number in their place. Does not belong here: what may pass
(`privacy.publishing.declared`), and which delivery counts (`sources.accepted_totals`).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.hub.settings import Settings
from privacy.declared import DeliveredTotals
from privacy.plan import Plan
from privacy.publishing.declared import list_periods
from privacy.released import NO_DELIVERY
from sources.accepted_totals import find_totals


@dataclass(frozen=True)
class PublicTotals:
    """What was delivered of the quarters that a release tells.

    Attributes:
        totals: one for each agency and quarter that was delivered.
        deliveries: each agency, and the kind of what it delivered for the release's own quarter,
            or `none`.
    """

    totals: tuple[DeliveredTotals, ...]
    deliveries: tuple[tuple[str, str], ...]


def read_public_totals(plan: Plan, settings: Settings) -> PublicTotals:
    """Read what stands now for the quarter of a plan and those before it that a release repeats.

    Raises:
        SourcesError: MS106 an agency has no contract of the name that the policy gives, MS421 its
            newest delivery came by another, after one by that.
    """
    totals: list[DeliveredTotals] = []
    deliveries: list[tuple[str, str]] = []
    for agency, public in sorted(plan.policy.public.items()):
        for quarter in list_periods(plan):
            found = find_totals(settings.zones, agency, quarter, public.contract)
            if found:
                totals.append(DeliveredTotals(agency, public.contract, quarter, found.counts))
        deliveries.append((agency, found.kind if found else NO_DELIVERY))
    return PublicTotals(tuple(totals), tuple(deliveries))
