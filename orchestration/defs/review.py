"""Group `review`: the plan of a quarter, and its approval by signature, before anything is drawn.

No asset here may have a retry policy or an automation condition: a person decides. Neither reads a
confidential row.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.numbers import tell_margins
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from orchestration.steps.approving import require_approval
from orchestration.steps.proposing import plan_quarter, preview_release, put_up_plan
from privacy.errors import PrivacyError

OFFICER = "team:privacy-officer"


@dg.asset(
    key=["review", "plan"],
    group_name="review",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=[*OWNERS, OFFICER],
    kinds={"toml", "json", "html"},
    description="What the quarter's release would hold, how accurate it would be and what it would "
    "cost, made from the policy, public lists and the ledger alone. Writes the folder of the "
    "quarter in `review`: plan.json, which officers sign, and index.html, which they read.",
)
def plan(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Put the plan up for approval; the same policy gives the same plan."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("review/plan", settings):
        folder = put_up_plan(quarter, settings)
        made = plan_quarter(quarter, settings)
        margins = tell_margins(preview_release(made))
    return dg.MaterializeResult(
        metadata={
            "quarter": str(quarter),
            "plan": made.hash,
            "policy_version": str(made.policy.version),
            "rho": float(made.rho),
            "page": f"review/{folder.name}/index.html",
            "how_to_approve": f"moshare approve --quarter {quarter} --key FILE",
            **margins,
        }
    )


@dg.asset(
    key=["review", "approval"],
    group_name="review",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=[OFFICER],
    kinds={"minisign"},
    deps=[plan],
    check_specs=[
        dg.AssetCheckSpec(
            name="signed",
            asset=["review", "approval"],
            blocking=True,
            description="As many officers as the policy asks for signed exactly this plan, nobody "
            "rejected it, and it can be paid.",
        )
    ],
    description="The officers' signatures of the plan, made with 'moshare approve' away from this "
    "graph. Nothing here can approve: this looks whether they signed, and the door looks again.",
)
def approval(
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Look whether the plan is approved, and say why not where it is not."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("review/approval", settings):
        try:
            facts = require_approval(quarter, settings)
        except PrivacyError as error:
            yield _judge(problem=error.sentence)
            raise
    yield dg.MaterializeResult(
        metadata={
            "quarter": str(quarter),
            "approved_by": ", ".join(one.signer for one in facts),
            "key_ids": ", ".join(one.key_id for one in facts),
            "signed_at": ", ".join(one.signed_at for one in facts),
        },
        check_results=[_judge(problem="")],
    )


def _judge(problem: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=["review", "approval"],
        check_name="signed",
        passed=not problem,
        metadata={"problem": problem or "none"},
    )


review = [plan, approval]
