"""The wheel alone, on a machine with nothing but the packages of its role and no source tree."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from contextlib import closing
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import asyncssh
import pytest
from gate_server import find_free_port, prepare_gate, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = [one.rstrip("*") for one in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
COMMAND = (sys.executable, "-S", "-c", "from orchestration.cli import main; main()")
EVERY_COMMAND = """
import sys
from typer.main import get_command
from typer.testing import CliRunner
from orchestration.cli import build_app

app = build_app()
wanted = {"quarter": "2025Q1", "key": "a.key", "agency": "dss", "out": "b", "path": "a.key"}
def walk(group, words):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, [*words, name])
        else:
            yield [*words, name], command
for words, command in walk(get_command(app), []):
    for one in command.params:
        if one.required:
            value = wanted.get(one.name, "2025Q1")
            words += [value] if one.param_type_name == "argument" else [one.opts[0], value]
    ended = CliRunner().invoke(app, words)
    sentence = ended.exit_code == 0 or "MS" in ended.stderr or "Usage" in ended.stderr
    if not sentence or not isinstance(ended.exception, SystemExit | None):
        print(*words, ended.exit_code, repr(ended.exception))
"""
RECEIVERS = """
[[webhook]]
name = "desk"
address = "http://127.0.0.1:{closed}/"

[[sftp]]
name = "patrol"
agency = "mshp"
tier = "partner"
host = "127.0.0.1"
port = {closed}
user = "moshare"
key = "push.key"
known_hosts = "known_hosts"
folder = "incoming"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel holds, built from a copy of the tree."""
    tree, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("built")
    for room in ROOMS:
        skipped = shutil.ignore_patterns("__pycache__", "target", "logs")
        shutil.copytree(ROOT / room, tree / room, ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(built)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=tree, check=True, capture_output=True)
    with zipfile.ZipFile(next(built.glob("*.whl"))) as packed:
        packed.extractall(built / "wheel")
    return built / "wheel"


class Machine:
    """An empty folder, and the wheel with the packages of one role; nothing else to import."""

    def __init__(self, base: Path, wheel: Path, role: str) -> None:
        self.folder = base / "folder"
        self.folder.mkdir()
        packages = base / "packages"
        packages.mkdir()
        link_packages(ROOT / "requirements" / f"{role}.txt", packages)
        self.environment = {
            "PATH": os.defpath,
            "HOME": str(base),
            "PYTHONPATH": f"{wheel}{os.pathsep}{packages}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str | Path, code: int = 0) -> str:
        """Both outputs of a command, which ends with this code."""
        ended = subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr


def link_packages(lock: Path, folder: Path) -> None:
    """Let a folder hold the packages that a lock file pins, as this environment has them."""
    pins = re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+ (;?)", lock.read_text("utf-8"), re.MULTILINE
    )
    for name, is_for_some_platforms in pins:
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            assert is_for_some_platforms, name
            continue
        for top in {one.parts[0] for one in installed.files or []} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(installed.locate_file(top)))


@pytest.fixture
def agency(tmp_path: Path, wheel: Path) -> Machine:
    return Machine(tmp_path, wheel, "agency")


@pytest.fixture
def server(tmp_path: Path, wheel: Path) -> Machine:
    return Machine(tmp_path, wheel, "gate")


def test_the_wheel_carries_every_data_file_the_rooms_read(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *ROOMS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    there = [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]
    there = [name for name in there if not name.endswith(".md")]
    assert len(there) > 100
    assert [name for name in there if not (wheel / name).is_file()] == []


def test_an_agency_makes_tokens_delivers_and_verifies_with_the_wheel_alone(
    agency: Machine, tmp_path: Path
) -> None:
    gate = prepare_gate(tmp_path)
    roster = tmp_path / "roster.csv"
    roster.write_text("record_key,name,birth_date\n1,Doe Jane,2010-01-01\n", "utf-8")
    reporting = tmp_path / "reporting.csv"
    months = [f"MO0010000,2025-0{month},yes\n" for month in (1, 2, 3)]
    reporting.write_text("ori,month,reporting\n" + "".join(months), "utf-8")
    agency.run("new-key", "linkage.key")
    agency.run("tokenize", roster, "tokens.csv", "--key", "linkage.key")
    assert "dss/2025Q1" in agency.run(
        *("deliver", "--agency", "dss", "--quarter", "2025Q1", "--as-of", "2025-04-05"),
        *("--file", f"child_file={roster}", "--file", "tokens=tokens.csv", "--inbox", "inbox"),
    )
    groups = ("family", "known", "stranger", "unknown")
    cells = ("cases,all", *(f"children,{group}" for group in groups))
    counts = tmp_path / "counts.csv"
    rows = ["quarter,measure,relationship_group,count", *(f"2025Q1,{cell},5" for cell in cells)]
    counts.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    fields = [{"name": name} for name in rows[0].split(",")]
    described = {"name": "counts", "path": "counts.csv", "schema": {"fields": fields}}
    package = tmp_path / "datapackage.json"
    package.write_text(json.dumps({"resources": [described]}), "utf-8")
    assert "set no line aside" in agency.run(
        *("validate", package, counts, "--contract", "hotline/1", "--quarter", "2025Q1"),
    )
    assert "mshp/2025Q1" in agency.run(
        *("deliver", "--agency", "mshp", "--quarter", "2025Q1", "--as-of", "2025-04-05"),
        *("--kind", "nil", "--agency-roster", reporting, "--inbox", "inbox"),
    )
    for form in ("2025Q1", "2025Q1.zip"):
        said = agency.run("verify", gate.releases / form, "--key", tmp_path / "moshare.pub")
        assert "is whole" in said
        assert "It is signed by" in said


def test_the_gate_serves_pushes_tells_and_audits_with_the_wheel_alone(
    server: Machine, tmp_path: Path
) -> None:
    gate = prepare_gate(tmp_path)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "push.key")
    (tmp_path / "known_hosts").write_text("")
    with gate.settings.open("a", encoding="utf-8") as settings:
        settings.write(RECEIVERS.format(closed=find_free_port()))
    at = ("--settings", gate.settings)
    made = server.run("token", "create", "--agency", "dss", *at)
    name = made.split("Token ")[1].split()[0]
    assert name in server.run("token", "list", *at)
    server.run("token", "revoke", name, *at)
    for command in ("push", "notify"):
        assert "MS761" in server.run(command, "--release", "2025Q1", *at, code=7)
    assert "The audit is whole" in server.run("audit", "verify", *at)
    assert serve(server, gate.port, "--settings", str(gate.settings)) == (401, 0)
    shutil.copytree(gate.releases, server.folder / "data" / "releases")
    assert serve(server, gate.port, "--demo", "--port", str(gate.port)) == (401, 0)


def serve(server: Machine, port: int, *words: str) -> tuple[int, int]:
    """What a gate answers to a stranger, and its exit code when it is asked to end."""
    process = subprocess.Popen(
        [*COMMAND, "gate", *words],
        cwd=server.folder,
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as link:
            link.request("GET", "/")
            status = link.getresponse().status
        process.terminate()
        return status, process.wait(30)
    finally:
        process.kill()
        process.wait(30)


def test_every_other_command_says_on_an_agencys_machine_what_is_missing(agency: Machine) -> None:
    ended = subprocess.run(
        [sys.executable, "-S", "-c", EVERY_COMMAND],
        cwd=agency.folder,
        env=agency.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
