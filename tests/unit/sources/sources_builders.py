"""Small deliveries for the tests of `sources`, built from the layouts."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from durable.vault import Vault
from simulator.xml_twin import say_in_xml
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.layout import RecordLayout, load_ncands_layout, load_nibrs_layout
from sources.manifest import write_manifest
from sources.zones import Zones

QUARTER = "2025Q1"

CHILD = {
    "subyr": "2025",
    "staterr": "MO",
    "rptid": "REPORT000001",
    "chid": "CHILD0000001",
    "rptcnty": "189",
    "rptdt": "01152025",
    "rptdisp": "01",
    "rptdisdt": "02202025",
    "chage": "15",
    "chbdate": "01152010",
    "chsex": "2",
    "chcnty": "510",
    "chmal1": "7",
    "mal1lev": "01",
    "per1rel": "10",
    "per1mal1": "1",
    "inciddt": "01022025",
    "cararef": "2",
}
HEADER = {
    "segment_action_type": "I",
    "month_of_submission": "02",
    "year_of_submission": "2025",
    "ori": "MO0100000",
}
SEGMENTS = {
    "0": {
        "segment_action_type": "A",
        "incident_number": "000000000000",
        "zero_report_month": "01",
        "zero_report_year": "2025",
    },
    "1": {"incident_date": "20250115", "incident_hour": "14", "cleared_exceptionally": "N"},
    "2": {
        "ucr_offense_code": "64A",
        "offense_attempted_completed": "C",
        "offender_suspected_of_using_1": "N",
        "location_type": "14",
        "type_weapon_force_1": "95",
        "bias_motivation_1": "88",
    },
    "3": {"type_property_loss": "1"},
    "4": {
        "victim_sequence_number": "001",
        "ucr_offense_code_connection_1": "64A",
        "type_of_victim": "I",
        "age_of_victim": "15",
        "sex_of_victim": "F",
        "race_of_victim": "W",
        "offender_number_related_1": "01",
        "relationship_of_victim_to_offender_1": "AQ",
    },
    "5": {
        "offender_sequence_number": "01",
        "age_of_offender": "32",
        "sex_of_offender": "M",
        "race_of_offender": "W",
    },
    "6": {
        "arrestee_sequence_number": "01",
        "arrest_transaction_number": "ARREST1",
        "arrest_date": "20250116",
        "type_of_arrest": "T",
        "multiple_arrestee_segments_indicator": "N",
        "ucr_arrest_offense_code": "64A",
        "arrestee_armed_with_1": "01",
        "age_of_arrestee": "32",
        "sex_of_arrestee": "M",
        "race_of_arrestee": "W",
    },
    "7": {
        "segment_action_type": "A",
        "arrest_transaction_number": "ARREST7",
        "arrestee_sequence_number": "01",
        "arrest_date": "20250117",
        "type_of_arrest": "T",
        "ucr_arrest_offense_code": "90E",
        "arrestee_armed_with_1": "01",
        "age_of_arrestee": "35",
        "sex_of_arrestee": "M",
        "race_of_arrestee": "W",
    },
}
CELLS = [("cases", "all", "5")] + [
    (measure, group, str(count))
    for measure, counts in {
        "children": {"family": 2, "known": 2, "stranger": 2, "unknown": 2},
        "children_by_age_band": {
            "under_6": 0,
            "6_to_11": 1,
            "12_to_14": 3,
            "15_to_17": 3,
            "unknown": 1,
        },
        "children_by_sex": {"female": 6, "male": 1, "unknown": 1},
        "children_by_exploitation": {
            "sexual": 6,
            "labour": 1,
            "sexual_and_labour": 1,
            "other": 0,
            "unknown": 0,
        },
    }.items()
    for group, count in counts.items()
]
COUNTS_HEADER = "quarter,measure,relationship_group,count"


def fill(layout: RecordLayout, width: int, values: Mapping[str, str]) -> str:
    record = [" "] * layout.width
    for name, value in values.items():
        field = layout.field(name)
        record[field.start - 1 : field.end] = value.ljust(field.length)[: field.length]
    return "".join(record)[:width]


def child_line(width: int = 338, **values: str) -> str:
    return fill(load_ncands_layout(), width, CHILD | values)


def child_lines(count: int) -> list[str]:
    return [child_line(rptid=f"REPORT{i:06d}", chid=f"CHILD{i:07d}") for i in range(count)]


def segment(level: str, number: str = "INCIDENT1", *, longest: bool = False, **values: str) -> str:
    layout = load_nibrs_layout()[level]
    width = max(layout.lengths) if longest else min(layout.lengths)
    key = {} if level in "07" else {"incident_number": number}
    start = {"segment_length": f"{width:04d}", "segment_level": level}
    return fill(layout, width, start | HEADER | key | SEGMENTS[level] | values)


def incident(number: str = "INCIDENT1", levels: str = "123456", **values: str) -> list[str]:
    """An incident; a value named `l4_age_of_victim` goes into the segments of level 4."""
    return [
        segment(
            level,
            number,
            **{key[3:]: value for key, value in values.items() if key.startswith(f"l{level}_")},
        )
        for level in levels
    ]


def counts_lines(quarter: str = QUARTER) -> list[str]:
    return [COUNTS_HEADER, *(",".join((quarter, *cell)) for cell in CELLS)]


def description(path: str = "counts.csv", header: str = COUNTS_HEADER) -> dict[str, object]:
    names = header.split(",")
    fields = [{"name": name, "type": "string"} for name in names]
    return {"resources": [{"name": "counts", "path": path, "schema": {"fields": fields}}]}


def text_of(lines: list[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


def xml_of(lines: list[str]) -> bytes:
    """The lines of a NIBRS flat file, said again as XML."""
    return "".join(say_in_xml(lines)).encode()


def make_zones(folder: Path) -> Zones:
    return Zones(folder / "landing", Vault(folder / "vault"))


def deliver(
    zones: Zones,
    agency: str,
    files: Mapping[str, tuple[str, bytes]],
    *,
    sequence: int = 1,
    kind: str = "full",
    quarter: str = QUARTER,
    rows: Mapping[str, int] = MappingProxyType({}),
) -> Path:
    """Put files (role -> name and content) and their manifest into the inbox."""
    folder = zones.inbox(agency, quarter)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.values():
        (folder / name).write_bytes(content)
    write_manifest(
        folder,
        agency=agency,
        quarter=quarter,
        sequence=sequence,
        kind=kind,  # type: ignore[arg-type]
        as_of=date(2025, 4, 5),
        simulated=True,
        files={role: name for role, (name, _) in files.items()},
        rows=rows,
    )
    return folder


def deliver_children(zones: Zones, lines: list[str], **options: object) -> Path:
    files = {"child_file": ("child_file.txt", text_of(lines))}
    return deliver(zones, "dss", files, **options)  # type: ignore[arg-type]


def list_files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    change(document)
    (folder / "manifest.json").write_text(json.dumps(document))


def refuse(zones: Zones, agency: str = "dss") -> SourcesError:
    with pytest.raises(SourcesError) as caught:
        ingest(zones, agency, QUARTER)
    assert caught.value.exit_code == 3
    assert not (zones.vault.folder / "raw").exists()
    assert not (zones.vault.folder / "deliveries").exists()
    assert not (zones.vault.work(agency, QUARTER)).exists()
    return caught.value
