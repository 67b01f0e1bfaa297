"""Heads of the ledger outside the data home: what is written there, and compared before a draw."""

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import (
    HOME_VARIABLE,
    LEDGER_VARIABLE,
    WITNESS_VARIABLE,
    Settings,
    load_settings,
    prepare_process,
)
from orchestration.hub.witness import read_witnessed, witness_head
from orchestration.steps import releasing, spending
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.spending import check_witness, find_custody, keep_head, open_ledger
from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
OPTION = ("--quarter", "2025Q1")
RESERVATION = "e" * 64


def call(*arguments: str):
    return CliRunner().invoke(build_app(), [*arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data home with a witness on what stands for another disk."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv(LEDGER_VARIABLE, raising=False)
    witness = tmp_path / "other disk" / "heads.txt"
    witness.parent.mkdir()
    witness.write_text("")
    monkeypatch.setenv(WITNESS_VARIABLE, str(witness))
    return load_settings()


def begin(home: Settings) -> str:
    """Charge a quarter and mark its draw; gives the mark's hash, which nobody was told."""
    plan, ledger = plan_quarter(QUARTER, home), open_ledger(home)
    payload = {"plan": plan.to_json(), "approvals": [], "signatures": []}
    ledger.charge(plan.charge, plan.policy.caps, payload)
    return ledger.begin_draw(plan.charge, RESERVATION).hash


def test_a_witness_is_named_by_a_setting_and_may_be_left_out(
    home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(WITNESS_VARIABLE, "other disk/heads.txt")
    assert load_settings() == home
    prepare_process(home)
    assert os.environ[WITNESS_VARIABLE] == str(home.witness)
    monkeypatch.setenv(WITNESS_VARIABLE, "")
    settings = load_settings()
    assert settings.witness is None
    assert read_witnessed(settings) == []
    witness_head("a" * 64, settings)
    prepare_process(settings)


def test_the_mark_of_a_draw_is_witnessed_before_the_draw_may_be_seen(home: Settings) -> None:
    find_custody(home).tell_mark("a" * 64)
    find_custody(home).tell_mark("b" * 64)
    find_custody(home).tell_mark("b" * 64)
    assert read_witnessed(home) == ["a" * 64, "b" * 64]


def test_the_head_is_witnessed_once_a_release_was_drawn(home: Settings) -> None:
    keep_head(open_ledger(home), home)
    assert read_witnessed(home) == []
    begin(home)
    keep_head(open_ledger(home), home)
    assert read_witnessed(home) == [open_ledger(home).verify()]


def test_heads_that_a_person_typed_or_pasted_count_too(home: Settings) -> None:
    head = begin(home)
    assert home.witness is not None
    home.witness.write_text(f"From: hub\nthe head of 3 May is {head[:20].upper()}, signed doe\n")
    assert read_witnessed(home) == [head[:20]]
    check_witness(open_ledger(home), home)


def put_back(home: Settings, older: Path) -> None:
    shutil.rmtree(home.home)
    shutil.copytree(older, home.home)


def test_a_data_home_put_back_as_a_whole_to_an_older_day_draws_nothing(
    home: Settings, tmp_path: Path
) -> None:
    approve_for_demo(QUARTER, home)
    open_ledger(home)
    shutil.copytree(home.home, tmp_path / "older")
    begin(home)
    keep_head(open_ledger(home), home)
    put_back(home, tmp_path / "older")
    assert open_ledger(home).verify() == GENESIS
    with pytest.raises(PrivacyError, match="MS628"):
        check_witness(open_ledger(home), home)
    with pytest.raises(PrivacyError, match=r"MS628.*witness"):
        releasing.draw_release(QUARTER, home)
    assert open_ledger(home).verify() == GENESIS
    assert call("ledger", "verify").exit_code == 5


@pytest.mark.parametrize("what", ["missing", "a folder", "in the data home", "no text"])
def test_a_witness_that_cannot_be_used_is_a_sentence_before_anything_is_drawn(
    home: Settings, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.witness is not None
    home.witness.unlink()
    if what == "a folder":
        home.witness.mkdir()
    if what == "no text":
        home.witness.write_bytes(b"\xff\xfe\x00")
    if what == "in the data home":
        inside = home.home / "heads.txt"
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text("")
        monkeypatch.setenv(WITNESS_VARIABLE, str(inside))
    settings = load_settings()
    for use in (read_witnessed, lambda it: witness_head("a" * 64, it)):
        with pytest.raises(PrivacyError, match=r"MS636.*heads\.txt.*MOSHARE_WITNESS"):
            use(settings)


def test_the_doctor_looks_at_the_witness(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(home)
    keep_head(open_ledger(home), home)
    assert look_at_witness() == (True, "it holds 1 of the ledger's heads.")
    monkeypatch.setenv(WITNESS_VARIABLE, str(home.home.parent / "elsewhere"))
    is_fit, sentence = look_at_witness()
    assert not is_fit
    assert "MS636" in sentence
    monkeypatch.delenv(WITNESS_VARIABLE)
    assert look_at_witness() == (True, "none is named; docs/privacy.md says what it is for.")


def look_at_witness() -> tuple[bool, str]:
    told = json.loads(call("doctor", "--json").stdout)
    [found] = [(one["ok"], one["sentence"]) for one in told if one["check"] == "witness"]
    return found


def test_a_witness_that_cannot_be_written_keeps_the_draw_unseen(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(PrivacyError, match="MS636"):
        find_custody(home).tell_mark("a" * 64)


def test_a_vault_that_cannot_note_a_head_is_a_sentence(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spending, "write_whole", fail)
    with pytest.raises(OrchestrationError, match="MS925"):
        find_custody(home).tell_mark("a" * 64)


def test_a_lost_draw_is_given_up_by_a_command_that_puts_up_a_plan_paying_once_more(
    home: Settings,
) -> None:
    first = plan_quarter(QUARTER, home)
    begin(home)
    told = call("ledger", "--json")
    assert json.loads(told.stdout)["charges"][0]["state"] == "draw interrupted"
    done = call("recover", *OPTION, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["lost"] == first.hash
    plan = plan_quarter(QUARTER, home)
    assert plan.recovers == first.hash
    review = home.review / "2025Q1"
    assert (review / "plan.json").read_text() == plan.to_json()
    page = (review / "index.html").read_text()
    assert "pays for 2025Q1 once more" in page
    assert first.hash[:16] in page
    assert "MS625" in page
    told = json.loads(call("ledger", "--json").stdout)
    assert [one["state"] for one in told["charges"]] == ["draw lost"]
    assert "draw of the plan" in call("recover", *OPTION).stderr


def test_a_draw_that_is_not_lost_is_not_given_up(home: Settings) -> None:
    refused = call("recover", *OPTION)
    assert refused.exit_code == 5
    assert "MS634" in refused.stderr
