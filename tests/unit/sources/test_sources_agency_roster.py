"""The roster of police agencies: carried by the Patrol's manifest, held against zero reports."""

import json
from datetime import date
from pathlib import Path

import pytest
from sources_builders import QUARTER, incident, make_zones, segment, text_of

from sources.agency_roster import RosterAgency, count_reporting, read_agency_roster
from sources.errors import LineProblem, SourcesError
from sources.ingest import ingest
from sources.manifest import Manifest, write_manifest
from sources.quarters import Quarter
from sources.receipt_text import say_receipt
from sources.receipts import Receipt
from sources.zones import Zones

MONTHS = Quarter.parse(QUARTER).months
MARK = "MARKER-VALUE-77"


def agency(ori: str, *reported: str) -> RosterAgency:
    return RosterAgency(ori=ori, reporting={month: month in reported for month in MONTHS})


ROSTER = (agency("MO0100000", *MONTHS), agency("MO0110100", MONTHS[0]), agency("MO0090000"))


def deliver(zones: Zones, lines: list[str], roster: tuple[RosterAgency, ...]) -> Manifest:
    folder = zones.inbox("mshp", QUARTER)
    folder.mkdir(parents=True)
    (folder / "nibrs.txt").write_bytes(text_of(lines))
    return write_manifest(
        folder,
        agency="mshp",
        quarter=QUARTER,
        sequence=1,
        kind="full",
        as_of=date(2025, 4, 5),
        simulated=True,
        files={"nibrs": "nibrs.txt"},
        agency_roster=roster,
    )


def refuse(folder: Path, roster: tuple[RosterAgency, ...], agency: str = "mshp") -> SourcesError:
    with pytest.raises(SourcesError) as caught:
        write_manifest(
            folder,
            agency=agency,
            quarter=QUARTER,
            sequence=1,
            kind="nil",
            as_of=date(2025, 4, 5),
            simulated=True,
            files={},
            agency_roster=roster,
        )
    return caught.value


def test_those_report_who_reported_for_every_month() -> None:
    assert count_reporting(ROSTER) == (1, 3)


def test_a_manifest_without_a_roster_has_no_key_for_it(tmp_path: Path) -> None:
    manifest = deliver(make_zones(tmp_path), incident(), ())
    assert manifest.agency_roster is None
    text = (make_zones(tmp_path).inbox("mshp", QUARTER) / "manifest.json").read_text()
    assert "agency_roster" not in json.loads(text)


def list_own(receipt: Receipt) -> list[LineProblem]:
    """What is not one of the FBI's rules."""
    return [problem for problem in receipt.problems if not problem.rule]


def test_the_roster_is_kept_with_the_manifest_in_the_vault(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, incident(), ROSTER)
    assert list_own(ingest(zones, "mshp", QUARTER)) == []
    kept = zones.vault.deliveries("mshp", QUARTER) / "0001" / "manifest.json"
    assert Manifest.model_validate_json(kept.read_text()).agency_roster == ROSTER


def test_a_zero_report_that_the_roster_denies_is_noted_and_the_roster_stands(
    tmp_path: Path,
) -> None:
    zones = make_zones(tmp_path)
    zero = [
        segment("0", ori="MO0100000", zero_report_month="02"),
        segment("0", ori="MO0110100", zero_report_month="01"),
        segment("0", ori="MO0110100", zero_report_month="02"),
        segment("0", ori="MO0990000", zero_report_month="03"),
        segment("0", ori="MO0090000", zero_report_month="12", zero_report_year="2024"),
    ]
    deliver(zones, [*incident(), *zero], ROSTER)
    receipt = ingest(zones, "mshp", QUARTER)
    assert (receipt.status, receipt.files[0].lines_quarantined) == ("accepted", 0)
    (note,) = list_own(receipt)
    assert (note.code, note.lines, note.is_note) == ("MS148", (9, 10), True)
    assert "Notes\n  MS148: " in say_receipt(receipt)
    assert "MO0110100" not in say_receipt(receipt)


def test_a_roster_in_which_nobody_reports_denies_every_zero_report(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, [*incident(), segment("0")], (agency("MO0100000"),))
    assert [one.code for one in list_own(ingest(zones, "mshp", QUARTER))] == ["MS148"]


def test_only_the_patrol_carries_a_roster(tmp_path: Path) -> None:
    assert refuse(tmp_path, ROSTER, "dss").code == "MS145"


@pytest.mark.parametrize(
    "roster",
    [
        (*ROSTER, ROSTER[0]),
        (RosterAgency(ori="MO0100000", reporting={MONTHS[0]: True}),),
        (RosterAgency(ori="MO0100000", reporting=dict.fromkeys([*MONTHS, MARK], True)),),
    ],
)
def test_a_roster_names_each_agency_once_and_every_month_of_the_quarter(
    tmp_path: Path, roster: tuple[RosterAgency, ...]
) -> None:
    error = refuse(tmp_path, roster)
    assert error.code == "MS147"
    assert MARK not in error.sentence


def test_an_empty_roster_in_a_manifest_is_refused(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, incident(), ROSTER)
    path = zones.inbox("mshp", QUARTER) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"agency_roster": []}))
    with pytest.raises(SourcesError, match="agency_roster"):
        ingest(zones, "mshp", QUARTER)


def test_a_roster_is_read_from_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    rows = [
        f"{one.ori},{month},{'yes' if one.reporting[month] else 'no'}"
        for month in MONTHS
        for one in ROSTER
    ]
    path.write_text("\n".join(["ori,month,reporting", *rows, "", ""]))
    assert read_agency_roster(path) == ROSTER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ori,reporting,month\n",
        b"ori,month,reporting\nMO0100000,2025-01\n",
        b"ori,month,reporting\nMO0100000,2025-01,perhaps\n",
        b"ori,month,reporting\nMO0100000,2025-01,yes\nMO0100000,2025-01,no\n",
        b"ori,month,reporting\nMARKER-VALUE-77,2025-01,yes\n",
        b"ori,month,reporting\n\xff\n",
        b'ori,month,reporting\n"MO0100000,2025-01,yes\n',
    ],
)
def test_a_roster_of_another_form_is_refused_without_its_words(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    with pytest.raises(SourcesError) as caught:
        read_agency_roster(path)
    assert caught.value.code == "MS146"
    assert MARK not in caught.value.sentence
