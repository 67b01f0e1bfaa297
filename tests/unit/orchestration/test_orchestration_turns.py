"""One process at a time works on a quarter."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.defs.quarters import QUARTERS, describe_run
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


def test_one_run_at_a_time_leaves_the_queue(tmp_path: Path, monkeypatch) -> None:
    from orchestration.hub.instance import open_instance

    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with open_instance(Settings(tmp_path)) as instance:
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == 1
        assert isinstance(instance.run_coordinator, dg.QueuedRunCoordinator)
