"""The courts deliver totals without sealed and juvenile cases, and say so."""

import json
from pathlib import Path
from typing import Any

import pytest
from sources_builders import QUARTER, deliver, edit_manifest, make_zones, refuse, text_of

from jurisdiction.folder import LISTS, read_table
from sources.accepted_totals import AcceptedTotals, find_totals
from sources.contracts import current_contract
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.totals_package import write_totals
from sources.zones import Zones

COURTS = current_contract("courts")
COLUMNS = COURTS.file_of("counts").tables["counts"]
CELLS = [(measure, group) for measure, groups in COURTS.cells.items() for group in groups]


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def make_files(folder: Path, count: int = 3, **said: Any) -> dict[str, tuple[str, bytes]]:
    """What is delivered; `said` changes what the description says at its top."""
    write_totals(
        folder,
        Quarter.parse(QUARTER),
        dict.fromkeys(CELLS, count),
        COURTS,
        {"title": "t", "name": "t"},
    )
    described = json.loads((folder / "datapackage.json").read_bytes()) | said
    kept = {key: value for key, value in described.items() if value is not None}
    return {
        "datapackage": ("datapackage.json", json.dumps(kept).encode()),
        "counts": ("counts.csv", (folder / "counts.csv").read_bytes()),
    }


def find(zones: Zones, contract: str = "courts/1") -> AcceptedTotals | None:
    return find_totals(zones, "courts", QUARTER, contract)


def test_totals_of_the_courts_are_taken_as_they_are_written(zones: Zones, tmp_path: Path) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made"))
    assert ingest(zones, "courts", QUARTER).is_clean
    counts = {measure: dict.fromkeys(groups, 3) for measure, groups in COURTS.cells.items()}
    assert find(zones) == AcceptedTotals(1, "full", counts)


@pytest.mark.parametrize(
    "said",
    [
        {"excluded": None},
        {"excluded": ["sealed cases"]},
        {"excluded": ["juvenile cases", "sealed cases"]},
        {"excluded": ["sealed cases", "juvenile cases", "QZJXVKWY"]},
        {"excluded": "sealed cases, juvenile cases"},
        {"excluded": True},
    ],
)
def test_a_description_that_does_not_declare_the_exclusion_is_refused(
    zones: Zones, tmp_path: Path, said: dict[str, Any]
) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made", **said))
    refused = refuse(zones, "courts")
    assert refused.code == "MS418"
    assert "excluded" in refused.sentence
    assert "sealed cases, juvenile cases" in refused.sentence
    assert "QZJXVKWY" not in refused.sentence
    assert find(zones) is None


def test_totals_by_other_statutes_are_refused(zones: Zones, tmp_path: Path) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made", sections=["566.210"]))
    assert refuse(zones, "courts").code == "MS418"


def test_the_statutes_are_those_of_the_list_that_says_what_means_trafficking() -> None:
    listed = [
        line["code"]
        for line in read_table(LISTS / "trafficking_offences.csv")
        if line["source"] == "statutes"
    ]
    assert list(COURTS.declares["sections"]) == listed
    named = " ".join(line["description"] for line in read_table(LISTS / "court_offence.csv"))
    assert all(named.count(one) == 1 for one in listed)


@pytest.mark.parametrize("kind", ["full", "nil"])
def test_totals_of_a_quarter_that_had_not_ended_are_refused(
    zones: Zones, tmp_path: Path, kind: str
) -> None:
    files = make_files(tmp_path / "made") if kind == "full" else {}
    folder = deliver(zones, "courts", files, kind=kind)
    edit_manifest(folder, lambda manifest: manifest.update(as_of="2025-03-31"))
    assert refuse(zones, "courts").code == "MS420"
    edit_manifest(folder, lambda manifest: manifest.update(as_of="2025-04-01"))
    assert ingest(zones, "courts", QUARTER).status == "accepted"


def test_more_convictions_than_dispositions_are_refused(zones: Zones, tmp_path: Path) -> None:
    files = make_files(tmp_path / "made")
    name, content = files["counts"]
    files["counts"] = (name, content.replace(b"convictions,other,3", b"convictions,other,4"))
    deliver(zones, "courts", files)
    refused = refuse(zones, "courts")
    assert refused.code == "MS419"
    assert "convictions" in refused.sentence
    assert "4" not in refused.sentence.replace("MS419", "")


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("MS401", "court_offence", "offence"),
        ("MS407", f"{QUARTER},convictions,other,3\n", ""),
        ("MS116", "convictions,other", "convictions,defendants"),
        ("MS116", "cases_filed,other", "arrests,other"),
        ("MS116", "dispositions,other,3", "dispositions,other,few"),
        ("MS116", f"{QUARTER},dispositions,other", "2025Q2,dispositions,other"),
    ],
)
def test_the_rules_of_the_hotlines_totals_are_those_of_the_courts(
    zones: Zones, tmp_path: Path, code: str, old: str, new: str
) -> None:
    files = make_files(tmp_path / "made")
    name, content = files["counts"]
    assert old.encode() in content
    changed = text_of(content.decode().replace(old, new).splitlines())
    deliver(zones, "courts", files | {"counts": (name, changed)})
    assert refuse(zones, "courts").code == code


def test_a_rejected_delivery_leaves_no_file_at_the_hub(zones: Zones, tmp_path: Path) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made", excluded=None))
    refuse(zones, "courts")
    (kept,) = zones.vault.quarantine("courts", QUARTER).iterdir()
    assert not {"counts.csv", "datapackage.json"} & {path.name for path in kept.iterdir()}


def test_a_correction_replaces_the_whole_delivery(zones: Zones, tmp_path: Path) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made"))
    ingest(zones, "courts", QUARTER)
    deliver(zones, "courts", make_files(tmp_path / "made", count=5), sequence=2, kind="delta")
    ingest(zones, "courts", QUARTER)
    found = find(zones)
    assert found
    assert (found.sequence, found.kind) == (2, "delta")
    assert {count for groups in found.counts.values() for count in groups.values()} == {5}


def test_a_nil_delivery_says_zero_in_every_cell(zones: Zones) -> None:
    deliver(zones, "courts", {}, kind="nil")
    ingest(zones, "courts", QUARTER)
    zeros = {measure: dict.fromkeys(groups, 0) for measure, groups in COURTS.cells.items()}
    assert find(zones) == AcceptedTotals(1, "nil", zeros)


def test_totals_count_by_the_contract_that_is_asked_for_alone(zones: Zones, tmp_path: Path) -> None:
    deliver(zones, "courts", make_files(tmp_path / "made"))
    ingest(zones, "courts", QUARTER)
    manifest = zones.vault.delivery("courts", QUARTER, 1) / "manifest.json"
    manifest.write_text(manifest.read_text().replace("courts/1", "courts/2"))
    assert find(zones) is None
    with pytest.raises(SourcesError, match="MS106"):
        find(zones, "hotline/2")


def test_older_totals_never_stand_where_newer_ones_came_by_another_contract(
    zones: Zones, tmp_path: Path
) -> None:
    for sequence in (1, 2):
        deliver(zones, "courts", make_files(tmp_path / str(sequence)), sequence=sequence)
        ingest(zones, "courts", QUARTER)
    manifest = zones.vault.delivery("courts", QUARTER, 2) / "manifest.json"
    said = json.loads(manifest.read_bytes()) | {"contract": "courts/2"}
    manifest.write_text(json.dumps(said))
    with pytest.raises(SourcesError, match=r"MS421.*courts/2"):
        find(zones)
    said = json.loads(manifest.read_bytes()) | {"contract": "courts/1"}
    manifest.write_text(json.dumps(said))
    first = zones.vault.delivery("courts", QUARTER, 1) / "manifest.json"
    first.write_text(json.dumps(json.loads(first.read_bytes()) | {"contract": "courts/0"}))
    found = find(zones)
    assert found is not None
    assert found.sequence == 2
