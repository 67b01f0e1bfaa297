"""A packed file counts as what it holds, and nothing else comes out of it."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    counts_lines,
    deliver,
    description,
    incident,
    make_zones,
    refuse,
    text_of,
)

import sources.containers as containers
from sources.containers import open_content, unwrap
from sources.contracts import current_contract
from sources.delivery_error_texts import DELIVERY
from sources.delivery_keys import SecretKeys
from sources.errors import SourcesError
from sources.fixed_width import count_records
from sources.ingest import ingest
from sources.manifest import Manifest

MARK = "XQZJ"
TEXT = text_of(child_lines(60))


def pack_gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def pack_zstandard(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return packed


def pack_zip(content: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name in names or (f"{MARK}.txt",):
            archive.writestr(name, content)
    return packed.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": pack_gzip,
    "zst": pack_zstandard,
    "zip": pack_zip,
}


def lock(packed: bytes) -> bytes:
    """Set the flag of encryption in both places where a ZIP file has it."""
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = packed.index(signature) + place
        packed = packed[:at] + bytes([packed[at] | 1]) + packed[at + 1 :]
    return packed


def open_packed(folder: Path, name: str, content: bytes) -> bytes:
    path = folder / name
    path.write_bytes(content)
    with open_content(path, None) as stream:
        return stream.read()


def refuse_packed(folder: Path, name: str, content: bytes) -> str:
    with pytest.raises(SourcesError) as caught:
        open_packed(folder, name, content)
    assert name in caught.value.sentence
    assert MARK not in caught.value.sentence
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("agency", ["dss", "mshp", "hotline"])
def test_a_packed_delivery_is_stored_as_the_plain_one_is(
    tmp_path: Path, ending: str, agency: str
) -> None:
    contents = {
        "dss": {"child_file": TEXT + b"spoilt\n"},
        "mshp": {"nibrs": text_of(incident() + incident("I2", "1246"))},
        "hotline": {"counts": text_of(counts_lines())},
    }[agency]
    receipts, tables = [], []
    for packer, more in ((bytes, ""), (PACKERS[ending], f".{ending}")):
        zones = make_zones(tmp_path / f"vault{more}")
        files = {role: (f"file.txt{more}", packer(content)) for role, content in contents.items()}
        if agency == "hotline":
            files["datapackage"] = ("about.json", repr_json(description(f"file.txt{more}")))
        deliver(zones, agency, files)
        receipts.append(ingest(zones, agency, QUARTER).to_json().replace(f"file.txt{more}", "file"))
        raw = sorted(zones.vault.raw(agency, QUARTER).rglob("*.parquet"))
        tables.append([path.read_bytes() for path in raw if path.stem != "deliveries"])
        assert not zones.vault.work(agency, QUARTER).exists()
    assert receipts[0] == receipts[1]
    assert tables[0] == tables[1]


def repr_json(document: object) -> bytes:
    import json

    return json.dumps(document).encode()


def test_the_receipt_and_the_vault_keep_the_file_as_it_was_delivered(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "dss", {"child_file": ("CHILD.TXT.GZ", pack_gzip(TEXT + b"spoilt\n"))})
    receipt = ingest(zones, "dss", QUARTER)
    assert [file.file for file in receipt.files] == ["CHILD.TXT.GZ"]
    assert {problem.file for problem in receipt.problems} == {"CHILD.TXT.GZ"}
    folder = zones.vault.delivery("dss", QUARTER, 1)
    assert (folder / "CHILD.TXT.GZ").read_bytes() == pack_gzip(TEXT + b"spoilt\n")
    assert not list((tmp_path / "vault").rglob("unpacked"))


def test_a_manifest_tells_bytes_as_they_lie_and_rows_within(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    packed = pack_zstandard(TEXT)
    folder = deliver(zones, "dss", {"child_file": ("child.zst", packed)})
    [file] = Manifest.model_validate_json((folder / "manifest.json").read_text()).files
    assert (file.byte_count, file.rows) == (len(packed), 60)


@pytest.mark.parametrize("ending", PACKERS)
def test_a_container_that_was_cut_short_is_refused_wherever_it_was_cut(
    tmp_path: Path, ending: str
) -> None:
    packed = PACKERS[ending](TEXT)
    cuts = {0, 1, 4, 20, len(packed) // 2, len(packed) - 9, len(packed) - 1}
    assert {refuse_packed(tmp_path, f"f.{ending}", packed[:cut]) for cut in cuts} == {"MS157"}


@pytest.mark.parametrize("ending", ["gz", "zip"])  # in Zstandard a checksum may be left out
def test_a_byte_changed_within_is_found(tmp_path: Path, ending: str) -> None:
    packed = PACKERS[ending](bytes(range(256)) * 99 + TEXT)
    middle = len(packed) // 2
    spoilt = packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :]
    assert refuse_packed(tmp_path, f"f.{ending}", spoilt) == "MS157"


@pytest.mark.parametrize("ending", PACKERS)
def test_a_container_named_as_another_kind_is_refused(tmp_path: Path, ending: str) -> None:
    others = [TEXT, *(packer(TEXT) for other, packer in PACKERS.items() if other != ending)]
    assert {refuse_packed(tmp_path, f"f.{ending}", other) for other in others} == {"MS157"}


@pytest.mark.parametrize("ending", PACKERS)
def test_no_more_comes_out_than_is_agreed(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(containers, "_CHUNK_BYTES", 1 << 16)
    assert refuse_packed(tmp_path, f"f.{ending}", PACKERS[ending](bytes(4 << 20))) == "MS158"
    assert open_packed(tmp_path, f"f.{ending}", PACKERS[ending](bytes(1 << 20))) == bytes(1 << 20)
    monkeypatch.setattr(containers, "MAX_CONTENT_BYTES", 9)
    assert refuse_packed(tmp_path, f"f.{ending}", PACKERS[ending](b"0123456789")) == "MS158"
    assert open_packed(tmp_path, f"f.{ending}", PACKERS[ending](b"012345678")) == b"012345678"


def test_a_bomb_fills_neither_disk_nor_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_FREE_BYTES", 1 << 20)
    (tmp_path / "work").mkdir()
    (tmp_path / "f.gz").write_bytes(pack_gzip(bytes(64 << 20)))
    agreed = current_contract("mshp").file_of("nibrs")
    with (
        pytest.raises(SourcesError, match="MS158"),
        unwrap(tmp_path / "f.gz", tmp_path / "work", agreed, SecretKeys()),
    ):
        pass
    assert not list((tmp_path / "work").iterdir())


def test_the_limits_are_those_that_the_sentence_tells() -> None:
    told = [int(number) for number in re.findall(r"\d+", DELIVERY["MS158"].why)]
    free, whole = containers._FREE_BYTES >> 20, containers.MAX_CONTENT_BYTES >> 30
    assert told == [whole, containers.MAX_TIMES, free]


@pytest.mark.parametrize(
    ("code", "packed"),
    [
        ("MS159", pack_zip(TEXT, "a.txt", "b.txt")),
        ("MS159", pack_zip(TEXT, *(f"{number}" * 90 for number in range(12_000)))),
        ("MS159", b"PK\x05\x06" + bytes(18)),
        ("MS160", lock(pack_zip(TEXT))),
        ("MS161", pack_zip(TEXT, f"{MARK}/a.txt")),
        ("MS161", pack_zip(TEXT, f"../{MARK}.txt")),
        ("MS161", pack_zip(TEXT, f"/{MARK}.txt")),
        ("MS161", pack_zip(TEXT, f"{MARK}\\a.txt")),
        ("MS161", pack_zip(b"", f"{MARK}/")),
        ("MS157", pack_zip(TEXT, method=zipfile.ZIP_LZMA)),
        ("MS157", pack_zip(TEXT, method=zipfile.ZIP_BZIP2)),
    ],
)
def test_a_zip_file_that_is_not_one_plain_member_is_called_what_it_is(
    tmp_path: Path, code: str, packed: bytes
) -> None:
    assert refuse_packed(tmp_path, "f.zip", packed) == code


def test_a_zip_file_that_points_before_its_beginning_is_damaged(tmp_path: Path) -> None:
    packed = pack_zip(TEXT)
    at = packed.rindex(b"PK\x05\x06") + 12  # the size of the list of members
    spoilt = packed[:at] + b"\xff\xff\x00\x00" + packed[at + 4 :]
    assert refuse_packed(tmp_path, "f.zip", spoilt) == "MS157"


def test_a_member_may_be_stored_and_its_name_said_nowhere(tmp_path: Path) -> None:
    packed = pack_zip(TEXT, method=zipfile.ZIP_STORED)
    assert open_packed(tmp_path, "f.zip", packed) == TEXT


def test_parts_packed_one_behind_another_are_one_file(tmp_path: Path) -> None:
    for ending in ("gz", "zst"):
        packed = PACKERS[ending](TEXT) + PACKERS[ending](TEXT)
        assert open_packed(tmp_path, f"f.{ending}", packed) == TEXT + TEXT


@pytest.mark.parametrize("outer", PACKERS)
@pytest.mark.parametrize("inner", PACKERS)
def test_what_is_packed_twice_is_refused_by_agency_and_hub(
    tmp_path: Path, outer: str, inner: str
) -> None:
    path = tmp_path / f"child.{inner}.{outer}"
    path.write_bytes(PACKERS[outer](PACKERS[inner](TEXT)))
    with pytest.raises(SourcesError, match="MS132"):
        count_records(path, current_contract("dss").file_of("child_file"))


def test_a_packed_spreadsheet_is_called_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "child.gz"
    path.write_bytes(pack_gzip(pack_zip(TEXT, "[Content_Types].xml", "xl/workbook.xml")))
    with pytest.raises(SourcesError, match="MS133"):
        count_records(path, current_contract("dss").file_of("child_file"))


def test_rows_that_differ_from_those_within_reject_a_packed_delivery(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    folder = deliver(zones, "dss", {"child_file": ("child.gz", pack_gzip(TEXT))})
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(manifest.replace('"rows": 60', '"rows": 61'))
    assert refuse(zones).code == "MS113"


def test_a_damaged_container_is_rejected_and_kept_as_it_was(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    content = text_of([child_line(chid=MARK)] * 60)
    folder = deliver(zones, "dss", {"child_file": ("child.gz", pack_gzip(content))})
    damaged = pack_gzip(content)[:-8] + bytes(8)
    (folder / "child.gz").write_bytes(damaged)
    manifest = (folder / "manifest.json").read_text()
    for before, now in ((pack_gzip(content), damaged),):
        manifest = manifest.replace(digest(before), digest(now))
    (folder / "manifest.json").write_text(manifest)
    assert refuse(zones).code == "MS157"
    [kept] = zones.vault.quarantine("dss", QUARTER).iterdir()
    assert (kept / "child.gz").read_bytes() == damaged
    assert not list((tmp_path / "vault").rglob("unpacked"))


def digest(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_a_disk_that_fails_while_unpacking_is_not_blamed_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    zones = make_zones(tmp_path)
    deliver(zones, "dss", {"child_file": ("child.gz", pack_gzip(TEXT))})
    monkeypatch.setattr(containers.shutil, "copyfileobj", fail)
    with pytest.raises(SourcesError, match="MS120"):
        ingest(zones, "dss", QUARTER)
    assert (zones.inbox("dss", QUARTER) / "child.gz").is_file()
