"""A hub that is lost after a release comes back from its backup and releases the next quarter."""

import sys
from pathlib import Path

import pytest

from bench import restore_drill
from orchestration.cli import main
from orchestration.hub.settings import WITNESS_VARIABLE


def test_a_lost_hub_is_restored_and_draws_only_when_a_witness_vouches_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def call_here(home: str, *arguments: str, witness: str = "", expected: int = 0) -> None:
        """Start a command as the drill does, but in this process."""
        monkeypatch.setenv("MOSHARE_HOME", home)
        monkeypatch.delenv(WITNESS_VARIABLE, raising=False)
        if witness:
            monkeypatch.setenv(WITNESS_VARIABLE, witness)
        monkeypatch.setattr(sys, "argv", ["moshare", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == expected, arguments

    monkeypatch.setattr(restore_drill, "call", call_here)
    monkeypatch.chdir(tmp_path)
    restore_drill.drill(tmp_path)
    said = capfd.readouterr()
    assert "Backed up and read back" in said.err
    assert said.err.count("MS944") == 1
    assert "Release 2025Q2 is whole" in said.out
