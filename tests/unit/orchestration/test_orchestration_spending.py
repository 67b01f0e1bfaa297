"""What `moshare ledger` and `moshare ledger verify` say, and where the ledger lies."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app
from orchestration.cli.ledger import draw_bar
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import (
    HOME_VARIABLE,
    LEDGER_VARIABLE,
    Settings,
    child_environment,
    load_settings,
)
from orchestration.steps import releasing
from orchestration.steps.approving import approve_for_demo, find_approvals
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.spending import (
    keep_head,
    open_ledger,
    read_entries,
    read_spending,
    verify_ledger,
)
from privacy.approval.approval import check_approval
from privacy.errors import PrivacyError
from privacy.ledger.chain import Charge
from privacy.ledger.ledger import Ledger
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)


def call(*arguments: str):
    return CliRunner().invoke(build_app(), [*arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv(LEDGER_VARIABLE, raising=False)
    return Settings(tmp_path / "home")


@pytest.fixture(scope="module")
def charged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data home whose ledger was charged for one plan, approved by the demo's key."""
    made = Settings(tmp_path_factory.mktemp("charged") / "home")
    approve_for_demo(QUARTER, made)
    plan = plan_quarter(QUARTER, made)
    approval = check_approval(plan, find_approvals(QUARTER, made))
    payload = {
        "plan": plan.to_json(),
        "approvals": [vars(facts) for facts in approval.facts],
        "signatures": list(approval.signatures),
    }
    charge = Charge(plan.quarter, plan.hash, plan.parts)
    open_ledger(made).charge(charge, plan.policy.caps, payload)
    return made.home


@pytest.fixture
def charged(charged_once: Path, home: Settings) -> Settings:
    """A copy of it, which a test may change."""
    shutil.copytree(charged_once, home.home)
    return home


def put_release(settings: Settings, text: str) -> None:
    folder = settings.releases / "2025Q1"
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(text, "utf-8")


def test_the_ledger_is_a_file_unless_a_server_is_named(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().ledger_place == home.home / "ledger" / "ledger.sqlite"
    address = "postgresql://someone:secret@server/db"
    monkeypatch.setenv(LEDGER_VARIABLE, address)
    settings = load_settings()
    assert settings.ledger_place == address
    assert "secret" not in repr(settings)
    assert LEDGER_VARIABLE not in child_environment(settings)
    monkeypatch.setenv(LEDGER_VARIABLE, "")
    assert load_settings().ledger_place == home.ledger


def test_a_server_that_does_not_answer_is_a_sentence_without_its_address(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEDGER_VARIABLE, "postgresql://someone:secret@/db?host=/nowhere")
    for command in (("ledger",), ("ledger", "verify"), ("plan", "--quarter", "2025Q1")):
        ended = call(*command)
        assert ended.exit_code == 5
        assert "MS627" in ended.stderr
        assert "secret" not in ended.output


def test_a_ledger_is_made_only_where_nothing_was_released(home: Settings) -> None:
    assert read_entries(home) == ()
    assert not home.ledger.exists()
    assert open_ledger(home).read_entries() == ()
    home.ledger.unlink()
    put_release(home, '{"ledger_head": "0"}')
    for look in (open_ledger, read_entries):
        with pytest.raises(PrivacyError, match="MS620"):
            look(home)


def test_an_older_copy_of_the_ledger_is_refused_before_anything_is_spent_or_kept(
    charged: Settings,
) -> None:
    put_release(charged, json.dumps({"ledger_head": open_ledger(charged).verify()}))
    assert open_ledger(charged).read_entries() == read_entries(charged) != ()
    charged.ledger.unlink()
    Ledger.create(charged.ledger)
    for look in (open_ledger, read_entries):
        with pytest.raises(PrivacyError, match="MS628"):
            look(charged)
    assert call("plan", "--quarter", "2025Q2").exit_code == 5


def test_an_older_copy_is_refused_too_where_nothing_was_published(charged: Settings) -> None:
    keep_head(open_ledger(charged), charged)
    assert read_entries(charged) != ()
    charged.ledger.unlink()
    Ledger.create(charged.ledger)
    for look in (open_ledger, read_entries, verify_ledger):
        with pytest.raises(PrivacyError, match="MS628"):
            look(charged)


def test_the_mark_of_a_draw_is_kept_in_the_vault_while_the_door_is_open(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed after its draw may be seen can keep nothing any more."""

    def draw_and_be_killed(*arguments: Any) -> None:
        arguments[-1].tell_mark("ab" * 32)
        raise KeyboardInterrupt

    monkeypatch.setattr(releasing.door, "release", draw_and_be_killed)
    monkeypatch.setattr(releasing, "keep_head", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        releasing.draw_release(QUARTER, home)
    with pytest.raises(PrivacyError, match="MS628"):
        open_ledger(home)


def test_an_empty_ledger_that_was_seen_may_be_made_anew(home: Settings) -> None:
    keep_head(open_ledger(home), home)
    home.ledger.unlink()
    assert open_ledger(home).read_entries() == ()


def test_two_processes_that_come_first_at_once_end_with_one_ledger(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Ledger.create

    def come_second(place: Path) -> Ledger:
        original(place)
        return original(place)

    monkeypatch.setattr(Ledger, "create", come_second)
    assert open_ledger(home).read_entries() == ()


def test_a_ledger_that_cannot_be_made_is_told(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(place: Path) -> Ledger:
        raise PrivacyError("MS627", file="ledger.sqlite")

    monkeypatch.setattr(Ledger, "create", fail)
    with pytest.raises(PrivacyError, match="MS627"):
        open_ledger(home)


def test_the_spending_names_each_charge_and_each_period(charged: Settings) -> None:
    told = read_spending(charged)
    [charge] = told["charges"]
    plan = plan_quarter(QUARTER, charged)
    assert (charge["quarter"], charge["plan"]) == ("2025Q1", plan.hash)
    assert Fraction(charge["rho_exact"]) == plan.rho
    assert charge["state"] == "charged, not drawn"
    assert charge["approved_by"] == ["throwaway_key_of_the_demo_1", "throwaway_key_of_the_demo_2"]
    assert charge["frames"].keys() == {part.frame for part in plan.parts}
    periods = {period["period"]: period for period in told["periods"]}
    assert [*periods] == ["quarter", "annual", "year", "three_years", "lifetime"]
    quarter = periods["quarter"]
    assert Fraction(quarter["spent_exact"]) == plan.rho
    left = float(quarter["cap"]) - float(quarter["spent"])
    assert float(quarter["left"]) == pytest.approx(left, abs=1e-6)


def test_an_empty_ledger_has_no_charges_and_no_periods(home: Settings) -> None:
    open_ledger(home)
    told = json.loads(call("ledger", "--json").stdout)
    assert (told["charges"], told["periods"]) == ([], [])
    assert call("ledger").exit_code == 0


def test_the_table_shows_charge_periods_and_head(charged: Settings) -> None:
    ended = call("ledger")
    assert ended.exit_code == 0
    assert "2025Q1" in ended.stdout
    assert "a lifetime" in ended.stdout
    assert "█" in ended.stdout
    assert open_ledger(charged).verify() in ended.stderr


@pytest.mark.parametrize(("share", "filled"), [(0, 0), (0.5, 8), (1, 16), (1.7, 16)])
def test_a_bar_is_as_full_as_the_cap_is_spent(share: float, filled: int) -> None:
    assert draw_bar(share).count("█") == filled
    assert len(draw_bar(share)) == 16


def test_verifying_checks_chain_releases_and_signatures(charged: Settings) -> None:
    put_release(charged, json.dumps({"ledger_head": open_ledger(charged).verify()}))
    told = json.loads(call("ledger", "verify", "--json").stdout)
    assert (told["entries"], told["releases"]) == (1, 1)
    [charge] = told["charges"]
    assert [one["is_listed"] for one in charge["approvals"]] == [True, True]
    shown = call("ledger", "verify")
    assert shown.exit_code == 0
    assert "signature checked" in shown.stderr


def test_a_signature_by_a_key_that_was_taken_away_is_said_to_be_unchecked(
    charged: Settings,
) -> None:
    for key in charged.throwaway_keys.glob("*.pub"):
        key.unlink()
    assert "a key no longer listed" in call("ledger", "verify").stderr


def test_a_release_that_the_ledger_does_not_know_is_found(charged: Settings) -> None:
    put_release(charged, json.dumps({"ledger_head": "f" * 64}))
    ended = call("ledger", "verify")
    assert ended.exit_code == 5
    assert "MS628" in ended.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_release_without_a_readable_record_is_named(charged: Settings, text: str) -> None:
    put_release(charged, text)
    with pytest.raises(OrchestrationError, match=r"MS920.*2025Q1") as caught:
        verify_ledger(charged)
    assert caught.value.exit_code == 8


def test_a_ledger_with_one_byte_changed_is_refused_with_the_budgets_exit_code(
    charged: Settings,
) -> None:
    content = charged.ledger.read_bytes()
    charged.ledger.write_bytes(content.replace(b'"2025Q1"', b'"2025Q2"', 1))
    for command in (("ledger",), ("ledger", "verify")):
        ended = call(*command)
        assert ended.exit_code == 5
        assert "MS622" in ended.stderr
