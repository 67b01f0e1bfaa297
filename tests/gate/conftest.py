"""A real gate in a process of its own, on this machine's loopback only."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "gate"))

from gate_server import RunningGate, run_gate


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    with run_gate(tmp_path_factory.mktemp("gate")) as gate:
        yield gate
