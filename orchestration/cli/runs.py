"""Run a job of the graph for one quarter from the command line, and say how it ended.

Does not belong here: what the jobs hold (see `defs/jobs`), and how progress looks (see `cli`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import dagster as dg

from orchestration.defs.quarters import describe_run, partition_key
from orchestration.guards.closed_quarters import refuse_open_quarter
from orchestration.hub.instance import PROCESS_TAG, clear_dead_runs, process_tag
from orchestration.hub.settings import load_settings
from orchestration.hub.turns import own_turn
from sources.quarters import Quarter

_STEP_EVENTS = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.STEP_SUCCESS: "done",
    dg.DagsterEventType.STEP_FAILURE: "failed",
}
_POLL_SECONDS = 0.25
_APPROVAL = dg.AssetKey(["review", "approval"])
_QUALITY_SENTENCE = (
    "The quality check stopped the quarter after '{step}'. These rules do not hold: {rules}. "
    "Mend the rows or the model, then run the quarter again."
)
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

StepListener = Callable[[str, str, float], None]
"""Called with a step's name, what became of it (started, done, failed) and the time in seconds."""


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended.

    Attributes:
        run_id: Dagster's id of the run, as in the UI.
        exit_code: 0, or the exit code of the first failure.
        sentences: What went wrong, safe to show.
        receipts: What became of each delivery that was taken in, and its receipt in the landing
            zone.
    """

    run_id: str
    exit_code: int
    sentences: tuple[str, ...]
    receipts: tuple[str, ...]


def run_job(
    job: str, quarter: Quarter, instance: dg.DagsterInstance, on_step: StepListener
) -> RunOutcome:
    """Run a job in this process and wait for it; first for whatever quarter is run elsewhere.

    Args:
        job: Name of the job.
        quarter: The partition.
        instance: Dagster's storage.
        on_step: Told of each step's start and end.

    Raises:
        OrchestrationError: MS662 or MS905 when the quarter may not be run.
    """
    refuse_open_quarter(quarter)
    from orchestration.definitions import defs

    clear_dead_runs(instance)
    run_id, key = str(uuid4()), partition_key(quarter)
    with own_turn(load_settings()), _progress(instance, run_id, on_step):
        result = defs.resolve_job_def(job).execute_in_process(
            run_config=_QUIET,
            instance=instance,
            partition_key=key,
            raise_on_error=False,
            run_id=run_id,
            tags={**describe_run(key), PROCESS_TAG: process_tag()},
        )
    return _outcome(result)


@contextmanager
def _progress(instance: dg.DagsterInstance, run_id: str, on_step: StepListener) -> Iterator[None]:
    stop = threading.Event()
    told: str | None = None

    def tell() -> None:
        nonlocal told
        found = instance.get_records_for_run(run_id, cursor=told, of_type=set(_STEP_EVENTS))
        told = found.cursor
        for record in found.records:
            event = record.event_log_entry.get_dagster_event()
            on_step(str(event.step_key), _STEP_EVENTS[event.event_type], record.timestamp)

    def watch() -> None:
        while not stop.wait(_POLL_SECONDS):
            tell()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
        tell()


def _outcome(result: dg.ExecuteInProcessResult) -> RunOutcome:
    failures = [
        _tell_failure(result, event) for event in result.filter_events(lambda e: e.is_step_failure)
    ]
    return RunOutcome(
        result.run_id,
        exit_code=failures[0][0] if failures else 0,
        sentences=tuple(sentence for _, sentence in failures),
        receipts=tuple(_tell_receipts(result)),
    )


def _tell_receipts(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.filter_events(lambda e: e.is_step_materialization):
        facts = event.materialization.metadata
        if "receipt" in facts:
            yield f"{facts['status'].value}: {facts['receipt'].value}"


def _tell_failure(result: dg.ExecuteInProcessResult, event: dg.DagsterEvent) -> tuple[int, str]:
    step = str(event.step_key)
    failure = event.step_failure_data.user_failure_data
    if failure is not None:
        return _read_exit_code(failure.metadata), failure.description or ""
    rules = _failed_checks(result)
    if rules:
        return 4, _QUALITY_SENTENCE.format(step=step.replace("__", "/"), rules=rules)
    return 1, f"The step '{step}' stopped inside Dagster. Look at run {result.run_id} in the UI."


def _read_exit_code(metadata: Mapping[str, dg.MetadataValue]) -> int:
    value = metadata["exit_code"].value
    return value if isinstance(value, int) else 1


def _failed_checks(result: dg.ExecuteInProcessResult) -> str:
    """Name the rules that do not hold; a missing approval tells of itself, a warning is none."""
    failed = [
        _name_rules(check)
        for check in result.get_asset_check_evaluations()
        if not check.passed
        and check.severity == dg.AssetCheckSeverity.ERROR
        and check.asset_key != _APPROVAL
    ]
    return "; ".join(sorted(failed))


def _name_rules(check: dg.AssetCheckEvaluation) -> str:
    named = f"{check.asset_key.to_user_string()}: {check.check_name}"
    rules = check.metadata.get("failed_rules")
    return named if rules is None else f"{named} ({rules.value})"
