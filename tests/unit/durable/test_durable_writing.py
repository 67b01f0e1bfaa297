"""After a kill, a full disk or a second process, a file is the old one or the new one."""

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable import writing
from durable.writing import (
    PRIVATE,
    PUBLIC,
    clear_leftovers,
    draft_folder,
    make_folder,
    move_folder,
    replacing,
    write_once,
    write_whole,
)

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from durable.writing import draft_folder
with draft_folder(Path(sys.argv[1])) as aside:
    (aside / "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=[0o022, 0o000, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leave_draft(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_whole(path, "old")
    write_whole(path, b"new")
    assert path.read_text() == "new"
    assert list_names(path.parent) == ["file.txt"]


@pytest.mark.usefixtures("umask")
def test_modes_are_those_that_are_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    write_whole(tmp_path / "vault" / "secret", "x")
    write_whole(tmp_path / "releases" / "shown", "x", PUBLIC)
    assert mode_of(tmp_path / "vault" / "secret") == 0o600
    assert mode_of(tmp_path / "vault") == 0o700
    assert mode_of(tmp_path / "releases" / "shown") == 0o644
    assert mode_of(tmp_path / "releases") == 0o755


def test_a_file_that_is_there_is_left_alone_by_a_second_writer(tmp_path: Path) -> None:
    assert write_once(tmp_path / "key", b"first")
    assert not write_once(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert mode_of(tmp_path / "key") == PRIVATE
    assert list_names(tmp_path) == ["key"]


def test_of_many_writers_at_once_one_makes_the_file(tmp_path: Path) -> None:
    made: list[bool] = []
    threads = [
        threading.Thread(target=lambda n=n: made.append(write_once(tmp_path / "key", bytes([n]))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.count(True) == 1
    assert list_names(tmp_path) == ["key"]


def test_a_failure_while_writing_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "old")

    def fail() -> None:
        with replacing(tmp_path / "file") as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "file").read_text() == "old"
    assert list_names(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "link", "rename"])
def test_a_full_disk_at_any_step_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_whole(tmp_path / "file", "old")
    monkeypatch.setattr(os, {"rename": "replace"}.get(step, step), refuse)
    if step == "link":
        with pytest.raises(OSError, match="No space"):
            write_once(tmp_path / "other", b"new")
    else:
        with pytest.raises(OSError, match="No space"):
            write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert list_names(tmp_path) == ["file"]


def test_content_and_name_are_on_the_disk_before_the_writer_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        steps.append(f"fsync {kind}")
        real_fsync(handle)

    def replace(one: object, two: object) -> None:
        steps.append("rename")
        real_replace(one, two)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "file", "content")
    assert steps == ["fsync file", "rename", "fsync folder"]


def test_the_leftover_of_a_killed_writer_is_cleared_by_the_next(tmp_path: Path) -> None:
    leave_draft(tmp_path / "file")
    assert len(list_names(tmp_path)) == 1
    write_whole(tmp_path / "file", "whole")
    assert list_names(tmp_path) == ["file"]


def test_all_leftovers_of_a_folder_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    leave_draft(tmp_path / "one")
    leave_draft(tmp_path / "deep" / "two")
    (tmp_path / ".hidden").write_text("kept")
    (tmp_path / ".not.a.folder.draft").write_text("kept")
    clear_leftovers(tmp_path)
    assert list_names(tmp_path) == [".hidden", ".not.a.folder.draft", "deep"]
    assert list_names(tmp_path / "deep") == []


def test_the_draft_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    with draft_folder(tmp_path / "file") as aside:
        (aside / "half").write_text("half")
        clear_leftovers(tmp_path)
        assert (aside / "half").read_text() == "half"
    assert list_names(tmp_path) == []


@pytest.mark.parametrize("moment", ["before it is opened", "before it is locked"])
def test_a_draft_that_was_cleared_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    real = writing._open_folder
    calls: list[Path] = []

    def open_folder(path: Path) -> int:
        calls.append(path)
        if len(calls) > 1:
            return real(path)
        if moment == "before it is opened":
            path.rmdir()
            return real(path)
        handle = real(path)
        path.rmdir()
        return handle

    monkeypatch.setattr(writing, "_open_folder", open_folder)
    with draft_folder(tmp_path / "file") as aside:
        assert aside.is_dir()
    assert len(calls) == 2


def test_a_folder_is_moved_whole_and_never_over_another(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_text(name)
    move_folder(tmp_path / "one", tmp_path / "new" / "place")
    with pytest.raises(OSError, match="not empty"):
        move_folder(tmp_path / "two", tmp_path / "new" / "place")
    assert (tmp_path / "new" / "place" / "deep" / "file").read_text() == "one"
    assert (tmp_path / "two" / "deep" / "file").read_text() == "two"


def test_a_folder_that_another_process_makes_first_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").mkdir()
    real = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: path.name != "made" and real(path))
    make_folder(tmp_path / "made", PRIVATE)
    assert list_names(tmp_path) == ["made"]
