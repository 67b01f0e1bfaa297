"""However often and by whichever way a released quarter is run, it gives the same bytes."""

import csv
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from pipeline_runs import QUARTER, run_approved, run_here
from small_deliveries import child_record, put, put_small_quarter, write_courts, write_lines

from expectations.errors import ExpectationsError
from jurisdiction.folder import FOLDER, LISTS
from orchestration.cli.runs import RunOutcome
from orchestration.guards.rules import hash_rules
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps import proposing
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.building import build_folder, rotate_signing_key
from orchestration.steps.dbt_steps import RELEASE_INPUT, STAGING, run_dbt_step
from orchestration.steps.proposing import put_up_plan
from orchestration.steps.quality import record_quality, require_quality
from orchestration.steps.releasing import draw_release, give_up_draw, recall_release
from orchestration.steps.spending import read_entries
from portal import codebook, files
from portal.keys import ensure_signing_key
from portal.signature import check_signature
from privacy.engine.noise import FrameMechanism
from privacy.errors import PrivacyError
from privacy.held import HeldDraw
from privacy.ledger.chain import CHARGE
from privacy.ledger.ledger import Ledger
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.released import DECLARED_PUBLIC


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def released(settings: Settings) -> dict[str, bytes]:
    return bytes_of(settings.releases / "2025Q1")


def charges(settings: Settings) -> list[str]:
    return [entry.charge.quarter for entry in read_entries(settings) if entry.kind == CHARGE]


def copy_home(home: Path, folder: Path) -> Settings:
    shutil.copytree(home, folder / "home")
    return Settings(folder / "home")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunOutcome]:
    """A data home in which 2025Q1, with courts, was run while nobody had approved its plan."""
    folder = tmp_path_factory.mktemp("stopped")
    settings = Settings(folder / "home")
    put_small_quarter(settings, folder / "made")
    put(settings, "courts", "2025Q1", write_courts(folder / "courts", "2025Q1", 3))
    return settings.home, run_here("whole_quarter", settings)


@pytest.fixture(scope="module")
def once(stopped: tuple[Path, RunOutcome], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data home in which 2025Q1 was released once."""
    settings = copy_home(stopped[0], tmp_path_factory.mktemp("once"))
    assert run_approved("release", settings).sentences == ()
    return settings.home


@pytest.fixture
def home(once: Path, tmp_path: Path) -> Settings:
    return copy_home(once, tmp_path)


def test_totals_that_are_declared_public_are_released_as_they_were_delivered(once: Path) -> None:
    folder = once / "releases" / "2025Q1"
    names = {"prosecutions", "dispositions", "convictions"}
    for name in names:
        with (folder / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["count"], row["status"]) for row in csv.DictReader(file)]
        assert rows == [("3", DECLARED_PUBLIC)] * 2
    record = json.loads((folder / "release.json").read_bytes())
    assert record["declared_public"].keys() == names
    assert record["deliveries"]["courts"] == "full"


def test_a_lost_folder_is_built_again_from_what_was_drawn(home: Settings) -> None:
    before = released(home)
    shutil.rmtree(home.releases / "2025Q1")
    build_folder(recall_release(QUARTER, home), home)
    assert released(home) == before


def kept_rows(settings: Settings) -> list[object]:
    """The children that were counted, and the links."""
    with duckdb.connect(str(settings.vault.warehouse), read_only=True) as warehouse:
        counted = "select * from release_input.children_reported order by unit_id"
        rows = warehouse.execute(counted).fetchall()
    return [rows, (settings.vault.links("2025Q1") / "links.parquet").read_bytes()]


def test_a_released_quarter_run_again_is_the_same_whatever_was_delivered_since(
    home: Settings, tmp_path: Path
) -> None:
    before, rows = released(home), kept_rows(home)
    assert run_here("release", home).sentences == ()
    assert released(home) == before
    more = [child_record(chid=f"C{n:011d}", rptid=f"R{n:011d}") for n in range(9)]
    files = {"child_file": write_lines(tmp_path / "more" / "child_file.txt", more)}
    put(home, "dss", "2025Q1", files, sequence=2)
    put(home, "mshp", "2025Q1", {}, sequence=2)
    put(home, "courts", "2025Q1", write_courts(tmp_path / "courts", "2025Q1", 8), sequence=2)
    assert run_here("whole_quarter", home).sentences == ()
    assert released(home) == before
    assert kept_rows(home) == rows
    assert charges(home) == ["2025Q1"]


def test_a_release_interrupted_after_its_draw_is_finished_from_that_draw(home: Settings) -> None:
    before = released(home)
    shutil.rmtree(home.releases / "2025Q1")
    home.vault.warehouse.unlink()
    assert draw_release(QUARTER, home).release_id == "2025Q1"
    build_folder(recall_release(QUARTER, home), home)
    assert released(home) == before


def test_a_changed_policy_cannot_draw_a_released_quarter_anew(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, strategy = tmp_path / "policy.toml", tmp_path / "strategy.json"
    text = home.policy.read_text("utf-8")
    version = f"version = {load_policy(home.policy).version}"
    policy.write_text(text.replace(f"{version}\n", f"{version}1\n", 1), "utf-8")
    assert load_policy(policy).version != load_policy(home.policy).version
    split = load_strategy(home.strategy)
    fitting = replace(split, policy_hash=load_policy(policy).hash)
    strategy.write_text(fitting.to_text(), "utf-8")
    monkeypatch.setattr(Settings, "policy", property(lambda _: policy))
    monkeypatch.setattr(Settings, "strategy", property(lambda _: strategy))
    with pytest.raises(PrivacyError, match="MS624"):
        draw_release(QUARTER, home)
    assert run_here("release", home).exit_code == 5
    assert charges(home) == ["2025Q1"]


def test_a_lost_ledger_is_never_replaced_where_something_was_released(home: Settings) -> None:
    home.ledger.unlink()
    outcome = run_here("release", home)
    assert outcome.exit_code == 5
    assert "MS620" in outcome.sentences[0]


def test_an_older_ledger_draws_nothing_anew_where_the_release_was_taken_away(
    home: Settings,
) -> None:
    shutil.rmtree(home.releases / "2025Q1")
    home.ledger.unlink()
    Ledger.create(home.ledger)
    with pytest.raises(PrivacyError, match="MS628"):
        draw_release(QUARTER, home)
    assert Ledger(home.ledger).read_entries() == ()


def test_rows_that_changed_after_they_were_recorded_are_not_released(home: Settings) -> None:
    shutil.rmtree(home.releases / "2025Q1")
    shutil.rmtree(home.vault.kept_rows)
    home.ledger.unlink()
    with duckdb.connect(str(home.vault.warehouse)) as warehouse:
        warehouse.execute("delete from release_input.children_reported")
    with pytest.raises(ExpectationsError, match="MS505"):
        draw_release(QUARTER, home)
    assert charges(home) == []


def test_a_policy_that_reads_one_column_more_needs_a_rule_that_looked_at_it(
    home: Settings, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    before, frame, after = home.policy.read_text("utf-8").partition("[frames.arrests]")
    policy.write_text(before + frame + after.replace("[]", '["sex_group"]', 1), "utf-8")
    with duckdb.connect(str(home.vault.warehouse)) as warehouse:
        assert require_quality(warehouse, load_policy(home.policy), QUARTER, home).passed
        with pytest.raises(ExpectationsError, match=r"MS504.*sex_group_is_a_public_key was not"):
            require_quality(warehouse, load_policy(policy), QUARTER, home)


def test_rows_that_changed_after_they_were_tested_are_not_released(home: Settings) -> None:
    assert record_quality(QUARTER, home).passed
    with duckdb.connect(str(home.vault.warehouse)) as warehouse:
        warehouse.execute(
            "insert into release_input.arrests values ('2025-01-01', 'another', 'Missouri')"
        )
    failed = record_quality(QUARTER, home).failed
    assert failed == ("dbt: release_input_is_as_it_was_tested",)


def test_nothing_is_written_where_rows_of_a_charged_quarter_are_gone(home: Settings) -> None:
    with duckdb.connect(str(home.vault.warehouse)) as warehouse:
        warehouse.execute("delete from release_input.children_reported")
    before = home.vault.warehouse.read_bytes()
    for quarter in (QUARTER, QUARTER.next()):
        with pytest.raises(OrchestrationError, match=r"MS923.*2025Q1"):
            run_dbt_step(STAGING, quarter, home)
    assert home.vault.warehouse.read_bytes() == before


@pytest.mark.parametrize("missing", ["an agency", "a definition"])
def test_a_release_that_could_not_become_a_folder_is_neither_put_up_nor_charged(
    stopped: tuple[Path, RunOutcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    home = copy_home(stopped[0], tmp_path)
    prepare_process(home)
    approve_for_demo(QUARTER, home)
    if missing == "an agency":
        monkeypatch.setattr(files, "AGENCIES", {"dss": "Social Services", "hotline": "Hotline"})
    else:
        monkeypatch.setattr(codebook, "SOURCES", {})
    with pytest.raises(OrchestrationError, match=r"MS934.*no explanation.*nothing was charged"):
        draw_release(QUARTER, home)
    assert charges(home) == []
    with pytest.raises(OrchestrationError, match="MS934"):
        put_up_plan(QUARTER, home)


def test_rows_made_by_other_rules_than_those_signed_are_not_released(
    stopped: tuple[Path, RunOutcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_home(stopped[0], tmp_path)
    prepare_process(home)
    monkeypatch.setattr(proposing, "hash_rules", lambda _: "0" * 64)
    approve_for_demo(QUARTER, home)
    with pytest.raises(OrchestrationError, match=r"MS933.*release_input"):
        draw_release(QUARTER, home)
    assert charges(home) == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_charged_quarter_is_drawn_by_the_rules_of_its_rows_though_others_hold_now(
    stopped: tuple[Path, RunOutcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    home = copy_home(stopped[0], tmp_path)
    prepare_process(home)
    approve_for_demo(QUARTER, home)
    with monkeypatch.context() as killed:
        step = (HeldDraw, "put") if is_lost else (FrameMechanism, "draw")
        killed.setattr(*step, lambda *_: sys.exit(137))
        with pytest.raises(SystemExit):
            draw_release(QUARTER, home)
    if is_lost:
        shutil.rmtree(home.vault.held_draws)
        give_up_draw(QUARTER, home)
        roomy = load_policy(home.policy)
        caps = replace(roomy.caps, quarter=roomy.caps.quarter * 2, year=roomy.caps.year * 2)
        monkeypatch.setattr(proposing, "load_policy", lambda *_: replace(roomy, caps=caps))
    change_rules(home, tmp_path, monkeypatch)
    approve_for_demo(QUARTER, home)
    assert run_dbt_step(RELEASE_INPUT, QUARTER, home).unbuilt == []
    first = read_entries(home)[0]
    release = draw_release(QUARTER, home)
    assert release.plan.rules_hash == json.loads(first.payload["plan"])["rules_hash"]
    assert (release.plan.hash == first.charge.plan) is not is_lost


def change_rules(home: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hash_rules(home)
    shutil.copytree(home.dbt_project, folder / "dbt_project")
    shutil.copytree(LISTS, folder / LISTS.relative_to(FOLDER.parent))
    (folder / "dbt_project" / "models" / "core" / "more.sql").write_text("select 1", "utf-8")
    monkeypatch.setattr(Settings, "dbt_project", property(lambda _: folder / "dbt_project"))
    assert hash_rules(home) != before


def test_a_release_names_the_rules_that_its_rows_were_made_by(home: Settings) -> None:
    record = json.loads((home.releases / "2025Q1" / "release.json").read_bytes())
    plan = json.loads((home.review / "2025Q1" / "plan.json").read_bytes())
    assert record["plan"]["rules_hash"] == plan["rules_hash"] == hash_rules(home)
    assert plan["rules_hash"] in (home.review / "2025Q1" / "index.html").read_text("utf-8")


def test_a_quarter_without_an_approved_plan_is_prepared_and_stops_with_exit_code_six(
    stopped: tuple[Path, RunOutcome], once: Path
) -> None:
    home, outcome = stopped
    assert outcome.exit_code == 6
    assert len(outcome.sentences) == 1
    assert "moshare approve" in outcome.sentences[0]
    assert charges(Settings(home)) == []
    assert not (home / "releases" / "2025Q1").exists()
    assert charges(Settings(once)) == ["2025Q1"]


def test_a_quarter_that_could_not_be_signed_is_stopped_before_it_is_charged(
    stopped: tuple[Path, RunOutcome], tmp_path: Path
) -> None:
    home = copy_home(stopped[0], tmp_path)
    ensure_signing_key(home.vault.signing_key, home.public_key)
    kept = home.vault.signing_key.read_bytes()
    home.vault.signing_key.unlink()
    outcome = run_approved("release", home)
    assert outcome.exit_code == 7
    assert "MS752" in outcome.sentences[0]
    assert charges(home) == []
    home.vault.signing_key.write_bytes(kept)
    home.vault.signing_key.chmod(0o600)
    assert run_here("release", home).sentences == ()
    assert charges(home) == ["2025Q1"]


def test_after_an_exchange_of_keys_a_released_quarter_gives_the_same_bytes_and_verifies(
    home: Settings,
) -> None:
    before, public = released(home), home.public_key.read_bytes()
    rotate_signing_key(home)
    assert run_here("release", home).sentences == ()
    assert released(home) == before
    assert home.public_key.read_bytes() != public
    assert check_signature(home.releases / "2025Q1", home.public_key).until
    shutil.rmtree(home.releases / "2025Q1")
    (home.releases / "2025Q1.zip").unlink()
    build_folder(recall_release(QUARTER, home), home)
    assert not check_signature(home.releases / "2025Q1", home.public_key).until
