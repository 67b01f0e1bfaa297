"""Groups `staging`, `core` and `release_input`: the dbt project, in three steps.

dbt is split so that a failed check in one step stops the next one in the same run.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from expectations.run import import_engine_meanwhile
from orchestration.defs.border import border
from orchestration.defs.dbt_graph import UNIQUE_ID, list_assets, list_checks
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, QUARTERS, quarter_of
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.dbt_steps import (
    CORE,
    RELEASE_INPUT,
    STAGING,
    DbtOutcome,
    DbtStep,
    run_dbt_step,
)


def _dbt_step(step: DbtStep) -> dg.AssetsDefinition:
    settings = load_settings()
    if not settings.dbt_manifest.exists():
        raise OrchestrationError("MS903", manifest="dbt_project/target/manifest.json")

    @dg.multi_asset(
        name=f"dbt_{step.name}",
        specs=list_assets(settings.dbt_manifest, step.name),
        check_specs=list_checks(settings.dbt_manifest, step.name),
        can_subset=True,
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        pool=POOL,
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        settings = load_settings()
        quarter = quarter_of(context)
        with border(step.name, settings):
            with import_engine_meanwhile():
                outcome = run_dbt_step(step, quarter, settings)
            yield from _tell(context, outcome)
            if outcome.unbuilt:
                raise OrchestrationError(
                    "MS902",
                    stage=step.name,
                    failed=", ".join(sorted(outcome.unbuilt)),
                    log=f"dbt/logs/{quarter}-{step.name}.txt",
                )

    return build


def _tell(context: dg.AssetExecutionContext, outcome: DbtOutcome) -> Iterator[Any]:
    """Say of each selected model that it was built, and of each test whether it holds."""
    definition = context.assets_def
    key_of = {definition.specs_by_key[k].metadata[UNIQUE_ID]: k for k in definition.keys}
    for unique_id in outcome.built:
        key = key_of.get(unique_id)
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(
                asset_key=key, metadata={"quarter": str(quarter_of(context))}
            )
    for key in sorted(context.selected_asset_check_keys):
        spec = definition.get_spec_for_check_key(key)
        unique_id = spec.metadata[UNIQUE_ID]
        failed = [rule for rule, holds in outcome.rules.get(unique_id, {}).items() if not holds]
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=outcome.tests.get(unique_id, False),
            metadata={
                "ran": unique_id in outcome.tests,
                **({"failed_rules": ", ".join(failed)} if failed else {}),
            },
        )


dbt_steps = [_dbt_step(step) for step in (STAGING, CORE, RELEASE_INPUT)]
