"""Write a file or a folder aside, make it safe on the disk, and move it into place in one step.

After a crash or a loss of power the old content lies there or the new one, never a part. What is
written aside lies in a *draft*: a private folder beside the target, `.<target>.<random>.draft`,
locked by the process that writes it. A draft that nobody locks is the leftover of a killed process;
whoever next writes the same target, or calls `clear_leftovers`, removes it.

The steps (write, fsync, rename, fsync of the folder) are those that POSIX asks for in fsync(2) and
rename(2). Every function raises OSError where disk, rights or space do not allow it, and then what
lay there lies there still and no draft is left.
"""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file that its owner alone reads."""

PUBLIC = 0o644
"""Mode of a file that everyone on the machine may read."""

_DRAFT = ".draft"


def write_whole(path: Path, content: bytes | str, mode: int = PRIVATE) -> None:
    """Write a file; what lay there is replaced in one step.

    Args:
        path: The file; the folder it lies in is made if absent.
        content: Bytes, or a text that is written as UTF-8.
        mode: Permissions of the file, whatever the umask.
    """
    with replacing(path, mode) as draft:
        draft.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, mode: int = PRIVATE) -> Iterator[Path]:
    """Give the name of a file to be written, which then takes the place of `path`."""
    with draft_folder(path, mode) as aside:
        draft = aside / path.name
        yield draft
        draft.chmod(mode)
        sync(draft)
        draft.replace(path)
        sync(path.parent)


def write_once(path: Path, content: bytes, mode: int = PRIVATE) -> bool:
    """Write a file where there is none; one that lies there is left alone.

    Returns:
        Whether the file is the one written now. Of two processes at once, one gets True.
    """
    with draft_folder(path, mode) as aside:
        draft = aside / path.name
        draft.write_bytes(content)
        return place_once(draft, path, mode)


def place_once(draft: Path, path: Path, mode: int = PRIVATE) -> bool:
    """Let a written file appear at a path where nothing lies; False where something does."""
    draft.chmod(mode)
    sync(draft)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    sync(path.parent)
    return True


@contextmanager
def draft_folder(path: Path, mode: int = PRIVATE) -> Iterator[Path]:
    """Give an empty private folder beside `path`; it is gone afterwards.

    Args:
        path: What is to be made; the folder it lies in is made if absent.
        mode: Permissions of what is to be made.
    """
    make_folder(path.parent, mode)
    _clear(path.parent.glob(f".{glob.escape(path.name)}.*{_DRAFT}"))
    draft, lock = _make_draft(path)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(lock)


def move_folder(source: Path, target: Path) -> None:
    """Rename a folder after all that is in it is safe on the disk.

    Raises:
        OSError: ENOTEMPTY or EEXIST where the target is there already and not empty.
    """
    for path in [*source.rglob("*"), source]:
        sync(path)
    make_folder(target.parent, PRIVATE)
    source.rename(target)
    sync(target.parent)


def make_folder(path: Path, mode: int) -> None:
    """Make a folder and those above it that are absent, so that their names last.

    Args:
        path: The folder; one that is there is left as it is.
        mode: Permissions of the files in it; whoever may read them may enter it.
    """
    if not path.is_dir():
        make_folder(path.parent, mode)
        with suppress(FileExistsError):
            path.mkdir(0o700)
            path.chmod(0o700 | mode | (mode & 0o444) >> 2)
        sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are safe on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_leftovers(folder: Path) -> None:
    """Remove all drafts of killed processes in a folder and in those below it."""
    _clear(folder.rglob(f".*{_DRAFT}"))


def _clear(drafts: Iterable[Path]) -> None:
    """Remove the drafts that no living process has locked."""
    for draft in drafts:
        with suppress(OSError):
            lock = _open_folder(draft)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft)
            finally:
                os.close(lock)


def _make_draft(path: Path) -> tuple[Path, int]:
    """Make a draft and lock it; one that was cleared before its lock was held is made again."""
    while True:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_DRAFT}")
        draft.mkdir(0o700)
        with suppress(FileNotFoundError):
            lock = _open_folder(draft)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if draft.exists():
                return draft, lock
            os.close(lock)


def _open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
