"""A delivery is taken whole or not at all, once, and only as its manifest says."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    counts_lines,
    deliver,
    deliver_children,
    description,
    edit_manifest,
    incident,
    list_files,
    make_zones,
    refuse,
    text_of,
)

import sources.ingest as ingest_module
from sources.contracts import current_contract
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.receipt_text import say_receipt
from sources.zones import Zones

PROVENANCE = ["agency", "quarter_start", "delivery_sequence", "delivery_kind"]


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def test_an_accepted_delivery_lies_in_the_vault_and_its_receipt_in_the_outbox(
    zones: Zones,
) -> None:
    token = "0a" * 32
    files = {
        "child_file": ("child_file.txt", text_of(child_lines(3))),
        "tokens": ("tokens.csv", text_of(["record_key,token", f"CHILD0000001,{token}"])),
    }
    inbox = deliver(zones, "dss", files)
    delivered = list_files(inbox)
    receipt = ingest(zones, "dss", QUARTER)
    assert (receipt.status, receipt.sequence, receipt.kind) == ("accepted", 1, "full")
    assert [(file.role, file.lines_stored) for file in receipt.files] == [
        ("child_file", 3),
        ("tokens", 1),
    ]
    kept = list_files(zones.vault.deliveries("dss", QUARTER) / "0001")
    assert kept.pop("receipt.json").decode() == receipt.to_json()
    assert kept == delivered
    assert list_files(inbox) == {}
    outbox = list_files(zones.outbox("dss"))
    assert set(outbox) == {
        f"{QUARTER}-0001-accepted.{ending}" for ending in ("html", "json", "txt")
    }
    assert outbox[f"{QUARTER}-0001-accepted.json"].decode() == receipt.to_json()
    assert set(list_files(zones.vault.folder / "raw")) == {
        f"dss/{QUARTER}/0001/{table}.parquet" for table in ("child_file", "tokens", "deliveries")
    }
    assert not (zones.vault.folder / "work" / "dss").joinpath(QUARTER).exists()


@pytest.mark.parametrize("agency", ["dss", "mshp", "hotline"])
def test_every_raw_table_has_provenance_and_then_the_fields_of_the_contract_as_text(
    zones: Zones, agency: str
) -> None:
    deliver(zones, agency, {}, kind="nil")
    ingest(zones, agency, QUARTER)
    for table, fields in current_contract(agency).tables.items():
        schema = pq.read_schema(zones.vault.raw(agency, QUARTER) / "0001" / f"{table}.parquet")
        assert schema.names == [*PROVENANCE, "line_number", *fields]
        types = [str(schema.field(name).type) for name in schema.names]
        assert types[:5] == ["string", "date32[day]", "int32", "string", "int64"]
        assert set(types[5:]) == {"string"}


def test_a_nil_delivery_writes_every_table_without_a_row(zones: Zones) -> None:
    deliver(zones, "mshp", {}, kind="nil")
    receipt = ingest(zones, "mshp", QUARTER)
    assert (receipt.status, receipt.files) == ("accepted", ())
    assert "Nothing to report was delivered." in say_receipt(receipt)
    folder = zones.vault.raw("mshp", QUARTER) / "0001"
    rows = {path.stem: pq.read_metadata(path).num_rows for path in folder.iterdir()}
    assert rows.pop("deliveries") == 1
    assert set(rows.values()) == {0}
    assert len(rows) == 8


def test_the_table_of_deliveries_says_when_and_what_was_delivered(zones: Zones) -> None:
    deliver(zones, "dss", {}, kind="nil", sequence=4)
    moment = datetime(2025, 4, 6, 12, 30, 1, 999, tzinfo=UTC)
    ingest(zones, "dss", QUARTER, clock=lambda: moment)
    rows = pq.read_table(
        zones.vault.raw("dss", QUARTER) / "0004" / "deliveries.parquet"
    ).to_pylist()
    assert rows == [
        {
            "agency": "dss",
            "quarter_start": date(2025, 1, 1),
            "delivery_sequence": 4,
            "delivery_kind": "nil",
            "contract": "dss/2",
            "as_of": date(2025, 4, 5),
            "received_at": datetime(2025, 4, 6, 12, 30, 1),  # noqa: DTZ001 - stored without zone
            "simulated": True,
        }
    ]


def test_hotline_counts_are_accepted_with_their_description(zones: Zones) -> None:
    files = {
        "datapackage": ("datapackage.json", json.dumps(description()).encode()),
        "counts": ("counts.csv", text_of(counts_lines())),
    }
    deliver(zones, "hotline", files)
    assert ingest(zones, "hotline", QUARTER).status == "accepted"
    table = pq.read_table(zones.vault.raw("hotline", QUARTER) / "0001" / "counts.parquet")
    assert table["count"].to_pylist()[:5] == ["5", "2", "2", "2", "2"]


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("MS411", b"{"),
        ("MS411", b"[]"),
        ("MS411", b"\xff"),
        ("MS411", b"[" * 100_000),
        ("MS411", b" " * 1_000_001),
        ("MS412", b"{}"),
        ("MS412", b'{"resources": [1, {"name": "cells"}]}'),
        ("MS412", json.dumps(description("other.csv")).encode()),
        ("MS412", b'{"resources": [{"name": "counts", "path": "counts.csv"}]}'),
        (
            "MS412",
            b'{"resources": [{"name": "counts", "path": "counts.csv", "schema": {"fields": [1]}}]}',
        ),
    ],
)
def test_a_wrong_description_of_hotline_counts_is_rejected(
    zones: Zones, code: str, content: bytes
) -> None:
    files = {
        "datapackage": ("datapackage.json", content),
        "counts": ("counts.csv", text_of(counts_lines())),
    }
    deliver(zones, "hotline", files)
    assert refuse(zones, "hotline").code == code


def test_one_bad_count_rejects_the_whole_hotline_delivery(zones: Zones) -> None:
    lines = counts_lines()
    lines[1] = lines[1].replace("5", "five")
    files = {
        "datapackage": ("datapackage.json", json.dumps(description()).encode()),
        "counts": ("counts.csv", text_of(lines)),
    }
    deliver(zones, "hotline", files)
    assert refuse(zones, "hotline").code == "MS116"


def test_no_delivery_is_an_error_and_leaves_no_receipt(zones: Zones) -> None:
    assert refuse(zones).code == "MS101"
    zones.inbox("dss", QUARTER).mkdir(parents=True)
    (zones.inbox("dss", QUARTER) / "child_file.txt").write_bytes(text_of(child_lines(1)))
    assert refuse(zones).code == "MS101"
    assert not zones.outbox("dss").exists()
    assert not (zones.vault.folder / "quarantine").exists()


@pytest.mark.parametrize(
    ("agency", "quarter", "code"), [("fbi", QUARTER, "MS119"), ("dss", "2025-1", "MS118")]
)
def test_an_unknown_agency_or_quarter_is_wrong_usage(
    zones: Zones, agency: str, quarter: str, code: str
) -> None:
    with pytest.raises(SourcesError) as caught:
        ingest(zones, agency, quarter)
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert not zones.vault.folder.exists()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("MS102", lambda folder: (folder / "manifest.json").write_text("{")),
        ("MS103", lambda folder: edit_manifest(folder, lambda d: d.pop("kind"))),
        ("MS104", lambda folder: edit_manifest(folder, lambda d: d.update(note="x"))),
        ("MS105", lambda folder: edit_manifest(folder, lambda d: d.update(quarter="2025Q2"))),
        ("MS106", lambda folder: edit_manifest(folder, lambda d: d.update(contract="dss/9"))),
        ("MS107", lambda folder: edit_manifest(folder, lambda d: d["files"][0].update(role="x"))),
        ("MS108", lambda folder: edit_manifest(folder, lambda d: d.update(kind="nil"))),
        ("MS109", lambda folder: (folder / "child_file.txt").unlink()),
        ("MS111", lambda folder: (folder / "child_file.txt").write_bytes(b"A" * 1017)),
        ("MS112", lambda folder: (folder / "child_file.txt").write_bytes(b"A" * 1016)),
        ("MS112", lambda folder: (folder / "child_file.txt").write_bytes(b"A" * 1018)),
        ("MS113", lambda folder: edit_manifest(folder, lambda d: d["files"][0].update(rows=4))),
    ],
)
def test_a_delivery_that_is_not_what_its_manifest_says_is_rejected_and_leaves_nothing_behind(
    zones: Zones, code: str, change: Callable[[Path], object]
) -> None:
    folder = deliver_children(zones, child_lines(3))
    assert (folder / "child_file.txt").stat().st_size == 1017
    change(folder)
    error = refuse(zones)
    assert error.code == code
    sequence = "0001" if code in {"MS109", "MS111", "MS112", "MS113"} else "0000"
    receipt = json.loads(
        (zones.outbox("dss") / f"{QUARTER}-{sequence}-rejected-1.json").read_text()
    )
    assert (receipt["status"], receipt["error_code"]) == ("rejected", code)
    assert receipt["error"] == error.sentence
    kept = list_files(zones.vault.quarantine("dss", QUARTER) / f"{sequence}-1")
    assert kept["manifest.json"] == (folder / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", ["child_file.txt", "manifest.json"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_plain_files_are_taken_from_an_inbox(
    zones: Zones, tmp_path: Path, name: str, kind: str
) -> None:
    folder = deliver_children(zones, child_lines(3))
    secret = tmp_path / "elsewhere.txt"
    (folder / name).rename(secret)
    if kind == "link":
        (folder / name).symlink_to(secret)
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        os.mkfifo(folder / name)
    error = refuse(zones)
    assert error.code == "MS110"
    kept = list_files(zones.vault.folder / "quarantine")
    assert secret.read_bytes() not in kept.values()


def test_a_linked_folder_is_not_followed(zones: Zones, tmp_path: Path) -> None:
    folder = deliver_children(zones, child_lines(3))
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert refuse(zones).code == "MS110"


def test_a_file_that_is_no_text_is_rejected(zones: Zones) -> None:
    folder = deliver_children(zones, child_lines(1))
    content = b"A" * 1_100_000
    (folder / "child_file.txt").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_manifest(folder, lambda d: d["files"][0].update(sha256=digest, bytes=len(content), rows=1))
    assert refuse(zones).code == "MS117"


def test_an_empty_required_file_is_not_a_nil_delivery(zones: Zones) -> None:
    deliver_children(zones, [])
    assert refuse(zones).code == "MS121"


def test_an_empty_token_file_is_accepted(zones: Zones) -> None:
    files = {
        "child_file": ("child_file.txt", text_of(child_lines(1))),
        "tokens": ("tokens.csv", b"record_key,token\n"),
    }
    deliver(zones, "dss", files)
    assert ingest(zones, "dss", QUARTER).files[1].lines_stored == 0


def test_quarantined_records_lie_in_quarantine_with_line_and_code_and_nowhere_else(
    zones: Zones,
) -> None:
    bad = child_line(chmal1="x", rptid="MARKERMARKER")
    deliver_children(zones, [*child_lines(30), bad])
    receipt = ingest(zones, "dss", QUARTER)
    assert receipt.files[0].lines_quarantined == 1
    path = zones.vault.quarantine("dss", QUARTER) / "0001-1" / "records.parquet"
    assert pq.read_table(path).to_pylist() == [
        {
            "file": "child_file.txt",
            "line_number": 31,
            "code": "MS206",
            "field": "chmal1",
            "record": bad.encode(),
        }
    ]
    raw = zones.vault.raw("dss", QUARTER) / "0001" / "child_file.parquet"
    assert "MARKERMARKER" not in pq.read_table(raw)["rptid"].to_pylist()
    assert pq.read_table(raw)["line_number"].to_pylist() == list(range(1, 31))


def test_too_many_quarantined_records_reject_the_delivery_and_list_the_problems(
    zones: Zones,
) -> None:
    deliver_children(zones, [*child_lines(30), *(child_line(chmal1="x") for _ in range(21))])
    error = refuse(zones)
    assert (error.code, "5% of its lines, or 20 records" in error.sentence) == ("MS116", True)
    text = (zones.outbox("dss") / f"{QUARTER}-0001-rejected-1.txt").read_text()
    assert "lines 31, 32, 33, 34, 35, 36, 37, 38, 39, 40 and 11 more; total 21" in text
    folder = zones.vault.quarantine("dss", QUARTER) / "0001-1"
    assert pq.read_metadata(folder / "_records" / "records.parquet").num_rows == 21
    assert (folder / "child_file.txt").is_file()


def test_up_to_twenty_records_never_reject_a_delivery_for_their_share(zones: Zones) -> None:
    deliver_children(zones, [*child_lines(1), *(child_line(chmal1="x") for _ in range(20))])
    receipt = ingest(zones, "dss", QUARTER)
    assert (receipt.status, receipt.files[0].lines_quarantined) == ("accepted", 20)


@pytest.mark.parametrize(("bad", "is_accepted"), [(20, True), (21, False)])
def test_what_is_counted_of_nibrs_is_incidents_and_not_their_segments(
    zones: Zones, bad: int, is_accepted: bool
) -> None:
    lines = [
        *incident("GOOD"),
        *(line for n in range(bad) for line in incident(f"BAD{n}", l1_incident_date="20251301")),
    ]
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(lines))})
    if is_accepted:
        assert ingest(zones, "mshp", QUARTER).files[0].lines_quarantined > bad
    else:
        assert refuse(zones, "mshp").code == "MS116"


def test_a_file_of_which_nothing_is_left_is_rejected_however_short(zones: Zones) -> None:
    deliver_children(zones, [child_line(chmal1="x")])
    assert refuse(zones).code == "MS149"


def test_a_receipt_tells_both_limits(zones: Zones) -> None:
    deliver_children(zones, child_lines(3))
    receipt = ingest(zones, "dss", QUARTER)
    said = "Of a file may be set aside: 5% of its lines, or 20 records (of NIBRS: incidents)"
    assert said in say_receipt(receipt)
    document = json.loads(receipt.to_json())
    assert (document["max_quarantined_share"], document["quarantined_floor"]) == (0.05, 20)


@pytest.mark.parametrize("failure", [OSError, duckdb.OutOfMemoryException, MemoryError])
def test_a_failure_of_the_machine_rejects_nothing_and_repeats_nothing(
    zones: Zones, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    deliver_children(zones, child_lines(1))

    def fail(*_: object) -> None:
        raise failure("MARKER")

    monkeypatch.setattr(ingest_module, "read_delivery", fail)
    error = refuse(zones)
    assert (error.code, error.__suppress_context__) == ("MS120", True)
    assert "MARKER" not in str(error)
    assert not zones.outbox("dss").exists()
    monkeypatch.undo()
    assert ingest(zones, "dss", QUARTER).status == "accepted"


def test_police_incidents_are_stored_whole(zones: Zones) -> None:
    lines = [line for number in range(40) for line in incident(f"I{number}")]
    lines += incident("BAD", l4_age_of_victim="XX")
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(lines))})
    receipt = ingest(zones, "mshp", QUARTER)
    file = receipt.files[0]
    assert (file.lines_read, file.lines_stored) == (246, 200)
    assert (file.lines_quarantined, file.lines_left_out) == (6, 40)
    folder = zones.vault.raw("mshp", QUARTER) / "0001"
    for table in ("administrative", "offense", "victim", "offender", "arrestee"):
        assert pq.read_metadata(folder / f"{table}.parquet").num_rows == 40


def test_a_delivery_under_a_former_contract_is_accepted(zones: Zones) -> None:
    files = {
        "datapackage": ("datapackage.json", json.dumps(description()).encode()),
        "counts": ("counts.csv", text_of(counts_lines()[:6])),
    }
    folder = deliver(zones, "hotline", files)
    edit_manifest(folder, lambda said: said.update(contract="hotline/1"))
    assert ingest(zones, "hotline", QUARTER).contract == "hotline/1"
