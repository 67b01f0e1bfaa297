"""A file that is not what its role says is called what it is, by one number for each kind."""

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    counts_lines,
    deliver,
    edit_manifest,
    incident,
    make_zones,
    refuse,
    text_of,
)

from sources.contracts import current_contract
from sources.disguises import refuse_disguise
from sources.errors import SourcesError
from sources.ingest import ingest

CHILD_FILE = current_contract("dss").file_of("child_file")
DESCRIPTION = current_contract("hotline").file_of("datapackage")

TEXTS = {
    "dss": "\n".join(child_lines(9)),
    "mshp": "\n".join(incident()),
    "hotline": "\n".join(counts_lines()),
}


def pack(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, TEXTS["dss"])
    return packed.getvalue()


def columns() -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table({"chid": ["1"]}), written)
    return written.getvalue()


DISGUISED = [
    ("MS132", gzip.compress(TEXTS["mshp"].encode())),
    ("MS132", pack("child_file.txt")),
    ("MS133", pack("[Content_Types].xml", "xl/workbook.xml")),
    ("MS133", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504),
    ("MS134", b'<?xml version="1.0"?>\n<nibrs:Submission/>\n'),
    ("MS134", b"\xef\xbb\xbf\n <html>"),
    *(("MS135", text.encode("cp037")) for text in TEXTS.values()),
    *(("MS135", text.replace("\n", "").encode("cp500")) for text in TEXTS.values()),
    *(("MS136", text.replace("\n", "\r").encode()) for text in TEXTS.values()),
    *(
        ("MS137", mark + text.encode(encoding))
        for text in TEXTS.values()
        for mark, encoding in (
            (b"\xff\xfe", "utf-16-le"),
            (b"\xfe\xff", "utf-16-be"),
            (b"", "utf-16-le"),
            (b"", "utf-16-be"),
            (b"", "utf-32-le"),
            (b"", "utf-32-be"),
            (b"\x00\x00\xfe\xff", "utf-32-be"),
        )
    ),
    ("MS138", columns()),
    ("MS138", b"%PDF-1.7\n"),
    ("MS139", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"),
]


@pytest.mark.parametrize(("code", "content"), DISGUISED)
def test_a_disguised_file_is_called_what_it_is(tmp_path: Path, code: str, content: bytes) -> None:
    path = tmp_path / "delivered.txt"
    path.write_bytes(content)
    with pytest.raises(SourcesError) as caught, path.open("rb") as content:
        refuse_disguise(content, path.name, CHILD_FILE)
    assert caught.value.code == code


@pytest.mark.parametrize("text", TEXTS.values())
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\r"])
def test_text_of_lines_is_no_disguise(tmp_path: Path, text: str, mark: bytes, end: bytes) -> None:
    path = tmp_path / "delivered.txt"
    lines = text.encode().split(b"\n") if end != b"\r" else [text.encode().split(b"\n")[0]]
    path.write_bytes(mark + b"".join(line + end for line in lines))
    with path.open("rb") as content:
        refuse_disguise(content, path.name, CHILD_FILE)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00", b"\x00" * 99, bytes(range(256)) * 9])
def test_a_file_of_no_known_kind_is_left_to_its_reader(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "delivered.txt"
    path.write_bytes(content)
    with path.open("rb") as content:
        refuse_disguise(content, path.name, CHILD_FILE)


def test_json_may_have_any_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "datapackage.json"
    path.write_bytes(b'{\r"resources": []\r}\r')
    with path.open("rb") as content:
        refuse_disguise(content, path.name, DESCRIPTION)


def test_agency_and_hub_call_a_disguised_file_the_same(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    packed = gzip.compress(text_of(child_lines(3)))
    with pytest.raises(SourcesError, match="MS132"):
        deliver(zones, "dss", {"child_file": ("child_file.txt", packed)})
    folder = deliver(zones, "dss", {"child_file": ("child_file.txt", text_of(child_lines(3)))})
    (folder / "child_file.txt").write_bytes(text_of(child_lines(3)).replace(b"\n", b"\r"))
    edit_manifest(folder, lambda document: document["files"][0].update(sha256=digest(folder)))
    assert refuse(zones).code == "MS136"


def digest(folder: Path) -> str:
    import hashlib

    return hashlib.sha256((folder / "child_file.txt").read_bytes()).hexdigest()


@pytest.mark.parametrize("odd", ["é", "\t", "\x00", "’"])
@pytest.mark.parametrize("place", [10, 40, 64, 75, 120])
def test_one_odd_character_gives_one_number(tmp_path: Path, odd: str, place: int) -> None:
    zones = make_zones(tmp_path)
    line = child_line(rptid="REPORT000099")
    spoilt = line[:place] + odd + line[place + 1 :]
    content = text_of(child_lines(60)) + spoilt.encode() + b"\n"
    deliver(zones, "dss", {"child_file": ("child_file.txt", content)})
    receipt = ingest(zones, "dss", QUARTER)
    assert [(one.code, one.lines, one.total) for one in receipt.problems] == [("MS131", (61,), 1)]


@pytest.mark.parametrize("place", [40, 60, 70])
def test_one_odd_character_in_a_victim_gives_one_number_and_the_rest_of_its_incident(
    tmp_path: Path, place: int
) -> None:
    zones = make_zones(tmp_path)
    lines = [line for number in range(30) for line in incident(f"I{number}")]
    spoilt = lines[3][:place] + "é" + lines[3][place + 1 :]
    content = "".join(f"{line}\n" for line in [*lines[:3], spoilt, *lines[4:]]).encode()
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", content)})
    receipt = ingest(zones, "mshp", QUARTER)
    assert not any(4 in one.lines for one in receipt.problems if one.code != "MS131")
    assert [(one.code, one.lines) for one in receipt.problems if not one.is_note] == [
        ("MS131", (4,)),
        ("MS325", (1, 2, 3, 5, 6)),
    ]


@pytest.mark.parametrize(
    ("role", "columns"), [("counts", "quarter,measure,relationship_group,count")]
)
def test_a_wrong_header_is_answered_with_the_contracts_own(role: str, columns: str, bench) -> None:
    with pytest.raises(SourcesError) as caught:
        bench.read(role, b"quarter;measure;group;count\n")
    assert caught.value.code == "MS401"
    assert columns in caught.value.sentence
