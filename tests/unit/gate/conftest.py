"""One gate's files: two releases, a calendar that opened them, settings, a clock that stands."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gate_places import GatePlace, make_place


@pytest.fixture
def place(tmp_path: Path) -> GatePlace:
    return make_place(tmp_path)


@pytest.fixture
def now() -> datetime:
    return datetime(2025, 8, 1, 12, 0, tzinfo=UTC)
