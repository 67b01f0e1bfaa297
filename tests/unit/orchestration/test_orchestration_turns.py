"""One process at a time works on a quarter."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.launcher import DefaultRunLauncher, LaunchRunContext
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from orchestration.definitions import defs
from orchestration.defs.quarters import QUARTERS, describe_run
from orchestration.hub.run_launcher import OldestFirstRunLauncher, is_too_early
from orchestration.hub.settings import HOME_VARIABLE, Settings
from orchestration.hub.turns import own_turn, take_turn
from privacy.policy.policy import load_policy

TAKES = """
import sys
from pathlib import Path
from orchestration.hub.settings import Settings
from orchestration.hub.turns import take_turn
take_turn(Settings(Path(sys.argv[1])))
print("taken", flush=True)
"""


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKES, str(home)], stdout=subprocess.PIPE, text=True
    )


def test_a_process_waits_until_the_one_before_it_is_done(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with own_turn(settings):
        take_turn(settings)  # one's own turn is not waited for
        other = start(tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate(timeout=3)
    told, _ = other.communicate(timeout=60)
    assert told == "taken\n"


def test_partitions_begin_with_the_first_day_of_record() -> None:
    assert QUARTERS.get_first_partition_key() == load_policy().first_day_of_record


def test_a_run_is_tagged_with_its_quarter_and_older_ones_start_first() -> None:
    newer, older = describe_run("2025-10-01"), describe_run("2025-07-01")
    assert newer["moshare/quarter"] == "2025Q4"
    assert int(older["dagster/priority"]) > int(newer["dagster/priority"])


def test_a_backfill_in_the_ui_tags_its_runs_as_the_schedule_does() -> None:
    for name in ("whole_quarter", "prepare", "release", "ingest_dss"):
        job = defs.resolve_job_def(name)
        assert job.get_tags_for_partition_key("2025-10-01", None)["moshare/quarter"] == "2025Q4"


@pytest.fixture
def backfill() -> Iterator[dg.DagsterInstance]:
    """A backfill of three quarters, the youngest first, none of which was submitted yet."""
    with dg.instance_for_test() as instance:
        keys = ["2025-07-01", "2025-04-01", "2025-01-01"]
        asked = PartitionBackfill(
            "one", BulkActionStatus.REQUESTED, False, {}, 0.0, partition_names=keys
        )
        instance.add_backfill(asked)
        yield instance


def submit(instance: dg.DagsterInstance, key: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    tags = {"dagster/backfill": "one", "dagster/partition": key}
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "repository")
    origin = RemoteJobOrigin(place, "whole_quarter")
    run = dg.DagsterRun("whole_quarter", status=status, tags=tags, remote_job_origin=origin)
    return instance.run_storage.add_run(run)


def test_a_quarter_waits_for_older_ones_of_its_backfill_submitted_or_not(backfill) -> None:
    youngest = submit(backfill, "2025-07-01", dg.DagsterRunStatus.STARTING)
    assert is_too_early(backfill, youngest)  # the others come
    middle = submit(backfill, "2025-04-01", dg.DagsterRunStatus.QUEUED)
    oldest = submit(backfill, "2025-01-01", dg.DagsterRunStatus.QUEUED)
    assert [is_too_early(backfill, run) for run in (youngest, middle, oldest)] == [1, 1, 0]


def test_nothing_is_waited_for_that_has_ended_or_never_comes(backfill) -> None:
    for status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
        key = "2025-01-01" if status == dg.DagsterRunStatus.FAILURE else "2025-04-01"
        submit(backfill, key, status)
    youngest = submit(backfill, "2025-07-01", dg.DagsterRunStatus.STARTING)
    assert not is_too_early(backfill, youngest)


def test_a_backfill_that_somebody_ended_holds_nothing_up(backfill) -> None:
    youngest = submit(backfill, "2025-07-01", dg.DagsterRunStatus.STARTING)
    [asked] = backfill.get_backfills()
    backfill.update_backfill(asked.with_status(BulkActionStatus.CANCELED))
    assert not is_too_early(backfill, youngest)


def test_a_run_that_is_part_of_no_backfill_waits_for_none() -> None:
    with dg.instance_for_test() as instance:
        assert not is_too_early(instance, dg.DagsterRun(job_name="prepare"))


def test_a_run_that_is_too_early_goes_back_into_the_queue(backfill, monkeypatch) -> None:
    launched: list[str] = []
    monkeypatch.setattr(
        DefaultRunLauncher, "launch_run", lambda _, given: launched.append(given.dagster_run.run_id)
    )
    launcher = OldestFirstRunLauncher.from_config_value(None, {})
    launcher.register_instance(backfill)
    youngest = submit(backfill, "2025-07-01", dg.DagsterRunStatus.STARTING)
    launcher.launch_run(LaunchRunContext(youngest, None))
    assert (launched, backfill.get_run_by_id(youngest.run_id).is_finished) == ([], False)
    assert backfill.get_run_by_id(youngest.run_id).status == dg.DagsterRunStatus.QUEUED
    oldest = submit(backfill, "2025-01-01", dg.DagsterRunStatus.STARTING)
    launcher.launch_run(LaunchRunContext(oldest, None))
    assert launched == [oldest.run_id]


def test_one_run_at_a_time_leaves_the_queue(tmp_path: Path, monkeypatch) -> None:
    from orchestration.hub.instance import open_instance

    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with open_instance(Settings(tmp_path)) as instance:
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == 1
        assert isinstance(instance.run_coordinator, dg.QueuedRunCoordinator)
        assert isinstance(instance.run_launcher, OldestFirstRunLauncher)
