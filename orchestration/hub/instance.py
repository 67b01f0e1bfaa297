"""Dagster's own storage: how it is set up, and how a killed run is cleared away.

Does not belong here: definitions of assets or jobs.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from durable.writing import write_whole
from orchestration.hub.settings import Settings

PROCESS_TAG = "moshare/process"
"""Run tag that names the host and process of a run started from the command line."""

_INSTANCE_YAML = """\
# Written by moshare; edits are overwritten.
telemetry:
  enabled: false
compute_logs:
  module: dagster.core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  runs:
    max_concurrent_runs: 1
  pools:
    default_limit: 1
    granularity: op
run_launcher:
  module: orchestration.hub.run_launcher
  class: OldestFirstRunLauncher
run_retries:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
event_log_storage:
  module: orchestration.hub.event_storage
  class: KeptEventLogStorage
  config:
    base_dir: {events}
"""


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's storage; of two processes that come first at once, one sets it up."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    with (settings.dagster_home / "instance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_instance_file(settings)
        instance = dg.DagsterInstance.from_config(str(settings.dagster_home))
        instance.get_runs(limit=1)
        instance.fetch_run_status_changes(dg.DagsterEventType.RUN_START, limit=1)
    with instance:
        yield instance


def write_instance_file(settings: Settings) -> None:
    """Write `dagster.yaml`: no telemetry, no captured output, one run after another, no retries."""
    events = json.dumps(str(settings.dagster_home / "history" / "runs"), ensure_ascii=False)
    write_whole(settings.dagster_home / "dagster.yaml", _INSTANCE_YAML.format(events=events))


def process_tag() -> str:
    """Name this process so that another can tell later whether it still lives."""
    return f"{socket.gethostname()}/{os.getpid()}"


def clear_dead_runs(instance: dg.DagsterInstance) -> tuple[str, ...]:
    """Mark command-line runs whose process is gone as failed and free their pool slots.

    Without this a killed `moshare run` would hold the warehouse pool for ever.

    Returns:
        Ids of the runs that were cleared.
    """
    active = instance.get_runs(
        filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    )
    dead = [run for run in active if _is_dead(run.tags.get(PROCESS_TAG))]
    for run in dead:
        instance.report_run_failed(run, "The process of this run ended before the run did.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return tuple(run.run_id for run in dead)


def _is_dead(tag: str | None) -> bool:
    if tag is None:
        return False
    host, _, process = tag.rpartition("/")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
