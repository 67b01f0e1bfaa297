"""No value of a record leaves the vault, and no bytes whatever break an ingest."""

import gzip
import hashlib
import io
import json
import re
import tempfile
import traceback
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from care_files import before, care_xml, during, former, many, record, removal, setting
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sources_builders import (
    COUNTS_HEADER,
    QUARTER,
    child_line,
    child_lines,
    deliver,
    description,
    edit_manifest,
    fill,
    incident,
    make_zones,
    segment,
    text_of,
    xml_of,
)

from sources.contracts import current_contract
from sources.errors import LineProblem, SourcesError
from sources.fixed_width import count_records
from sources.ingest import ingest
from sources.layout import load_ncands_layout, load_nibrs_layout
from sources.receipt_text import say_receipt
from sources.receipts import Receipt
from sources.zones import Zones

MARK = "XQZJ"
COURTS = current_contract("courts")
COURTS_HEADER = ",".join(COURTS.file_of("counts").tables["counts"])


def marked_child() -> str:
    layout = load_ncands_layout()
    return fill(layout, 338, {field.name: MARK * 3 for field in layout.fields})


def marked_segment(level: str) -> str:
    layout = load_nibrs_layout()[level]
    start = {"segment_length": f"{layout.width:04d}", "segment_level": level}
    return fill(layout, layout.width, {f.name: MARK * 8 for f in layout.fields} | start)


DELIVERIES = {
    "dss": {
        "child_file": ("child_file.txt", text_of([*child_lines(60), marked_child()])),
        "tokens": (
            "tokens.csv",
            text_of(["record_key,token"] + [f"C{i},{i:064x}" for i in range(40)] + [MARK]),
        ),
    },
    "mshp": {
        "nibrs": (
            "nibrs.txt",
            text_of(
                [line for number in range(60) for line in incident(f"I{number}")]
                + [marked_segment(level) for level in "01234567"]
                + [segment("4", MARK)]
            ),
        ),
        "tokens": ("tokens.csv", text_of(["record_key,token", f"{MARK},{MARK}"])),
    },
    "hotline": {
        "datapackage": ("datapackage.json", json.dumps(description() | {MARK: MARK}).encode()),
        "counts": ("counts.csv", text_of([COUNTS_HEADER, ",".join([MARK] * 4)])),
    },
    "courts": {
        "datapackage": (
            "datapackage.json",
            json.dumps(
                description(header=COURTS_HEADER) | COURTS.declares | {MARK: MARK, "title": MARK}
            ).encode(),
        ),
        "counts": ("counts.csv", text_of([COURTS_HEADER, ",".join([MARK] * 4)])),
    },
}


GOOD_CARE = care_xml(
    *many(),
    record(
        before(E107="1", E108="20250111"),
        during(E110="1", E111="20250112"),
        E106="1",
        E109="1",
        stays=(removal(setting(), setting(E112="20250201", E120="12")), former()),
    ).replace("><", ">\n<"),
)
_LAST = GOOD_CARE.rindex(b"<record>")
MARKED_CARE = re.sub(rb">[^<>\n]+</", f">{MARK}</".encode(), GOOD_CARE[_LAST:])
POISONED_CARE = {
    "every value": re.sub(rb">[^<>\n]+</", f">{MARK}</".encode(), GOOD_CARE),
    "every value of one child": GOOD_CARE[:_LAST] + MARKED_CARE,
    "every value but the number": GOOD_CARE[:_LAST]
    + MARKED_CARE.replace(f">{MARK}<".encode(), b">CHILD0000001<", 1),
    "names, attributes and comments": GOOD_CARE.replace(
        b"<record>", f"<record {MARK}='{MARK}'><!--{MARK}--><?{MARK} {MARK}?><{MARK}/>".encode()
    ),
    "an element that does not end": GOOD_CARE[:_LAST] + f"<{MARK}>".encode(),
    "a prefix": GOOD_CARE.replace(b"<E6_sex>", f"<{MARK}:E6_sex>".encode(), 1),
    "a namespace": GOOD_CARE.replace(b"http://www.acf.hhs.gov", MARK.encode()),
    "an entity": GOOD_CARE.replace(b">20100115<", f">&{MARK};<".encode(), 1),
    "a document type": GOOD_CARE.replace(b"?>", f"?><!DOCTYPE {MARK} SYSTEM '{MARK}'>".encode()),
    "an encoding": GOOD_CARE.replace(b"utf-8", MARK.encode()),
    "agency and half-year": care_xml(agency=MARK, period=MARK),
    "another kind": f"<{MARK}/>".encode(),
}


def read_everything_outside_the_vault(zones: Zones) -> str:
    paths = [path for path in (zones.landing / "outbox").rglob("*") if path.is_file()]
    assert paths
    return "".join(path.name + path.read_text() for path in paths)


@pytest.mark.parametrize(
    ("agency", "status"),
    [("dss", "accepted"), ("mshp", "rejected"), ("hotline", "rejected"), ("courts", "rejected")],
)
def test_no_value_of_a_record_is_in_receipt_error_or_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], agency: str, status: str
) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, agency, DELIVERIES[agency])
    trace = ""
    try:
        receipt = ingest(zones, agency, QUARTER)
        assert receipt.status == status
        trace = repr(receipt)
    except SourcesError as error:
        assert status == "rejected"
        trace = "".join(traceback.format_exception(error))
    seen = trace + read_everything_outside_the_vault(zones) + "".join(capfd.readouterr())
    assert "MS" in seen
    assert MARK not in seen


def test_no_name_within_a_packed_file_is_in_receipt_or_error(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    packed = io.BytesIO()
    with gzip.GzipFile(f"{MARK}.txt", "wb", fileobj=packed) as stream:
        stream.write(DELIVERIES["dss"]["child_file"][1])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(f"{MARK}.csv", DELIVERIES["dss"]["tokens"][1])
    files = {"child_file": ("c.gz", packed.getvalue()), "tokens": ("t.zip", archive.getvalue())}
    deliver(zones, "dss", files)
    receipt = ingest(zones, "dss", QUARTER)
    assert MARK not in repr(receipt) + read_everything_outside_the_vault(zones)


GOOD_XML = xml_of([*incident("I1"), segment("7"), segment("0")])
MARKED_XML = re.sub(rb">[^<>\n]+</", f">{MARK}</".encode(), GOOD_XML)
ODD_XML = GOOD_XML.replace(b"</nc:Incident>", f"<x{MARK}>{MARK}</x{MARK}></nc:Incident>".encode())
POISONED_XML = {
    "every value": MARKED_XML,
    "every value of one report": GOOD_XML.replace(
        b"</nibrs:Submission>", MARKED_XML.split(b"</cjis:MessageMetadata>")[1]
    ),
    "ids, names and comments": ODD_XML.replace(b'"Victim0', f'"{MARK}'.encode()).replace(
        b"<nc:Incident>", f"<!-- {MARK} --><?{MARK} {MARK}?><nc:Incident {MARK}='{MARK}'>".encode()
    ),
    "an element that does not end": GOOD_XML.replace(b"</nc:Incident>", f"</{MARK}>".encode()),
    "a prefix": GOOD_XML.replace(b"<nc:Incident>", f"<{MARK}:Incident>".encode()),
    "an entity": GOOD_XML.replace(b">I1<", f">&{MARK};<".encode()),
    "a document type": GOOD_XML.replace(b"?>", f"?><!DOCTYPE {MARK} SYSTEM '{MARK}'>".encode()),
    "an encoding": GOOD_XML.replace(b"UTF-8", MARK.encode()),
    "another kind": f"<{MARK}/>".encode(),
}


@pytest.mark.parametrize("place", POISONED_XML)
def test_no_value_of_xml_is_in_receipt_error_or_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    zones = make_zones(tmp_path)
    folder = deliver(zones, "mshp", {"nibrs": ("nibrs.xml", GOOD_XML)})
    content = POISONED_XML[place]
    (folder / "nibrs.xml").write_bytes(content)
    digest, rows = hashlib.sha256(content).hexdigest(), content.count(b"</nibrs:Report>")
    whole = {"sha256": digest, "bytes": len(content), "rows": rows}
    edit_manifest(folder, lambda document: document["files"][0].update(whole))
    trace = ""
    try:
        trace = repr(ingest(zones, "mshp", QUARTER))
    except SourcesError as error:
        trace = "".join(traceback.format_exception(error))
    try:
        count_records(folder / "nibrs.xml", current_contract("mshp").file_of("nibrs"))
    except (SourcesError, FileNotFoundError) as error:
        trace += "".join(traceback.format_exception(error))
    seen = trace + read_everything_outside_the_vault(zones) + "".join(capfd.readouterr())
    assert "MS" in seen
    assert MARK not in seen


@pytest.mark.parametrize("place", POISONED_CARE)
def test_no_value_of_a_child_in_care_is_in_receipt_error_or_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    zones = make_zones(tmp_path)
    content = POISONED_CARE[place]
    rows = {"care": content.count(b"</record>")}
    folder = deliver(zones, "care", {"care": ("care.xml", content)}, rows=rows)
    trace = ""
    try:
        trace = repr(ingest(zones, "care", QUARTER))
    except SourcesError as error:
        trace = "".join(traceback.format_exception(error))
    try:
        count_records(folder / "care.xml", current_contract("care").file_of("care"))
    except (SourcesError, FileNotFoundError) as error:
        trace += "".join(traceback.format_exception(error))
    seen = trace + read_everything_outside_the_vault(zones) + "".join(capfd.readouterr())
    assert "MS" in seen
    assert MARK not in seen


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    pieces=st.lists(
        st.sampled_from(GOOD_CARE.splitlines(keepends=True)) | st.binary(max_size=20), max_size=9
    ),
    place=st.integers(0, GOOD_CARE.count(b"\n")),
    left_out=st.integers(0, 9),
)
def test_any_xml_of_children_in_care_is_accepted_whole_or_rejected_whole(
    pieces: list[bytes], place: int, left_out: int
) -> None:
    lines = GOOD_CARE.splitlines(keepends=True)
    content = b"".join([*lines[:place], *pieces, *lines[place + left_out :]])
    with tempfile.TemporaryDirectory() as folder:
        zones = make_zones(Path(folder))
        with suppress(SourcesError):
            deliver(zones, "care", {"care": ("care.dat", content)})
            check_whole_or_nothing(zones, "care")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    pieces=st.lists(
        st.sampled_from(GOOD_XML.splitlines(keepends=True)) | st.binary(max_size=20), max_size=9
    ),
    place=st.integers(0, GOOD_XML.count(b"\n")),
    left_out=st.integers(0, 9),
)
def test_any_xml_is_accepted_whole_or_rejected_whole(
    pieces: list[bytes], place: int, left_out: int
) -> None:
    lines = GOOD_XML.splitlines(keepends=True)
    content = b"".join([*lines[:place], *pieces, *lines[place + left_out :]])
    with tempfile.TemporaryDirectory() as folder:
        zones = make_zones(Path(folder))
        with suppress(SourcesError):
            deliver(zones, "mshp", {"nibrs": ("nibrs.dat", content)})
            check_whole_or_nothing(zones, "mshp")


@pytest.mark.parametrize("header", [f"{MARK},token", "record_key,token"])
def test_no_value_is_in_the_refusal_of_a_whole_file(tmp_path: Path, header: str) -> None:
    zones = make_zones(tmp_path)
    files = {
        "child_file": ("child_file.txt", text_of([child_line(chid=MARK)])),
        "tokens": ("tokens.csv", text_of([header, f"{MARK},{MARK}"])),
    }
    deliver(zones, "dss", files)
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER)
    assert MARK not in "".join(traceback.format_exception(caught.value))
    assert MARK not in read_everything_outside_the_vault(zones)


def test_a_receipt_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "dss", DELIVERIES["dss"])
    receipt = ingest(zones, "dss", QUARTER)
    assert Receipt.from_json(receipt.to_json()) == receipt
    assert any(isinstance(problem, LineProblem) for problem in receipt.problems)
    assert "These data are simulated." in say_receipt(receipt)


ROLES = {
    "dss": ("child_file", "tokens"),
    "mshp": ("nibrs", "tokens"),
    "hotline": ("datapackage", "counts"),
    "courts": ("datapackage", "counts"),
    "care": ("care",),
}
LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                child_line().encode(),
                *(segment(level).encode() for level in "01234567"),
                b"record_key,token",
                COUNTS_HEADER.encode(),
                COURTS_HEADER.encode(),
                b"2025Q1,convictions,other,5",
                b"2025Q1,cases,all,5",
            ]
        ),
    ),
    max_size=8,
)


def check_whole_or_nothing(zones: Zones, agency: str) -> None:
    receipt = None
    with suppress(SourcesError):
        receipt = ingest(zones, agency, QUARTER)
    if receipt is None:
        assert not zones.vault.raw(agency, QUARTER).exists()
        assert not zones.vault.deliveries(agency, QUARTER).exists()
    else:
        assert receipt.status == "accepted"
        for file in receipt.files:
            parts = file.lines_stored + file.lines_quarantined
            parts += file.lines_left_out + file.lines_dropped
            assert parts == file.lines_read
        assert (zones.vault.raw(agency, QUARTER) / "0001" / "deliveries.parquet").is_file()
    assert not zones.vault.work(agency, QUARTER).exists()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@example(agency="dss", first=[], second=[b"a\rb"], end=b"\n")
@given(
    agency=st.sampled_from(sorted(ROLES)),
    first=LINES,
    second=LINES,
    end=st.sampled_from([b"\n", b"\r\n"]),
)
def test_any_bytes_as_files_are_accepted_whole_or_rejected_whole(
    agency: str, first: list[bytes], second: list[bytes], end: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        zones = make_zones(Path(folder))
        contents = dict(zip(ROLES[agency], (first, second), strict=False))
        files = {role: (f"{role}.dat", end.join(lines)) for role, lines in contents.items()}
        try:
            deliver(zones, agency, files)
        except SourcesError:  # in what is no text of lines no rows are counted: they are told
            deliver(zones, agency, files, rows={role: len(contents[role]) for role in contents})
        check_whole_or_nothing(zones, agency)


@settings(max_examples=50)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["agency", "quarter", "files", "kind", "x"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        ).map(lambda document: json.dumps(document).encode()),
    )
)
def test_any_bytes_as_a_manifest_are_rejected(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        zones = make_zones(Path(folder))
        inbox = zones.inbox("dss", QUARTER)
        inbox.mkdir(parents=True)
        (inbox / "manifest.json").write_bytes(content)
        with pytest.raises(SourcesError):
            ingest(zones, "dss", QUARTER)
        assert not zones.vault.raw("dss", QUARTER).exists()
