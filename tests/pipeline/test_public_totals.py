"""Totals that are declared public go through a whole quarter, once, and none is waited for."""

import csv
import json
from pathlib import Path

from pipeline_runs import run_approved, run_here
from small_deliveries import put, write_courts

from orchestration.hub.settings import Settings
from privacy.released import DECLARED_PUBLIC, NOT_COLLECTED

TABLES = ("prosecutions", "dispositions", "convictions")


def read_table(settings: Settings, name: str) -> list[tuple[str, str]]:
    path = settings.releases / "2025Q1" / "data" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["count"], row["status"]) for row in csv.DictReader(file)]


def read_bytes(settings: Settings) -> dict[str, bytes]:
    folder = settings.releases / "2025Q1"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_quarter_with_totals_of_the_courts_is_the_same_again_after_they_are_corrected(
    small_quarter: Settings, tmp_path: Path
) -> None:
    put(small_quarter, "courts", "2025Q1", write_courts(tmp_path / "first", "2025Q1", 3))
    assert run_approved("whole_quarter", small_quarter).sentences == ()
    first = read_bytes(small_quarter)
    for name in TABLES:
        assert read_table(small_quarter, name) == [("3", DECLARED_PUBLIC)] * 2
    record = json.loads(first["release.json"])
    assert record["declared_public"].keys() == set(TABLES)
    assert record["deliveries"]["courts"] == "full"
    corrected = write_courts(tmp_path / "second", "2025Q1", 8)
    put(small_quarter, "courts", "2025Q1", corrected, sequence=2)
    assert run_here("whole_quarter", small_quarter).sentences == ()
    assert read_bytes(small_quarter) == first


def test_a_quarter_whose_totals_are_rejected_is_released_and_says_that_nobody_collects_them(
    small_quarter: Settings, tmp_path: Path
) -> None:
    files = write_courts(tmp_path / "first", "2025Q1", 3)
    said = json.loads(files["datapackage"].read_bytes())
    del said["excluded"]
    files["datapackage"].write_text(json.dumps(said), encoding="utf-8")
    put(small_quarter, "courts", "2025Q1", files)
    assert run_approved("whole_quarter", small_quarter).sentences == ()
    assert read_table(small_quarter, "prosecutions") == [("", NOT_COLLECTED)] * 2
    receipt = json.loads(
        next(small_quarter.zones.outbox("courts").glob("2025Q1-*-rejected-*.json")).read_bytes()
    )
    assert "MS418" in receipt["error"]
    page = (small_quarter.releases / "2025Q1" / "index.html").read_text("utf-8")
    assert "not collected by any source" in page
