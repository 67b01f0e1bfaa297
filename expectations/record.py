"""The quality record: which rules were looked at for a quarter, which hold, and of which rows.

Here: writing the record, and the refusal a release meets when the record is missing, failed or
stale. Not here: evaluating rules (``run``, and dbt), and how rows are digested (``digest``). The
record stays in the vault, because a digest of confidential rows is a function of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from durable.writing import write_whole
from expectations.errors import ExpectationsError
from expectations.run import SuiteResult

RECORD_FORMAT = 3


@dataclass(frozen=True)
class QualityRecord:
    """What is known of a quarter before it may be released.

    Attributes:
        quarter: for example ``2025Q1``.
        needed: names of the dbt rules of all that a release reads.
        passed: every needed rule was looked at, and everything held.
        suites: suite name to rule id to whether it holds.
        dbt_rules: name of each rule and test of dbt to whether it holds.
        digest: of the release_input rows that were checked; see ``digest_release_input``.
        created: when, ISO 8601 with offset.
        format: version of this record's form.
    """

    quarter: str
    needed: Collection[str]
    passed: bool
    suites: Mapping[str, Mapping[str, bool]]
    dbt_rules: Mapping[str, bool]
    digest: str
    created: str
    format: int = RECORD_FORMAT

    @property
    def failed(self) -> tuple[str, ...]:
        """What keeps the quarter from being released, named: rules that fail or never ran."""
        rules = [
            f"{suite}: {rule}"
            for suite, outcomes in self.suites.items()
            for rule, holds in outcomes.items()
            if not holds
        ]
        tests = [f"dbt: {name}" for name, holds in self.dbt_rules.items() if not holds]
        return (*rules, *tests, *self.list_unchecked(self.needed))

    def list_unchecked(self, needed: Iterable[str]) -> list[str]:
        """The rules that nothing looked at."""
        return [f"dbt: {rule} was not looked at" for rule in needed if rule not in self.dbt_rules]


def write_quality_record(
    folder: Path,
    quarter: str,
    needed: Collection[str],
    results: Iterable[SuiteResult],
    dbt_rules: Mapping[str, bool],
    digest: str,
    created: datetime,
) -> Path:
    """Write ``quality/<quarter>.json`` by one atomic rename, replacing an earlier record.

    Args:
        folder: the folder of quality records of the vault; made if absent.
        quarter: for example ``2025Q1``.
        needed: names of the dbt rules without which there is no release.
        results: the results of every suite before the release.
        dbt_rules: name of each rule and test of dbt to whether it held.
        digest: of the rows that were checked.
        created: now, with a time zone.
    """
    suites = {result.suite: dict(result.outcomes) for result in results}
    draft = QualityRecord(
        quarter=quarter,
        needed=sorted(needed),
        passed=False,
        suites=suites,
        dbt_rules=dict(dbt_rules),
        digest=digest,
        created=created.isoformat(),
    )
    content = asdict(draft) | {"passed": not draft.failed}
    target = folder / f"{quarter}.json"
    write_whole(target, json.dumps(content, indent=2, sort_keys=True) + "\n")
    return target


def read_quality_record(path: Path) -> QualityRecord:
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
        record = QualityRecord(**content)
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


def require_passed(path: Path, needed: Iterable[str], current_digest: str) -> QualityRecord:
    """Give the record back if its quarter may be released.

    Args:
        path: of the quality record.
        needed: names of the dbt rules of all that is about to be released.
        current_digest: of the rows that are about to be released.

    Raises:
        ExpectationsError: MS503 missing, MS504 failed, MS505 stale, MS506 damaged.
    """
    record = read_quality_record(path)
    failed = record.failed or record.list_unchecked(needed)
    if failed:
        raise ExpectationsError("MS504", quarter=record.quarter, rules="; ".join(failed))
    if record.digest != current_digest:
        raise ExpectationsError("MS505", quarter=record.quarter)
    return record
