"""Encrypted deliveries on the command line: made at an agency, opened at the hub."""

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pysequoia
import pytest
from nibrs_lines import report
from typer.testing import CliRunner

from orchestration.cli import build_app
from orchestration.hub.settings import (
    DELIVERY_KEYS_VARIABLE,
    HOME_VARIABLE,
    Settings,
    load_settings,
    prepare_process,
)
from sources.ingest import ingest

QUARTER = "2025Q1"
SAID = ("--agency", "mshp", "--quarter", QUARTER, "--as-of", "2025-04-05")
LINES = [line for number in range(30) for line in report(f"I{number}")]
CONTENT = "".join(f"{line}\n" for line in LINES).encode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv(DELIVERY_KEYS_VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("nibrs.txt").write_bytes(CONTENT)
    return Settings(tmp_path / "home")


def call(*arguments: str):
    return CliRunner().invoke(build_app(), [*arguments])


def make_openpgp_key(name: str) -> None:
    key = pysequoia.Tsk.generate("hub")
    Path(f"{name}.key").write_text(str(key))
    Path(f"{name}.key").chmod(0o600)
    Path(f"{name}.pub").write_text(str(key.extract_certificate()))


def deliver_sealed(key: str = "hub.pub", *, file: str = "nibrs.txt"):
    return call("deliver", *SAID, "--file", f"nibrs={file}", "--encrypt-to", key)


@pytest.fixture
def key(home: Settings) -> Path:
    assert call("new-delivery-key", "hub.key").exit_code == 0
    return Path("hub.key").resolve()


def test_a_delivery_key_is_its_owners_alone_and_told_about(home: Settings) -> None:
    made = call("new-delivery-key", "hub.key")
    assert made.exit_code == 0
    assert "MOSHARE_DELIVERY_KEYS" in made.stderr
    assert "AGE-SECRET" not in made.output
    assert Path("hub.key").stat().st_mode & 0o777 == 0o600
    assert Path("hub.pub").read_text().startswith("age1")
    again = call("new-delivery-key", "hub.key")
    assert (again.exit_code, "MS938" in again.stderr) == (2, True)


@pytest.mark.parametrize(("form", "ending"), [("age", ".age"), ("OpenPGP", ".pgp")])
def test_what_is_delivered_encrypted_lies_nowhere_as_it_is(home: Settings, form, ending) -> None:
    if form == "age":
        call("new-delivery-key", "hub.key")
    else:
        make_openpgp_key("hub")
    ended = deliver_sealed()
    assert ended.exit_code == 0, ended.stderr
    folder = home.landing / "inbox" / "mshp" / QUARTER
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", f"nibrs.txt{ending}"]
    [said] = json.loads((folder / "manifest.json").read_text())["files"]
    assert said["rows"] == len(LINES)
    assert said["bytes"] == (folder / said["name"]).stat().st_size
    assert list(Path("temporary").iterdir()) == []
    written = [path for path in home.home.rglob("*") if path.is_file()]
    assert not any(LINES[0][:37].encode() in path.read_bytes() for path in written)
    receipt = ingest(home.zones, "mshp", QUARTER, keys=[Path("hub.key")])
    assert (receipt.status, receipt.files[0].lines_read) == ("accepted", len(LINES))


def test_a_packed_file_is_encrypted_as_it_is_packed(home: Settings, key: Path) -> None:
    Path("nibrs.txt.gz").write_bytes(gzip.compress(CONTENT))
    assert deliver_sealed(file="nibrs.txt.gz").exit_code == 0
    receipt = ingest(home.zones, "mshp", QUARTER, keys=[key])
    assert (receipt.files[0].file, receipt.files[0].lines_read) == (
        "nibrs.txt.gz.age",
        len(LINES),
    )


@pytest.mark.parametrize("ending", [".age", ".pgp", ".asc"])
def test_nothing_is_delivered_that_was_encrypted_before(home, key, ending) -> None:
    Path(f"nibrs{ending}").write_bytes(b"encrypted elsewhere")
    for more in ((), ("--encrypt-to", "hub.pub")):
        ended = call("deliver", *SAID, "--file", f"nibrs=nibrs{ending}", *more)
        assert (ended.exit_code, "MS178" in ended.stderr) == (2, True)
        assert "--encrypt-to" in ended.stderr
    assert not list((home.landing / "inbox").rglob("*nibrs*"))


def test_a_key_that_nothing_can_be_encrypted_to_leaves_the_inbox_as_it_was(home, key) -> None:
    for name in ("hub.key", "nowhere.pub", "nibrs.txt"):
        ended = deliver_sealed(name)
        assert (ended.exit_code, "MS177" in ended.stderr) == (2, True)
        assert name in ended.stderr
    assert not list(home.home.rglob("nibrs*"))


def test_what_a_view_gives_is_not_encrypted_on_its_way(home: Settings, key: Path) -> None:
    Path("address").write_text("host=/nowhere")
    Path("address").chmod(0o600)
    view = ("--from-database", "nibrs=a.b", "--database", "address", "--encrypt-to", "hub.pub")
    ended = call("deliver", *SAID, *view)
    assert (ended.exit_code, "MS179" in ended.stderr) == (2, True)


def seal(name: str) -> Path:
    """The encrypted file that `deliver` makes, elsewhere than in the inbox."""
    outside = ("--inbox", "elsewhere")
    call("deliver", *SAID, "--file", "nibrs=nibrs.txt", "--encrypt-to", "hub.pub", *outside)
    return Path("elsewhere") / "mshp" / QUARTER / name


def validate(file: Path, *more: str):
    asked = ("--contract", "mshp/1", "--quarter", QUARTER, "--as-of", "2025-04-05")
    return call("validate", str(file), *asked, *more)


def test_validating_an_encrypted_file_asks_for_its_key(home, key, monkeypatch) -> None:
    sealed = seal("nibrs.txt.age")
    ended = validate(sealed)
    assert (ended.exit_code, "MS178" in ended.stderr) == (2, True)
    assert "before it is encrypted" in ended.stderr
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, str(key))
    ended = validate(sealed, "--json")
    assert ended.exit_code == 0, ended.stderr
    [told] = json.loads(ended.stdout)["receipt"]["files"]
    assert (told["file"], told["lines_read"]) == ("nibrs.txt.age", len(LINES))
    assert validate(sealed, "--against", str(sealed)).exit_code == 0
    assert validate(sealed, "--against", "nibrs.txt").exit_code == 0
    assert list(Path("temporary").iterdir()) == []


def test_what_validating_decrypts_lies_in_the_vault_also_where_it_is_killed(
    home: Settings, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal("nibrs.txt.age")
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, str(key))
    program = (
        "import os, signal\n"
        "from orchestration.steps import validating\n"
        "def count(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "validating.count_decrypted = count\n"
        "from orchestration.cli import main\n"
        "main()\n"
    )
    words = ("validate", str(sealed), "--contract", "mshp/1", "--quarter", QUARTER)
    environment = {**os.environ, "TMPDIR": str(Path("temporary").absolute())}
    killed = subprocess.run([sys.executable, "-c", program, *words], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert list(Path("temporary").iterdir()) == []
    [left] = [path for path in home.vault.folder.rglob("*") if path.is_file()]
    assert left.read_bytes() == CONTENT
    call("collect")
    left_over = {path for path in home.vault.folder.rglob("*") if path.is_file()}
    assert left_over <= {home.vault.state}


def test_validating_says_of_a_damaged_file_what_the_hub_would(home, key, monkeypatch) -> None:
    sealed = seal("nibrs.txt.age")
    sealed.write_bytes(sealed.read_bytes()[:-1])
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, str(key))
    ended = validate(sealed)
    assert (ended.exit_code, "MS171" in ended.stdout) == (3, True)
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, "nowhere.key")
    ended = validate(sealed)
    assert (ended.exit_code, "MS176" in ended.stderr) == (2, True)
    assert validate(Path("nowhere.age")).exit_code == 2
    assert list(Path("temporary").iterdir()) == []


def find(findings: str, check: str) -> dict[str, object]:
    return next(one for one in json.loads(findings) if one["check"] == check)


def test_the_doctor_looks_at_each_key(home, key, monkeypatch) -> None:
    assert find(call("doctor", "--json").stdout, "delivery keys")["ok"]
    make_openpgp_key("other")
    named = [str(key), "other.key", "nowhere.key"]
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, ":".join(named))
    told = call("doctor", "--json").stdout
    assert [find(told, f"delivery key {Path(name).name}")["ok"] for name in named] == [
        True,
        True,
        False,
    ]
    key.chmod(0o644)
    told = str(find(call("doctor", "--json").stdout, "delivery key hub.key")["sentence"])
    assert "MS176" in told
    assert "chmod 600" in told


def test_the_names_of_keys_hold_wherever_a_process_of_ours_works(home, monkeypatch) -> None:
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, "new.key::keys/old.key")
    settings = load_settings()
    prepare_process(settings)
    monkeypatch.chdir("/")
    assert load_settings().delivery_keys == settings.delivery_keys
    assert [path.name for path in settings.delivery_keys] == ["new.key", "old.key"]


def test_what_a_killed_ingest_left_is_cleared_by_the_next_command(home: Settings) -> None:
    left = home.vault.work("mshp", QUARTER) / "decrypted" / "nibrs.txt.age"
    left.parent.mkdir(parents=True)
    left.write_bytes(CONTENT)
    prepare_process(home)
    assert not left.exists()
