"""The signing key is made once, never replaced by itself, and can be exchanged on purpose."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import build_app
from portal.errors import PortalError
from portal.folder import build_release
from portal.keys import (
    ensure_signing_key,
    exchange_signing_key,
    read_public_keys,
    read_secret_key,
)
from portal.signature import check_signature, make_signer
from privacy.released import Release

NOW = datetime(2025, 10, 2, 12, 0, 0, 5, tzinfo=UTC)
EXCHANGE_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
moment = int(sys.argv[2])
def kill(event, arguments):
    global moment
    if event in ("os.rename", "os.link", "os.remove", "os.mkdir", "open"):
        if any(isinstance(one, (str, Path)) and sys.argv[1] in str(one) for one in arguments):
            moment -= 1
            if moment == 0:
                os.kill(os.getpid(), signal.SIGKILL)
from portal.keys import exchange_signing_key
import minisign
sys.addaudithook(kill)
home = Path(sys.argv[1])
exchange_signing_key(home / "keys" / "signing.key", home / "releases" / "moshare.pub",
                     datetime(2025, 10, 2, 12, tzinfo=UTC))
"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "signing.key"


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return tmp_path / "releases" / "moshare.pub"


@pytest.fixture
def signed(release: Release, secret: Path, public: Path) -> Path:
    ensure_signing_key(secret, public)
    return build_release(release, public.parent, make_signer(secret))


def refused(code: str, secret: Path, public: Path) -> PortalError:
    before = {path: path.read_bytes() for path in (secret, public) if path.exists()}
    with pytest.raises(PortalError) as caught:
        ensure_signing_key(secret, public)
    assert caught.value.code == code
    assert caught.value.exit_code == 7 or code == "MS715"
    assert {path: path.read_bytes() for path in (secret, public) if path.exists()} == before
    return caught.value


def test_the_secret_key_is_for_its_owner_alone_and_never_replaced(
    secret: Path, public: Path
) -> None:
    ensure_signing_key(secret, public)
    before = secret.read_bytes(), public.read_bytes()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert public.stat().st_mode & 0o777 == 0o644
    ensure_signing_key(secret, public)
    assert (secret.read_bytes(), public.read_bytes()) == before
    assert [path.name for path in secret.parent.iterdir()] == [secret.name]


def test_a_lost_secret_key_is_never_made_again_once_its_public_half_exists(
    secret: Path, public: Path
) -> None:
    ensure_signing_key(secret, public)
    secret.unlink()
    assert "Restore it from the backup" in refused("MS752", secret, public).sentence


def test_a_lost_secret_key_is_never_made_again_once_a_release_exists(
    signed: Path, secret: Path, public: Path
) -> None:
    secret.unlink()
    public.unlink()
    refused("MS752", secret, public)


def test_no_flipped_bit_of_the_secret_key_makes_another_signer(
    signed: Path, secret: Path, public: Path
) -> None:
    whole, shown = secret.read_bytes(), public.read_bytes()
    told = set()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 7)
        secret.write_bytes(damaged)
        try:
            ensure_signing_key(secret, public)
        except PortalError as error:
            told.add(error.code)
        else:
            record = (signed / "release.json").read_bytes()
            signature = make_signer(secret)("2025Q1", record)
            assert signature == (signed / "release.json.minisig").read_bytes(), place
        assert public.read_bytes() == shown
    assert told == {"MS752", "MS755"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_key_that_others_can_read_signs_nothing(
    secret: Path, public: Path, mode: int
) -> None:
    ensure_signing_key(secret, public)
    secret.chmod(mode)
    refused("MS753", secret, public)
    with pytest.raises(PortalError, match="MS753"):
        make_signer(secret)


def test_a_damaged_secret_key_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_text("no key")
    with pytest.raises(PortalError, match="MS752"):
        make_signer(tmp_path / "signing.key")


def test_an_older_secret_key_is_not_taken_for_the_one_in_use(
    signed: Path, secret: Path, public: Path
) -> None:
    old = secret.read_bytes()
    new = exchange_signing_key(secret, public, NOW)
    secret.write_bytes(old)
    assert new.key_id in refused("MS755", secret, public).sentence


def test_a_lost_public_key_is_made_again_if_it_fits_every_release(
    signed: Path, secret: Path, public: Path
) -> None:
    before = public.read_bytes()
    public.unlink()
    ensure_signing_key(secret, public)
    assert public.read_bytes() == before


def test_a_lost_list_of_keys_is_not_made_again_without_the_keys_before(
    signed: Path, secret: Path, public: Path
) -> None:
    [old] = read_public_keys(public)
    exchange_signing_key(secret, public, NOW)
    public.unlink()
    assert old.key_id in refused("MS754", secret, public).sentence


def test_a_damaged_list_of_keys_is_refused(signed: Path, secret: Path, public: Path) -> None:
    public.write_bytes(public.read_bytes()[:-9])
    refused("MS715", secret, public)


def test_a_release_whose_signature_cannot_be_read_names_no_key(
    signed: Path, secret: Path, public: Path
) -> None:
    signature = signed / "release.json.minisig"
    signature.chmod(0o644)
    signature.write_text("no signature")
    ensure_signing_key(secret, public)


def test_a_key_that_another_process_made_first_is_kept(
    secret: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_signing_key(secret, public)
    before = secret.read_bytes()
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path != secret and real(path))
    public.unlink()
    ensure_signing_key(secret, public)
    assert secret.read_bytes() == before


def test_releases_before_an_exchange_of_keys_still_verify(
    signed: Path, release: Release, secret: Path, public: Path, tmp_path: Path
) -> None:
    [old] = read_public_keys(public)
    assert old.span == ""
    new = exchange_signing_key(secret, public, NOW)
    assert [key.key_id for key in read_public_keys(public)] == [new.key_id, old.key_id]
    assert new.span == "since 2025-10-02T12:00:00Z"
    assert check_signature(signed, public).span == "for releases drawn until 2025-10-02T12:00:00Z"
    rebuilt = build_release(release, tmp_path / "elsewhere", make_signer(secret))
    assert check_signature(rebuilt, public).key_id == new.key_id
    ensure_signing_key(secret, public)
    assert sorted(path.name for path in secret.parent.iterdir()) == [secret.name]


def test_each_key_keeps_its_span_through_further_exchanges(
    signed: Path, secret: Path, public: Path
) -> None:
    for day in (2, 9, 20):
        exchange_signing_key(secret, public, NOW.replace(day=day))
    assert [key.span for key in read_public_keys(public)] == [
        "since 2025-10-20T12:00:00Z",
        "since 2025-10-09T12:00:00Z for releases drawn until 2025-10-20T12:00:00Z",
        "since 2025-10-02T12:00:00Z for releases drawn until 2025-10-09T12:00:00Z",
        "for releases drawn until 2025-10-02T12:00:00Z",
    ]
    assert check_signature(signed, public).until == "2025-10-02T12:00:00Z"


def test_an_exchange_while_the_clock_is_set_back_cuts_off_no_release(
    signed: Path, secret: Path, public: Path
) -> None:
    drawn_at = "2025-04-15T11:00:00Z"
    exchange_signing_key(secret, public, datetime(2020, 1, 1, tzinfo=UTC))
    key = check_signature(signed, public)
    assert key.until > drawn_at
    assert key.until.startswith("2025-04-15T11:00:01")


@pytest.mark.parametrize("drawn_at", ["2025-10-02T12:00:00Z", "2026-01-15", "soon", None])
def test_a_key_that_was_exchanged_signs_nothing_new(
    release: Release, secret: Path, public: Path, tmp_path: Path, drawn_at: str | None
) -> None:
    import json

    ensure_signing_key(secret, public)
    stolen = tmp_path / "stolen.key"
    shutil.copy2(secret, stolen)
    exchange_signing_key(secret, public, NOW)
    folder = build_release(release, tmp_path / "forged")
    folder.chmod(0o755)
    record = folder / "release.json"
    record.chmod(0o644)
    document = json.loads(record.read_bytes())
    document["drawn_at"] = drawn_at
    content = json.dumps(document).encode()
    record.write_bytes(content)
    (folder / "release.json.minisig").write_bytes(make_signer(stolen)("2025Q1", content))
    with pytest.raises(PortalError, match="MS751") as caught:
        check_signature(folder, public)
    assert caught.value.exit_code == 8


@pytest.mark.parametrize("content", [b"[]", b"no JSON"])
def test_a_key_that_was_exchanged_signs_no_record_without_a_time(
    secret: Path, public: Path, tmp_path: Path, content: bytes
) -> None:
    ensure_signing_key(secret, public)
    stolen = tmp_path / "stolen.key"
    shutil.copy2(secret, stolen)
    exchange_signing_key(secret, public, NOW)
    folder = tmp_path / "forged"
    folder.mkdir()
    (folder / "release.json").write_bytes(content)
    (folder / "release.json.minisig").write_bytes(make_signer(stolen)("2025Q1", content))
    with pytest.raises(PortalError, match="MS751"):
        check_signature(folder, public)


def test_a_lost_key_can_be_exchanged_too(signed: Path, secret: Path, public: Path) -> None:
    secret.unlink()
    new = exchange_signing_key(secret, public, NOW)
    ensure_signing_key(secret, public)
    assert check_signature(signed, public).until
    assert read_public_keys(public)[0] == new


def test_nothing_is_exchanged_where_no_key_was_ever_published(secret: Path, public: Path) -> None:
    with pytest.raises(PortalError, match="MS715"):
        exchange_signing_key(secret, public, NOW)
    assert not secret.exists()


def test_an_exchange_that_is_killed_at_any_step_leaves_one_pair_that_fits(
    signed: Path, secret: Path, public: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "keys", before / "keys")
    shutil.copytree(tmp_path / "releases", before / "releases")
    kills, moment, ids = 0, 0, set()
    while True:
        moment += 1
        shutil.rmtree(tmp_path / "keys")
        shutil.rmtree(tmp_path / "releases")
        shutil.copytree(before, tmp_path, dirs_exist_ok=True)
        command = [sys.executable, "-c", EXCHANGE_KILLED, str(tmp_path), str(moment)]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if ended.returncode != -signal.SIGKILL:
            assert ended.returncode == 0, ended.stderr
            break
        kills += 1
        ensure_signing_key(secret, public)
        check_signature(signed, public)
        read_secret_key(secret)
        ids.add(len(read_public_keys(public)))
        assert [path.name for path in secret.parent.glob("*.next")] == []
    assert kills > 10
    assert ids == {1, 2}


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_the_minisign_program_reads_the_key_in_use_from_a_list_of_keys(
    signed: Path, release: Release, secret: Path, public: Path, tmp_path: Path
) -> None:
    exchange_signing_key(secret, public, NOW)
    rebuilt = build_release(release, tmp_path / "elsewhere", make_signer(secret))
    command = ["minisign", "-V", "-p", str(public), "-m", str(rebuilt / "release.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_verify_names_the_key_and_its_span(signed: Path, secret: Path, public: Path) -> None:
    exchange_signing_key(secret, public, NOW)
    ended = CliRunner().invoke(build_app(), ["verify", str(signed), "--key", str(public)])
    assert ended.exit_code == 0
    assert "for releases drawn until 2025-10-02T12:00:00Z" in " ".join(ended.stderr.split())
    assert os.fspath(signed.name) in ended.stdout
