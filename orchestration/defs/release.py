"""The quality record, and the group `released`: from exact counts to a folder that agencies open.

No asset here may have a retry policy or an automation condition: a draw happens once.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.numbers import tell_budget, tell_files, tell_margins
from orchestration.defs.public_totals import public_totals
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.defs.review import OFFICER, approval
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.building import build_folder
from orchestration.steps.quality import record_quality
from orchestration.steps.releasing import draw_release, recall_release
from privacy.policy.policy import load_policy
from privacy.released import Release, ReleasedRow

_RELEASE_INPUT = [
    ["release_input", table]
    for table in ("report_choices", "children_counted", *load_policy(load_settings().policy).frames)
]


@dg.asset(
    key=["release_input", "quality"],
    group_name="release_input",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=OWNERS,
    kinds={"greatexpectations", "json"},
    pool=POOL,
    deps=_RELEASE_INPUT,
    check_specs=[
        dg.AssetCheckSpec(
            name="ready_for_release",
            asset=["release_input", "quality"],
            blocking=True,
            description="Every rule of dbt and every expectation holds of the quarter.",
        )
    ],
    description="The quality record: which rules were looked at for the quarter, which hold, and "
    "of which rows. The release reads it itself and refuses without it.",
)
def quality(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Judge the quarter and write the record."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("quality", settings):
        record = record_quality(quarter, settings)
    verdict = dg.AssetCheckResult(
        check_name="ready_for_release",
        passed=record.passed,
        metadata={"failed_rules": ", ".join(record.failed) or "none"},
    )
    yield dg.MaterializeResult(metadata={"quarter": str(quarter)}, check_results=[verdict])


@dg.asset(
    key=["released", "counts"],
    group_name="released",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=[*OWNERS, OFFICER],
    kinds={"opendp", "sqlite"},
    pool=POOL,
    deps=[quality, approval, public_totals],
    description="Differentially private counts of an approved plan, drawn once. The ledger is "
    "charged before the draw; run again, this gives what was drawn the first time, and charges "
    "nothing.",
)
def counts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Open the door for one quarter."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("released/counts", settings):
        release = draw_release(quarter, settings)
    return dg.MaterializeResult(metadata={**_facts(release), **tell_budget(settings)})


def _facts(release: Release) -> dict[str, str | float]:
    """Say what a release cost and where that is written; all of it is public."""
    return {
        "quarter": release.release_id,
        "plan": release.plan.hash,
        "policy_version": str(release.plan.policy_version),
        "rho": release.privacy.rho_decimal,
        "epsilon": release.privacy.epsilon,
        "delta": release.privacy.delta,
        "drawn_at": release.drawn_at,
        "ledger_head": release.ledger_head,
    }


@dg.asset(
    key=["released", "folder"],
    group_name="released",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=[*OWNERS, OFFICER],
    kinds={"csv", "parquet", "html"},
    pool=POOL,
    deps=[counts],
    check_specs=[
        dg.AssetCheckSpec(
            name="expectations",
            asset=["released", "folder"],
            blocking=True,
            description="The released tables have every cell, a status word in each, numbers "
            "in their form, and every file has the hash that release.json names.",
        )
    ],
    description="The folder that agencies open: a page, CSV and Parquet for each table, and the "
    "hash of every file. Never edited after it is built.",
)
def folder(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Build the folder from what was drawn, and judge it."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("released/folder", settings):
        release = recall_release(quarter, settings)
        path, failed = build_folder(release, settings)
    verdict = dg.AssetCheckResult(
        check_name="expectations",
        passed=not failed,
        metadata={"failed_rules": ", ".join(failed) or "none"},
    )
    yield dg.MaterializeResult(
        metadata={
            "folder": f"releases/{path.name}",
            "page": f"releases/{path.name}/index.html",
            "state_totals": dg.MetadataValue.md(_list_state_totals(release)),
            **tell_margins(release),
            **tell_files(path),
        },
        check_results=[verdict],
    )


def _list_state_totals(release: Release) -> str:
    """List the released totals for the state; they are public."""
    lines = ["| table | count | estimate and margin (90 %) |", "| --- | --- | --- |"]
    for table in release.tables:
        if table.level == "state":
            lines += [f"| {table.title} | {_say(row)} |" for row in table.rows]
    return "\n".join(lines)


def _say(row: ReleasedRow) -> str:
    if row.estimate is None:
        return f"{row.status if row.count is None else row.count} | {row.status}"
    return f"{row.count} | {row.estimate} ± {row.moe90}, {row.status}"


released = [counts, folder]
