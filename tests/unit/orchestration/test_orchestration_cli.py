import json
import shlex
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from failures.exits import Exit
from orchestration.cli import build_app
from orchestration.cli.hub import _say_what_to_open
from orchestration.hub.settings import HOME_VARIABLE, Settings
from privacy.ledger.ledger import Ledger
from sources.ingest import ingest

MARKER = "QZJXVKWY"
COMMANDS = get_command(build_app()).commands  # type: ignore[attr-defined]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return Settings(tmp_path / "home")


def call(*arguments: str):
    return CliRunner().invoke(build_app(), [*arguments])


def test_help_begins_with_examples_and_ends_with_exit_codes() -> None:
    told = call("--help").stdout
    last_panel = told.index("For trying it out")
    assert told.index("Examples") < told.index("On the hub") < last_panel < told.index("Exit codes")
    ends = told[told.index("Exit codes") :]
    assert all(f"{code} {code.meaning.split()[0]}" in " ".join(ends.split()) for code in Exit)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_shows_an_example_first(name: str) -> None:
    assert COMMANDS[name].help.startswith(f"Example: `moshare {name}")


@pytest.mark.parametrize("command", ["run", "release"])
def test_a_text_that_is_no_quarter_is_a_usage_error(home: Settings, command: str) -> None:
    ended = call(command, "--quarter", "spring")
    assert ended.exit_code == 2
    assert "MS904" in ended.stderr
    assert ended.stdout == ""


def test_a_quarter_that_has_not_ended_is_refused_with_the_day_on_which_it_may_be_run(home) -> None:
    ended = call("run", "--quarter", "2099Q4")
    assert ended.exit_code == 5
    assert "MS905" in ended.stderr
    assert "2099-12-31" in ended.stderr


def test_a_quarter_before_the_first_day_of_record_is_refused_with_the_first_quarter(home) -> None:
    ended = call("run", "--quarter", "2012Q4")
    assert ended.exit_code == 5
    assert "MS662" in ended.stderr
    assert "2024Q4" in ended.stderr


def test_an_unknown_agency_is_a_usage_error(home: Settings) -> None:
    ended = call("ingest", "--agency", "fbi", "--quarter", "2025Q1")
    assert ended.exit_code == 2
    assert "MS119" in ended.stderr


def test_a_folder_that_is_no_release_fails_verification(home: Settings, tmp_path: Path) -> None:
    ended = call("verify", str(tmp_path))
    assert ended.exit_code == 8
    assert "MS71" in ended.stderr


def test_a_missing_ledger_is_told_with_the_budgets_exit_code(home: Settings) -> None:
    ended = call("ledger", "--json")
    assert ended.exit_code == 5
    assert "MS620" in ended.stderr


def test_an_empty_ledger_is_data_on_stdout(home: Settings) -> None:
    home.ledger.parent.mkdir(parents=True)
    Ledger.create(home.ledger)
    ended = call("ledger", "--json")
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["charges"] == []


def test_the_doctor_tells_what_is_wrong_and_fails(home: Settings) -> None:
    home.vault.folder.mkdir(parents=True)
    home.vault.folder.chmod(0o755)
    ended = call("doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(ended.stdout)}
    assert ended.exit_code == 1
    assert not findings["vault"]["ok"]
    assert "chmod 700" in findings["vault"]["sentence"]
    assert findings["policy"]["ok"]


def test_the_doctor_finds_a_broken_ledger(home: Settings) -> None:
    home.ledger.parent.mkdir(parents=True, mode=0o700)
    Ledger.create(home.ledger)
    home.ledger.write_bytes(b"x" * 5000)
    ended = call("doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(ended.stdout)}
    assert not findings["ledger chain"]["ok"]


def test_a_nil_delivery_is_sealed_by_its_manifest_alone(home: Settings) -> None:
    ended = call(
        *("deliver", "--agency", "dss", "--quarter", "2025Q1"),
        *("--as-of", "2025-04-05", "--kind", "nil"),
    )
    assert ended.exit_code == 0
    [manifest] = (home.landing / "inbox" / "dss" / "2025Q1").iterdir()
    assert json.loads(manifest.read_text("utf-8"))["kind"] == "nil"


@pytest.mark.parametrize("files", [["child_file.txt"], ["tokens=a.csv", "tokens=b.csv"]])
def test_a_file_without_a_role_of_its_own_is_a_usage_error(
    home: Settings, files: list[str]
) -> None:
    ended = call(
        *("deliver", "--agency", "dss", "--quarter", "2025Q1"),
        *("--as-of", "2025-04-05", *(word for file in files for word in ("--file", file))),
    )
    assert ended.exit_code == 2
    assert "MS907" in ended.stderr


def test_a_file_that_is_not_there_is_a_usage_error(home: Settings) -> None:
    ended = call(
        *("deliver", "--agency", "dss", "--quarter", "2025Q1"),
        *("--as-of", "2025-04-05", "--file", "child_file=nowhere.txt"),
    )
    assert ended.exit_code == 2
    assert "MS908" in ended.stderr


def test_names_become_tokens_and_no_name_is_in_them(home: Settings, tmp_path: Path) -> None:
    roster, key, tokens = (tmp_path / name for name in ("roster.csv", "key", "tokens.csv"))
    roster.write_text(f"record_key,name,birth_date\nC1,{MARKER} One,2010-01-02\n", "utf-8")
    assert call("new-key", str(key)).exit_code == 0
    assert call("tokenize", str(roster), str(tokens), "--key", str(key)).exit_code == 0
    text = tokens.read_text("utf-8")
    assert text.startswith("record_key,token\nC1,")
    assert MARKER not in text


def test_a_bad_roster_is_told_by_line_and_field_without_its_value(
    home: Settings, tmp_path: Path
) -> None:
    roster, key = tmp_path / "roster.csv", tmp_path / "key"
    roster.write_text(f"record_key,name,birth_date\nC1,Some One,{MARKER}\n", "utf-8")
    call("new-key", str(key))
    ended = call("tokenize", str(roster), str(tmp_path / "tokens.csv"), "--key", str(key))
    assert ended.exit_code == 3
    assert "line 2" in ended.stderr
    assert "birth_date" in ended.stderr
    assert MARKER not in ended.output


def test_an_unexpected_error_is_kept_in_the_vault_and_not_shown(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Settings) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr("orchestration.steps.spending.read_spending", fail)
    ended = call("ledger")
    assert ended.exit_code == 1
    assert "MS901" in ended.stderr
    assert MARKER not in ended.output
    [report] = home.vault.errors.iterdir()
    assert MARKER in report.read_text("utf-8")


def test_the_demo_stays_away_from_a_real_delivery(home: Settings) -> None:
    call(
        *("deliver", "--agency", "dss", "--quarter", "2025Q1"),
        *("--as-of", "2025-04-05", "--kind", "nil"),
    )
    ended = call("simulate", "2025Q1")
    assert ended.exit_code == 2
    assert "MS909" in ended.stderr
    ingest(home.zones, "dss", "2025Q1")
    assert list((home.landing / "inbox" / "dss" / "2025Q1").iterdir()) == []
    assert "MS909" in call("simulate", "2025Q1").stderr


def test_a_command_of_the_hub_says_so_where_the_hubs_packages_are_missing(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dagster", None)
    monkeypatch.delitem(sys.modules, "orchestration.cli.runs", raising=False)
    monkeypatch.delitem(sys.modules, "orchestration.hub.instance", raising=False)
    ended = call("run", "--quarter", "2025Q1")
    assert ended.exit_code == 2
    assert "MS910" in ended.stderr
    assert "dagster" in ended.stderr


@pytest.fixture
def barred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file" / "home"))


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "simulate 2025Q1",
        "run --quarter 2025Q1",
        "plan --quarter 2025Q1",
        "ingest --agency dss --quarter 2025Q1",
        "deliver --agency dss --quarter 2025Q1 --as-of 2025-04-05 --kind nil",
    ],
)
def test_a_data_home_that_cannot_be_written_is_a_sentence(barred: None, command: str) -> None:
    ended = call(*command.split())
    assert ended.exit_code == 2
    assert "MS925" in ended.stderr
    assert ended.stdout == ""


def test_an_unexpected_error_is_a_sentence_also_where_the_vault_takes_no_report(
    barred: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Settings) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr("orchestration.steps.spending.read_spending", fail)
    ended = call("ledger")
    assert ended.exit_code == 2
    assert "MS925" in ended.stderr
    assert MARKER not in ended.output


def test_the_doctor_finds_a_data_home_that_cannot_be_written(barred: None) -> None:
    ended = call("doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(ended.stdout)}
    assert ended.exit_code == 1
    assert not findings["data home"]["ok"]


def test_who_breaks_off_at_the_password_is_told_no_error(home: Settings, tmp_path: Path) -> None:
    ended = call("new-officer-key", str(tmp_path / "doe.key"))
    assert ended.exit_code == 1
    assert "MS901" not in ended.stderr
    assert not home.vault.errors.exists()


def test_a_roster_without_names_is_counted_for_whoever_made_the_tokens(
    home: Settings, tmp_path: Path
) -> None:
    roster, key = tmp_path / "roster.csv", tmp_path / "key"
    roster.write_text("record_key,name,birth_date\nC1,Some One,2010-01-02\nC2,,\n", "utf-8")
    call("new-key", str(key))
    ended = call("tokenize", str(roster), str(tmp_path / "tokens.csv"), "--key", str(key))
    assert "2 records; 1 of them" in ended.stderr


def test_the_command_that_the_demo_tells_works_in_any_data_home(
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = "Ellen's data"
    _say_what_to_open(home, "2025Q4")
    line = next(line for line in capsys.readouterr().err.splitlines() if " verify " in line)
    told = ["verify", f"{home}/releases/2025Q4", "--key", f"{home}/releases/moshare.pub"]
    assert shlex.split(line)[1:] == told
