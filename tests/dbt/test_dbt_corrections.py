"""Corrections of Child File records through ingest and staging: in a file, by a delta, later."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from dbt_vault import Vault

from durable.vault import Vault as Places
from simulator.line_template import LineTemplate
from sources.ingest import ingest
from sources.layout import load_ncands_layout
from sources.manifest import write_manifest
from sources.zones import Zones

Kind = Literal["full", "delta"]

CONSTANTS = {"subyr": "2025", "staterr": "MO", "chcnty": "095", "chsex": "2"}
VARYING = ("rptid", "chid", "rptdt", "rptdisdt", "chage", "chbdate", "chmal1", "mal1lev")
RECORD = LineTemplate(load_ncands_layout(), CONSTANTS, VARYING)
USUAL = {"rptdt": "02102025", "rptdisdt": "", "chage": "15", "chbdate": "", "chmal1": "7"}


def record(report: str, **values: str) -> str:
    return RECORD.fill(USUAL | {"rptid": report, "chid": f"C{report}", "mal1lev": "99"} | values)


DELIVERIES: tuple[tuple[str, int, Kind, list[str]], ...] = (
    (
        "2025Q1",
        1,
        "full",
        [
            record("CLOSED"),
            record("FOUND", chmal1="1"),
            record("TWICE", chmal1="1"),
            record("NEXT"),
            record("WRONG"),
            record("PLAIN", chbdate="99999999"),
            record("TWICE", rptdisdt="02202025"),
        ],
    ),
    (
        "2025Q1",
        2,
        "delta",
        [
            record("CLOSED", rptdisdt="03252025", mal1lev="01"),
            record("FOUND", mal1lev="02"),
            record("ADDED"),
        ],
    ),
    (
        "2025Q2",
        1,
        "delta",
        [
            record("NEXT", rptdisdt="06012025", mal1lev="05"),
            record("WRONG", chmal1="1"),
            record("LATE", rptdt="03312025", chage="12"),
        ],
    ),
)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, ...]]:
    folder = tmp_path_factory.mktemp("corrections")
    vault = Vault(folder / "vault")
    zones = Zones(folder / "landing", Places(vault.folder))
    for quarter, sequence, kind, lines in DELIVERIES:
        deliver(zones, quarter, sequence, kind, lines)
    for agency in ("mshp", "hotline"):
        vault.deliver(agency, "2025Q1", 1, "nil")
    vault.build("resource_type:seed", "path:models/intermediate", quarter="2025Q2")
    rows = vault.rows(
        "select report_id, is_sex_trafficking_alleged, finding_group, time_open_group, age_years, "
        "known_quarter_start from intermediate.int_dss__child_reports"
    )
    return {report: tuple(rest) for report, *rest in rows}


def deliver(zones: Zones, quarter: str, sequence: int, kind: Kind, lines: list[str]) -> None:
    inbox: Path = zones.inbox("dss", quarter)
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "child_file.txt").write_text("".join(lines), encoding="ascii")
    write_manifest(
        inbox,
        agency="dss",
        quarter=quarter,
        sequence=sequence,
        kind=kind,
        as_of=date(2025, 7, 5),
        simulated=True,
        files={"child_file": "child_file.txt"},
    )
    receipt = ingest(zones, "dss", quarter)
    assert receipt.files[0].lines_quarantined == 0


@pytest.mark.parametrize(
    ("report", "alleged", "finding", "open_for", "age", "known"),
    [
        ("PLAIN", True, "unknown", None, 15, 1),
        ("TWICE", True, "unknown", "to_30", 15, 1),
        ("CLOSED", True, "substantiated", "31_to_45", 15, 1),
        ("FOUND", True, "indicated", None, 15, 1),
        ("ADDED", True, "unknown", None, 15, 1),
        ("NEXT", True, "unsubstantiated", "over_90", 15, 1),
        ("WRONG", False, None, None, 15, 1),
        ("LATE", True, "unknown", None, 12, 4),
    ],
)
def test_the_last_record_of_a_report_and_child_stands_and_its_first_delivery_dates_it(
    staged: dict[str, tuple[Any, ...]],
    report: str,
    alleged: bool,
    finding: str | None,
    open_for: str | None,
    age: int,
    known: int,
) -> None:
    assert staged[report] == (alleged, finding, open_for, age, date(2025, known, 1))
    assert len(staged) == 8
