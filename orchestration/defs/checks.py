"""Expectations shown as asset checks on the intermediate models; a failed one stops the run."""

from collections.abc import Iterator

import dagster as dg

from expectations.staging import STAGING_SUITES
from orchestration.defs.border import border
from orchestration.defs.quarters import quarter_of
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.quality import judge

CHECK_NAME = "expectations"


@dg.multi_asset_check(
    name="expectations_staging",
    specs=[
        dg.AssetCheckSpec(
            name=CHECK_NAME,
            asset=suite.name.split("."),
            blocking=True,
            description=" ".join(rule.description for rule in suite.rules),
        )
        for suite in STAGING_SUITES
    ],
    pool=POOL,
)
def staging_expectations(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Judge the shares of the quarter's intermediate tables."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("expectations_staging", settings):
        for result in judge(STAGING_SUITES, quarter, settings):
            yield dg.AssetCheckResult(
                asset_key=result.suite.split("."),
                check_name=CHECK_NAME,
                passed=result.passed,
                metadata={"failed_rules": ", ".join(result.failed_rules) or "none"},
            )


checks = [staging_expectations]
