"""Small hand-made deliveries in the real formats, for tests of the whole pipeline."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from orchestration.hub.settings import Settings
from orchestration.steps.delivering import Delivery, deliver
from sources.contracts import current_contract
from sources.delivery_keys import PublicKeys
from sources.layout import RecordLayout, load_ncands_layout, load_nibrs_layout
from sources.quarters import Quarter
from sources.totals_package import write_totals

AGENCIES = ("dss", "mshp", "hotline")
HOTLINE_CELLS = (
    ("cases", "all"),
    ("children", "family"),
    ("children", "known"),
    ("children", "stranger"),
    ("children", "unknown"),
)


def write_line(layout: RecordLayout, length: int, values: dict[str, str]) -> str:
    line = [" "] * length
    for name, value in values.items():
        field = layout.field(name)
        assert len(value) <= field.length, name
        line[field.start - 1 : field.start - 1 + len(value)] = value
    return "".join(line)


def child_record(**values: str) -> str:
    usual = {
        "subyr": "2025",
        "staterr": "MO",
        "rptid": "R00000000001",
        "chid": "C00000000001",
        "rptcnty": "095",
        "rptdt": "02102025",
        "rptsrc": "04",
        "rptdisp": "01",
        "rptdisdt": "03012025",
        "notifs": "2",
        "chage": "15",
        "chbdate": "06012009",
        "chsex": "2",
        "chcnty": "189",
        "chmal1": "7",
        "mal1lev": "01",
        "per1rel": "01",
        "per1mal1": "1",
    }
    return write_line(load_ncands_layout(), 338, usual | values)


def segment(level: int, length: int, **values: str) -> str:
    header = {
        "segment_length": f"{length:04d}",
        "segment_level": str(level),
        "segment_action_type": "I",
        "month_of_submission": "03",
        "year_of_submission": "2025",
        "ori": "MO0950000",
    }
    return write_line(load_nibrs_layout()[str(level)], length, header | values)


def incident(number: str, day: str = "20250208", **victim: str) -> list[str]:
    key = {"incident_number": number}
    return [
        segment(1, 88, **key, incident_date=day, incident_hour="14", cleared_exceptionally="N"),
        segment(2, 71, **key, ucr_offense_code="64A", offense_attempted_completed="C",
                offender_suspected_of_using_1="N", location_type="14", bias_motivation_1="88"),
        segment(4, 141, **key, **({
            "victim_sequence_number": "001", "ucr_offense_code_connection_1": "64A",
            "type_of_victim": "I", "age_of_victim": "15", "sex_of_victim": "F",
            "race_of_victim": "W", "type_injury_1": "N",
            "offender_number_related_1": "01", "relationship_of_victim_to_offender_1": "AQ",
        } | victim)),
        segment(5, 46, **key, offender_sequence_number="01", age_of_offender="40",
                sex_of_offender="M", race_of_offender="U", ethnicity_of_offender="U"),
        segment(6, 110, **key, arrestee_sequence_number="01", arrest_transaction_number=number,
                arrest_date="20250301", type_of_arrest="T",
                multiple_arrestee_segments_indicator="N", ucr_arrest_offense_code="64A",
                arrestee_armed_with_1="01", age_of_arrestee="40", sex_of_arrestee="M",
                race_of_arrestee="U"),
    ]  # fmt: skip


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def write_tokens(path: Path, tokens: dict[str, str]) -> Path:
    return write_lines(path, ["record_key,token", *(f"{k},{t}" for k, t in tokens.items())])


def write_hotline(folder: Path, quarter: str, count: int = 3) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "counts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quarter", "measure", "relationship_group", "count"])
        writer.writerows([quarter, measure, group, count] for measure, group in HOTLINE_CELLS)
    names = ("quarter", "measure", "relationship_group", "count")
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "hotline-counts",
        "resources": [
            {
                "name": "counts",
                "path": "counts.csv",
                "schema": {"fields": [{"name": name, "type": "string"} for name in names]},
            }
        ],
    }
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return {"datapackage": folder / "datapackage.json", "counts": folder / "counts.csv"}


def write_courts(folder: Path, quarter: str, count: int = 3) -> dict[str, Path]:
    contract = current_contract("courts")
    cells = {(one, group): count for one, groups in contract.cells.items() for group in groups}
    about = {"title": "Totals", "name": "court-totals"}
    write_totals(folder, Quarter.parse(quarter), cells, contract, about)
    return {"datapackage": folder / "datapackage.json", "counts": folder / "counts.csv"}


def put(
    settings: Settings,
    agency: str,
    quarter: str,
    files: dict[str, Path],
    sequence: int = 1,
    encrypt_to: PublicKeys | None = None,
):
    kind = "full" if files else "nil"
    contract = "hotline/1" if agency == "hotline" else ""  # which goes on working
    day = date(2025, 4, 5)
    said = Delivery(agency, quarter, kind, sequence, day, simulated=True, contract=contract)
    return deliver(settings.landing / "inbox", said, files, encrypt_to=encrypt_to)


def put_small_quarter(settings: Settings, made: Path, quarter: str = "2025Q1") -> None:
    """Three small deliveries: two children, one of them also known to police, and the hotline."""
    token = "ab" * 32
    children = [child_record(), child_record(rptid="R00000000002", chid="C00000000002")]
    put(settings, "dss", quarter, {
        "child_file": write_lines(made / "child_file.txt", children),
        "tokens": write_tokens(made / "dss" / "tokens.csv", {"C00000000001": token}),
    })  # fmt: skip
    put(settings, "mshp", quarter, {
        "nibrs": write_lines(made / "nibrs.txt", incident("INC000000001")),
        "tokens": write_tokens(made / "mshp" / "tokens.csv", {"MO0950000:INC000000001:001": token}),
    })  # fmt: skip
    put(settings, "hotline", quarter, write_hotline(made / "hotline", quarter))
