"""The noisy measurements, the strategy behind them, and synthetic records, as files."""

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from portal_examples import make_example
from portal_specs import QUARTERLY_FRAMES
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.files import list_files
from privacy.released import Release, ReleasedYearSum, SyntheticFrame


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return list_files(make_example())


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_every_cell_is_there_with_its_place_and_the_sigma_of_its_noise(
    files: dict[str, bytes],
) -> None:
    rows = read(files["data/measurements.csv"])
    release = make_example()
    assert len(rows) == sum(len(table.cells) for table in release.measurements)
    troop = [row for row in rows if row["table"] == "incidents_known_to_police_troop_definition"]
    assert {row["geography"] for row in troop} >= {"Troop A", "Outside Missouri"}
    assert {row["sigma"] for row in troop} == {"7.7"}
    assert {row["quarter"] for row in rows} == {"2025Q4", "CY2025"}


def test_the_strategy_gives_the_variance_of_a_total_of_the_state(files: dict[str, bytes]) -> None:
    strategy = json.loads(files["data/strategy.json"])
    for frame in QUARTERLY_FRAMES:
        (described,) = [one for one in strategy["frames"] if one["name"] == frame.name]
        if len(frame.levels) > 1:
            continue
        (whole,) = [one for one in described["precisions"] if one["dimensions"] == []]
        mark = frame.mark(0, (0, tuple(tuple(range(size)) for size in frame.sizes)))
        expected = float(frame.deviate(mark[None, :])[0])
        cells = math.prod(frame.sizes)
        assert math.sqrt(cells / whole["by_level"][0]) == pytest.approx(expected, rel=1e-6)


def test_every_measured_table_stands_in_the_strategy(files: dict[str, bytes]) -> None:
    strategy = json.loads(files["data/strategy.json"])
    names = [one["name"] for frame in strategy["frames"] for one in frame["measurements"]]
    assert names == [table.name for table in make_example().measurements]


def test_the_strategy_names_the_quarters_measurements_that_a_year_rests_on() -> None:
    example = make_example()
    summed = (ReleasedYearSum("children_reported", "children_reported_region", "region", 8.6),)
    frames = tuple(
        replace(frame, year_sums=summed) if frame.name == "children_reported_in_year" else frame
        for frame in example.frames
    )
    files = list_files(replace(example, frames=frames))
    told = {
        frame["name"]: frame["year_sums"]
        for frame in json.loads(files["data/strategy.json"])["frames"]
    }
    assert told.pop("children_reported_in_year") == [
        {
            "frame": "children_reported",
            "measurement": "children_reported_region",
            "level": "region",
            "sigma": 8.6,
        }
    ]
    assert set(map(len, told.values())) == {0}


def test_numbers_of_frames_about_the_same_rows_follow_from_the_files_alone() -> None:
    """A table's sum tells of the total with its variance times its cells; the cells follow it."""
    plan = example_plan("2024Q4")
    random = np.random.default_rng(2)
    drawn = {
        name: random.integers(0, 60, len(cells)).tolist()
        for name, cells in fill_cells(plan, 0).items()
    }
    files = list_files(replace(publish(plan, drawn), drawn_at="2025-01-15T11:00:00Z"))
    strategy = json.loads(files["data/strategy.json"])
    same = {frame["name"]: frame["same_rows"] for frame in strategy["frames"]}["report_lag_in_year"]
    assert same["frame"] == "juvenile_victim_records_in_year"
    assert "same_rows" in strategy["law"]
    sums: dict[str, list[tuple[int, float]]] = {}
    for row in read(files["data/measurements.csv"]):
        if row["frame"] in (same["frame"], "report_lag_in_year"):
            sums.setdefault(row["table"], []).append((int(row["noisy_count"]), float(row["sigma"])))
    weights = {name: 1 / (len(of) * of[0][1] ** 2) for name, of in sums.items()}
    total = sum(weights[name] * sum(count for count, _ in of) for name, of in sums.items())
    total /= sum(weights.values())
    cells = [count for count, _ in sums["report_lag_in_year_at_state_by_lag_group"]]
    moved = [cell + (total - sum(cells)) / len(cells) for cell in cells]
    told = [float(row["estimate"]) for row in read(files["data/report_lag.csv"])]
    assert told == pytest.approx(moved, abs=0.051)
    broad = read(files["data/victim_records_in_year.csv"])[1]
    assert float(broad["estimate"]) == pytest.approx(total, abs=0.051)
    sigma = sums["report_lag_in_year_at_state_by_lag_group"][0][1]
    assert same["covariance"] == pytest.approx((1 / sum(weights.values()) / 3 - sigma**2) / 3)
    counts = [int(row["count"]) for row in read(files["data/report_lag.csv"])]
    assert sum(counts) == int(broad["count"])


def test_synthetic_records_are_files_that_say_what_they_are(release: Release) -> None:
    made = SyntheticFrame(
        "children_reported",
        ("state", "sex_group"),
        (("Missouri", "f"), ("Missouri", "m")),
        (("children_by_sex", 0.5, 1.0),),
    )
    (total, by_sex) = release.measurements
    keyed = [replace(cell, keys=(key,)) for cell, key in zip(by_sex.cells, "fm", strict=True)]
    measured = (total, replace(by_sex, cells=tuple(keyed)))
    files = list_files(replace(release, measurements=measured, synthetic=(made,)))
    assert read(files["data/synthetic_children_reported.csv"]) == [
        {"geography": "Missouri", "sex_group": "Female"},
        {"geography": "Missouri", "sex_group": "Male"},
    ]
    assert read(files["data/synthetic_moved.csv"]) == [
        {
            "frame": "children_reported",
            "table": "children_by_sex",
            "mean_difference": "0.5",
            "largest_difference": "1.0",
        }
    ]
    assert b"No row is a child" in files["index.html"]
    assert b"synthetic_children_reported.csv: made-up records" in files["CHANGES.md"]
    package = json.loads(files["datapackage.json"])
    resources = {one["name"]: one for one in package["resources"]}
    records = resources["synthetic_children_reported"]
    assert records["title"] == "Synthetic records"
    assert [field["name"] for field in records["schema"]["fields"]] == ["geography", "sex_group"]
    assert resources["synthetic_moved"]["schema"]["primaryKey"] == ["frame", "table"]


def test_a_release_without_synthetic_records_has_no_word_of_them(
    files: dict[str, bytes],
) -> None:
    assert not any("synthetic" in path for path in files)
    assert b"ynthetic" not in files["index.html"]
