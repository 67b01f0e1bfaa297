"""The release folder: what it holds, that it is reproducible, and that it is never edited."""

import csv
import errno
import hashlib
import io
import json
import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portal import folder as folder_module
from portal.errors import ERRORS, PortalError
from portal.folder import build_release, list_files
from portal.verify import verify
from privacy.released import Provenance, Release


def read_all(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / "data" / f"{name}.csv").read_bytes().decode("utf-8")
    assert "\r" not in text
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def built(release: Release, tmp_path: Path) -> Path:
    return build_release(release, tmp_path / "releases")


def test_a_release_is_a_folder_with_its_page_its_data_and_its_record(
    built: Path, release: Release
) -> None:
    assert built.name == "2025Q1"
    assert set(read_all(built)) == {
        "README.txt",
        "datapackage.json",
        "index.html",
        "release.json",
        *(f"data/{table.name}.{form}" for table in release.tables for form in ("csv", "parquet")),
        "data/measurements.csv",
        "data/measurements.parquet",
    }
    assert [entry.name for entry in built.parent.iterdir()] == ["2025Q1"]


def test_a_release_can_be_read_by_everyone_and_its_files_written_by_nobody(built: Path) -> None:
    for path in (built, *built.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o444)


def test_rows_are_tidy_and_keep_negative_estimates(built: Path) -> None:
    rows = read_table(built, "children_by_sex")
    assert list(rows[0]) == ["quarter", "sex_group", "unit", "count", "estimate", "moe90", "status"]
    assert rows[1] == {
        "quarter": "2025Q1",
        "sex_group": "Male",
        "unit": "children",
        "count": "0",
        "estimate": "-4.0",
        "moe90": "12.0",
        "status": "not distinguishable from zero",
    }
    assert rows[2]["sex_group"] == 'Sex <not> known, "quoted"'


def test_a_row_without_an_estimate_says_why(built: Path) -> None:
    (row,) = read_table(built, "prosecutions")
    assert (row["count"], row["estimate"], row["moe90"]) == ("", "", "")
    assert row["status"] == "not collected by any source"


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


def test_a_table_or_a_column_without_an_explanation_is_not_released(release: Release) -> None:
    table = replace(release.tables[0], name="unheard_of", dimensions=("strange",))
    with pytest.raises(PortalError, match=r"MS703.*unheard_of, strange"):
        list_files(replace(release, tables=(table,)))


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


def test_the_record_lists_every_other_file_with_its_hash_and_size(built: Path) -> None:
    files = read_all(built)
    record = json.loads(files.pop("release.json"))
    assert {entry["path"]: (entry["sha256"], entry["bytes"]) for entry in record["files"]} == {
        path: (hashlib.sha256(content).hexdigest(), len(content)) for path, content in files.items()
    }


def test_the_record_says_how_the_release_came_to_be(built: Path) -> None:
    record = json.loads((built / "release.json").read_bytes())
    assert record["format"] == 2
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
        "frame": "children",
        "dimensions": ["sex_group"],
        "sigma": 10.25,
        "rho": "1/160",
    }


def test_the_noisy_measurements_are_released_as_they_were_drawn(built: Path) -> None:
    rows = read_table(built, "measurements")
    assert rows == [
        {
            "quarter": "2025Q1",
            "table": table,
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


def test_the_same_release_gives_the_same_bytes_anywhere(
    release: Release, built: Path, tmp_path: Path
) -> None:
    again = build_release(release, tmp_path / "elsewhere")
    assert read_all(again) == read_all(built)


def test_a_release_read_back_from_the_ledger_gives_the_same_bytes(
    release: Release, built: Path
) -> None:
    recalled = Release.from_json(release.to_json())
    assert list_files(recalled) == read_all(built)


def test_building_again_finds_the_folder_and_touches_nothing(release: Release, built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    assert build_release(release, built.parent) == built
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def test_a_folder_is_never_replaced_by_another_release(
    release: Release, other_release: Release, built: Path
) -> None:
    before = read_all(built)
    with pytest.raises(PortalError, match=r"MS701.*data/reports\.csv") as caught:
        build_release(other_release, built.parent)
    assert caught.value.exit_code == 7
    assert "children_by_sex.csv" not in caught.value.sentence
    assert read_all(built) == before
    assert [entry.name for entry in built.parent.iterdir()] == ["2025Q1"]
    assert build_release(release, built.parent) == built


def rewrite_record(built: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((built / "release.json").read_bytes())
    change(record)
    (built / "release.json").unlink()
    (built / "release.json").write_bytes(json.dumps(record).encode())


def rewrite(built: Path, name: str, content: bytes) -> None:
    """Put other content into a file and make release.json tell the same, as a forger would."""
    entry = {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (built / name).unlink(missing_ok=True)
    (built / name).write_bytes(content)
    rewrite_record(
        built,
        lambda record: record.update(
            files=[item for item in record["files"] if item["path"] != name] + [entry]
        ),
    )
    assert verify(built).passed


@pytest.mark.parametrize("name", ["index.html", "data/reports.parquet", "datapackage.json"])
def test_a_folder_that_older_software_built_is_the_same_release_and_is_left_as_it_is(
    release: Release, built: Path, name: str
) -> None:
    rewrite(built, name, b"as an older version wrote it")
    before = read_all(built)
    assert build_release(release, built.parent) == built
    assert read_all(built) == before


def test_a_folder_without_facts_that_older_software_never_wrote_is_accepted(
    release: Release, built: Path
) -> None:
    rewrite_record(built, lambda record: record.pop("versions"))
    assert build_release(release, built.parent) == built


@pytest.mark.parametrize("name", ["data/reports.csv", "data/more.csv", "more.csv"])
def test_another_csv_is_refused_even_where_every_hash_fits(
    release: Release, built: Path, name: str
) -> None:
    rewrite(built, name, b"quarter,state,unit,count,estimate,moe90,status\n")
    with pytest.raises(PortalError, match="MS701") as caught:
        build_release(release, built.parent)
    assert f"in: {name};" in caught.value.sentence


def test_a_csv_that_is_neither_there_nor_listed_is_missed(release: Release, built: Path) -> None:
    (built / "data" / "reports.csv").unlink()
    rewrite_record(
        built,
        lambda record: record.update(
            files=[item for item in record["files"] if item["path"] != "data/reports.csv"]
        ),
    )
    assert verify(built).passed
    with pytest.raises(PortalError, match=r"MS701.*in: data/reports\.csv;"):
        build_release(release, built.parent)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"release_id": "2025Q2"}, "release_id"),
        ({"plan": {"hash": "0" * 64}}, "plan"),
        ({"plan": "a" * 64}, "plan"),
        ({"drawn_at": "2025-04-16T11:00:00Z"}, "drawn_at"),
        ({"ledger_head": "0" * 64}, "ledger_head"),
        ({"deliveries": {"dss": "full", "mshp": "full", "hotline": "nil"}}, "deliveries"),
        ({"simulated": False}, "simulated"),
    ],
)
def test_the_folder_of_another_draw_is_refused_even_with_the_same_numbers(
    release: Release, built: Path, change: dict[str, object], named: str
) -> None:
    rewrite_record(built, lambda record: record.update(change))
    assert verify(built).passed
    with pytest.raises(PortalError, match="MS701") as caught:
        build_release(release, built.parent)
    assert f"in: release.json ({named});" in caught.value.sentence


def test_a_folder_of_a_format_of_the_future_is_refused(release: Release, built: Path) -> None:
    rewrite_record(built, lambda record: record.update(format=3))
    with pytest.raises(PortalError, match=r"MS701.*in: release\.json;"):
        build_release(release, built.parent)


def test_a_simulated_release_is_never_taken_for_a_real_one(
    real_release: Release, built: Path
) -> None:
    with pytest.raises(PortalError, match=r"MS701.*release\.json \(simulated\)"):
        build_release(real_release, built.parent)


@pytest.mark.parametrize("tampering", ["remove", "add", "change", "link"])
def test_a_folder_that_was_changed_is_refused_and_left_alone(
    release: Release, built: Path, tampering: str
) -> None:
    victim = built / "README.txt"
    content = victim.read_bytes()
    if tampering == "add":
        (built / "data" / "new.csv").write_bytes(b"x")
    else:
        victim.unlink()
    if tampering == "change":
        victim.write_bytes(content + b"x")
    if tampering == "link":
        (built.parent.parent / "copy").write_bytes(content)
        victim.symlink_to(built.parent.parent / "copy")
    named = "data/new.csv" if tampering == "add" else "README.txt"
    with pytest.raises(PortalError, match="MS701") as caught:
        build_release(release, built.parent)
    assert f"in: {named};" in caught.value.sentence


def _build(release: Release, releases: Path) -> None:
    for _ in range(5):
        build_release(release, releases)


def test_two_processes_that_build_at_once_get_one_whole_folder(
    release: Release, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    releases = tmp_path / "releases"
    processes = [context.Process(target=_build, args=(release, releases)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert [entry.name for entry in releases.iterdir()] == ["2025Q1"]
    assert verify(releases / "2025Q1").passed


def test_the_process_that_comes_second_keeps_the_folder_of_the_first(
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = folder_module._place

    def be_late(files: Mapping[str, bytes], releases: Path, target: Path) -> None:
        place(files, releases, target)
        first = target.stat().st_ino
        place(files, releases, target)
        assert target.stat().st_ino == first

    monkeypatch.setattr(folder_module, "_place", be_late)
    built = build_release(release, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["2025Q1"]
    assert verify(built).passed


def test_a_failed_write_leaves_no_folder_and_no_rest(
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PortalError, match=r"MS702.*2025Q1.*ENOSPC") as caught:
        build_release(release, tmp_path)
    assert caught.value.exit_code == 7
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_a_sentence(release: Release, tmp_path: Path) -> None:
    (tmp_path / "2025Q1").write_text("not a folder")
    with pytest.raises(PortalError, match="MS701"):
        build_release(release, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["2025Q1"]


def test_a_dangling_link_in_the_place_of_the_folder_is_a_sentence(
    release: Release, tmp_path: Path
) -> None:
    (tmp_path / "2025Q1").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PortalError, match="MS702"):
        build_release(release, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["2025Q1"]


@pytest.mark.parametrize("code", ERRORS)
def test_every_error_is_one_sentence_with_its_exit_code(code: str) -> None:
    names = (
        "release_id",
        "files",
        "kind",
        "reason",
        "folder",
        "format",
        "known",
        "findings",
        "file",
    )
    error = PortalError(code, **dict.fromkeys(names, "something"))
    assert str(error) == error.sentence
    assert error.sentence.startswith(f"{code}: ")
    assert "{" not in error.sentence
    assert error.code == code
    assert error.exit_code == (8 if code >= "MS711" else 7)
