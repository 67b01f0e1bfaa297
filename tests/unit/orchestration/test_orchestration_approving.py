"""From a plan to its approval, by command and in the graph; every refusal with its exit code."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app
from orchestration.defs.refusing_io import RefusingIOManager
from orchestration.defs.review import review
from orchestration.hub.settings import HOME_VARIABLE, Settings
from orchestration.steps.approving import approve_for_demo, find_approvals, require_approval
from orchestration.steps.proposing import plan_quarter, put_up_plan
from orchestration.steps.spending import open_ledger
from privacy.approval.plan_folder import PlanFolder
from privacy.errors import PrivacyError
from privacy.ledger.chain import Charge
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
OPTION = ("--quarter", "2025Q1")


def call(*arguments: str, typed: str = ""):
    return CliRunner().invoke(build_app(), [*arguments], input=typed)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data home, and a folder of officers of its own."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(Settings, "officers", property(lambda _: tmp_path / "officers"))
    return Settings(tmp_path / "home")


@pytest.fixture
def key(home: Settings, tmp_path: Path) -> str:
    """The secret key of an officer, beside which lies that of a second one."""
    home.officers.mkdir()
    for name in ("doe", "poe"):
        made = call("new-officer-key", str(tmp_path / f"{name}.key"), "--without-password")
        assert made.exit_code == 0
        Path(made.stdout.strip()).rename(home.officers / f"{name}.pub")
    return str(tmp_path / "doe.key")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plan of the quarter as it is put up, and its page."""
    return put_up_plan(QUARTER, Settings(tmp_path_factory.mktemp("shown") / "home"))


@pytest.fixture
def planned(home: Settings, shown: Path) -> None:
    """Put the plan up, as `moshare plan` does."""
    shutil.copytree(shown, home.review / str(QUARTER))


def sign(key: str, *more: str):
    """Let both officers sign; gives what the second one was told."""
    call("approve", *OPTION, "--key", key, *more)
    return call("approve", *OPTION, "--key", str(Path(key).with_name("poe.key")), *more)


@pytest.fixture
def touch_policy(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every later plan another one, as a changed policy does."""

    def touch() -> None:
        from privacy.plan import Plan

        original = Plan.to_json
        monkeypatch.setattr(Plan, "to_json", lambda plan: original(plan).replace("{", "{ ", 1))

    return touch


def test_a_plan_is_put_up_signed_and_approved(home: Settings, key: str) -> None:
    planned = call("plan", *OPTION)
    assert planned.exit_code == 0, planned.stderr
    assert Path(planned.stdout.strip()) == home.review / "2025Q1"
    signed = sign(key, "--json")
    assert signed.exit_code == 0, signed.stderr
    told = json.loads(signed.stdout)
    assert (told["approved"], told["approved_by"]) == (True, ["doe", "poe"])
    assert told["plan"] == plan_quarter(QUARTER, home).hash
    assert [facts.signer for facts in require_approval(QUARTER, home)] == ["doe", "poe"]


def test_planning_reads_no_confidential_row(home: Settings) -> None:
    home.vault.folder.mkdir(parents=True)
    home.vault.folder.chmod(0)
    assert call("plan", *OPTION).exit_code == 0


@pytest.mark.usefixtures("planned")
def test_planning_again_gives_the_same_plan_and_keeps_its_signature(
    home: Settings, key: str
) -> None:
    sign(key)
    again = json.loads(call("plan", *OPTION, "--json").stdout)
    assert again["plan"] == plan_quarter(QUARTER, home).hash
    assert require_approval(QUARTER, home)


@pytest.mark.usefixtures("planned")
def test_a_key_with_a_password_asks_for_it(home: Settings, tmp_path: Path) -> None:
    made = call("new-officer-key", str(tmp_path / "roe.key"), typed="secret\nsecret\n")
    home.officers.mkdir()
    (tmp_path / "roe.pub").rename(home.officers / "roe.pub")
    wrong = call("approve", *OPTION, "--key", str(tmp_path / "roe.key"), typed="wrong\n")
    right = call("approve", *OPTION, "--key", str(tmp_path / "roe.key"), typed="secret\n")
    assert (made.exit_code, wrong.exit_code, right.exit_code) == (0, 6, 0)
    assert "MS657" in wrong.stderr
    assert "More is needed: MS652" in right.stderr  # of the two officers, one has signed
    assert "secret" not in made.output + wrong.output + right.output


@pytest.mark.usefixtures("planned")
def test_what_is_signed_is_what_was_checked_though_the_file_is_exchanged_in_between(
    home: Settings, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = home.review / "2025Q1" / "plan.json"
    content = shown.read_bytes()

    def read_and_exchange(_: PlanFolder) -> bytes:
        found = shown.read_bytes()
        shown.write_bytes(b'{"a plan":"nobody made"}')
        return found

    with monkeypatch.context() as patched:
        patched.setattr(PlanFolder, "read_plan", read_and_exchange)
        call("approve", *OPTION, "--key", key)
    shown.write_bytes(content)
    call("approve", *OPTION, "--key", str(Path(key).with_name("poe.key")))
    assert [facts.signer for facts in require_approval(QUARTER, home)] == ["doe", "poe"]


def refused(code: str, exit_code: int, *arguments: str) -> None:
    ended = call(*arguments)
    assert (ended.exit_code, code in ended.stderr) == (exit_code, True), ended.stderr


def test_every_command_refuses_an_open_quarter(home: Settings, key: str) -> None:
    refused("MS905", 5, "plan", "--quarter", "2099Q4")
    refused("MS905", 5, "approve", "--quarter", "2099Q4", "--key", key)


def test_a_quarter_without_a_plan_cannot_be_approved_or_rejected(home: Settings, key: str) -> None:
    refused("MS650", 6, "approve", *OPTION, "--key", key)
    refused("MS650", 6, "reject", *OPTION, "--because", "why")


@pytest.mark.usefixtures("planned")
def test_a_plan_whose_policy_was_touched_cannot_be_signed(
    home: Settings, key: str, touch_policy: Callable[[], None]
) -> None:
    touch_policy()
    refused("MS651", 6, "approve", *OPTION, "--key", key)


@pytest.mark.usefixtures("planned")
def test_an_approval_does_not_outlive_a_change_of_the_policy(
    home: Settings, key: str, touch_policy: Callable[[], None]
) -> None:
    sign(key)
    touch_policy()
    with pytest.raises(PrivacyError, match="MS651"):
        require_approval(QUARTER, home)
    call("plan", *OPTION)
    with pytest.raises(PrivacyError, match="MS652"):
        require_approval(QUARTER, home)


@pytest.mark.usefixtures("planned")
def test_a_key_of_no_officer_cannot_sign_and_leaves_nothing(home: Settings, tmp_path: Path) -> None:
    call("new-officer-key", str(tmp_path / "stranger.key"), "--without-password")
    refused("MS653", 6, "approve", *OPTION, "--key", str(tmp_path / "stranger.key"))
    assert find_approvals(QUARTER, home).plan_folder.read_signatures() == {}


@pytest.mark.usefixtures("planned")
def test_a_plan_over_its_cap_cannot_be_signed(
    home: Settings, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = plan_quarter(Quarter(2024, 4), home)
    parts = tuple(replace(part, rho=9 * part.rho) for part in earlier.parts)
    dear = Charge("2024Q4", earlier.hash, parts)
    monkeypatch.setattr("privacy.ledger.ledger.check_caps", lambda *_: None)
    open_ledger(home).charge(dear, earlier.policy.caps, {"plan": earlier.to_json()})
    refused("MS625", 5, "approve", *OPTION, "--key", key)
    with pytest.raises(PrivacyError, match="MS625"):
        require_approval(QUARTER, home)


def test_a_quarter_charged_for_another_plan_gets_no_new_one(
    home: Settings, key: str, touch_policy: Callable[[], None]
) -> None:
    plan = plan_quarter(QUARTER, home)
    charge = Charge("2025Q1", plan.hash, plan.parts)
    open_ledger(home).charge(charge, plan.policy.caps, {"plan": plan.to_json()})
    assert call("plan", *OPTION).exit_code == 0
    touch_policy()
    refused("MS624", 5, "plan", *OPTION)


@pytest.mark.usefixtures("planned")
def test_a_rejected_plan_can_be_neither_signed_nor_released(home: Settings, key: str) -> None:
    sign(key)
    assert call("reject", *OPTION, "--because", " too dear ").exit_code == 0
    [rejection] = find_approvals(QUARTER, home).plan_folder.list_rejections()
    assert rejection.because == "too dear"
    refused("MS655", 6, "approve", *OPTION, "--key", key)
    with pytest.raises(PrivacyError, match="MS655"):
        require_approval(QUARTER, home)


@pytest.mark.usefixtures("planned")
def test_a_plan_that_was_rejected_is_said_to_be_so_first_and_on_its_page(home: Settings) -> None:
    page = home.review / "2025Q1" / "index.html"
    before = page.read_text("utf-8")
    assert "waits for a decision" in before
    call("reject", *OPTION, "--because", "County <b> & \\1 is too dear.")
    verdict = "This plan was rejected on "
    reason = "The reason given: County &lt;b&gt; &amp; \\1 is too dear."
    rejected = page.read_text("utf-8")
    assert verdict in rejected
    assert reason in rejected
    assert "waits for a decision" not in rejected
    assert rejected.partition("</header>")[2] == before.partition("</header>")[2]
    for form in ((), ("--json",)):
        ended = call("plan", *OPTION, *form)
        assert ended.exit_code == 6
        assert ended.stderr.startswith("MS655")
        assert ended.stdout == ""
        again = page.read_text("utf-8")
        assert verdict in again
        assert reason in again


@pytest.mark.usefixtures("planned")
def test_a_plan_is_rejected_as_it_was_shown_though_the_policy_was_touched_since(
    home: Settings, touch_policy: Callable[[], None]
) -> None:
    touch_policy()
    call("reject", *OPTION, "--because", "too dear")
    page = home.review / "2025Q1" / "index.html"
    assert "This plan was rejected" in page.read_text("utf-8")
    assert call("plan", *OPTION).exit_code == 0
    assert "This plan was rejected" not in page.read_text("utf-8")


@pytest.mark.usefixtures("planned")
def test_a_rejection_needs_a_reason(home: Settings) -> None:
    refused("MS922", 2, "reject", *OPTION, "--because", " ")


def put_draw(home: Settings) -> None:
    plan = plan_quarter(QUARTER, home)
    charge, ledger = Charge("2025Q1", plan.hash, plan.parts), open_ledger(home)
    facts = {"signer": "roe", "key_id": "A", "signed_at": ""}
    payload = {"plan": plan.to_json(), "approvals": [facts], "signatures": [""]}
    ledger.charge(charge, plan.policy.caps, payload)
    ledger.begin_draw(charge, "e" * 64)
    ledger.record_draw(charge, {})


@pytest.mark.usefixtures("planned")
def test_a_drawn_plan_is_past_rejecting_and_keeps_the_approval_it_was_drawn_with(
    home: Settings,
) -> None:
    put_draw(home)
    refused("MS921", 6, "reject", *OPTION, "--because", "too late")
    assert [facts.signer for facts in require_approval(QUARTER, home)] == ["roe"]


@pytest.mark.usefixtures("planned")
def test_a_charged_plan_is_past_rejecting_until_its_draw_is_given_up(home: Settings) -> None:
    plan, ledger = plan_quarter(QUARTER, home), open_ledger(home)
    payload = {"plan": plan.to_json(), "approvals": [], "signatures": []}
    ledger.charge(plan.charge, plan.policy.caps, payload)
    refused("MS921", 6, "reject", *OPTION, "--because", "too late")
    ledger.begin_draw(plan.charge, "e" * 64)
    refused("MS921", 6, "reject", *OPTION, "--because", "too late")
    assert call("recover", *OPTION).exit_code == 0
    assert call("reject", *OPTION, "--because", "too dear").exit_code == 0


def test_the_demo_signs_with_a_key_of_its_own_that_says_what_it_is(home: Settings) -> None:
    standing = approve_for_demo(QUARTER, home)
    again = approve_for_demo(QUARTER, home)
    assert standing == again
    assert standing.problem == ""
    assert len(standing.signers) == 2
    assert all("throwaway" in signer for signer in standing.signers)
    assert find_approvals(QUARTER, home).list_officers()[0].is_throwaway


def materialize(home: Settings) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        review,
        partition_key="2025-01-01",
        resources={"io_manager": RefusingIOManager()},
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def test_in_the_graph_an_unsigned_plan_fails_its_check_and_stops_with_its_exit_code(
    home: Settings,
) -> None:
    ended = materialize(home)
    assert not ended.success
    [check] = ended.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.blocking) == ("signed", False, True)
    assert "MS652" in str(check.metadata["problem"].value)
    [failed] = ended.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.metadata["exit_code"].value == 6


@pytest.mark.usefixtures("planned")
def test_in_the_graph_a_signed_plan_passes_and_says_who_signed(home: Settings, key: str) -> None:
    sign(key)
    ended = materialize(home)
    assert ended.success
    [check] = ended.get_asset_check_evaluations()
    assert check.passed
    [done] = ended.asset_materializations_for_node("review__approval")
    assert done.metadata["approved_by"].value == "doe, poe"
