"""Judge tables of a quarter, and write the gate record that a release needs.

Does not belong here: the rules (see `expectations`), and showing them (see `defs`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from expectations.record import (
    GateRecord,
    digest_release_input,
    read_gate_record,
    require_passed,
    write_gate_record,
)
from expectations.rules import Suite
from expectations.run import SuiteResult, read_frame, run_suite
from expectations.staging import after_staging_suites
from expectations.suites import before_release_suites
from orchestration.guards.input_tables import list_input_tables
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse
from orchestration.steps.dbt_steps import read_test_outcomes
from privacy.policy.keys import load_keys
from privacy.policy.policy import Policy, load_policy
from sources.quarters import Quarter


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


def record_gate(quarter: Quarter, settings: Settings) -> GateRecord:
    """Judge staging and release input, and write down what held, and of which rows."""
    policy = load_policy(settings.policy)
    keys = {
        name: [key.key for key in listed]
        for name, listed in load_keys(settings.public_keys, policy).lists
    }
    first_day = quarter.first_day
    with open_warehouse(settings) as connection:
        tables = list_input_tables(connection, policy)
        digest = digest_release_input(connection, first_day)
    suites = (*after_staging_suites(first_day), *before_release_suites(first_day, tables, keys))
    return read_gate_record(
        write_gate_record(
            settings.vault.quality_records,
            str(quarter),
            [table.suite for table in tables],
            judge(suites, quarter, settings),
            read_test_outcomes(quarter, settings),
            digest,
            datetime.now(UTC),
        )
    )


def require_gate(
    connection: duckdb.DuckDBPyConnection, policy: Policy, quarter: Quarter, settings: Settings
) -> GateRecord:
    """Refuse to go on unless the rows that this connection sees passed the gate; give its record.

    Raises:
        ExpectationsError: MS503 to MS506 when the record is missing, failed, stale or damaged.
    """
    needed = [table.suite for table in list_input_tables(connection, policy)]
    digest = digest_release_input(connection, quarter.first_day)
    return require_passed(_record_path(quarter, settings), needed, digest)


def _record_path(quarter: Quarter, settings: Settings) -> Path:
    return settings.vault.quality_record(str(quarter))
