"""Make a backup: the ledger first, then all that depends on it, while no quarter is run.

It is encrypted to the public key of whoever keeps it, and to a key that lives for this one call, by
which it is read back whole before it counts. Does not belong here: its form (`form`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyrage

from durable.writing import PRIVATE, draft_folder, sync, write_once, write_whole
from orchestration.backup.form import (
    ENDING,
    LEDGER_NAME,
    LIST_NAME,
    PARTS,
    BackupList,
    check_archive,
)
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.hub.turns import own_turn
from orchestration.hub.warehouse import warehouse_lock
from orchestration.steps.spending import read_entries
from privacy.ledger.chain import find_head

_OTHER_KEY = "No matching keys"
"""How pyrage says that the key is not the one; all else that it cannot decrypt is broken."""


def make_key(secret: Path) -> Path:
    """Make the key pair of a backup: the secret half, and beside it the public one.

    Returns:
        The file with the public half.

    Raises:
        OrchestrationError: MS925 when it cannot be written there, or something lies there.
    """
    identity = pyrage.x25519.Identity.generate()
    public = secret.with_suffix(".pub")
    try:
        made = public != secret and not public.exists()
        made = made and write_once(secret, f"{identity}\n".encode(), PRIVATE)
        if made:
            write_whole(public, f"{identity.to_public()}\n", PRIVATE)
    except OSError:
        made = False
    if not made:
        raise OrchestrationError("MS938", file=secret.name)
    return public


def make_backup(settings: Settings, folder: Path, key: Path) -> Path:
    """Back the data home up into a new file of a folder, read it back, and note that it is good.

    Args:
        settings: The data home.
        folder: Where the file is put; it may not lie in the data home.
        key: The public key to which it is encrypted.

    Raises:
        OrchestrationError: MS939 for a key that is none, MS940 when the folder lies in the data
            home or cannot be written, MS941 when what was written cannot be read back whole.
        PrivacyError: When the ledger is lost or cannot be trusted.
    """
    keeper = _read_public_key(key)
    if folder.resolve().is_relative_to(settings.home) or not folder.is_dir():
        raise OrchestrationError("MS940", folder=folder.name)
    own = pyrage.x25519.Identity.generate()
    made_at = datetime.now(UTC).replace(microsecond=0)
    with own_turn(settings), warehouse_lock(settings):
        head = find_head(read_entries(settings))
        target = folder / f"moshare-{made_at:%Y%m%dT%H%M%SZ}-{head[:8]}{ENDING}"
        try:
            # One name for all, so that the next backup clears what a killed one left.
            with draft_folder(folder / f"moshare{ENDING}") as aside:
                draft = aside / target.name
                _write(draft, settings, BackupList(made_at.isoformat(), head, {}), [keeper, own])
                read_back(draft, [own], lambda stream: check_archive(stream, target.name))
                draft.chmod(PRIVATE)
                sync(draft)
                draft.replace(target)
                sync(folder)
        except (OSError, pyrage.EncryptError):
            raise OrchestrationError("MS940", folder=folder.name) from None
    note = {"made_at": made_at.isoformat(), "file": target.name, "head": head}
    write_whole(settings.last_backup, json.dumps(note))
    return target


def read_back(
    path: Path, identities: list[pyrage.x25519.Identity], use: Callable[[IO[bytes]], Any]
) -> Any:  # noqa: ANN401 - whatever `use` gives
    """Decrypt a backup as a stream for `use`.

    Raises:
        OrchestrationError: MS941 when it is broken, MS942 when the key is not the one.
    """

    def decrypt(sink: IO[bytes]) -> None:
        with path.open("rb") as source:
            pyrage.decrypt_io(source, sink, identities)

    with _piped(decrypt) as (stream, done):
        try:
            result = use(stream)
        except (OrchestrationError, tarfile.TarError):
            stream.close()
            _refuse_undecrypted(done, path.name)
            raise OrchestrationError("MS941", file=path.name) from None
        while stream.read(io.DEFAULT_BUFFER_SIZE):  # what a tar has after its last member
            continue
        _refuse_undecrypted(done, path.name)
        return result


def _refuse_undecrypted(done: Future[None], name: str) -> None:
    problem = done.exception()
    if isinstance(problem, pyrage.DecryptError) and _OTHER_KEY in str(problem):
        raise OrchestrationError("MS942", file=name) from None
    if problem is not None:
        raise OrchestrationError("MS941", file=name) from None


def _write(
    draft: Path,
    settings: Settings,
    told: BackupList,
    keys: list[pyrage.x25519.Recipient | pyrage.x25519.Identity],
) -> None:
    recipients = [key.to_public() if hasattr(key, "to_public") else key for key in keys]
    with _piped(lambda sink: _pack(sink, settings, told)) as (stream, done), draft.open("wb") as to:
        pyrage.encrypt_io(stream, to, recipients)
        done.result()


def _pack(sink: IO[bytes], settings: Settings, told: BackupList) -> None:
    """Write the archive: the ledger, the other parts, and the list of them all."""
    hashes: dict[str, str] = {}
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path, name in _list_files(settings):
            with path.open("rb") as file:
                hashing = _Hashing(file)
                archive.addfile(archive.gettarinfo(arcname=name, fileobj=file), hashing)
            hashes[name] = hashing.digest.hexdigest()
        listed = BackupList(told.made_at, told.head, hashes).to_json().encode()
        member = tarfile.TarInfo(LIST_NAME)
        member.size = len(listed)
        archive.addfile(member, io.BytesIO(listed))


def _list_files(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Every file that is backed up, with its name in the archive; the ledger comes first."""
    if settings.ledger.exists():
        with draft_folder(settings.ledger) as aside:
            copy = aside / settings.ledger.name
            with (
                closing(sqlite3.connect(settings.ledger)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            yield copy, LEDGER_NAME
    passing = set(settings.vault.passing)
    for part in PARTS:
        for path in sorted((settings.home / part).rglob("*")):
            if path.is_file() and path.suffix != ".lock" and passing.isdisjoint(path.parents):
                yield path, path.relative_to(settings.home).as_posix()


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read, and take what was read into the hash."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


@contextmanager
def _piped(write: Callable[[IO[bytes]], None]) -> Iterator[tuple[IO[bytes], Future[None]]]:
    """Give what another thread writes as a stream, and how that ended."""
    source, sink = os.pipe()

    def run() -> None:
        with os.fdopen(sink, "wb") as stream:
            write(stream)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        with os.fdopen(source, "rb") as stream:
            yield stream, done


def _read_public_key(path: Path) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(path.read_text("utf-8").strip())
    except (OSError, ValueError, pyrage.RecipientError):
        raise OrchestrationError("MS939", file=path.name) from None
