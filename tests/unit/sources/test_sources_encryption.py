"""Encrypted deliveries: what opens them, and what is said of those that nothing opens."""

import base64
import gzip
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pyrage
import pysequoia
import pytest
from sources_builders import QUARTER, child_lines, deliver, make_zones, text_of

from sources import encryption, reading
from sources.delivery_keys import PublicKeys, SecretKeys, read_secret_keys
from sources.encryption import decrypt, encrypt
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.scratch import clear_scratch, open_scratch
from sources.zones import Zones

MARKER = b"QZJXVKWY"
CONTENT = text_of(child_lines(30))
LONG = CONTENT * 40
ROOM = 1 << 30


@dataclass
class Keys:
    """A hub's key files, and what another encrypts with."""

    age_file: Path
    openpgp_file: Path
    age: pyrage.x25519.Identity
    openpgp: pysequoia.Tsk

    @property
    def files(self) -> list[Path]:
        return [self.age_file, self.openpgp_file]

    @property
    def secret(self) -> SecretKeys:
        return read_secret_keys(self.files)

    @property
    def to_age(self) -> PublicKeys:
        return PublicKeys(age=(self.age.to_public(),))

    @property
    def to_openpgp(self) -> PublicKeys:
        return PublicKeys(openpgp=(self.openpgp.extract_certificate(),))

    def seal(self, content: bytes, ending: str) -> bytes:
        if ending.endswith(".age"):
            return bytes(pyrage.encrypt(content, [self.age.to_public()]))
        certificate = self.openpgp.extract_certificate()
        return pysequoia.encrypt(content, [certificate], armor=ending == ".asc")


def make_keys(folder: Path) -> Keys:
    folder.mkdir()
    age, openpgp = pyrage.x25519.Identity.generate(), pysequoia.Tsk.generate("hub")
    files = folder / "hub.key", folder / "hub.asc"
    files[0].write_text(f"# created: 2025-01-01\n# public key: {age.to_public()}\n{age}\n")
    files[1].write_text(str(openpgp))
    for file in files:
        file.chmod(0o600)
    return Keys(*files, age, openpgp)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "keys")


@pytest.fixture
def open_file(tmp_path: Path, keys: Keys) -> Iterator[Callable[[str, bytes], bytes]]:
    target = tmp_path / "plain"

    def run(ending: str, content: bytes) -> bytes:
        path = tmp_path / f"child_file.txt{ending}"
        path.write_bytes(content)
        decrypt(path, target, keys.secret, ROOM)
        return target.read_bytes()

    yield run
    assert not target.exists() or target.stat().st_mode & 0o077 == 0


def refuse(open_file: Callable[[str, bytes], bytes], ending: str, content: bytes) -> str:
    with pytest.raises(SourcesError) as caught:
        open_file(ending, content)
    told = caught.value
    assert told.exit_code == 3
    assert f"child_file.txt{ending}" in told.sentence
    assert "backtrace" not in told.sentence
    return told.code


def armour(content: bytes) -> bytes:
    letters = base64.b64encode(content)
    lines = [letters[start : start + 64] for start in range(0, len(letters), 64)]
    name = b"AGE ENCRYPTED FILE-----"
    return b"\n".join([b"-----BEGIN " + name, *lines, b"-----END " + name, b""])


@pytest.mark.parametrize("ending", [".age", ".AGE", ".pgp", ".gpg", ".asc"])
def test_a_file_is_decrypted_by_the_end_of_its_name(ending, open_file, keys) -> None:
    assert open_file(ending, keys.seal(LONG, ending.lower())) == LONG


def test_an_armoured_file_of_age_is_taken_as_it_is_meant(open_file, keys) -> None:
    sealed = keys.seal(LONG, ".age")
    assert open_file(".age", armour(sealed)) == LONG


@pytest.mark.parametrize("ending", [".age", ".pgp", ".asc"])
def test_a_file_for_another_key_is_named_so(ending, open_file, tmp_path) -> None:
    other = make_keys(tmp_path / "other")
    assert refuse(open_file, ending, other.seal(LONG, ending)) == "MS170"


@pytest.mark.parametrize("ending", [".age", ".pgp", ".asc"])
@pytest.mark.parametrize("left", [0.3, 0.5, 0.999])
def test_a_file_that_was_cut_short_is_thrown_away(ending, left, open_file, keys, tmp_path) -> None:
    sealed = keys.seal(LONG, ending)
    assert refuse(open_file, ending, sealed[: int(len(sealed) * left)]) == "MS171"
    assert not (tmp_path / "plain").exists()


def test_a_file_of_age_that_was_cut_between_two_blocks_is_thrown_away(open_file, keys) -> None:
    sealed = keys.seal(LONG[: 65536 * 3], ".age")
    assert refuse(open_file, ".age", sealed[: -65536 - 16]) == "MS171"
    assert refuse(open_file, ".age", armour(sealed)[:9000]) == "MS171"


@pytest.mark.parametrize("ending", [".age", ".pgp"])
def test_a_file_that_was_changed_or_lengthened_is_thrown_away(ending, open_file, keys) -> None:
    sealed = keys.seal(LONG, ending)
    changed = bytearray(sealed)
    changed[len(sealed) // 2] ^= 1
    assert refuse(open_file, ending, bytes(changed)) == "MS171"
    assert refuse(open_file, ending, sealed + b"x" * 40) == "MS171"
    assert refuse(open_file, ending, sealed + sealed) == "MS171"


def test_a_file_with_a_passphrase_is_named_so(open_file) -> None:
    sealed = pyrage.passphrase.encrypt(CONTENT, "open sesame")
    assert refuse(open_file, ".age", sealed) == "MS172"
    assert refuse(open_file, ".age", armour(sealed)) == "MS172"
    for armor in (True, False):
        locked = pysequoia.encrypt(CONTENT, [], passwords=["open sesame"], armor=armor)
        assert refuse(open_file, ".pgp", locked) == "MS172"


@pytest.mark.parametrize("armor", [True, False])
def test_a_file_that_is_signed_alone_is_refused_though_its_content_lies_open(
    armor, open_file, keys
) -> None:
    signer = keys.openpgp.signer()
    for mode in (pysequoia.SignatureMode.INLINE, pysequoia.SignatureMode.DETACHED):
        signed = pysequoia.sign(signer, CONTENT, mode=mode, armor=armor)
        assert refuse(open_file, ".pgp", signed) == "MS173"
    cleartext = pysequoia.sign(signer, CONTENT, mode=pysequoia.SignatureMode.CLEAR)
    assert refuse(open_file, ".asc", cleartext) == "MS173"
    literal = b"\xcb\x10t\x00\x00\x00\x00\x00" + MARKER + b"\r\n"
    assert refuse(open_file, ".pgp", literal) == "MS173"


def test_a_file_that_is_signed_and_encrypted_is_taken_whoever_signed_it(open_file, keys) -> None:
    stranger = pysequoia.Tsk.generate("stranger").signer()
    certificate = keys.openpgp.extract_certificate()
    sealed = pysequoia.encrypt(CONTENT, [certificate], signer=stranger, armor=False)
    assert open_file(".pgp", sealed) == CONTENT


def test_a_key_that_is_sent_as_a_file_is_named_so(open_file, keys) -> None:
    certificate = keys.openpgp.extract_certificate()
    for content in (bytes(certificate), str(certificate).encode(), str(keys.openpgp).encode()):
        assert refuse(open_file, ".pgp", content) == "MS174"
    for content in (f"{keys.age.to_public()}\n".encode(), keys.age_file.read_bytes()):
        assert refuse(open_file, ".age", content) == "MS174"


@pytest.mark.parametrize("ending", [".age", ".pgp"])
@pytest.mark.parametrize(
    "content", [b"", CONTENT, b"-----BEGIN \n", b"-----BEGIN X-----\nZ\nZZZZZ"]
)
def test_a_file_that_is_not_encrypted_is_not_taken_by_its_name(ending, content, open_file) -> None:
    assert refuse(open_file, ending, content) == "MS175"


def test_each_format_has_its_own_ending(open_file, keys) -> None:
    assert refuse(open_file, ".asc", armour(keys.seal(CONTENT, ".age"))) == "MS175"
    assert refuse(open_file, ".age", keys.seal(CONTENT, ".pgp")) == "MS175"


def test_a_full_disk_is_no_fault_of_the_file(keys, tmp_path, monkeypatch) -> None:
    for ending in (".age", ".pgp"):
        path = tmp_path / f"a{ending}"
        path.write_bytes(keys.seal(LONG, ending))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        monkeypatch.setattr(encryption, "errno", type("none", (), {"EFBIG": -1}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                decrypt(path, tmp_path / "plain", keys.secret, ROOM)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not (tmp_path / "plain").exists()


@pytest.mark.parametrize("way", ["to_age", "to_openpgp"])
def test_what_is_encrypted_is_decrypted(way, keys, tmp_path) -> None:
    (tmp_path / "child.txt").write_bytes(LONG)
    folder = tmp_path / "sealed"
    folder.mkdir()
    sealed = encrypt(tmp_path / "child.txt", folder, getattr(keys, way))
    assert [sealed] == list(folder.iterdir())
    assert MARKER not in sealed.read_bytes()
    decrypt(sealed, tmp_path / "plain", keys.secret, ROOM)
    assert (tmp_path / "plain").read_bytes() == LONG


def list_tables(zones: Zones) -> list[pa.Table]:
    """The raw tables of a delivery, without when it came."""
    folder = zones.vault.raw("dss", QUARTER) / "0001"
    names = sorted(path.name for path in folder.iterdir())
    return [pq.read_table(folder / name) for name in names if name != "deliveries.parquet"]


def deliver_sealed(zones, keys: Keys, content: bytes, ending: str, rows: int = 30) -> Path:
    files = {"child_file": (f"child_file.txt{ending}", keys.seal(content, ending))}
    return deliver(zones, "dss", files, rows={"child_file": rows})


@pytest.mark.parametrize("ending", [".age", ".pgp", ".asc"])
def test_an_encrypted_delivery_gives_the_rows_of_what_is_in_it(ending, keys, tmp_path) -> None:
    plain, sealed = make_zones(tmp_path / "plain"), make_zones(tmp_path / "sealed")
    deliver(plain, "dss", {"child_file": ("child_file.txt", CONTENT)})
    inbox = deliver_sealed(sealed, keys, CONTENT, ending)
    as_delivered = (inbox / f"child_file.txt{ending}").read_bytes()
    told = ingest(plain, "dss", QUARTER)
    receipt = ingest(sealed, "dss", QUARTER, keys=keys.files)
    assert receipt.files[0].file == f"child_file.txt{ending}"
    assert receipt.files[0].lines_stored == told.files[0].lines_stored == 30
    assert list_tables(sealed) == list_tables(plain) != []
    kept = sealed.vault.delivery("dss", QUARTER, 1) / f"child_file.txt{ending}"
    assert kept.read_bytes() == as_delivered
    assert not sealed.vault.work("dss", QUARTER).exists()


PACKERS = {".gz": gzip.compress, ".zst": lambda content: pa.compress(content, "zstd", asbytes=True)}


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("ending", [".age", ".pgp"])
def test_what_is_encrypted_may_be_packed(packed, ending, keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    deliver_sealed(zones, keys, PACKERS[packed](CONTENT), f"{packed}{ending}")
    receipt = ingest(zones, "dss", QUARTER, keys=keys.files)
    assert receipt.files[0].file == f"child_file.txt{packed}{ending}"
    assert receipt.files[0].lines_stored == 30
    assert not zones.vault.work("dss", QUARTER).exists()


def test_what_unpacks_itself_while_it_is_decrypted_is_limited(open_file, keys, monkeypatch) -> None:
    """A message of OpenPGP may be packed within."""
    sealed = keys.seal(LONG, ".pgp")
    monkeypatch.setitem(globals(), "ROOM", 10_000)
    assert refuse(open_file, ".pgp", sealed) == "MS158"


def test_the_receipt_names_lines_of_what_is_inside(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    lines = child_lines(30)
    lines[6] = lines[6].replace("MO", "XX", 1)
    deliver_sealed(zones, keys, text_of(lines), ".age")
    receipt = ingest(zones, "dss", QUARTER, keys=keys.files)
    problems = [one for one in receipt.problems if not one.is_note]
    assert [(one.file, one.lines) for one in problems] == [("child_file.txt.age", (7,))]


def test_the_manifest_tells_the_rows_of_what_is_inside(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    deliver_sealed(zones, keys, CONTENT, ".age", rows=29)
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER, keys=keys.files)
    assert caught.value.code == "MS113"
    with pytest.raises(SourcesError) as caught:
        deliver(zones, "dss", {"child_file": ("a.age", keys.seal(CONTENT, ".age"))})
    assert caught.value.code == "MS178"


def test_a_file_that_is_encrypted_twice_is_decrypted_once(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    deliver_sealed(zones, keys, keys.seal(CONTENT, ".asc"), ".age")
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER, keys=keys.files)
    assert caught.value.code == "MS139"


def test_a_rejected_delivery_is_kept_as_it_was_encrypted(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    other = make_keys(tmp_path / "other")
    inbox = deliver_sealed(zones, other, CONTENT, ".age")
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER, keys=keys.files)
    assert caught.value.code == "MS170"
    kept = zones.vault.quarantine("dss", QUARTER) / "0001-1" / "child_file.txt.age"
    assert kept.read_bytes() == (inbox / "child_file.txt.age").read_bytes()
    assert "MS170" in (zones.outbox("dss") / f"{QUARTER}-0001-rejected-1.txt").read_text()


def test_a_delivery_waits_for_a_hub_without_a_key(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    deliver_sealed(zones, keys, CONTENT, ".age")
    for files, code in (([], "MS178"), ([tmp_path / "nowhere.key"], "MS176")):
        with pytest.raises(SourcesError) as caught:
            ingest(zones, "dss", QUARTER, keys=files)
        assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert not zones.outbox("dss").exists()
    assert not zones.vault.quarantine("dss", QUARTER).exists()
    assert ingest(zones, "dss", QUARTER, keys=keys.files).status == "accepted"


def test_a_broken_key_stops_no_delivery_that_needs_none(tmp_path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "dss", {"child_file": ("child_file.txt", CONTENT)})
    receipt = ingest(zones, "dss", QUARTER, keys=[tmp_path / "nowhere.key"])
    assert receipt.status == "accepted"


def test_former_keys_open_what_was_encrypted_to_them(keys, tmp_path) -> None:
    zones = make_zones(tmp_path)
    former = make_keys(tmp_path / "former")
    deliver_sealed(zones, former, CONTENT, ".pgp")
    assert ingest(zones, "dss", QUARTER, keys=[*keys.files, *former.files]).status == "accepted"


class KilledError(BaseException):
    """The process ends."""


def test_what_a_killed_ingest_had_decrypted_is_cleared_by_whatever_runs_next(
    keys, tmp_path, monkeypatch
) -> None:
    zones = make_zones(tmp_path)
    deliver_sealed(zones, keys, CONTENT, ".age")
    work = zones.vault.work("dss", QUARTER)
    seen: list[Path] = []

    def die(content: BinaryIO, *_: object, **__: object) -> None:
        seen.append(Path(content.name))
        assert content.read() == CONTENT
        monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
        raise KilledError

    monkeypatch.setattr(reading, "refuse_disguise", die)
    with pytest.raises(KilledError):
        ingest(zones, "dss", QUARTER, keys=keys.files)
    monkeypatch.undo()
    assert seen[0].is_file()
    assert seen[0].is_relative_to(work)
    clear_scratch(zones.vault)
    assert not work.exists()


def test_the_folder_of_an_ingest_that_is_at_work_is_not_cleared(tmp_path) -> None:
    vault = make_zones(tmp_path).vault
    with open_scratch(vault, "dss", QUARTER) as work:
        (work / "delivery").mkdir()
        clear_scratch(vault)
        assert (work / "delivery").is_dir()
    assert not work.exists()
