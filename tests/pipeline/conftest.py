import subprocess
import sys
from pathlib import Path

import pytest
from poisoned_records import TRACES, put_poisoned_quarter, traces_of
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


@pytest.fixture
def poisoned(settings: Settings, tmp_path: Path) -> Settings:
    put_poisoned_quarter(settings, tmp_path / "made")
    return settings


@pytest.fixture
def assert_clean(poisoned: Settings, capfd: pytest.CaptureFixture[str]):
    def check() -> None:
        printed = "".join(capfd.readouterr())
        assert traces_of(TRACES, poisoned, printed) == []
        assert any(
            mark in path.read_bytes()
            for mark in TRACES
            for path in poisoned.vault.folder.rglob("*")
            if path.is_file()
        ), "the marker never entered the vault, so nothing was tested"

    return check


@pytest.fixture
def moshare_here(poisoned: Settings, moshare: list[str]):
    """Run a command as an agency does, with what it prints on the console."""

    def run(*words: str | Path) -> int:
        environment = {"MOSHARE_HOME": str(poisoned.home)}
        ended = subprocess.run(
            [*moshare, *words], env=environment, capture_output=True, text=True, check=False
        )
        sys.stdout.write(ended.stdout + ended.stderr)
        return ended.returncode

    return run
