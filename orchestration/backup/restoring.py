"""Put a backup back onto an empty folder, checked whole, and note that the hub was restored.

Does not belong here: its form (`form`), and whether a restored hub may draw (`steps.spending`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

import pyrage

from durable.writing import draft_folder, move_folder, write_whole
from orchestration.backup.form import LIST_NAME, BackupList, hash_stream, read_archive, read_list
from orchestration.backup.making import read_back
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings


def restore_backup(settings: Settings, backup: Path, key: Path) -> BackupList:
    """Put a backup into the data home, which must be absent or empty.

    Args:
        settings: The data home.
        backup: The file.
        key: The secret key of whoever keeps it.

    Returns:
        What the backup says of itself.

    Raises:
        OrchestrationError: MS939 for a key that is none, MS941 or MS942 for the file, MS943 when
            something lies in the data home or a disk is mounted there, MS925 when it cannot be
            written.
    """
    identity = _read_secret_key(key)
    home = settings.home
    if home.is_mount() or (home.is_dir() and any(home.iterdir())):
        raise OrchestrationError("MS943", folder=home.name)
    if not backup.is_file():
        raise OrchestrationError("MS941", file=backup.name)
    try:
        with draft_folder(home) as aside:
            placed = aside / home.name
            placed.mkdir(mode=0o711)
            listed: BackupList = read_back(
                backup, [identity], lambda stream: _unpack(stream, placed, backup.name)
            )
            mark = Settings(placed).vault.restored
            write_whole(mark, BackupList(listed.made_at, listed.head, {}).to_json())
            move_folder(placed, home)
    except OSError:
        raise OrchestrationError("MS925", folder=str(home)) from None
    return listed


def _unpack(stream: IO[bytes], placed: Path, name: str) -> BackupList:
    """Write every file of an archive below a folder, and compare them with its list."""
    found: dict[str, str] = {}
    listed: BackupList | None = None
    for member, content in read_archive(stream):
        if member.name == LIST_NAME:
            listed = read_list(content.read(), name)
            continue
        path = (placed / member.name).resolve()
        if not path.is_relative_to(placed.resolve()):
            raise OrchestrationError("MS941", file=name)
        _make_parents(path.parent, placed.resolve())
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
        path.chmod(member.mode & 0o777)
        with path.open("rb") as file:
            found[member.name] = hash_stream(file)
    if listed is None or found != listed.files:
        raise OrchestrationError("MS941", file=name)
    return listed


def _make_parents(folder: Path, placed: Path) -> None:
    """Make the folders of a file; those that everyone may read are opened by the next command."""
    shown = folder.relative_to(placed).parts[0] in ("review", "releases")
    for one in (*reversed(folder.parents), folder):
        if one.is_relative_to(placed) and not one.exists():
            one.mkdir()
            one.chmod(0o755 if shown else 0o700)


def _read_secret_key(path: Path) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(path.read_text("utf-8").strip())
    except (OSError, ValueError, pyrage.IdentityError):
        raise OrchestrationError("MS939", file=path.name) from None
