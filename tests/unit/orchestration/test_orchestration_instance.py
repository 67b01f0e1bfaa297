import socket
import subprocess
import sys

import dagster as dg
import pytest
import yaml

from orchestration.hub.instance import (
    PROCESS_TAG,
    clear_dead_runs,
    open_instance,
    process_tag,
    write_instance_file,
)
from orchestration.hub.settings import Settings


@pytest.fixture
def instance(tmp_path):
    with open_instance(Settings(tmp_path)) as opened:
        yield opened


def started_run(instance: dg.DagsterInstance, tag: str | None) -> str:
    run = instance.create_run_for_job(
        job_def=empty,
        status=dg.DagsterRunStatus.STARTED,
        tags={PROCESS_TAG: tag} if tag else {},
    )
    return run.run_id


@dg.job
def empty() -> None:
    pass


def test_the_instance_sends_no_telemetry_keeps_no_output_and_retries_nothing(tmp_path) -> None:
    settings = Settings(tmp_path)
    write_instance_file(settings)
    content = yaml.safe_load((settings.dagster_home / "dagster.yaml").read_text())
    assert content["telemetry"] == {"enabled": False}
    assert content["compute_logs"]["class"] == "NoOpComputeLogManager"
    assert content["run_retries"] == {"enabled": False}
    assert content["concurrency"]["pools"]["default_limit"] == 1


def test_a_run_whose_process_is_gone_is_failed_and_its_slot_is_free_again(instance) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    run_id = started_run(instance, f"{socket.gethostname()}/{ended.stdout.strip()}")
    storage = instance.event_log_storage
    storage.initialize_concurrency_limit_to_default("warehouse")
    assert storage.claim_concurrency_slot("warehouse", run_id, "step").is_claimed
    assert clear_dead_runs(instance) == (run_id,)
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE
    assert storage.get_concurrency_info("warehouse").claimed_slots == []


@pytest.mark.parametrize(
    "tag", [None, process_tag(), "another-host/1"], ids=["untagged", "living", "elsewhere"]
)
def test_a_run_that_may_still_live_is_left_alone(instance, tag) -> None:
    run_id = started_run(instance, tag)
    assert clear_dead_runs(instance) == ()
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.STARTED
