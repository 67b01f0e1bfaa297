"""What a manifest may say, and that its refusal never repeats what it said."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sources.contracts import current_contract, find_contract, list_agencies
from sources.errors import SourcesError
from sources.layout import load_ncands_layout, load_nibrs_layout
from sources.manifest import parse_manifest, write_manifest
from sources.nibrs import SEGMENT_TABLES

MARK = "MARKER-VALUE-77"
Change = Callable[[dict[str, Any]], Any]


def document() -> dict[str, Any]:
    return {
        "agency": "dss",
        "quarter": "2025Q1",
        "sequence": 1,
        "contract": "dss/1",
        "kind": "full",
        "as_of": "2025-04-05",
        "simulated": True,
        "files": [
            {"name": "a.txt", "role": "child_file", "sha256": "0" * 64, "rows": 1, "bytes": 339}
        ],
    }


def refuse(content: bytes) -> SourcesError:
    with pytest.raises(SourcesError) as caught:
        parse_manifest(content, "dss", "2025Q1")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_a_manifest_is_read_with_or_without_a_byte_order_mark() -> None:
    content = json.dumps(document()).encode()
    manifest = parse_manifest(b"\xef\xbb\xbf" + content, "dss", "2025Q1")
    assert manifest == parse_manifest(content, "dss", "2025Q1")
    assert (manifest.as_of, manifest.files[0].byte_count) == (date(2025, 4, 5), 339)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"agency": "dss", "agency": "dss"}',
        b" " * 1_000_001,
        b'{"agency": NaN}{',
    ],
)
def test_anything_but_one_json_object_is_refused(content: bytes) -> None:
    assert refuse(content).code == "MS102"


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("sequence", lambda d: d.update(sequence=0)),
        ("sequence", lambda d: d.update(sequence=MARK)),
        ("sequence", lambda d: d.update(sequence=True)),
        ("kind", lambda d: d.update(kind=MARK)),
        ("as_of", lambda d: d.update(as_of=MARK)),
        ("simulated", lambda d: d.update(simulated=MARK)),
        ("contract", lambda d: d.update(contract=MARK)),
        ("quarter", lambda d: d.update(quarter=MARK)),
        ("agency", lambda d: d.pop("agency")),
        ("files", lambda d: d.update(files=MARK)),
        ("files[0].sha256", lambda d: d["files"][0].update(sha256=MARK)),
        ("files[0].rows", lambda d: d["files"][0].update(rows=-1)),
        ("files[0].bytes", lambda d: d["files"][0].update(bytes="339")),
        ("files[0].name", lambda d: d["files"][0].pop("name")),
        ("files[0].role", lambda d: d["files"][0].pop("role")),
    ],
)
def test_a_bad_entry_is_named_but_not_repeated(place: str, change: Change) -> None:
    changed = document()
    change(changed)
    error = refuse(json.dumps(changed).encode())
    assert (error.code, error.exit_code) == ("MS103", 3)
    assert f"entry for {place}." in error.sentence
    assert MARK not in str(error)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["files"][0].update(name="manifest.json"),
        lambda d: d["files"][0].update(name="Receipt.json"),
        lambda d: d["files"].append(d["files"][0]),
    ],
)
def test_a_name_that_is_taken_is_told_as_such(change: Change) -> None:
    changed = document()
    change(changed)
    error = refuse(json.dumps(changed).encode())
    assert (error.code, error.exit_code) == ("MS126", 3)
    assert "No two files" in error.sentence


@pytest.mark.parametrize(
    "name", ["../" + MARK, "/" + MARK, "." + MARK, MARK + "\n", "a b", "a" * 101]
)
def test_a_file_name_is_refused_with_the_characters_that_are_allowed(name: str) -> None:
    changed = document()
    changed["files"][0].update(name=name)
    error = refuse(json.dumps(changed).encode())
    assert (error.code, error.exit_code) == ("MS126", 3)
    assert "files[0].name" in error.sentence
    assert "the letters A to Z" in error.sentence
    assert MARK not in error.sentence


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("its top level", lambda d: d.update({MARK: MARK})),
        ("files[0]", lambda d: d["files"][0].update({MARK: MARK})),
    ],
)
def test_an_unknown_key_is_refused_without_its_name(place: str, change: Change) -> None:
    changed = document()
    change(changed)
    error = refuse(json.dumps(changed).encode())
    assert error.code == "MS104"
    assert f"at {place} " in error.sentence
    assert MARK not in error.sentence


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("MS105", lambda d: d.update(agency="mshp")),
        ("MS105", lambda d: d.update(quarter="2024Q4")),
        ("MS106", lambda d: d.update(contract="dss/999")),
        ("MS106", lambda d: d.update(contract="mshp/1")),
        ("MS107", lambda d: d["files"][0].update(role="nibrs")),
        ("MS107", lambda d: d["files"][0].update(role="tokens")),
        ("MS107", lambda d: d["files"].append(d["files"][0] | {"name": "b.txt"})),
        ("MS108", lambda d: d.update(kind="nil")),
        ("MS108", lambda d: d.update(files=[])),
        ("MS108", lambda d: d.update(kind="delta", files=[])),
    ],
)
def test_a_manifest_that_contradicts_its_place_or_contract_is_refused(
    code: str, change: Change
) -> None:
    changed = document()
    change(changed)
    assert refuse(json.dumps(changed).encode()).code == code


def test_writing_a_manifest_measures_the_files_and_leaves_no_part_behind(tmp_path: Path) -> None:
    content = b"LINE\r\n\r\nLINE"
    (tmp_path / "a.txt").write_bytes(content)
    written = write_manifest(
        tmp_path,
        agency="dss",
        quarter="2025Q1",
        sequence=3,
        kind="delta",
        as_of=date(2025, 4, 5),
        simulated=False,
        files={"child_file": "a.txt"},
    )
    file = written.files[0]
    assert (file.rows, file.byte_count) == (2, len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    read = parse_manifest((tmp_path / "manifest.json").read_bytes(), "dss", "2025Q1")
    assert read == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "manifest.json"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("MS109", {"files": {"child_file": "missing.txt"}}),
        ("MS119", {"agency": "fbi"}),
        ("MS118", {"quarter": "2025"}),
        ("MS108", {"kind": "full"}),
        ("MS103", {"sequence": 0}),
    ],
)
def test_a_manifest_that_would_be_refused_is_not_written(
    tmp_path: Path, code: str, changes: dict[str, Any]
) -> None:
    options = {
        "agency": "dss",
        "quarter": "2025Q1",
        "sequence": 1,
        "kind": "nil",
        "as_of": date(2025, 4, 5),
        "simulated": True,
        "files": {},
    }
    with pytest.raises(SourcesError) as caught:
        write_manifest(tmp_path, **(options | changes))
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_is_not_written_for_a_file_without_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"A" * 1_100_000)
    with pytest.raises(SourcesError, match="MS117"):
        write_manifest(
            tmp_path,
            agency="dss",
            quarter="2025Q1",
            sequence=1,
            kind="full",
            as_of=date(2025, 4, 5),
            simulated=True,
            files={"child_file": "a.txt"},
        )
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_every_field_of_a_contract_stands_in_its_layout() -> None:
    nibrs = load_nibrs_layout()
    for name in current_contract("dss").file_of("child_file").tables["child_file"]:
        load_ncands_layout().field(name)
    tables = current_contract("mshp").file_of("nibrs").tables
    assert set(tables) == set(SEGMENT_TABLES)
    for table, fields in tables.items():
        for name in fields:
            nibrs[SEGMENT_TABLES[table]].field(name)


def test_every_agency_has_a_contract_with_its_legal_basis_and_promise() -> None:
    assert list_agencies() == ("care", "courts", "dss", "hotline", "mshp")
    for contract in map(current_contract, list_agencies()):
        assert contract.legal_basis
        assert contract.promise
        assert any(file.required for file in contract.files)
    assert "34 USC 12291(b)(2)" in find_contract("hotline/1", "hotline").legal_basis


def test_a_contract_has_no_file_of_an_unknown_role() -> None:
    with pytest.raises(KeyError):
        current_contract("dss").file_of("names")
