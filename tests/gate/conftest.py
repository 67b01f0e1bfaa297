"""A real gate in a process of its own, on this machine's loopback only."""

from collections.abc import Iterator

import pytest
from gate_server import RunningGate, run_gate


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    with run_gate(tmp_path_factory.mktemp("gate")) as gate:
        yield gate
