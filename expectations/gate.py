"""The gate record: what was checked of a quarter, whether all of it held, and of which rows.

Here: writing the record, the digest that ties it to the rows, and the refusal a release meets
when the record is missing, failed or stale. Not here: evaluating rules (``run``). The record
stays in the vault, because a digest of confidential rows is a function of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

from durable.writing import write_whole
from expectations.errors import ExpectationsError
from expectations.run import Connection, SuiteResult
from expectations.suites import AGGREGATE_TABLES, UNIT_TABLES

RECORD_FORMAT = 1


@dataclass(frozen=True)
class GateRecord:
    """What is known of a quarter before it may be released.

    Attributes:
        quarter: for example ``2025Q1``.
        passed: every suite of release_input ran, dbt tests ran, and everything held.
        suites: suite name to rule id to whether it holds.
        dbt_tests: test name to whether it holds.
        digest: of the release_input rows that were checked; see ``digest_release_input``.
        created: when, ISO 8601 with offset.
        format: version of this record's form.
    """

    quarter: str
    passed: bool
    suites: Mapping[str, Mapping[str, bool]]
    dbt_tests: Mapping[str, bool]
    digest: str
    created: str
    format: int = RECORD_FORMAT

    @property
    def failed(self) -> tuple[str, ...]:
        """What closes the gate, named: rules, dbt tests, and suites that never ran."""
        rules = [
            f"{suite}: {rule}"
            for suite, outcomes in self.suites.items()
            for rule, holds in outcomes.items()
            if not holds
        ]
        missing = [
            f"{suite}: not checked" for suite in _needed_suites() if not self.suites.get(suite)
        ]
        tests = [f"dbt: {name}" for name, holds in self.dbt_tests.items() if not holds]
        if not self.dbt_tests:
            tests.append("dbt: no test was run")
        return (*rules, *missing, *tests)


def write_gate_record(
    gates: Path,
    quarter: str,
    results: Iterable[SuiteResult],
    dbt_tests: Mapping[str, bool],
    digest: str,
    created: datetime,
) -> Path:
    """Write ``gates/<quarter>.json`` by one atomic rename, replacing an earlier record.

    Args:
        gates: the gates folder of the vault; made if absent.
        quarter: for example ``2025Q1``.
        results: the results of every suite after staging and before the release.
        dbt_tests: name of each dbt test to whether it held.
        digest: of the rows that were checked.
        created: now, with a time zone.
    """
    suites = {result.suite: dict(result.outcomes) for result in results}
    draft = GateRecord(
        quarter=quarter,
        passed=False,
        suites=suites,
        dbt_tests=dict(dbt_tests),
        digest=digest,
        created=created.isoformat(),
    )
    content = asdict(draft) | {"passed": not draft.failed}
    target = gates / f"{quarter}.json"
    write_whole(target, json.dumps(content, indent=2, sort_keys=True) + "\n")
    return target


def read_gate_record(path: Path) -> GateRecord:
    """Read one record; the quarter is the name of the file.

    Raises:
        ExpectationsError: MS503, no such record; MS506, not a record of this format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExpectationsError("MS503", quarter=path.stem) from None
    except (OSError, ValueError):
        raise ExpectationsError("MS506", file=path.name, format=RECORD_FORMAT) from None
    try:
        record = GateRecord(**content)
        is_sound = (
            record.format == RECORD_FORMAT
            and record.quarter == path.stem
            and record.passed is (not record.failed)
        )
    except (TypeError, AttributeError):
        is_sound = False
    if not is_sound:
        raise ExpectationsError("MS506", file=path.name, format=RECORD_FORMAT)
    return record


def require_passed(path: Path, current_digest: str) -> GateRecord:
    """Give the record back if its quarter may be released.

    Args:
        path: of the gate record.
        current_digest: of the rows that are about to be released.

    Raises:
        ExpectationsError: MS503 missing, MS504 failed, MS505 stale, MS506 damaged.
    """
    record = read_gate_record(path)
    if not record.passed:
        raise ExpectationsError("MS504", quarter=record.quarter, rules="; ".join(record.failed))
    if record.digest != current_digest:
        raise ExpectationsError("MS505", quarter=record.quarter)
    return record


def digest_release_input(connection: Connection, quarter_start: date) -> str:
    """SHA-256, in hex, over every release_input row of a quarter, whatever order rows come in.

    Each field is written as its length and its text, or as a lone ``-`` when absent, so that no two
    different rows read alike; each row is hashed in the warehouse, which adds the hashes up.

    Raises:
        ExpectationsError: MS502, a query failed.
    """
    total = hashlib.sha256()
    for table, columns in _release_input_columns().items():
        rows, low, high = _sum_row_hashes(connection, table, columns, quarter_start)
        total.update(f"{table}({','.join(columns)}):{rows}:{low}:{high}\n".encode())
    return total.hexdigest()


def _sum_row_hashes(
    connection: Connection, table: str, columns: tuple[str, ...], quarter_start: date
) -> tuple[int, int, int]:
    """Number of rows, and the sums of the lower and the upper halves of their 128-bit hashes."""
    row = " || ".join(
        f"coalesce(length(cast({name} as varchar)) || ':' || cast({name} as varchar), '-')"
        for name in columns
    )
    query = (
        "select count(*), coalesce(sum(md5_number_lower(row_text)), 0), "  # noqa: S608 - fixed names
        f"coalesce(sum(md5_number_upper(row_text)), 0) from (select {row} as row_text "
        f"from release_input.{table} where quarter_start = ?)"
    )
    kind = ""
    try:
        ((rows, low, high),) = connection.execute(query, [quarter_start]).fetchall()
    except Exception as error:  # noqa: BLE001 - its text quotes values, its type does not
        kind = type(error).__name__
    else:
        return rows, low, high
    raise ExpectationsError(
        "MS502", relation=f"release_input.{table}", quarter=quarter_start.isoformat(), kind=kind
    ) from None


def _release_input_columns() -> Mapping[str, tuple[str, ...]]:
    units = {table: ("unit_id", *dimensions) for table, dimensions in UNIT_TABLES.items()}
    return MappingProxyType(units | dict(AGGREGATE_TABLES))


def _needed_suites() -> tuple[str, ...]:
    return tuple(f"release_input.{table}" for table in _release_input_columns())
