"""A state that nobody has heard of: three counties by data alone, from deliveries to a release."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.hub.settings import PROJECT_ROOT

COUNTIES = ("Allen County", "Johnson County", "Wyandotte County")
DISTRICTS = ("31", "10", "29")
QUARTER = "2025Q1"
ELSEWHERE = ("Outside Erewhon", "Unknown")

RUN = f"""
from orchestration.cli.hub import _run, parse_quarter
from orchestration.hub.settings import load_settings, prepare_process
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.simulated import deliver_simulated

settings = load_settings()
prepare_process(settings)
quarter = parse_quarter("{QUARTER}")
deliver_simulated(settings, [quarter], seed=7)
approve_for_demo(quarter, settings)
_run("whole_quarter", quarter, settings)
"""


def keep(path: Path, column: str, wanted: tuple[str, ...]) -> None:
    """Leave the lines of a table that hold one of some values in a column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    place = rows[0].index(column)
    kept = [rows[0], *(row for row in rows[1:] if row[place] in wanted)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(kept)


@pytest.fixture(scope="module")
def erewhon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the same shape as Missouri's: other names, another clock, three counties."""
    folder = tmp_path_factory.mktemp("states") / "erewhon"
    shutil.copytree(PROJECT_ROOT / "kansas", folder)
    (folder / "strategy.json").unlink()
    for path in folder.rglob("*.*"):
        text = path.read_text("utf-8").replace("Kansas", "Erewhon").replace("KS", "EW")
        text = text.replace("America/Chicago", "America/Denver")
        path.write_text(text, "utf-8")
    lists = folder / "lists"
    keep(lists / "counties.csv", "county", COUNTIES)
    keep(lists / "county.csv", "key", (*COUNTIES, *ELSEWHERE))
    keep(lists / "circuit.csv", "key", (*DISTRICTS, *ELSEWHERE))
    keep(lists / "ori_county.csv", "fips", ("20001", "20091", "20209"))
    keep(lists / "police_agencies.csv", "county_fips", ("", "20001", "20091", "20209"))
    keep(folder / "outlines" / "counties.csv", "county", COUNTIES)
    return folder


@pytest.fixture(scope="module")
def home(erewhon: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data home in which one quarter of the made-up state was released."""
    home = tmp_path_factory.mktemp("home")
    moshare = Path(sys.executable).with_name("moshare")
    surroundings = {
        **os.environ,
        "MOSHARE_STATE": str(erewhon),
        "MOSHARE_HOME": str(home / "data"),
    }
    (home / "run.py").write_text(RUN, "utf-8")
    for command in ([str(moshare), "policy", "optimise"], [sys.executable, "run.py"]):
        ended = subprocess.run(
            command, env=surroundings, cwd=home, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return home / "data"


def test_a_folder_of_data_alone_brings_another_state_to_a_signed_release(home: Path) -> None:
    folder = home / "releases" / QUARTER
    assert (folder / "release.json.minisig").exists()
    with (folder / "data" / "children_by_region.csv").open(encoding="utf-8") as file:
        places = [row["geography"] for row in csv.DictReader(file)]
    assert places == ["Regions to be confirmed", "Outside Erewhon", "Region not known"]


def test_nothing_that_a_reader_sees_names_the_first_state(home: Path) -> None:
    folder = home / "releases" / QUARTER
    for name in ("index.html", "README.txt", "CHANGES.md", "datapackage.json"):
        text = (folder / name).read_text("utf-8").replace("Missouri’s section 210.1505", "")
        for word in ("Missouri", "Children's Division", "Children’s Division", "St. Louis"):
            assert word not in text, (name, word)
    assert "Erewhon" in (folder / "index.html").read_text("utf-8")


def test_records_of_every_county_are_counted_in_it(home: Path) -> None:
    with duckdb.connect(str(home / "vault" / "warehouse.duckdb"), read_only=True) as warehouse:
        rows = warehouse.execute("select distinct county from core.child_events").fetchall()
    assert {*COUNTIES[1:]} <= {row[0] for row in rows} <= {*COUNTIES, *ELSEWHERE}


def test_a_data_home_of_another_state_is_refused(home: Path) -> None:
    moshare = Path(sys.executable).with_name("moshare")
    ended = subprocess.run(
        [str(moshare), "simulate", QUARTER],
        env={"MOSHARE_HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "MS002" in ended.stderr + ended.stdout
    assert "Erewhon" in ended.stderr + ended.stdout
