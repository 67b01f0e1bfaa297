import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app
from portal.errors import PortalError
from portal.folder import build_release
from portal.keys import ensure_signing_key
from portal.signature import check_signature, make_signer
from portal.verify import verify
from privacy.released import Release


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    pair = (tmp_path / "keys" / "signing.key", tmp_path / "moshare.pub")
    ensure_signing_key(*pair)
    return pair


@pytest.fixture
def signed(release: Release, keys: tuple[Path, Path], tmp_path: Path) -> Path:
    return build_release(release, tmp_path / "releases", make_signer(keys[0]))


def refused(code: str, folder: Path, public: Path) -> None:
    with pytest.raises(PortalError) as caught:
        check_signature(folder, public)
    assert caught.value.code == code
    assert caught.value.exit_code == 8


def test_a_release_signed_by_the_hub_is_accepted_and_whole(signed: Path, keys) -> None:
    check_signature(signed, keys[1])
    assert verify(signed).passed


def test_the_minisign_program_accepts_the_signature(signed: Path, keys) -> None:
    program = shutil.which("minisign")
    if program is None:
        pytest.skip("the minisign program is not installed; run this where it is")
    command = [program, "-V", "-p", str(keys[1]), "-m", str(signed / "release.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_same_release_has_the_same_signature_wherever_it_is_built(
    release: Release, signed: Path, keys, tmp_path: Path
) -> None:
    again = build_release(release, tmp_path / "elsewhere", make_signer(keys[0]))
    name = "release.json.minisig"
    assert (again / name).read_bytes() == (signed / name).read_bytes()


def test_a_changed_record_is_refused_although_its_hashes_fit(signed: Path, keys) -> None:
    record = signed / "release.json"
    record.chmod(0o644)
    record.write_bytes(record.read_bytes().replace(b"2025Q1", b"2025Q2"))
    refused("MS717", signed, keys[1])


def test_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "other.key", tmp_path / "other.pub")
    refused("MS717", signed, tmp_path / "other.pub")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_release_by_another_signer_is_not_called_whole_first(
    signed: Path, tmp_path: Path, form: tuple[str, ...]
) -> None:
    ensure_signing_key(tmp_path / "other.key", tmp_path / "other.pub")
    words = ["verify", str(signed), "--key", str(tmp_path / "other.pub"), *form]
    ended = CliRunner().invoke(build_app(), words)
    assert ended.exit_code == 8
    assert "MS717" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    "comment",
    [
        b"\xef\xbb\xbfuntrusted comment: the hub's key",
        "untrusted comment: Kinderschutz für Missouri".encode("latin-1"),
        b"untrusted comment: the hub's key\r",
        b"",
    ],
)
def test_a_public_key_is_read_whatever_its_comment_is_as_minisign_reads_it(
    signed: Path, keys, tmp_path: Path, comment: bytes
) -> None:
    _, _, rest = keys[1].read_bytes().partition(b"\n")
    key = tmp_path / "announced.pub"
    key.write_bytes(comment + b"\n" + rest + b"\r\n\r\n")
    check_signature(signed, key)
    if program := shutil.which("minisign"):
        command = [program, "-V", "-p", str(key), "-m", str(signed / "release.json")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_comment_that_is_signed_is_ascii(signed: Path) -> None:
    assert (signed / "release.json.minisig").read_bytes().isascii()


def test_a_damaged_signature_is_refused(signed: Path, keys) -> None:
    signature = signed / "release.json.minisig"
    signature.chmod(0o644)
    signature.write_text("no signature")
    refused("MS717", signed, keys[1])


def test_an_unsigned_release_is_told_apart_from_a_forged_one(
    release: Release, keys, tmp_path: Path
) -> None:
    refused("MS716", build_release(release, tmp_path / "unsigned"), keys[1])


def test_a_file_that_is_no_public_key_is_refused(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pub").write_text("no key")
    refused("MS715", signed, tmp_path / "text.pub")
    refused("MS715", signed, tmp_path / "nowhere.pub")
