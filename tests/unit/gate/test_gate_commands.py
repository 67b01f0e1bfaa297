"""The gate's commands, as a person types them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from gate_places import make_place, read_rows
from gate_server import COMMAND, SETTINGS
from typer.testing import CliRunner

from gate.demo import prepare_demo
from gate.errors import ERRORS, GateError
from gate.settings import GateSettings
from orchestration.cli import build_app
from orchestration.rehearsal.receiver import open_receiver

ROOT = Path(__file__).resolve().parents[3]
SFTP = """\
agency = "mshp"
tier = "public"
host = "127.0.0.1"
port = 1
user = "moshare"
key = "push.key"
known_hosts = "known_hosts"
folder = "incoming"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    make_place(tmp_path)
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(port=8600, limits=""), "utf-8")
    return path


def run(*command: str, settings: Path):
    return CliRunner().invoke(build_app(), [*command, "--settings", str(settings)])


def test_a_token_is_made_shown_listed_and_revoked(settings: Path, tmp_path: Path) -> None:
    made = run("token", "create", "--agency", "dss", "--release", "2025Q1", settings=settings)
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert secret.startswith("moshare-")
    name = secret.split("-")[1]
    (listed,) = json.loads(run("token", "list", settings=settings).stdout)
    assert (listed["name"], listed["agency"], listed["releases"]) == (name, "dss", ["2025Q1"])
    assert run("token", "revoke", name, settings=settings).exit_code == 0
    assert json.loads(run("token", "list", settings=settings).stdout)[0]["revoked_at"]
    again = run("token", "revoke", name, settings=settings)
    assert again.exit_code == 2
    assert "MS741" in again.stderr
    rows = read_rows(tmp_path / "state")
    assert [row["event"] for row in rows] == ["token-created", "token-revoked"]
    assert rows[0]["agency"] == "dss"
    assert secret not in str(rows)


def test_a_token_for_nobody_is_refused(settings: Path) -> None:
    made = run("token", "create", "--agency", "", settings=settings)
    assert made.exit_code == 2
    assert "MS748" in made.stderr
    assert made.stdout == ""


def test_the_audit_is_checked(settings: Path, tmp_path: Path) -> None:
    run("token", "create", "--agency", "dss", settings=settings)
    checked = run("audit", "verify", settings=settings)
    assert checked.exit_code == 0
    assert "1 rows" in checked.stdout
    receipt = read_rows(tmp_path / "state")[0]["hash"]
    assert "Row 1" in run("audit", "verify", "--receipt", receipt, settings=settings).stdout
    unknown = run("audit", "verify", "--receipt", "0" * 64, settings=settings)
    assert (unknown.exit_code, "MS740" in unknown.stderr) == (8, True)


@pytest.mark.parametrize("command", ["push", "notify"])
def test_sending_to_nobody_is_a_sentence(settings: Path, command: str) -> None:
    ended = run(command, "--release", "2025Q1", settings=settings)
    assert (ended.exit_code, "MS746" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", ["push", "notify"])
def test_a_release_that_was_not_announced_is_a_usage_error(settings: Path, command: str) -> None:
    ended = run(command, "--release", "1999Q1", settings=settings)
    assert (ended.exit_code, "MS722" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", ["push", "notify"])
def test_each_receiver_has_a_line_and_a_failure_is_told_at_the_end(
    settings: Path, command: str
) -> None:
    receivers = [
        '[[webhook]]\nname = "{}"\naddress = "http://127.0.0.1:1/"\n',
        '[[sftp]]\nname = "{}"\n' + SFTP,
    ]
    text = "".join(one.format(name) for one in receivers for name in ("first", "second"))
    settings.write_text(settings.read_text("utf-8") + text, "utf-8")
    ended = run(command, "--release", "2025Q1", settings=settings)
    code = "MS743" if command == "push" else "MS745"
    lines = ended.stdout.splitlines()
    assert [line.partition(f": {code}: ")[0] for line in lines] == ["first", "second"]
    assert ended.exit_code == 7
    assert "MS761: 2 of 2 receivers of 2025Q1 were not reached" in " ".join(ended.stderr.split())


def test_a_push_that_failed_is_told_once_and_kept_while_nobody_takes_it(settings: Path) -> None:
    text = settings.read_text("utf-8") + '[[sftp]]\nname = "patrol"\n' + SFTP
    settings.write_text('alarms = "alarms.toml"\n' + text, "utf-8")
    with open_receiver() as desk:
        (settings.parent / "alarms.toml").write_text(
            'address = "https://moshare.example.org"\n'
            f'[[webhook]]\nname = "desk"\naddress = "{desk.address}"\n',
            "utf-8",
        )
        desk.is_away = True
        assert run("push", "--release", "2025Q1", settings=settings).exit_code == 7
        assert desk.read_new() == []
        desk.is_away = False
        for _ in range(2):
            assert run("push", "--release", "2025Q1", settings=settings).exit_code == 7
        [told] = desk.read_new()
    assert told["code"] == "failed-push"
    assert told["about"] == "failed-push/2025Q1/patrol/MS743"
    assert told["link"] == "https://moshare.example.org/releases/2025Q1/"
    assert "MS743: Release 2025Q1 was not pushed to patrol." in told["sentence"]


@pytest.mark.parametrize("content", ["nobody", None])
def test_alarms_that_cannot_be_read_are_a_sentence(settings: Path, content: str | None) -> None:
    text = settings.read_text("utf-8") + '[[sftp]]\nname = "patrol"\n' + SFTP
    settings.write_text('alarms = "alarms.toml"\n' + text, "utf-8")
    if content:
        (settings.parent / "alarms.toml").write_text(content, "utf-8")
    ended = run("push", "--release", "2025Q1", settings=settings)
    assert (ended.exit_code, "MS945" in ended.stderr) == (2, True)


def test_the_unit_that_pushes_tells_people_even_where_a_push_failed() -> None:
    unit = (ROOT / "deploy" / "moshare-push@.service").read_text("utf-8")
    (push,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    (notify,) = re.findall(r"^ExecStopPost=(.*)$", unit, re.M)
    assert "moshare push --release %i" in push
    assert "moshare notify --release %i" in notify


def test_the_demo_opens_every_release_to_this_machine_with_a_token_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[GateSettings] = []
    home = tmp_path / "home"
    make_place(home)
    monkeypatch.setenv("MOSHARE_HOME", str(home))
    monkeypatch.setattr("gate.server.serve", served.append)
    ended = CliRunner().invoke(build_app(), ["gate", "--demo", "--port", "8700"])
    assert ended.exit_code == 0
    assert "2025Q1, 2025Q2, 2025Q3" in ended.stderr
    assert "moshare-" in ended.stderr
    (settings,) = served
    assert settings.listen == "127.0.0.1"
    assert settings.address == "http://127.0.0.1:8700"
    assert settings.releases == home / "releases"
    assert not settings.state.exists()


def test_two_demos_share_no_token(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    (releases / "2025Q1").mkdir(parents=True)
    (releases / "2025Q1" / "release.json").write_text("{}", "utf-8")
    secrets = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        secrets.add(prepare_demo(releases, tmp_path / name, 1)[1])
    assert len(secrets) == 2


def test_a_demo_without_a_release_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"MS749.*make demo"):
        prepare_demo(tmp_path, tmp_path, 1)


def test_the_gate_needs_nothing_of_the_hub() -> None:
    probe = (
        "import sys\n"
        "import orchestration.cli.gate, gate.server, gate.sending\n"
        "hub = {'dagster', 'dbt', 'duckdb', 'great_expectations', 'opendp', 'numpy', 'scipy'}\n"
        "privacy = {name for name in sys.modules if name.startswith('privacy.')}\n"
        "privacy -= {'privacy.errors', 'privacy.released', 'privacy.canonical'}\n"
        "sys.exit(', '.join(sorted(hub & set(sys.modules) | privacy)) or 0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_the_command_for_the_gate_starts_where_the_hub_is_not(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "gate", "--settings", str(tmp_path / "absent.toml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "MS720" in ended.stderr) == (2, True)


def test_every_failure_of_the_gate_has_a_status_that_says_failure() -> None:
    assert {text.status // 100 for text in ERRORS.values()} == {4, 5}
