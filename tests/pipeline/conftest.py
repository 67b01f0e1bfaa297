import sys
from pathlib import Path

import pytest
from small_deliveries import put_small_quarter

from orchestration.hub.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home")


@pytest.fixture
def small_quarter(settings: Settings, tmp_path: Path) -> Settings:
    put_small_quarter(settings, tmp_path / "made")
    return settings


@pytest.fixture
def moshare() -> list[str]:
    """The command line as a user starts it."""
    return [str(Path(sys.executable).with_name("moshare"))]
