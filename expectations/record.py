"""The gate record: what was checked of a quarter, whether all of it held, and of which rows.

Here: writing the record, and the refusal a release meets when the record is missing, failed or
stale. Not here: evaluating rules (``run``), and how rows are digested (``digest``). The record
stays in the vault, because a digest of confidential rows is a function of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from durable.writing import write_whole
from expectations.digest import digest_tables
from expectations.errors import ExpectationsError
from expectations.run import Connection, SuiteResult

RECORD_FORMAT = 2


@dataclass(frozen=True)
class GateRecord:
    """What is known of a quarter before it may be released.

    Attributes:
        quarter: for example ``2025Q1``.
        needed: names of the suites of release_input: one for each table that a release reads.
        passed: every needed suite ran, dbt tests ran, and everything held.
        suites: suite name to rule id to whether it holds.
        dbt_tests: test name to whether it holds.
        digest: of the release_input rows that were checked; see ``digest_release_input``.
        created: when, ISO 8601 with offset.
        format: version of this record's form.
    """

    quarter: str
    needed: Collection[str]
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
        missing = [f"{suite}: not checked" for suite in self.list_unchecked(self.needed)]
        tests = [f"dbt: {name}" for name, holds in self.dbt_tests.items() if not holds]
        if not self.dbt_tests:
            tests.append("dbt: no test was run")
        return (*rules, *missing, *tests)

    def list_unchecked(self, needed: Iterable[str]) -> list[str]:
        """The suites of which not one rule was evaluated."""
        return [suite for suite in needed if not self.suites.get(suite)]


def write_gate_record(
    gates: Path,
    quarter: str,
    needed: Collection[str],
    results: Iterable[SuiteResult],
    dbt_tests: Mapping[str, bool],
    digest: str,
    created: datetime,
) -> Path:
    """Write ``gates/<quarter>.json`` by one atomic rename, replacing an earlier record.

    Args:
        gates: the gates folder of the vault; made if absent.
        quarter: for example ``2025Q1``.
        needed: names of the suites without which it stays closed.
        results: the results of every suite after staging and before the release.
        dbt_tests: name of each dbt test to whether it held.
        digest: of the rows that were checked.
        created: now, with a time zone.
    """
    suites = {result.suite: dict(result.outcomes) for result in results}
    draft = GateRecord(
        quarter=quarter,
        needed=sorted(needed),
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


def require_passed(path: Path, needed: Iterable[str], current_digest: str) -> GateRecord:
    """Give the record back if its quarter may be released.

    Args:
        path: of the gate record.
        needed: names of the suites of all that is about to be released.
        current_digest: of the rows that are about to be released.

    Raises:
        ExpectationsError: MS503 missing, MS504 failed, MS505 stale, MS506 damaged.
    """
    record = read_gate_record(path)
    if not record.passed:
        raise ExpectationsError("MS504", quarter=record.quarter, rules="; ".join(record.failed))
    unchecked = [f"{suite}: not checked" for suite in record.list_unchecked(needed)]
    if unchecked:
        raise ExpectationsError("MS504", quarter=record.quarter, rules="; ".join(unchecked))
    if record.digest != current_digest:
        raise ExpectationsError("MS505", quarter=record.quarter)
    return record


def digest_release_input(connection: Connection, quarter_start: date) -> str:
    """SHA-256, in hex, over every release_input row of a quarter, whatever order rows come in.

    Raises:
        ExpectationsError: MS502, a query failed.
    """
    digests = digest_tables(connection, quarter_start)
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
