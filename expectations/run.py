"""Reading a narrow frame and letting Great Expectations judge it, rule by rule.

Here: the query that projects the few columns and the one quarter, and the only place that touches
the engine. Not here: the rules. What comes out is a boolean for each rule: no value, no count, no
text of the engine, because each of those can carry a record out of the vault.
"""

from __future__ import annotations

import importlib
import logging
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from expectations.errors import ExpectationsError
from expectations.rules import Rule, Suite

if TYPE_CHECKING:
    import pandas as pd

ENGINE = "great_expectations"


class Cursor(Protocol):
    """What a query gives back."""

    def df(self) -> pd.DataFrame:
        """All rows as a frame."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""


class Connection(Protocol):
    """A read-only connection to the warehouse, opened and closed by the caller."""

    def execute(self, query: str, parameters: list[object], /) -> Cursor:
        """Run one query."""


@dataclass(frozen=True)
class SuiteResult:
    """Which rules of one suite hold: rule id to boolean, and nothing else."""

    suite: str
    outcomes: Mapping[str, bool]

    @property
    def passed(self) -> bool:
        """Whether at least one rule was evaluated and all of them hold."""
        return bool(self.outcomes) and all(self.outcomes.values())

    @property
    def failed_rules(self) -> tuple[str, ...]:
        """The ids of the rules that do not hold."""
        return tuple(rule_id for rule_id, holds in self.outcomes.items() if not holds)


def read_frame(connection: Connection, suite: Suite, quarter_start: date) -> pd.DataFrame:
    """Read the columns of a suite for one quarter.

    Raises:
        ExpectationsError: MS502, the query failed.
    """
    selected = ", ".join(suite.columns)
    query = (
        f"select {selected} from {suite.name} "  # noqa: S608 - names come from suites, not from data
        f"where {suite.quarter_column} = ?"
    )
    kind = ""
    try:
        return connection.execute(query, [quarter_start]).df()
    except Exception as error:  # noqa: BLE001 - its text quotes values, its type does not
        kind = type(error).__name__
    raise ExpectationsError(
        "MS502", relation=suite.name, quarter=quarter_start.isoformat(), kind=kind
    ) from None


@contextmanager
def import_engine_meanwhile() -> Iterator[None]:
    """Import the engine, which takes two seconds, while the caller waits for another process."""

    def load() -> None:
        with _silence_engine(), suppress(ImportError):  # told where it is used
            importlib.import_module(ENGINE)

    loading = threading.Thread(target=load)
    loading.start()
    try:
        yield
    finally:
        loading.join()


def run_suite(suite: Suite, frame: pd.DataFrame) -> SuiteResult:
    """Judge a frame by every rule of a suite.

    A rule whose column is absent from the frame does not hold.

    Raises:
        ExpectationsError: MS501, the engine stopped on a rule.
    """
    present = set(frame.columns)
    ready = [rule for rule in suite.rules if present.issuperset(rule.columns)]
    judged = _judge(suite, ready, frame) if ready else {}
    outcomes = {rule.rule_id: judged.get(rule.rule_id, False) for rule in suite.rules}
    return SuiteResult(suite.name, MappingProxyType(outcomes))


def _judge(suite: Suite, rules: list[Rule], frame: pd.DataFrame) -> dict[str, bool]:
    kind = ""
    try:
        with _silence_engine():
            results = _validate(suite.name, rules, frame)
    except Exception as error:  # noqa: BLE001 - its text quotes values, its type does not
        kind = type(error).__name__
    if kind:
        everything = ", ".join(rule.rule_id for rule in rules)
        raise ExpectationsError("MS501", rules=everything, suite=suite.name, kind=kind) from None
    stopped = sorted(rule_id for rule_id, (_, has_raised) in results.items() if has_raised)
    if stopped:
        raise ExpectationsError(
            "MS501", rules=", ".join(stopped), suite=suite.name, kind="metric error"
        )
    return {rule_id: holds for rule_id, (holds, _) in results.items()}


def _validate(name: str, rules: list[Rule], frame: pd.DataFrame) -> dict[str, tuple[bool, bool]]:
    """Rule id to (holds, the engine raised), by an ephemeral context that writes no file."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            data_docs_sites={},
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    suite = gx.ExpectationSuite(
        name=name,
        expectations=[
            getattr(gx.expectations, rule.expectation)(
                **rule.settings, meta={"rule_id": rule.rule_id}
            )
            for rule in rules
        ],
    )
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})
    report: Any = batch.validate(suite, result_format="BOOLEAN_ONLY")
    outcomes: dict[str, tuple[bool, bool]] = {}
    for result in report.results:
        rule_id = result.expectation_config.meta["rule_id"]
        outcomes[rule_id] = bool(result.success), _has_raised(result.exception_info)
    return outcomes


def _has_raised(exception_info: Mapping[str, Any]) -> bool:
    """Whether the engine caught an exception; it reports one flat, or one for each metric."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(_has_raised(nested) for nested in exception_info.values())


@contextmanager
def _silence_engine() -> Iterator[None]:
    """Drop what the engine logs or warns of: both may quote a value."""
    logger = logging.getLogger(ENGINE)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=rf"{ENGINE}(\.|$)")
            yield
    finally:
        logger.setLevel(level)
