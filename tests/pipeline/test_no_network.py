"""A quarter runs with the network cut: in a network namespace of its own, or behind a guard.

The process of the test runs the same quarter at once, so that whole runs are few.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_runs import QUARTER, run_here
from small_deliveries import put_small_quarter

from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.spending import read_entries
from privacy.ledger.chain import CHARGE

GUARD = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        address = arguments[1] if event == "socket.connect" else arguments[0]
        if not isinstance(address, (str, bytes)) or event != "socket.connect":
            raise PermissionError("the network is cut")

sys.addaudithook(refuse)
"""
"""Refuses every look-up and connection except to a socket file; inherited by child processes."""


def can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--map-root-user", "--net", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def begin_cut_off(
    command: list[str], environment: dict[str, str], folder: Path
) -> subprocess.Popen[str]:
    if can_unshare():
        command = ["unshare", "--map-root-user", "--net", *command]
    else:
        guard = folder / "guard"
        guard.mkdir(exist_ok=True)
        (guard / "sitecustomize.py").write_text(GUARD, "utf-8")
        environment = environment | {"PYTHONPATH": str(guard)}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def run_cut_off(
    command: list[str], environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    process = begin_cut_off(command, environment, folder)
    said, complained = process.communicate(timeout=500)
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {"MOSHARE_HOME": str(settings.home), "PATH": os.environ["PATH"]}


def test_the_network_really_is_cut(environment, tmp_path: Path) -> None:
    probe = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=2)"
    ended = run_cut_off([sys.executable, "-c", probe], environment, tmp_path)
    assert ended.returncode != 0
    assert (
        "Network is unreachable" in ended.stderr
        or "the network is cut" in ended.stderr
        or ("Cannot assign requested address" in ended.stderr)
    )


def test_a_quarter_runs_with_the_network_cut_and_two_processes_at_once_give_one_draw(
    settings: Settings, environment: dict[str, str], tmp_path: Path, moshare: list[str]
) -> None:
    simulated = run_cut_off([*moshare, "simulate", "2025Q2"], environment, tmp_path)
    assert simulated.returncode == 0, simulated.stderr
    put_small_quarter(settings, tmp_path / "made")
    prepare_process(settings)
    approve_for_demo(QUARTER, settings)
    run = [*moshare, "run", "--quarter", str(QUARTER)]
    other = begin_cut_off(run, environment, tmp_path)
    own = run_here("whole_quarter", settings)
    said, complained = other.communicate(timeout=500)
    assert (other.returncode, own.sentences) == (0, ()), complained
    assert said.strip() == str(settings.releases / str(QUARTER))
    verified = run_cut_off([*moshare, "verify", said.strip()], environment, tmp_path)
    assert verified.returncode == 0, verified.stderr
    charges = [one.charge for one in read_entries(settings) if one.kind == CHARGE]
    assert [charge.quarter for charge in charges] == [str(QUARTER)]
