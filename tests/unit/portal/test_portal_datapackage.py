"""The Data Package of a release before two judges that know nothing of this project.

Frictionless reads every table by its description; it knows neither categories nor the hashes of
files that are no tables. The second holds the description to the standard's own profile, and lets
DuckDB ask each table for its types, keys, categories and required columns.
"""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from importlib.resources import files as list_package_files
from pathlib import Path
from typing import Any

import duckdb
import pytest
from frictionless import Package
from jsonschema import Draft7Validator
from portal_quarters import publish_quarters

from portal.files import list_files
from privacy.released import Release, SyntheticFrame

PROFILE = list_package_files("dplib") / "profiles" / "2.0" / "datapackage.json"
KINDS = {"integer": "bigint", "number": "double", "string": "varchar"}


@pytest.fixture(scope="module")
def release() -> Release:
    """A fourth quarter with synthetic records, so that every kind of file is there."""
    made = SyntheticFrame(
        "children_reported_in_year",
        ("region", "age_band"),
        (("Northwest", "12_to_14"), ("Unknown", "unknown")),
        (("children_in_year_by_region", 0.1, 1.0),),
    )
    return replace(publish_quarters()["2025Q4"], synthetic=(made,))


@pytest.fixture(scope="module")
def files(release: Release) -> dict[str, bytes]:
    return list_files(release)


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def read_package(folder: Path) -> dict[str, Any]:
    package: dict[str, Any] = json.loads((folder / "datapackage.json").read_bytes())
    return package


def judge_by_frictionless(folder: Path) -> dict[str, list[str]]:
    """The errors of each resource that has any, by its name."""
    report = Package(str(folder / "datapackage.json")).validate()
    return {task.name: [one.type for one in task.errors] for task in report.tasks if task.errors}


def judge_by_profile(folder: Path) -> list[str]:
    profile = Draft7Validator(json.loads(PROFILE.read_text("utf-8")))
    return [error.message for error in profile.iter_errors(read_package(folder))]


def list_described_files(package: dict[str, Any]) -> list[dict[str, Any]]:
    """Every file that a package describes, in whatever form."""
    others = [form for one in package["resources"] for form in one.get("otherForms", [])]
    return [*package["resources"], *package["otherForms"], *others]


def judge_by_duckdb(folder: Path) -> list[str]:
    """What is wrong with the bytes of files, and with the rows of tables, in DuckDB's eyes."""
    package = read_package(folder)
    wrong = [
        f"{one['path']}: hash"
        for one in list_described_files(package)
        if hashlib.sha256((folder / one["path"]).read_bytes()).hexdigest()
        != one["hash"].removeprefix("sha256:")
    ]
    for resource in package["resources"]:
        if resource.get("type") == "table":
            wrong += [f"{resource['path']}: {one}" for one in ask_table(folder, resource)]
    return wrong


def ask_table(folder: Path, resource: dict[str, Any]) -> list[str]:
    schema = resource["schema"]
    table = duckdb.read_csv(str(folder / resource["path"]), all_varchar=True)
    wrong = []
    if table.columns != [field["name"] for field in schema["fields"]]:
        return ["columns"]
    for field in schema["fields"]:
        name = f'"{field["name"]}"'
        typed = f"try_cast({name} as {KINDS[field['type']]})"
        asked = [f"{name} is not null and {typed} is null"]
        if field.get("constraints", {}).get("required"):
            asked.append(f"{name} is null")
        if len(table.filter(" or ".join(asked))):
            wrong.append(f"{field['name']} type or required")
        found = {value for (value,) in table.project(name).distinct().fetchall()}
        if not found <= set(field.get("categories", found)):
            wrong.append(f"{field['name']} categories")
    if key := schema.get("primaryKey"):
        columns = ", ".join(f'"{name}"' for name in key)
        if len(table.project(columns).distinct()) != len(table):
            wrong.append("primaryKey")
        if len(table.filter(" or ".join(f'"{name}" is null' for name in key))):
            wrong.append("empty key")
    return wrong


def test_both_judges_find_nothing_in_a_release(folder: Path) -> None:
    assert judge_by_frictionless(folder) == {}
    assert judge_by_profile(folder) == []
    assert judge_by_duckdb(folder) == []


def test_only_what_every_reader_of_tables_reads_is_described_as_a_table(folder: Path) -> None:
    package = read_package(folder)
    assert {one["format"] for one in package["resources"]} == {"csv", "json"}
    assert {one["format"] for one in package["resources"] if "schema" in one} == {"csv"}
    assert all(one["schema"]["fields"] for one in package["resources"] if "type" in one)


def test_every_file_of_data_is_described_once(folder: Path) -> None:
    described = [one["path"] for one in list_described_files(read_package(folder))]
    assert sorted(described) == sorted(
        path.relative_to(folder).as_posix() for path in folder.glob("data/*")
    )


def spoil(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """Change a table, and its description as if nothing had happened to it."""
    path = folder / "data" / f"{name}.csv"
    content = path.read_bytes().replace(old, new, 1)
    assert content != path.read_bytes()
    path.write_bytes(content)
    package = read_package(folder)
    (resource,) = [one for one in package["resources"] if one["name"] == name]
    resource |= {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    (folder / "datapackage.json").write_text(json.dumps(package))


def test_frictionless_sees_a_number_that_is_none(folder: Path) -> None:
    spoil(folder, "reports", b"Missouri,reports,", b"Missouri,reports,about ")
    assert judge_by_frictionless(folder) == {"reports": ["type-error"]}


@pytest.mark.parametrize(
    ("name", "old", "new", "seen"),
    [
        ("children_by_region", b"Northwest", b"North West", "geography categories"),
        ("children_by_region", b"Northwest", b"Northeast", "primaryKey"),
        ("reports", b"Missouri,reports,", b"Missouri,,", "unit type or required"),
        ("rates", b",2019,", b",lately,", "children_in type or required"),
    ],
)
def test_duckdb_sees_a_label_of_no_category_a_key_twice_and_a_missing_word(
    folder: Path, name: str, old: bytes, new: bytes, seen: str
) -> None:
    spoil(folder, name, old, new)
    assert judge_by_duckdb(folder) == [f"data/{name}.csv: {seen}"]


@pytest.mark.parametrize("name", ["reports.parquet", "reports.xlsx", "all_tables.xlsx"])
def test_another_form_of_a_table_that_was_changed_has_another_hash(folder: Path, name: str) -> None:
    path = folder / "data" / name
    path.write_bytes(path.read_bytes() + b"\0")
    assert judge_by_duckdb(folder) == [f"data/{name}: hash"]


def test_a_description_that_is_none_is_seen_by_the_profile(folder: Path) -> None:
    package = read_package(folder)
    package["resources"][0]["type"] = "sheet"
    (folder / "datapackage.json").write_text(json.dumps(package))
    assert judge_by_profile(folder) != []


def test_a_workbook_has_its_table_where_the_dialect_says(folder: Path) -> None:
    for resource in read_package(folder)["resources"]:
        for form in resource.get("otherForms", []):
            if "dialect" in form:
                columns = [field["name"] for field in resource["schema"]["fields"]]
                assert read_header(folder / form["path"], form["dialect"]) == columns


def read_header(path: Path, dialect: dict[str, Any]) -> list[str]:
    """The texts in the header row of a workbook's sheet, from its parts."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        place = names.index(dialect["sheetName"]) + 1
        strings = re.findall(
            r"<si><t[^>]*>([^<]*)</t></si>", book.read("xl/sharedStrings.xml").decode()
        )
        sheet = book.read(f"xl/worksheets/sheet{place}.xml").decode()
    (row,) = re.findall(rf'<row r="{dialect["headerRows"][0]}"[^>]*>(.*?)</row>', sheet)
    return [strings[int(number)] for number in re.findall(r"<v>(\d+)</v>", row)]
