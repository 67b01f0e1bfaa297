"""The landing zone: who may read what lies there, and folders that nobody looks at.

A delivery is confidential before it is taken in. The folder of an agency is private to the hub's
account; where the agency delivers under an account of its own, whoever runs the machine opens that
one folder to a group of the two (`chgrp`, `chmod 2770`), and what is put into it is as open as the
folder. Nobody else ever reads it, whatever the umask. Does not belong here: taking a delivery in
(`ingest`), and where folders lie (`zones`).
"""

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from durable.writing import PRIVATE, PUBLIC, make_folder
from sources.errors import SourcesError
from sources.quarters import Quarter

_GROUP = stat.S_IRWXG | stat.S_ISGID
_OTHERS = stat.S_IRWXO
_SPELLINGS = (
    re.compile(r"(?P<year>\d{4})[ _.-]?q[ _.-]?(?P<number>[1-4])", re.IGNORECASE),
    re.compile(r"q[ _.-]?(?P<number>[1-4])[ _.-]?(?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"(?P<number>[1-4])q[ _.-]?(?P<year>\d{4})", re.IGNORECASE),
)


def close_to_others(folder: Path) -> None:
    """Make the folder of an agency if it is absent, and shut out everyone but owner and group.

    The folders above it that are absent are made too, for every agency to go through.

    Where another account owns it and has left it open, it stays so; `is_open_to_others` tells.

    Raises:
        SourcesError: MS123, it is a link.
        OSError: It cannot be made.
    """
    refuse_link(folder)
    make_folder(folder.parent, PUBLIC)
    make_folder(folder, PRIVATE)
    if is_open_to_others(folder):
        with suppress(PermissionError):
            folder.chmod(_mode(folder) & ~_OTHERS)


def make_quarter_folder(folder: Path) -> None:
    """Make the folder of a quarter if it is absent, as open as the folder of its agency."""
    if not folder.is_dir():
        make_folder(folder, PRIVATE)
        folder.chmod(stat.S_IRWXU | _mode(folder.parent) & _GROUP)


@contextmanager
def hold_alone(folder: Path) -> Iterator[bool]:
    """Let one process at a time change the folder of a quarter; gives whether it is this one.

    Nobody waits, so that an account that holds its own folder keeps no other account waiting.

    Raises:
        OSError: It cannot be opened, or is a link.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def is_open_to_others(folder: Path) -> bool:
    """Whether accounts that are neither owner nor in the group may do anything in a folder."""
    return bool(_mode(folder) & _OTHERS)


def refuse_link(folder: Path) -> None:
    """Refuse the folder of an agency that leads elsewhere; raises SourcesError MS123."""
    if folder.is_symlink():
        raise SourcesError("MS123", agency=folder.name, zone=folder.parent.name)


def file_mode(folder: Path) -> int:
    """The mode of files in the folder of an agency: its group may do what it may do there."""
    return PRIVATE | _mode(folder) & (stat.S_IRGRP | stat.S_IWGRP)


def find_misspelt(inbox: Path) -> Iterator[tuple[Path, Quarter]]:
    """Folders in the inbox of an agency that mean a quarter and are not named as one.

    Args:
        inbox: The folder of the agency; it may be absent.

    Yields:
        The folder, whose name holds digits, the letter q and a separator alone, and its quarter.
    """
    for folder in sorted(inbox.iterdir()) if inbox.is_dir() else []:
        for found in filter(None, (form.fullmatch(folder.name) for form in _SPELLINGS)):
            with suppress(SourcesError):
                quarter = Quarter.parse(f"{found['year']}Q{found['number']}")
                if folder.name != str(quarter):
                    yield folder, quarter


def _mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)
