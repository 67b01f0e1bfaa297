"""Judge a quarter, and write the quality record that a release needs.

Does not belong here: the rules (see `expectations`, `guards/counted_tables` and the dbt project),
and showing them (see `defs`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from expectations.digest import digest_release_input
from expectations.record import (
    QualityRecord,
    read_quality_record,
    require_passed,
    write_quality_record,
)
from expectations.rules import Suite
from expectations.run import SuiteResult, read_frame, run_suite
from expectations.staging import STAGING_SUITES
from orchestration.guards.counted_tables import name_rules
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse
from orchestration.steps.dbt_steps import read_test_outcomes, read_tested_digest
from privacy.policy.policy import Policy, load_policy
from sources.quarters import Quarter

AS_TESTED = "release_input_is_as_it_was_tested"
"""That the rows which are about to be released are those that dbt looked at."""


def judge(suites: Iterable[Suite], quarter: Quarter, settings: Settings) -> list[SuiteResult]:
    """Judge each suite's table on the rows of one quarter.

    Raises:
        ExpectationsError: MS501 or MS502 when a table cannot be read or judged.
    """
    results = []
    with open_warehouse(settings) as connection:
        for suite in suites:
            frame = read_frame(connection, suite, quarter.first_day)
            results.append(run_suite(suite, frame))
    return results


def record_quality(quarter: Quarter, settings: Settings) -> QualityRecord:
    """Judge staging, and write down which rules hold, dbt's among them, and of which rows."""
    with open_warehouse(settings) as connection:
        digest = digest_release_input(connection, quarter.first_day)
    return read_quality_record(
        write_quality_record(
            _record_path(quarter, settings).parent,
            str(quarter),
            name_rules(load_policy(settings.policy), settings),
            judge(STAGING_SUITES, quarter, settings),
            {
                **read_test_outcomes(quarter, settings),
                AS_TESTED: digest == read_tested_digest(quarter, settings),
            },
            digest,
            datetime.now(UTC),
        )
    )


def require_quality(
    connection: duckdb.DuckDBPyConnection, policy: Policy, quarter: Quarter, settings: Settings
) -> QualityRecord:
    """Refuse to go on unless every rule holds of the rows that this connection sees.

    Returns:
        The quality record of the quarter.

    Raises:
        ExpectationsError: MS503 to MS506 when the record is missing, failed, stale or damaged.
    """
    digest = digest_release_input(connection, quarter.first_day)
    return require_passed(_record_path(quarter, settings), name_rules(policy, settings), digest)


def _record_path(quarter: Quarter, settings: Settings) -> Path:
    return settings.vault.quality_record(str(quarter))
