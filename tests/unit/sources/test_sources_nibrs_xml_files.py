"""A file of NIBRS XML that is not one is refused in a sentence; memory does not grow with it."""

from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lxml import etree
from sources_builders import (
    QUARTER,
    deliver,
    edit_manifest,
    incident,
    make_zones,
    refuse,
    text_of,
    xml_of,
)

from sources.contracts import current_contract
from sources.errors import SourcesError
from sources.fixed_width import count_records
from sources.ingest import ingest
from sources.nibrs_xml import count_reports
from sources.nibrs_xml_parts import Reports, TakenApart

GOOD = xml_of([*incident("I1"), *incident("I2")])
DECLARATION, BODY = GOOD.split(b"\n", 1)
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "MO0100000"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
LAST_LINE = GOOD.count(b"\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"<!-- made by -->\n" + GOOD, 2),
        (b"\n" + GOOD, 2),
        (GOOD[: GOOD.index(b"</nibrs:Submission>")], LAST_LINE),
        (GOOD.replace(b"</nc:Incident>", b"", 1), None),
        (GOOD + GOOD, LAST_LINE + 1),
        (GOOD.replace(b">I2<", b">\xff<"), None),
        (GOOD.replace(b">I2<", b">&unknown;<"), None),
        (GOOD.replace(b">I2<", b">\x00<"), None),
        (GOOD.replace(b"xmlns:nc=", b"xmlns:ncc="), None),
        (b"<", 1),
    ],
)
def test_xml_that_is_not_well_formed_is_refused_with_its_line(
    content: bytes, line: int | None
) -> None:
    with pytest.raises(SourcesError) as caught:
        count_reports(BytesIO(content), "nibrs.xml")
    assert caught.value.code == "MS343"
    assert (
        f"at line {line}." in caught.value.sentence if line else "unknown" not in str(caught.value)
    )


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("MS344", DECLARATION + DOCTYPE + BODY),
        ("MS344", DECLARATION + DOCTYPE + BODY.replace(b">MO0100000<", b">&a;<")),
        ("MS344", DECLARATION + DOCTYPE + BODY.replace(b">MO0100000<", b">&b;<")),
        ("MS344", DECLARATION + DOCTYPE + b"<x/>"),
        ("MS344", DECLARATION + b'<!DOCTYPE x SYSTEM "x.dtd">' + BODY),
        ("MS345", GOOD.replace(b">I2<", b">" + b"x" * (9 << 20) + b"<")),
        ("MS345", GOOD.replace(b"<nc:Incident>", b"<x>" * 300, 1)),
        ("MS345", GOOD.replace(b"<nc:Incident>", b"<nc:Incident>" + b"<x/>" * (3 << 20), 1)),
        ("MS352", b"<x/>"),
        ("MS352", b"<Submission><Report/></Submission>"),
        ("MS352", GOOD.replace(b"fbi.gov", b"example.org")),
    ],
)
def test_xml_that_nibrs_is_not_is_refused_by_number(code: str, content: bytes) -> None:
    with pytest.raises(SourcesError) as caught:
        count_reports(BytesIO(content), "nibrs.xml")
    assert caught.value.code == code


def test_a_report_is_forgotten_before_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[int] = []
    take_apart = Reports.take_apart

    def take_apart_and_look(
        reports: Reports, report: etree._Element, lines_before: int = 0
    ) -> TakenApart:
        above = report.getparent()
        before.append(above.index(report) if above is not None else -1)
        return take_apart(reports, report, lines_before)

    monkeypatch.setattr(Reports, "take_apart", take_apart_and_look)
    opening, report = GOOD.split(b"\t<nibrs:Report>", 1)
    reports = (b"\t<nibrs:Report >" + report).removesuffix(b"</nibrs:Submission>\n") * 50
    content = opening + reports.replace(b"<nibrs:Report>", b"<nibrs:Report >")
    assert count_reports(BytesIO(content + b"</nibrs:Submission>"), "nibrs.xml") == 100
    assert len(before) == 100
    assert max(before) <= 1


def test_a_row_of_xml_is_a_report(tmp_path: Path) -> None:
    path = tmp_path / "nibrs.xml"
    path.write_bytes(GOOD)
    assert count_records(path, current_contract("mshp").file_of("nibrs")) == 2


def test_xml_is_delivered_and_taken_like_the_flat_file(tmp_path: Path) -> None:
    receipts = []
    for number, (name, content) in enumerate(
        [("nibrs.txt", text_of([*incident("I1"), *incident("I2")])), ("nibrs.xml", GOOD)]
    ):
        zones = make_zones(tmp_path / str(number))
        deliver(zones, "mshp", {"nibrs": (name, content)})
        receipts.append(ingest(zones, "mshp", QUARTER))
    flat, xml = (receipt.files[0] for receipt in receipts)
    assert (xml.lines_read, xml.lines_stored) == (flat.lines_read, flat.lines_stored)
    assert (flat.reports_read, xml.reports_read) == (0, 2)
    rules = [[(one.code, one.rule, one.total) for one in receipt.problems] for receipt in receipts]
    assert rules[0] == rules[1]


def test_a_manifest_that_counts_lines_of_xml_is_refused(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    folder = deliver(zones, "mshp", {"nibrs": ("nibrs.xml", GOOD)})
    edit_manifest(folder, lambda document: document["files"][0].update(rows=12))
    assert refuse(zones, "mshp").code == "MS113"


def test_xml_in_another_role_is_still_refused(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    with pytest.raises(SourcesError, match="MS134"):
        deliver(zones, "dss", {"child_file": ("child_file.txt", GOOD)})


def test_what_is_set_aside_of_xml_is_kept_with_its_line(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    content = xml_of([*incident("I1"), *incident("I2", l4_age_of_victim="1?")])
    deliver(zones, "mshp", {"nibrs": ("nibrs.xml", content)})
    ingest(zones, "mshp", QUARTER)
    (path,) = zones.vault.folder.glob("quarantine/*/*/*/records.parquet")
    kept = pq.read_table(path).to_pylist()
    place = content.index(b"<j:Victim ", content.index(b">I2<"))
    victim = next(one for one in kept if one["record"][4:5] == b"4")
    assert victim["line_number"] == content[:place].count(b"\n") + 1
    assert {one["record"][25:27] for one in kept} == {b"I2"}
