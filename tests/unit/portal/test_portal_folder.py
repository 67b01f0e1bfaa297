"""The release folder: what it holds, that it is reproducible, and that it is never edited."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from portal_examples import make_example
from portal_folders import read_all

from portal.errors import ERRORS, PortalError
from portal.files import list_files
from privacy.released import Provenance, Release


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / "data" / f"{name}.csv").read_bytes().decode("utf-8")
    assert "\r" not in text
    return list(csv.DictReader(io.StringIO(text)))


def test_a_release_is_a_folder_with_its_page_its_data_and_its_record(
    built: Path, release: Release
) -> None:
    assert built.name == "2025Q1"
    assert set(read_all(built)) == {
        "CHANGES.md",
        "README.txt",
        "datapackage.json",
        "deployment.json",
        "index.html",
        "release.json",
        *(
            f"data/{table.name}.{form}"
            for table in release.tables
            for form in ("csv", "parquet", "xlsx")
        ),
        "data/all_tables.xlsx",
        "data/measurements.csv",
        "data/measurements.parquet",
        "data/all_quarters.csv",
        "data/all_quarters.parquet",
        "data/strategy.json",
    }
    assert sorted(entry.name for entry in built.parent.iterdir()) == ["2025Q1", "2025Q1.zip"]


def test_a_release_can_be_read_by_everyone_and_its_files_written_by_nobody(built: Path) -> None:
    for path in (built, *built.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o444)


def test_rows_are_tidy_and_keep_negative_estimates(built: Path) -> None:
    rows = read_table(built, "children_by_sex")
    assert rows[1] == {
        "quarter": "2025Q1",
        "geography": "Missouri",
        "sex_group": "Male",
        "unit": "children",
        "estimate": "-4.0",
        "moe90": "12.0",
        "low90": "0",
        "high90": "8",
        "count": "0",
        "status": "not distinguishable from zero",
    }
    assert ",".join(rows[0]) == (
        "quarter,geography,sex_group,unit,estimate,moe90,low90,high90,count,status"
    )
    assert rows[2]["sex_group"] == 'Sex <not> known, "quoted"'


def test_a_row_without_an_estimate_says_why(built: Path) -> None:
    (row,) = read_table(built, "prosecutions")
    assert (row["count"], row["estimate"], row["moe90"]) == ("", "", "")
    assert row["status"] == "not collected by any source"


def test_a_release_names_what_is_declared_public_in_its_record_and_its_description() -> None:
    files = list_files(make_example("2025Q2", 2))
    (named,) = json.loads(files["release.json"])["declared_public"].items()
    assert named[0] == "convictions"
    assert named[1] == {
        "sources": ["courts"],
        "contract": "courts/1",
        "measure": "convictions",
        "reason": "Anybody may count them.",
    }
    described = {one["name"]: one for one in json.loads(files["datapackage.json"])["resources"]}
    assert described["convictions"]["declaredPublic"]["contract"] == "courts/1"
    assert "declaredPublic" not in described["reports"]
    assert files["data/convictions.csv"].decode().splitlines()[1:] == [
        "2025Q2,Missouri,Sexual trafficking of a child,convictions,,,0,0,0,declared public",
        '2025Q2,Missouri,"Other, of any age",convictions,,,1,1,1,declared public',
    ]


def test_csv_and_parquet_hold_the_same_rows(built: Path, release: Release) -> None:
    for table in release.tables:
        parquet = pq.ParquetFile(built / "data" / f"{table.name}.parquet").read()
        as_text = [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in parquet.to_pylist()
        ]
        assert as_text == read_table(built, table.name)
        assert parquet.schema.field("count").type == pa.int64()
        assert parquet.schema.field("estimate").type == pa.float64()
        assert parquet.schema.field("status").type == pa.string()


@pytest.mark.parametrize(
    ("count", "estimate", "moe90", "status"),
    [
        (5, 5.2, None, "estimated"),
        (None, None, 5.2, "x"),
        (None, 5.1, 5.2, "estimated"),
        (5, None, None, "not released"),
        (5, 5.1, 5.2, ""),
        (5, 5.1, None, "declared public"),
        (5, None, 5.2, "declared public"),
        (None, None, None, "declared public"),
    ],
)
def test_a_row_that_does_not_explain_itself_is_not_released(
    release: Release,
    count: int | None,
    estimate: float | None,
    moe90: float | None,
    status: str,
) -> None:
    table = release.tables[0]
    row = replace(table.rows[0], count=count, estimate=estimate, moe90=moe90, status=status)
    bad = replace(release, tables=(replace(table, rows=(row,)),))
    with pytest.raises(PortalError, match=r"MS703.*reports") as caught:
        list_files(bad)
    assert caught.value.exit_code == 7


def test_a_table_of_a_source_without_an_explanation_is_not_released(release: Release) -> None:
    table = replace(release.tables[0], name="unheard_of", frame="strange", sources=("fbi",))
    with pytest.raises(PortalError, match=r"MS703.*fbi, unheard_of"):
        list_files(replace(release, tables=(table,)))


def test_a_table_and_a_dimension_that_are_new_need_no_change_of_the_software(
    release: Release,
) -> None:
    table = release.tables[1]
    new = replace(
        table,
        name="children_by_hair",
        dimensions=("hair",),
        dimension_titles=("Colour of hair",),
    )
    files = list_files(replace(release, tables=(*release.tables, new)))
    package = json.loads(files["datapackage.json"])
    (resource,) = [one for one in package["resources"] if one["name"] == "children_by_hair"]
    (field,) = [one for one in resource["schema"]["fields"] if one["name"] == "hair"]
    assert field["title"] == "Colour of hair"
    assert field["description"]
    assert field["caveats"]
    assert b"Colour of hair" in files["index.html"]


@pytest.mark.parametrize(
    ("change", "named"),
    [({"dss": "silence"}, "dss"), ({"hotline": None}, "hotline"), ({"fbi": "full"}, "fbi")],
)
def test_silence_or_a_stranger_among_the_deliveries_is_not_released(
    release: Release, change: dict[str, str | None], named: str
) -> None:
    named_kinds = {**dict(release.provenance.deliveries), **change}
    deliveries = tuple((agency, kind) for agency, kind in named_kinds.items() if kind is not None)
    changed = replace(release, provenance=Provenance(deliveries, is_simulated=False))
    with pytest.raises(PortalError, match=rf"MS703.*for {named}\."):
        list_files(changed)


def test_a_release_says_how_many_police_agencies_report_where_that_is_known(
    release: Release,
) -> None:
    told = replace(release, provenance=replace(release.provenance, police_agencies=(98, 120)))
    sentence = "98 of 120 police agencies report"
    known, unknown = list_files(told), list_files(release)
    assert json.loads(known["release.json"])["police_agencies"] == {"reporting": 98, "listed": 120}
    assert "police_agencies" not in json.loads(unknown["release.json"])
    assert sentence in known["index.html"].decode()
    assert "police agencies report" not in unknown["index.html"].decode()


def test_the_record_lists_every_other_file_with_its_hash_and_size(built: Path) -> None:
    files = read_all(built)
    record = json.loads(files.pop("release.json"))
    assert {entry["path"]: (entry["sha256"], entry["bytes"]) for entry in record["files"]} == {
        path: (hashlib.sha256(content).hexdigest(), len(content)) for path, content in files.items()
    }


def test_the_record_says_how_the_release_came_to_be(built: Path) -> None:
    record = json.loads((built / "release.json").read_bytes())
    assert record["format"] == 4
    assert record["simulated"] is True
    assert record["deliveries"] == {"dss": "full", "mshp": "delta", "hotline": "nil"}
    assert record["plan"]["hash"] == "a" * 64
    assert record["plan"]["policy_hash"] == "b" * 64
    assert record["privacy"]["rho"] == "1/8"
    assert record["versions"] == {"opendp": "0.16.0", "python": "3.11.7"}
    assert record["drawn_at"] == "2025-04-15T11:00:00Z"
    assert record["ledger_head"] == "f" * 64
    assert record["bounds"]["reports"] == "One person is one row."
    assert record["noise"][1] == {
        "name": "children_by_sex_group",
        "frame": "children_reported",
        "level": "state",
        "dimensions": ["sex_group"],
        "sigma": 10.25,
        "rho": "1/160",
    }


def test_the_noisy_measurements_are_released_as_they_were_drawn(built: Path) -> None:
    rows = read_table(built, "measurements")
    assert rows == [
        {
            "quarter": "2025Q1",
            "frame": "children_reported",
            "table": table,
            "level": "state",
            "geography": "Missouri",
            "sex_group": sex,
            "noisy_count": count,
            "sigma": sigma,
        }
        for table, sex, count, sigma in (
            ("children_total", "", "1203", "7.5"),
            ("children_by_sex_group", "Female", "1234", "10.25"),
            ("children_by_sex_group", "Male", "-4", "10.25"),
        )
    ]
    parquet = pq.ParquetFile(built / "data" / "measurements.parquet").read()
    assert parquet.column("noisy_count").to_pylist() == [1203, 1234, -4]
    assert parquet.column("sex_group").to_pylist() == [None, "Female", "Male"]
    assert parquet.schema.field("sigma").type == pa.float64()


def test_the_codebook_explains_every_column_of_every_table(built: Path) -> None:
    package = json.loads((built / "datapackage.json").read_bytes())
    assert package["licenses"]
    assert "SIMULATED" in package["description"]
    for resource in package["resources"]:
        content = (built / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        if resource["name"] == "strategy_json":
            continue
        assert resource["sources"]
        assert resource["caveats"]
        for field in resource["schema"]["fields"]:
            assert field["description"]
            assert field["unit"]
            assert field["caveats"]
        if resource["format"] == "csv":
            header = content.decode().splitlines()[0].split(",")
            assert header == [field["name"] for field in resource["schema"]["fields"]]


def test_the_codebook_lists_the_categories_of_each_dimension(built: Path) -> None:
    package = json.loads((built / "datapackage.json").read_bytes())
    (table,) = [item for item in package["resources"] if item["name"] == "children_by_sex"]
    categories = {field["name"]: field.get("categories") for field in table["schema"]["fields"]}
    assert categories["sex_group"] == ["Female", "Male", 'Sex <not> known, "quoted"']
    assert categories["unit"] is None


def test_what_cannot_be_verified_ends_with_eight_and_what_cannot_be_built_with_seven() -> None:
    for code, text in ERRORS.items():
        is_of_verifying = "MS711" <= code <= "MS719" or code == "MS751"
        assert (text.exit_code or PortalError.usual_exit) == (8 if is_of_verifying else 7)
