"""One gate's files, and the gate opened on them with a client that speaks to it directly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_places import GateClient, GatePlace, make_place, open_client


@pytest.fixture
def place(tmp_path: Path) -> GatePlace:
    return make_place(tmp_path)


@pytest.fixture
def visitor(place: GatePlace) -> Iterator[GateClient]:
    with open_client(place) as client:
        yield client
