"""Every number of a release and of those before it as one tidy table, that every reader reads."""

import csv
import io
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from portal_quarters import publish_quarters

from portal.all_quarters import (
    SUMMED,
    list_all_columns,
    list_all_keys,
    list_all_rows,
    list_dimensions,
)
from portal.files import list_files
from portal.ranges import find_first
from portal.smoothing import smooth_release
from portal.tables import name_geographies
from privacy.released import Release

TEXT = ("vintage", "period", "cadence", "table", "level", "geography", "geo_id", "unit", "status")


@pytest.fixture(scope="module")
def release() -> Release:
    return publish_quarters()["2025Q4"]


@pytest.fixture(scope="module")
def files(release: Release) -> dict[str, bytes]:
    return list_files(release)


def read(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["data/all_quarters.csv"].decode())))


def test_each_cell_of_each_period_is_one_row(release: Release, files: dict[str, bytes]) -> None:
    rows = read(files)
    assert len(rows) == sum(len(one.rows) for one in release.tables) + len(release.history)
    keys = [tuple(row[name] for name in list_all_keys(release)) for row in rows]
    assert len(set(keys)) == len(rows)
    assert all(value for key in keys for value in key)
    regions = [row for row in rows if row["table"] == "children_by_region"]
    assert {row["period"] for row in regions} == {"2025Q1", "2025Q2", "2025Q3", "2025Q4"}
    assert {row["period"] for row in rows if row["cadence"] == "annual"} == {"CY2025"}


def test_files_of_several_releases_stand_below_each_other_and_each_row_is_told_apart() -> None:
    earlier, later = (publish_quarters()[quarter] for quarter in ("2025Q3", "2025Q4"))
    frames = [
        pd.DataFrame(list_all_rows(one), columns=list_all_columns(one)) for one in (earlier, later)
    ]
    stacked = pd.concat(frames)
    dimensions = list(list_dimensions(later))
    stacked[dimensions] = stacked[dimensions].fillna(SUMMED)
    assert not stacked.duplicated(list(list_all_keys(later))).any()
    told = stacked[(stacked["period"] == "2025Q3") & (stacked["table"] == "reports")]
    assert sorted(told["vintage"]) == ["2025Q3", "2025Q4"]
    assert told["estimate"].nunique() == 1


def test_earlier_quarters_have_their_first_number_too(
    release: Release, files: dict[str, bytes]
) -> None:
    places = name_geographies(release)
    first = {
        (point.period, places["region", point.geography]): find_first(point)
        for point in release.history
        if point.table == "children_by_region"
    }
    assert "modelled" in {one.column for one in first.values() if one}
    told = [
        row
        for row in read(files)
        if row["table"] == "children_by_region" and row["period"] != "2025Q4"
    ]
    assert len(told) == len(first)
    for row in told:
        one = first[row["period"], row["geography"]]
        assert one is not None
        assert (float(row["first"]), int(row["first_low90"])) == (one.number, one.low90)
        assert row["first_column"] == one.column


def test_smoothed_numbers_stand_beside_the_quarters_that_they_smooth(
    release: Release, files: dict[str, bytes]
) -> None:
    smoothed = smooth_release(release)
    told = [row for row in read(files) if row["smoothed"]]
    assert len(told) == sum(len(quarters) for quarters in smoothed.values())
    assert {row["cadence"] for row in told} == {"quarterly"}
    one = smoothed["reports", "Missouri", ()]["2025Q2"]
    (row,) = (row for row in told if (row["table"], row["period"]) == ("reports", "2025Q2"))
    assert float(row["smoothed"]) == one.level
    assert (float(row["smoothed_low90"]), float(row["smoothed_high90"])) == (one.low90, one.high90)
    assert not any(row["smoothed"] for row in read(list_files(publish_quarters()["2025Q3"])))


def test_a_county_has_its_fips_code_as_text_and_the_state_its_own(files: dict[str, bytes]) -> None:
    codes = {row["geography"]: row["geo_id"] for row in read(files)}
    assert codes["Adair County"] == "0500000US29001"
    assert codes["Missouri"] == "0400000US29"
    assert codes["Outside Missouri"] == codes["Northwest"] == ""


def test_no_reader_takes_a_period_or_a_code_for_a_number_or_a_date(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "all_quarters.csv"
    path.write_bytes(files["data/all_quarters.csv"])
    by_pandas = pd.read_csv(path)
    by_duckdb = {name: kind for name, kind, *_ in duckdb.sql(f"describe from '{path}'").fetchall()}
    by_arrow = pyarrow.csv.read_csv(path).schema
    for name in TEXT:
        assert pd.api.types.is_string_dtype(by_pandas[name]), name
        assert by_duckdb[name] == "VARCHAR", name
        assert by_arrow.field(name).type == pa.string(), name


@pytest.mark.parametrize("quarter", ["2025Q3", "2025Q4"])
def test_the_period_of_every_csv_is_text_for_every_reader(quarter: str, tmp_path: Path) -> None:
    for name, content in list_files(publish_quarters()[quarter]).items():
        column = content.split(b",", 1)[0].decode(errors="replace")
        if name.endswith(".csv") and column in ("quarter", "vintage"):
            column = column.replace("vintage", "period")
            path = tmp_path / Path(name).name
            path.write_bytes(content)
            assert pd.api.types.is_string_dtype(pd.read_csv(path)[column]), name
            kinds = {
                name: kind for name, kind, *_ in duckdb.sql(f"describe from '{path}'").fetchall()
            }
            assert kinds[column] == "VARCHAR", name


def test_csv_and_parquet_hold_the_same_rows(files: dict[str, bytes]) -> None:
    parquet = pq.read_table(io.BytesIO(files["data/all_quarters.parquet"]))
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in parquet.to_pylist()
    ]
    assert as_text == read(files)


def test_the_same_release_gives_the_same_bytes(release: Release, files: dict[str, bytes]) -> None:
    again = list_files(release)
    for form in ("csv", "parquet"):
        name = f"data/all_quarters.{form}"
        assert again[name] == files[name]
