"""Small disks: a tmpfs with little room left, which is given more before the next run.

Needs root and a kernel that lets it mount; where it does not, a limit on the size of files takes
its place, and the drill says so.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AMPLE = "512m"
_PAGE = 4096


def can_mount(folder: Path) -> bool:
    """Whether this machine lets this account mount a small disk."""
    place = folder / "try"
    place.mkdir(exist_ok=True)
    if not _mount(place):
        return False
    _unmount(place)
    return True


@contextmanager
def small_disk(place: Path, content: Path, pages: int) -> Iterator[None]:
    """Put a copy of `content` onto a disk at `place` that has room for so many pages more."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    _mount(place)
    try:
        shutil.copytree(content, place, dirs_exist_ok=True, copy_function=shutil.copy2)
        place.chmod(content.stat().st_mode & 0o777)
        used = shutil.disk_usage(place).used
        _run("mount", "-o", f"remount,size={used + pages * _PAGE}", str(place))
        yield
    finally:
        _unmount(place)


def make_room(place: Path) -> None:
    """Give a small disk more room than anything needs."""
    _run("mount", "-o", f"remount,size={_AMPLE}", str(place))


def _mount(place: Path) -> bool:
    return _run("mount", "-t", "tmpfs", "-o", f"size={_AMPLE}", "none", str(place))


def _unmount(place: Path) -> None:
    _run("umount", "-l", str(place))


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
