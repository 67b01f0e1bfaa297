from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.simulate import SimulatedTruth, simulate
from sources.quarters import Quarter

QUARTERS = (Quarter(2025, 1), Quarter(2025, 2))


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulatedTruth]:
    """Two quarters with the usual number of trafficked children and few other records."""
    folder = tmp_path_factory.mktemp("small_world")
    truth = simulate(
        folder, QUARTERS, 11, dss_child_rows=800, police_victims=300, children_in_care=1000
    )
    return folder, truth


@pytest.fixture
def lines_of(small_world: tuple[Path, SimulatedTruth]) -> Callable[[str, str], list[str]]:
    def read(agency: str, name: str) -> list[str]:
        folder, _ = small_world
        paths = sorted((folder / "prepared" / agency).glob(f"*/{name}"))
        return [line for path in paths for line in path.read_text(encoding="ascii").splitlines()]

    return read
