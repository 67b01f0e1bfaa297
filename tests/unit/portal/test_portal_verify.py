"""Whether a changed release folder is found out, however it was changed."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.containers import LARGEST_RECORD, Problem
from portal.errors import PortalError
from portal.files import FORMAT
from portal.folder import build_release
from portal.signature import check_signature
from portal.verify import KNOWN_FORMATS, verify
from privacy.released import Release

OLD = Path(__file__).parent / "old_folders"


@pytest.fixture
def folder(release: Release, tmp_path: Path) -> Path:
    return build_release(release, tmp_path / "releases")


def rewrite_record(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / "release.json").read_bytes())
    change(record)
    replace_file(folder / "release.json", json.dumps(record).encode())


def replace_file(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def find(folder: Path) -> list[tuple[str, Problem]]:
    return [(finding.path, finding.problem) for finding in verify(folder).findings]


def test_a_folder_as_built_is_whole(folder: Path, release: Release) -> None:
    verification = verify(folder)
    assert verification.passed
    assert verification.release_id == "2025Q1"
    assert verification.is_simulated
    assert verification.files_checked == 3 * len(release.tables) + 11
    assert "simulated" in verification.sentence
    assert verification.fingerprint in verification.sentence
    assert verification.to_json()["passed"] is True


def test_a_real_release_is_not_called_simulated(real_release: Release, tmp_path: Path) -> None:
    verification = verify(build_release(real_release, tmp_path))
    assert not verification.is_simulated
    assert "simulated" not in verification.sentence


def test_one_changed_byte_in_any_file_is_found(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name == "release.json":
            continue
        content = path.read_bytes()
        replace_file(path, bytes([content[0] ^ 1]) + content[1:])
        name = path.relative_to(folder).as_posix()
        assert find(folder) == [(name, Problem.CHANGED)]
        replace_file(path, content)
    assert verify(folder).passed


def test_a_file_that_grew_or_shrank_is_found(folder: Path) -> None:
    path = folder / "README.txt"
    content = path.read_bytes()
    for other in (content + b"\n", content[:-1], b""):
        replace_file(path, other)
        assert find(folder) == [("README.txt", Problem.CHANGED)]


def test_a_file_whose_listed_size_is_wrong_is_found(folder: Path) -> None:
    rewrite_record(folder, lambda record: record["files"][0].update(bytes=1))
    assert [problem for _, problem in find(folder)] == [Problem.CHANGED]


def test_a_missing_file_is_found(folder: Path) -> None:
    (folder / "data" / "reports.csv").unlink()
    verification = verify(folder)
    assert not verification.passed
    assert verification.sentence == verification.error.sentence
    assert "data/reports.csv is listed and is not there" in verification.sentence
    assert verification.error.code == "MS714"
    assert verification.error.exit_code == 8
    assert verification.to_json()["findings"] == [
        {"path": "data/reports.csv", "problem": "missing"}
    ]


@pytest.mark.parametrize("name", ["extra.txt", "data/extra.csv", ".hidden", "more/release.json"])
def test_a_file_that_was_added_is_found(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    assert find(folder) == [(name, Problem.EXTRA)]


STRAYS = [".DS_Store", "data/.DS_Store", "Thumbs.db", "data/thumbs.db", "Desktop.ini"]


@pytest.mark.parametrize("name", STRAYS)
def test_what_a_program_that_shows_folders_leaves_is_named_and_the_release_is_whole(
    folder: Path, name: str
) -> None:
    (folder / name).write_bytes(b"\0")
    verification = verify(folder)
    assert verification.passed
    assert verification.strays == (name,)
    assert "is whole" in verification.sentence
    assert f"No part of release 2025Q1, left by a program that shows folders: {name}." in (
        verification.sentence
    )
    assert verification.to_json()["no_part_of_it"] == [name]
    assert verification.to_json()["findings"] == []
    (folder / "data" / "reports.csv").unlink()
    assert find(folder) == [("data/reports.csv", Problem.MISSING)]


@pytest.mark.parametrize("name", ["DS_Store", "x.DS_Store", "Thumbs.db.csv", ".DS_Store/x.csv"])
def test_what_only_looks_as_if_it_was_left_so_is_found(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    assert find(folder) == [(name, Problem.EXTRA)]


def test_a_link_by_such_a_name_is_refused(folder: Path) -> None:
    (folder / "desktop.ini").symlink_to("README.txt")
    assert find(folder) == [("desktop.ini", Problem.NOT_A_FILE)]


def test_what_is_listed_by_such_a_name_is_judged_like_any_file(folder: Path) -> None:
    entry = {"path": "desktop.ini", "sha256": "0" * 64, "bytes": 1}
    rewrite_record(folder, lambda record: record["files"].append(entry))
    (folder / "desktop.ini").write_bytes(b"x")
    assert find(folder) == [("desktop.ini", Problem.CHANGED)]


def test_an_empty_folder_that_was_added_is_found(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert find(folder) == [("empty/", Problem.EXTRA)]


def test_a_link_is_refused_even_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    path = folder / "data" / "reports.csv"
    (tmp_path / "copy").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(tmp_path / "copy")
    assert find(folder) == [("data/reports.csv", Problem.NOT_A_FILE)]


def test_a_linked_folder_is_refused_and_not_entered(folder: Path, tmp_path: Path) -> None:
    (folder / "data").rename(tmp_path / "data")
    (folder / "data").symlink_to(tmp_path / "data")
    found = find(folder)
    assert ("data", Problem.NOT_A_FILE) in found
    assert ("data/reports.csv", Problem.MISSING) in found


def test_a_pipe_is_refused_and_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert find(folder) == [("pipe", Problem.NOT_A_FILE)]


def test_a_file_that_vanishes_while_it_is_read_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("hashlib.file_digest", refuse)
    assert {problem for _, problem in find(folder)} == {Problem.CHANGED}


def test_a_folder_that_cannot_be_listed_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(PortalError, match="MS712"):
        verify(folder)


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "/etc/hostname",
        "data/../README.txt",
        "./README.txt",
        "data//reports.csv",
        "data/",
        "",
        ".",
        "data\\reports.csv",
        "C:README.txt",
        "a\0b",
        7,
        "release.json",
        "index.html",
    ],
)
def test_a_listed_path_that_leads_elsewhere_or_is_listed_twice_is_refused(
    folder: Path, path: object
) -> None:
    entry = {"path": path, "sha256": "0" * 64, "bytes": 1}
    rewrite_record(folder, lambda record: record["files"].append(entry))
    with pytest.raises(PortalError, match="MS712") as caught:
        verify(folder)
    assert caught.value.exit_code == 8


@pytest.mark.parametrize("files", [[], None, 7, [7], ["README.txt"], [{"path": "README.txt"}], {}])
def test_a_list_of_files_in_another_form_is_refused(folder: Path, files: object) -> None:
    rewrite_record(folder, lambda record: record.update(files=files))
    with pytest.raises(PortalError, match="MS712"):
        verify(folder)


@pytest.mark.parametrize("name", ["release_id", "simulated", "files"])
def test_a_record_that_lacks_a_part_is_refused(folder: Path, name: str) -> None:
    rewrite_record(folder, lambda record: record.pop(name))
    with pytest.raises(PortalError, match=f"MS712.*{name}"):
        verify(folder)


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff", b"[" * 100_000])
def test_a_record_that_is_not_json_is_refused(folder: Path, content: bytes) -> None:
    replace_file(folder / "release.json", content)
    with pytest.raises(PortalError, match="MS712"):
        verify(folder)


def test_a_record_that_is_not_an_object_is_refused(folder: Path) -> None:
    replace_file(folder / "release.json", b"[]")
    with pytest.raises(PortalError, match="MS712"):
        verify(folder)


def test_a_record_of_absurd_size_is_not_read(folder: Path) -> None:
    path = folder / "release.json"
    path.chmod(0o644)
    os.truncate(path, LARGEST_RECORD + 1)
    with pytest.raises(PortalError, match=r"MS712.*too large"):
        verify(folder)


@pytest.mark.parametrize("number", [5, "1", None, [1]])
def test_a_format_of_the_future_is_refused_and_named(folder: Path, number: object) -> None:
    rewrite_record(folder, lambda record: record.update(format=number))
    with pytest.raises(PortalError, match="MS713"):
        verify(folder)


@pytest.mark.parametrize(("number", "key"), [(1, "moshare"), (2, "moshare"), (3, "format_3")])
def test_a_folder_that_an_earlier_version_built_is_still_verified(number: int, key: str) -> None:
    folder = OLD / f"format_{number}" / "2025Q1"
    assert json.loads((folder / "release.json").read_bytes())["format"] == number
    assert verify(folder).passed
    check_signature(folder, OLD / f"{key}.pub")


def test_the_format_that_is_written_is_one_that_can_be_verified() -> None:
    assert FORMAT in KNOWN_FORMATS


def test_something_that_is_no_release_folder_is_a_sentence(tmp_path: Path, folder: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "release.json").symlink_to(folder / "release.json")
    for path in (tmp_path / "absent", tmp_path, folder / "README.txt", linked):
        with pytest.raises(PortalError, match="MS711") as caught:
            verify(path)
        assert caught.value.exit_code == 8


def test_verifying_changes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    verify(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
