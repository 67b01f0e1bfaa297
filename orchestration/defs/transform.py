"""Groups `staging`, `core` and `release_input`: the dbt project, in three steps.

dbt is split so that a failed check in one step stops the next one in the same run.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
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

_UNIQUE_ID = "dagster_dbt/unique_id"
_BUILT_IN_STAGING = ("reference", "intermediate")
"""Schemas of what the first step builds; every other step is named as its schema is."""


class Translator(DagsterDbtTranslator):
    """How a dbt node looks in the graph: our words, no SQL, one group for each step."""

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Show the model's own description only."""
        return str(dbt_resource_props.get("description", ""))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Name the step; staging builds public lists, and what it reads and interprets."""
        schema = str(dbt_resource_props["config"].get("schema"))
        return STAGING.name if schema in _BUILT_IN_STAGING else schema

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """Name the hub's engineers as owners of every model."""
        return OWNERS


def _dbt_step(step: DbtStep) -> dg.AssetsDefinition:
    settings = load_settings()
    if not settings.dbt_manifest.exists():
        raise OrchestrationError("MS903", manifest="dbt_project/target/manifest.json")

    @dbt_assets(
        manifest=settings.dbt_manifest,
        select=step.select,
        exclude="resource_type:unit_test",
        name=f"dbt_{step.name}",
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        pool=POOL,
        dagster_dbt_translator=Translator(
            DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
        ),
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        settings = load_settings()
        quarter = quarter_of(context)
        with border(step.name, settings):
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
    key_of = {definition.specs_by_key[k].metadata[_UNIQUE_ID]: k for k in definition.keys}
    for unique_id in outcome.built:
        key = key_of.get(unique_id)
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(
                asset_key=key, metadata={"quarter": str(quarter_of(context))}
            )
    for key in sorted(context.selected_asset_check_keys):
        spec = definition.get_spec_for_check_key(key)
        unique_id = spec.metadata[_UNIQUE_ID]
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
