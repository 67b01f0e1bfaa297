"""Children in care are held against the children of the Child File when they are taken in."""

from pathlib import Path

import pytest
from care_files import CHILD, care_xml, many, number_of, record
from sources_builders import QUARTER, child_line, deliver, deliver_children, make_zones

from sources.ingest import ingest
from sources.receipts import Receipt
from sources.zones import Zones


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def take(zones: Zones, content: bytes) -> Receipt:
    deliver(zones, "care", {"care": ("care.xml", content)})
    return ingest(zones, "care", QUARTER)


def report_children(zones: Zones, *children: dict[str, str]) -> None:
    lines = [child_line(rptid=f"R{place:011d}", **one) for place, one in enumerate(children)]
    deliver_children(zones, lines)
    ingest(zones, "dss", "2025Q1")


def test_children_are_held_against_those_of_the_child_file(zones: Zones) -> None:
    other = number_of("other")
    report_children(
        zones,
        {"chid": "C1", "afcarsid": CHILD, "chbdate": "01152010"},
        {"chid": "C2", "afcarsid": other, "chbdate": "02022012"},
        {"chid": "C3", "afcarsid": ""},
    )
    receipt = take(zones, care_xml(record(), record(E4=other), *many(3)))
    assert not receipt.unlike
    (remark,) = receipt.remarks
    assert remark.startswith("MS244")
    assert "less than half bear" in remark
    (note,) = receipt.problems
    assert (note.code, note.lines) == ("MS242", (6,))


def test_a_warning_is_given_where_no_child_bears_a_number_of_the_child_file(zones: Zones) -> None:
    report_children(zones, {"chid": "C1", "afcarsid": number_of("somebody")})
    receipt = take(zones, care_xml())
    (warning,) = receipt.unlike
    assert warning.startswith("MS243")
    assert receipt.is_clean


def test_nothing_is_said_where_the_child_file_bears_no_number(zones: Zones) -> None:
    report_children(zones, {"chid": "C1"})
    receipt = take(zones, care_xml())
    assert (receipt.unlike, receipt.remarks) == ((), ())
