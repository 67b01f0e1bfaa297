"""A hub that is lost after a release comes back from its backup and releases the next quarter."""

from pathlib import Path

import pytest

from bench.restore_drill import drill


def test_a_lost_hub_is_restored_and_draws_only_when_a_witness_vouches_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    drill(tmp_path)
    said = capfd.readouterr()
    assert "Backed up and read back" in said.err
    assert said.err.count("MS944") == 1
    assert "Release 2025Q2 is whole" in said.out
