"""Building a folder again, and folders that are already there."""

import errno
import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from portal_examples import make_example
from portal_folders import read_all

from portal import folder as folder_module
from portal.errors import PortalError
from portal.files import list_files
from portal.folder import build_release
from portal.verify import verify
from privacy.publishing.recalled import read_release
from privacy.released import Release


def test_the_same_release_gives_the_same_bytes_anywhere(
    release: Release, built: Path, tmp_path: Path
) -> None:
    again = build_release(release, tmp_path / "elsewhere")
    assert read_all(again) == read_all(built)


def test_a_release_read_back_from_the_ledger_gives_the_same_bytes(
    release: Release, built: Path
) -> None:
    recalled = read_release(json.loads(release.to_json()))
    assert list_files(recalled) == read_all(built)


def test_building_again_finds_the_folder_and_touches_nothing(release: Release, built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    assert build_release(release, built.parent) == built
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def test_what_a_program_that_shows_folders_leaves_changes_neither_folder_nor_archive(
    release: Release, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = built.with_name(f"{built.name}.zip")
    content = archive.read_bytes()
    for name in (".DS_Store", "data/Thumbs.db", "desktop.ini"):
        (built / name).write_bytes(b"\0")
    assert build_release(release, built.parent) == built
    assert "No part of release 2025Q1" in caplog.text
    archive.unlink()
    build_release(release, built.parent)
    assert archive.read_bytes() == content


def test_a_folder_is_never_replaced_by_another_release(
    release: Release, other_release: Release, built: Path
) -> None:
    before = read_all(built)
    with pytest.raises(PortalError, match=r"MS701.*data/reports\.csv") as caught:
        build_release(other_release, built.parent)
    assert caught.value.exit_code == 7
    assert "children_by_sex.csv" not in caught.value.sentence
    assert read_all(built) == before
    assert sorted(entry.name for entry in built.parent.iterdir()) == ["2025Q1", "2025Q1.zip"]
    assert build_release(release, built.parent) == built


def rewrite_record(built: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change release.json as other software would have written it, before anything was packed."""
    built.with_name(f"{built.name}.zip").unlink(missing_ok=True)
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


def drop_file(built: Path, name: str) -> None:
    """Make release.json tell nothing of a file."""
    rewrite_record(
        built,
        lambda record: record.update(
            files=[item for item in record["files"] if item["path"] != name]
        ),
    )


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


def test_a_folder_of_the_third_form_is_the_same_release_if_it_tells_the_same_draw(
    tmp_path: Path,
) -> None:
    """It wrote a year 2025 as 2025, and knew neither all quarters nor rates."""
    example = make_example()
    built = build_release(example, tmp_path)
    for name in ("data/all_quarters.csv", "data/all_quarters.parquet"):
        (built / name).unlink()
        drop_file(built, name)
    for path in built.glob("data/*.csv"):
        content = path.read_bytes()
        if b"CY2025" in content:
            rewrite(built, f"data/{path.name}", content.replace(b"CY2025", b"2025"))
    with pytest.raises(PortalError, match="MS701"):
        build_release(example, tmp_path)
    rewrite_record(built, lambda record: record.update(format=3))
    assert build_release(example, tmp_path) == built
    table = built / "data" / "reports.csv"
    rewrite(built, "data/reports.csv", table.read_bytes().replace(b"2025Q4", b"2025Q3"))
    with pytest.raises(PortalError, match=r"MS701.*in: data/reports\.csv;"):
        build_release(example, tmp_path)


def test_what_another_version_makes_of_the_released_numbers_does_not_make_another_release(
    release: Release, built: Path
) -> None:
    rewrite(built, "data/all_quarters.csv", b"vintage,period\n")
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
    drop_file(built, "data/reports.csv")
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
    rewrite_record(built, lambda record: record.update(format=5))
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
    assert sorted(entry.name for entry in releases.iterdir()) == ["2025Q1", "2025Q1.zip"]
    assert verify(releases / "2025Q1").passed


def test_the_process_that_comes_second_keeps_the_folder_of_the_first(
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = folder_module._place

    def be_late(files: Mapping[str, bytes], target: Path, judge: Callable[[Path], None]) -> None:
        place(files, target, judge)
        first = target.stat().st_ino
        place(files, target, judge)
        assert target.stat().st_ino == first

    monkeypatch.setattr(folder_module, "_place", be_late)
    built = build_release(release, tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["2025Q1", "2025Q1.zip"]
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
