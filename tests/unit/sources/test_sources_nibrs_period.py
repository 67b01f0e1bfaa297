"""Of which months, years and states the lines of a NIBRS file are."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sources_builders import deliver, edit_manifest, make_zones, refuse, segment, text_of
from test_sources_nibrs_incidents import QUARTER, whole

from sources.ingest import ingest
from sources.nibrs_period import check_place_and_period


def test_months_of_another_quarter_are_noted_and_never_refused(bench: Any) -> None:
    values = {f"l{level}_month_of_submission": "07" for level in "1245"}
    bench.read("nibrs", text_of(whole(l1_incident_date="20241230", **values)))
    assert bench.problems() == []
    assert bench.notes() == [
        ("MS335", "incident_date", (1,)),
        ("MS335", "month_of_submission", (1, 2, 3, 4)),
    ]


def test_a_file_that_is_mostly_late_is_not_noted_for_its_months(bench: Any) -> None:
    late = {f"l{level}_month_of_submission": "11" for level in "1245"}
    others = [whole(f"LATE{n}", l1_incident_date="20241110", **late) for n in range(8)]
    bench.read("nibrs", text_of([*whole(), *(line for report in others for line in report)]))
    assert (bench.problems(), bench.notes()) == ([], [])


@pytest.mark.parametrize(
    ("name", "is_noted"),
    [
        ("report-2025-03.txt", False),
        ("report_202505.txt", True),
        ("MO_20250420_NIBRS_010.txt", True),
        ("q1.txt", False),
    ],
)
def test_the_month_in_the_name_of_a_file_is_compared_with_its_quarter(
    tmp_path: Path, name: str, is_noted: bool
) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "mshp", {"nibrs": (name, text_of(whole()))})
    fields = [(note.code, note.field) for note in ingest(zones, "mshp", QUARTER).problems]
    assert fields == [("MS335", "name")] * is_noted


def test_lines_before_the_first_day_of_record_are_counted_in_a_note(bench: Any) -> None:
    bench.circumstances = replace(bench.circumstances, first_day_of_record=date(2025, 1, 15))
    lines = [
        *whole("OLD", l1_incident_date="20250114"),
        segment("1", "OLD", segment_action_type="M", incident_date="20250114"),
        segment("6", "W1", segment_action_type="W", arrest_date="20250110"),
        *whole("NEW"),
    ]
    bench.read("nibrs", text_of(lines))
    assert [note for note in bench.notes() if note[0] == "MS336"] == [
        ("MS336", "", (1, 2, 3, 4, 5, 6))
    ]


def test_the_receipt_says_how_many_lines_are_before_the_first_day_of_record(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    old = whole("OLD", l1_incident_date="20250114")
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of([*whole(), *old]))})
    receipt = ingest(zones, "mshp", QUARTER, first_day_of_record=date(2025, 1, 15))
    assert [(note.code, note.total) for note in receipt.problems] == [("MS336", 4)]


@pytest.mark.parametrize(
    ("code", "unusual", "values"),
    [
        ("MS337", "outside_missouri", {f"l{level}_ori": "MN0100000" for level in "1245"}),
        ("MS338", "other_years", {"l1_incident_date": "20190501"}),
    ],
)
def test_a_file_of_another_state_or_year_is_refused_unless_the_manifest_says_so(
    tmp_path: Path, code: str, unusual: str, values: dict[str, str]
) -> None:
    zones = make_zones(tmp_path)
    inbox = deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(whole(**values)))})
    assert refuse(zones, "mshp").code == code
    edit_manifest(inbox, lambda document: document.update(unusual=[unusual]))
    assert ingest(zones, "mshp", QUARTER).status == "accepted"


def test_half_the_incidents_may_be_of_another_state(bench: Any) -> None:
    other = [line.replace("MO0100000", "KS0100000") for line in whole("OTHER")]
    bench.read("nibrs", text_of([*whole(), *other]))
    check_place_and_period(bench.connection, "nibrs.txt", bench.circumstances)
