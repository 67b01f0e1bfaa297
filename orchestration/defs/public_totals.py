"""Totals that the policy declares public: what of them was delivered, before a release tells it.

Nothing is stored: the door is given what its agencies delivered, read in the same way.
"""

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.public_totals import read_public_totals
from privacy.policy.policy import load_policy
from privacy.publishing.declared import check_totals
from privacy.released import Provenance

_PUBLIC = load_policy(load_settings().policy).public


@dg.asset(
    key=["release_input", "public_totals"],
    group_name="release_input",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=OWNERS,
    kinds={"parquet"},
    pool=POOL,
    deps=[["raw", agency] for agency in sorted(_PUBLIC)],
    description="Declared public quantities: totals that an agency delivered by the contract that "
    "the policy names. They pass the door as delivered, without noise and without cost, because "
    "they are public already. This looks at whether they are what the policy declares, and nothing "
    "else; a quarter of which none were delivered says so in its release.",
    metadata={f"contract of {agency}": one.contract for agency, one in _PUBLIC.items()},
)
def public_totals(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Compare what was delivered with what the policy declares."""
    settings, quarter = load_settings(), quarter_of(context)
    with border("public_totals", settings):
        plan = plan_quarter(quarter, settings)
        found = read_public_totals(plan, settings)
        check_totals(plan, found.totals, Provenance(found.deliveries, is_simulated=False))
    told = sorted({one.quarter for one in found.totals})
    return dg.MaterializeResult(
        metadata={
            "quarter": str(quarter),
            **{f"delivered by {agency}": kind for agency, kind in found.deliveries},
            "quarters_told": ", ".join(told) or "none",
            "tables": ", ".join(one.name for one in plan.policy.tables if one.public),
        }
    )
