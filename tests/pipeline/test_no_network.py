"""A quarter runs with the network cut: in a network namespace of its own, or behind a guard."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.hub.settings import Settings
from orchestration.steps.approving import approve_for_demo
from sources.quarters import Quarter

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


def run_cut_off(command: list[str], environment: dict[str, str], folder: Path):
    if can_unshare():
        command = ["unshare", "--map-root-user", "--net", *command]
    else:
        guard = folder / "guard"
        guard.mkdir(exist_ok=True)
        (guard / "sitecustomize.py").write_text(GUARD, "utf-8")
        environment = environment | {"PYTHONPATH": str(guard)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


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


def test_a_quarter_runs_from_deliveries_to_release_with_the_network_cut(
    settings, environment, tmp_path: Path, moshare: list[str]
) -> None:
    simulated = run_cut_off([*moshare, "simulate", "2025Q1"], environment, tmp_path)
    assert simulated.returncode == 0, simulated.stderr
    unapproved = run_cut_off([*moshare, "run", "--quarter", "2025Q1"], environment, tmp_path)
    assert unapproved.returncode == 6, unapproved.stderr
    approve_for_demo(Quarter(2025, 1), settings)
    ended = run_cut_off([*moshare, "release", "--quarter", "2025Q1"], environment, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == str(settings.releases / "2025Q1")
    verified = run_cut_off([*moshare, "verify", ended.stdout.strip()], environment, tmp_path)
    assert verified.returncode == 0, verified.stderr
