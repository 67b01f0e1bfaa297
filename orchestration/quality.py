"""Judge tables of a quarter, and write the gate record that a release needs.

Does not belong here: the rules (see `expectations`), and showing them (see `defs`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from expectations.gate import digest_release_input, require_passed, write_gate_record
from expectations.run import SuiteResult, read_frame, run_suite
from expectations.rules import Suite
from expectations.suites import before_release_suites
from orchestration.dbt_steps import read_test_outcomes
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from privacy.keys import load_keys
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


def record_gate(quarter: Quarter, settings: Settings) -> tuple[SuiteResult, ...]:
    """Judge the release input and write down what held, and of which rows.

    Returns:
        The results of the suites before the release.
    """
    suites = before_release_suites(quarter.first_day, load_keys(settings.public_keys))
    results = judge(suites, quarter, settings)
    with open_warehouse(settings) as connection:
        digest = digest_release_input(connection, quarter.first_day)
    write_gate_record(
        settings.vault / "gates",
        str(quarter),
        results,
        read_test_outcomes(quarter, settings),
        digest,
        datetime.now(UTC),
    )
    return tuple(results)


def require_gate(quarter: Quarter, settings: Settings) -> None:
    """Refuse to go on unless the rows that lie there now passed the gate.

    Raises:
        ExpectationsError: MS503 to MS506 when the record is missing, failed, stale or damaged.
    """
    with open_warehouse(settings) as connection:
        digest = digest_release_input(connection, quarter.first_day)
    require_passed(settings.vault / "gates" / f"{quarter}.json", digest)
