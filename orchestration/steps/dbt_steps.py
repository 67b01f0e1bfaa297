"""Run one step of the dbt project with everything it says kept inside the vault.

dbt runs in a child process (`dbt_process`): its output, logs and artefacts go to the vault, and
only the name and the outcome of each model, test and rule come back. Does not belong here: what the
models say, and the Dagster definitions of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from durable.writing import write_whole
from expectations.digest import digest_release_input
from orchestration.guards import built_rules
from orchestration.guards.bounds import read_bounds
from orchestration.guards.counted_tables import list_rules, name_parsing_variables
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.guards.kept_rows import check_kept_rows
from orchestration.guards.quarter_order import refuse_passed_quarter
from orchestration.guards.rules import hash_rules
from orchestration.hub.engine import find_master
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, child_environment
from orchestration.hub.warehouse import read_warehouse, warehouse_lock
from orchestration.steps.dbt_process import KEPT, DbtCall
from orchestration.steps.loaded_lists import note_lists, recall_lists
from orchestration.steps.spark_build import build_on_spark, clear_stores
from privacy.policy.policy import Policy, load_policy
from sources.contracts import current_contract, list_agencies
from sources.errors import SourcesError
from sources.quarters import Quarter
from sources.storing import write_empty_tables

QUARTER_VARIABLE = "MOSHARE_QUARTER_START"
"""Tells the dbt process which quarter incremental models build; no setting of a person's."""

RULES_TEST = "assert_rules_hold"
"""The dbt test that looks at all rules of a table at once."""

RELEASED_VARIABLE = "MOSHARE_RELEASED_QUARTERS"
"""Tells it which quarters were charged: what these counted is not counted again."""


@dataclass(frozen=True)
class DbtStep:
    """A part of the dbt project that is built in one go.

    Attributes:
        name: Name of the step, and the Dagster group of what it builds.
        select: dbt node selection that is built.
        has_lists: Whether it loads the state's lists, unless they lie there already.
        is_kept: Whether what was built stays as it is once the quarter's release was charged.
    """

    name: str
    select: str
    has_lists: bool = False
    is_kept: bool = False


_LISTS = "resource_type:seed"
STAGING = DbtStep(built_rules.STAGING, f"{_LISTS} fqn:intermediate", has_lists=True)
CORE = DbtStep(built_rules.CORE, "fqn:core")
RELEASE_INPUT = DbtStep(built_rules.RELEASE_INPUT, "fqn:release_input", is_kept=True)


_READ_ON_SPARK: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        STAGING.name: (),
        CORE.name: ("reference", "intermediate"),
        RELEASE_INPUT.name: ("reference", "intermediate", "core", "release_input"),
    }
)
"""Schemas whose tables each step reads; of them it changes rows of release input alone."""


@dataclass(frozen=True)
class DbtOutcome:
    """How the nodes of one step ended, without any count or message.

    Attributes:
        built: Unique ids of what was built, each after what it reads.
        tests: Unique id of each test that ran, and whether it passed.
        unbuilt: Names of models that failed or were skipped.
        rules: Of each test of several rules, whether each of them holds, by name.
        digest: Of the rows that were tested, where the step is kept; empty elsewhere.
    """

    built: Sequence[str]
    tests: Mapping[str, bool]
    unbuilt: Sequence[str]
    rules: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    digest: str = ""

    def join(self, other: DbtOutcome) -> DbtOutcome:
        """Give the outcome of both, the other's before."""
        return replace(
            self,
            built=(*other.built, *self.built),
            tests={**other.tests, **self.tests},
            rules={**other.rules, **self.rules},
        )


def run_dbt_step(step: DbtStep, quarter: Quarter, settings: Settings) -> DbtOutcome:
    """Build and test one step for one quarter.

    Args:
        step: Which part of the project.
        quarter: The quarter that incremental models rebuild.
        settings: Where the vault lies.

    Returns:
        The outcome of every model and test. A failed test is an outcome, not an error. Of a step
        that is kept as it was when the quarter was released, the outcome of then.

    Raises:
        OrchestrationError: MS902 when dbt itself stopped before it wrote its results, MS949 or
            MS950 when Spark, where it is the engine, made nothing to be taken over, MS923 when
            rows of a charged quarter, or the outcome of their tests, are not what they were; for
            release input MS928 when a later quarter was released, MS927 or MS933 when what it is
            made from was made before another release or by other rules.
    """
    record = _find_record(step, quarter, settings)
    released = find_kept_quarters(settings)
    if step.is_kept and quarter in released:
        return _recall_outcome(record, quarter)
    if step.is_kept:
        refuse_passed_quarter(quarter, released)
    check_kept_rows(settings)
    _complete_raw_tables(settings)
    results = settings.vault.dbt_results
    making = built_rules.begin_step(step.name, quarter, released, settings)
    with warehouse_lock(settings) as lock:
        for of_before in (results, record):
            of_before.unlink(missing_ok=True)
        clear_stores(settings)
        models = _build_on_spark(step, quarter, released, settings, lock)
        lists = recall_lists(making.rules, settings) if step.has_lists and not models else None
        left_out = () if lists is None else ("--exclude", _LISTS)
        log = _call_dbt(step, left_out, quarter, released, settings, lock)
        if not results.exists():
            raise OrchestrationError("MS902", stage=step.name, failed="Something", log=log)
        outcome = _read_outcome(step, quarter, settings, models)
        if lists is not None:
            outcome = outcome.join(DbtOutcome(**lists))
        elif step.has_lists and not models:
            _note_lists(outcome, making.rules, settings)
    write_whole(record, json.dumps(asdict(outcome), indent=1, sort_keys=True))
    if not outcome.unbuilt:
        built_rules.end_step(step.name, quarter, making, settings)
    return outcome


def _note_lists(outcome: DbtOutcome, rules: str, settings: Settings) -> None:
    """Note what came of the lists, if all was built and every test of them alone passed."""
    nodes = json.loads(settings.vault.dbt_results.read_text("utf-8"))
    lists = {node["unique_id"] for node in nodes if node["unique_id"].startswith("seed.")}
    tests = {
        node["unique_id"]
        for node in nodes
        if node["unique_id"] in outcome.tests and lists.issuperset(node["reads"])
    }
    is_whole = bool(lists) and lists <= {*outcome.built} and not outcome.unbuilt
    if is_whole and all(outcome.tests[test] for test in tests):
        of_lists = DbtOutcome(
            built=[node for node in outcome.built if node in lists],
            tests=dict.fromkeys(sorted(tests), True),
            unbuilt=(),
            rules={test: held for test, held in outcome.rules.items() if test in tests},
        )
        note_lists(rules, asdict(of_lists), settings)


def _complete_raw_tables(settings: Settings) -> None:
    """See that each raw table is there; a broken contract stops its own agency alone."""
    for agency in list_agencies():
        with suppress(SourcesError):
            write_empty_tables(settings.vault, current_contract(agency))


def read_test_outcomes(quarter: Quarter, settings: Settings) -> dict[str, bool]:
    """Give the last outcome of every dbt test and rule of a quarter, by name.

    A model that could not be built counts as a failed test named after it.
    """
    outcomes: dict[str, bool] = {}
    for record in sorted(settings.vault.dbt_outcomes(str(quarter)).glob("*.json")):
        outcome = DbtOutcome(**json.loads(record.read_text(encoding="utf-8")))
        for node, passed in outcome.tests.items():
            outcomes |= outcome.rules.get(node, {test_name(node): passed})
        outcomes |= {f"build_{name}": False for name in outcome.unbuilt}
    return outcomes


def read_tested_digest(quarter: Quarter, settings: Settings) -> str:
    """Give the digest of the rows of release input that dbt tested; empty where it tested none."""
    try:
        content = json.loads(_find_record(RELEASE_INPUT, quarter, settings).read_text("utf-8"))
    except FileNotFoundError:
        return ""
    return DbtOutcome(**content).digest


def test_name(unique_id: str) -> str:
    """Give the readable part of a dbt test's unique id."""
    return unique_id.split(".")[2]


def _recall_outcome(record: Path, quarter: Quarter) -> DbtOutcome:
    """Give the outcome of then; to build the rows again would lose those that were counted."""
    try:
        return DbtOutcome(**json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise OrchestrationError("MS923", quarter=str(quarter)) from None


def _find_record(step: DbtStep, quarter: Quarter, settings: Settings) -> Path:
    return settings.vault.dbt_outcomes(str(quarter)) / f"{step.name}.json"


def _build_on_spark(
    step: DbtStep, quarter: Quarter, released: Collection[Quarter], settings: Settings, lock: int
) -> dict[str, str]:
    """Give what became of each model where Spark builds; nothing where DuckDB does."""
    master = find_master(settings)
    if master is None:
        return {}
    policy = load_policy(settings.policy)
    told = {
        "master": master,
        "select": step.select.split(),
        "reads": _READ_ON_SPARK[step.name],
        "project": _name_project(settings),
        "variables": _name_variables(policy, settings),
        "quarters": _name_quarters(quarter, released),
    }
    log = settings.vault.dbt_logs / f"{quarter}-{step.name}-spark.txt"
    return build_on_spark(told, quarter, log, settings, lock)


def _name_project(settings: Settings) -> tuple[str, ...]:
    folder = str(settings.dbt_project)
    return ("--project-dir", folder, "--profiles-dir", folder)


def _call_dbt(
    step: DbtStep,
    left_out: Sequence[str],
    quarter: Quarter,
    released: Collection[Quarter],
    settings: Settings,
    lock: int,
) -> str:
    vault = settings.vault
    vault.aside.mkdir(parents=True, exist_ok=True)
    log = vault.dbt_logs / f"{quarter}-{step.name}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    policy = load_policy(settings.policy)
    rules = json.dumps(name_parsing_variables(policy, settings))
    project = (*_name_project(settings), "--target-path", str(vault.dbt_target))
    # What Spark built is tested as it was taken over.
    is_built = () if find_master(settings) is None else ("model", "seed")
    silent = ("--no-use-colors", "--quiet", "--no-write-json", "--log-path", str(vault.dbt_logs))
    call = DbtCall(
        parse=(
            *(*silent, "parse", *project, "--vars", rules),
            *name_parsed_project(settings.dbt_parsed),
        ),
        build=(
            *(*silent, "build", "--select", *step.select.split(), *left_out),
            *("--exclude-resource-type", "unit_test", *is_built),
            *("--indirect-selection", "buildable", *project),
            *("--target", "vault", "--vars", json.dumps(_name_variables(policy, settings))),
        ),
        results=str(vault.dbt_results),
        parsed_for=f"{settings.dbt_project} {rules} {hash_rules(settings)}",
        environment=child_environment(settings),
        variables=_name_quarters(quarter, released),
    )
    with log.open("w", encoding="utf-8") as output:
        KEPT.call(call, output, lock)
    return f"dbt/logs/{log.name}"


def name_parsed_project(parsed: Path) -> Sequence[str]:
    """Arguments that let dbt begin with the project as it was parsed when it was installed.

    dbt refuses a file that is missing, and parses the whole project where none is named.
    """
    return ("--partial-parse-file-path", str(parsed)) if parsed.exists() else ()


def _name_variables(policy: Policy, settings: Settings) -> dict[str, Any]:
    return {
        "vault": str(settings.vault.folder),
        "first_day_of_record": policy.first_day_of_record,
        **read_bounds(policy),
        **name_parsing_variables(policy, settings),
    }


def _name_quarters(quarter: Quarter, released: Collection[Quarter]) -> dict[str, str]:
    return {
        QUARTER_VARIABLE: quarter.first_day.isoformat(),
        RELEASED_VARIABLE: ",".join(one.first_day.isoformat() for one in sorted(released)),
    }


def _read_outcome(
    step: DbtStep, quarter: Quarter, settings: Settings, models: Mapping[str, str]
) -> DbtOutcome:
    """Read what dbt left, beside what Spark built; the caller has the lock of the warehouse."""
    nodes = json.loads(settings.vault.dbt_results.read_text("utf-8"))
    status = {**models, **{node["unique_id"]: node["status"] for node in nodes}}
    rules = _read_rules(nodes, settings)
    others = {node: state for node, state in status.items() if not node.startswith("test.")}
    digest = ""
    if step.is_kept and settings.vault.warehouse.exists():
        with read_warehouse(settings) as connection:
            digest = digest_release_input(connection, quarter.first_day)
    return DbtOutcome(
        built=tuple(node for node, state in others.items() if state == "success"),
        tests={node: state == "pass" for node, state in status.items() if node not in others},
        unbuilt=tuple(n.split(".")[-1] for n, state in others.items() if state != "success"),
        rules=rules,
        digest=digest,
    )


def _read_rules(
    nodes: Sequence[Mapping[str, Any]], settings: Settings
) -> dict[str, dict[str, bool]]:
    """Say of each test of several rules which of them hold; none does where its query failed."""
    of_frames = list_rules(load_policy(settings.policy), settings)
    rules = {}
    for node in nodes:
        test = node["test"] or {}
        if test.get("name") == RULES_TEST:
            given = test["arguments"]
            names = [*of_frames.get(given.get("frame"), ()), *given.get("rules", ())]
            rules[node["unique_id"]] = dict.fromkeys(names, node["status"] == "pass")
            if node["status"] == "fail":
                rules[node["unique_id"]] |= _ask_again(node["compiled_code"], settings)
    return rules


def _ask_again(query: str, settings: Settings) -> dict[str, bool]:
    """Ask for the names of the rules, and which of them hold, where dbt told how many do not."""
    try:
        with read_warehouse(settings) as connection:
            return dict(connection.execute(query).fetchall())
    except duckdb.Error:
        return {}
