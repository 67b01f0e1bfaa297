"""What a receipt tells beside its numbers: what to mend first, the last deliveries, its page."""

import json
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    deliver,
    deliver_children,
    incident,
    list_files,
    make_zones,
    text_of,
)

from jurisdiction.state import read_state
from sources.errors import ERRORS, SourcesError
from sources.ingest import ingest
from sources.layout import load_ncands_layout, load_nibrs_layout
from sources.ncands import _list_checks as list_child_checks
from sources.nibrs_rules import list_segment_checks
from sources.receipt_page import render_receipt
from sources.receipt_text import say_receipt
from sources.receipts import DELIVERIES_SHOWN, Receipt
from sources.zones import Zones

QUARTERS = [f"{year}Q{number}" for year in (2022, 2023, 2024) for number in (1, 2, 3, 4)]


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def deliver_faulty(zones: Zones) -> Receipt:
    spoilt = [child_line(chid=f"X{n}", chmal1="Q") for n in range(2)]
    spoilt += [child_line(chid=f"Y{n}", rptdt="99999999") for n in range(3)]
    spoilt += [child_line(chid="Z", staterr="KS"), child_line(chid="B", chsex="Q")]
    deliver_children(zones, [*child_lines(60), *spoilt])
    return ingest(zones, "dss", QUARTER)


def test_what_costs_most_lines_is_to_be_mended_first(zones: Zones) -> None:
    receipt = deliver_faulty(zones)
    assert [(one.code, one.total) for one in receipt.fix_first] == [
        ("MS204", 3),
        ("MS206", 2),
        ("MS202", 1),
    ]
    document = json.loads(receipt.to_json())
    first = document["fix_first"][0]
    assert (first["code"], first["file"], first["field"]) == ("MS204", "child_file.txt", "rptdt")
    assert "What to mend first\n  MS204, rptdt, in child_file.txt; total 3" in say_receipt(receipt)


def test_what_only_follows_from_another_line_is_not_to_be_mended(zones: Zones) -> None:
    lines = [line for n in range(30) for line in incident(f"I{n}", "12456")]
    lines += incident("BAD", "12456", l4_age_of_victim="XX")
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(lines))})
    receipt = ingest(zones, "mshp", QUARTER)
    assert {one.code for one in receipt.problems if not one.is_note} == {"MS313", "MS325"}
    assert [one.code for one in receipt.fix_first] == ["MS313"]


def test_blanked_lines_are_counted_once_and_are_among_the_stored(zones: Zones) -> None:
    lines = [*child_lines(20), child_line(chid="A", chsex="Q", chcnty="ABC"), child_line(chid="B")]
    deliver_children(zones, [*lines, child_line(chid="C", chsex="Q", rptdt="")])
    (file,) = ingest(zones, "dss", QUARTER).files
    assert (file.lines_stored, file.lines_quarantined, file.lines_blanked) == (22, 1, 1)


def test_a_number_that_costs_a_field_says_that_the_field_is_blanked() -> None:
    checks = list(list_child_checks(load_ncands_layout(), ("chsex", "chage", "chbdate", "subyr")))
    for level, layout in load_nibrs_layout().items():
        kept = [field.name for field in layout.fields]
        checks += list_segment_checks(level, layout, kept, as_of=date.max)
    costs = {check.code: check.costs for check in checks if check.costs == "field"}
    assert len(costs) > 4
    assert {ERRORS[code].fate for code in costs} == {"blanked"}


def test_a_receipt_tells_the_last_deliveries_before_it(zones: Zones) -> None:
    for number, quarter in enumerate(QUARTERS, start=1):
        deliver_children(zones, child_lines(number), quarter=quarter)
        ingest(zones, "dss", quarter)
    deliver(zones, "hotline", {}, kind="nil")
    ingest(zones, "hotline", QUARTER)
    receipt = deliver_faulty(zones)
    assert [one.quarter for one in receipt.before] == QUARTERS[-DELIVERIES_SHOWN:]
    assert [one.lines_read for one in receipt.before] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert receipt.counts.lines_quarantined == 6
    assert "  2024Q4-0001   full            12         12          0          0" in say_receipt(
        receipt
    )
    deliver_children(zones, child_lines(2), quarter="2022Q2", sequence=2)
    late = ingest(zones, "dss", "2022Q2")
    assert [(one.quarter, one.sequence) for one in late.before] == [("2022Q1", 1), ("2022Q2", 1)]


def test_a_rejection_is_kept_once_whatever_is_delivered_between(zones: Zones) -> None:
    def reject() -> None:
        deliver_children(zones, [child_line(staterr="KS")] * 30)
        with pytest.raises(SourcesError):
            ingest(zones, "dss", QUARTER)

    reject()
    deliver_children(zones, child_lines(3), quarter="2024Q4")
    ingest(zones, "dss", "2024Q4")
    reject()
    kept = list_files(zones.vault.quarantine("dss", QUARTER))
    assert {path.partition("/")[0] for path in kept} == {"0001-1"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"] or "")
        elif given.keys() & {"src", "href", "srcset", "action", "data"} or tag == "link":
            self.asked.append(tag)


def test_the_page_leads_to_what_is_to_be_mended_and_asks_for_nothing(zones: Zones) -> None:
    receipt = deliver_faulty(zones)
    page = render_receipt(receipt)
    reader = Reader()
    reader.feed(page)
    assert [link[1:] for link in reader.links] == [
        f"{one.code}-{one.file}-{one.field}" for one in receipt.fix_first
    ]
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)
    assert reader.asked == []
    assert "url(" not in page
    assert "<script" not in page


def test_every_agency_has_a_page_of_a_nil_delivery_and_of_a_rejection(zones: Zones) -> None:
    for agency in (one.key for one in read_state().agencies):
        deliver(zones, agency, {}, kind="nil")
        assert "Nothing to report was delivered." in render_receipt(ingest(zones, agency, QUARTER))
        folder = zones.inbox(agency, "2025Q2")
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("no manifest")
        with pytest.raises(SourcesError, match="MS102"):
            ingest(zones, agency, "2025Q2")
        (page,) = zones.outbox(agency).glob("2025Q2-0000-rejected-1.html")
        assert "MS102" in page.read_text()


def test_a_page_escapes_whatever_a_receipt_holds(zones: Zones) -> None:
    receipt = deliver_faulty(zones)
    odd = Receipt(**{**receipt.__dict__, "remarks": ("<script>alert(1)</script>",)})
    assert "<script" not in render_receipt(odd)


def test_a_receipt_of_an_earlier_version_is_read(zones: Zones) -> None:
    receipt = deliver_faulty(zones)
    document = json.loads(receipt.to_json())
    for later in ("fix_first", "before", "unlike"):
        del document[later]
    for file in document["files"]:
        del file["lines_blanked"]
    read = Receipt.from_json(json.dumps(document))
    assert (read.problems, read.status) == (receipt.problems, receipt.status)
