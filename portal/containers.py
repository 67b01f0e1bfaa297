"""A release as it lies somewhere: a folder, or one ZIP file, read without trusting either.

Here: which entries there are, what is wrong with one before it is read, and its bytes, never more
than are asked for. Nothing is unpacked to disk. Not here: what release.json says of them
(``verify``).
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from portal.errors import PortalError

RECORD_NAME = "release.json"
SIGNATURE_NAME = "release.json.minisig"
LARGEST_RECORD = 16 * 1024 * 1024
"""Bytes of a release.json that are read; a real one has a few thousand."""
MOST_ENTRIES = 10_000
LARGEST_ARCHIVE = 1024 * 1024 * 1024
"""Bytes that all entries of an archive may claim together; a real one has a few million."""
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


class Problem(Enum):
    """What can be wrong with one file of a release."""

    MISSING = "missing"
    CHANGED = "changed"
    EXTRA = "extra"
    NOT_A_FILE = "not_a_file"


class Container(Protocol):
    """Where a release lies; `name` is how sentences call it."""

    name: str

    def list_entries(self) -> Mapping[str, Problem | None]:
        """Every entry but the record and its signature, and what is wrong with it by kind."""

    def measure(self, path: str) -> int:
        """The size that an entry claims, in bytes; raises OSError."""

    def open(self, path: str) -> BufferedIOBase:
        """An entry's bytes as a stream; raises OSError."""

    def read_small(self, path: str) -> bytes | None:
        """The bytes of the record or the signature, None if there is none.

        Raises:
            PortalError: MS712, it is too large or cannot be read.
        """


@contextmanager
def open_container(path: Path) -> Iterator[Container]:
    """The folder or the ZIP at a path.

    Raises:
        PortalError: MS711, neither holds a release.json; MS718, the archive is not safe to read.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise PortalError("MS711", folder=path.name)
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN:
        raise PortalError("MS718", folder=path.name, reason="it is damaged") from None
    with archive:
        yield _Archive(path, archive)


def is_safe(name: object) -> bool:
    """Whether a path is plain, relative and below where the release lies."""
    if not isinstance(name, str) or "\\" in name or ":" in name or "\0" in name:
        return False
    parts = name.split("/")
    return ".." not in parts and "." not in parts and str(PurePosixPath(*parts)) == name


class _Folder:
    """A folder; links are neither followed nor accepted."""

    def __init__(self, path: Path) -> None:
        self.name = path.resolve().name or str(path)
        self._path = path

    def list_entries(self) -> Mapping[str, Problem | None]:
        return dict(_walk(self._path, ""))

    def measure(self, path: str) -> int:
        return (self._path / path).stat().st_size

    def open(self, path: str) -> BufferedIOBase:
        return (self._path / path).open("rb")

    def read_small(self, path: str) -> bytes | None:
        file = self._path / path
        try:
            status = file.lstat()
            if not stat.S_ISREG(status.st_mode):
                return None
            _check_size(status.st_size, self.name)
            return file.read_bytes()
        except OSError:
            return None


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Problem | None]]:
    """Every entry below the folder; folders are entered, links are not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            name = f"{prefix}{entry.name}"
            if entry.is_symlink():
                yield name, Problem.NOT_A_FILE
            elif entry.is_dir(follow_symlinks=False):
                inside = list(_walk(Path(entry.path), f"{name}/"))
                yield from inside or [(f"{name}/", Problem.EXTRA)]
            elif not entry.is_file(follow_symlinks=False):
                yield name, Problem.NOT_A_FILE
            elif name not in (RECORD_NAME, SIGNATURE_NAME):
                yield name, None


class _Archive:
    """A ZIP whose entries all lie below one folder; refused as a whole if it plays any trick."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.name = path.name
        self._archive = archive
        self._entries = self._list_safe_entries()

    def _list_safe_entries(self) -> dict[str, zipfile.ZipInfo]:
        listed = self._archive.infolist()
        if len(listed) > MOST_ENTRIES or sum(one.file_size for one in listed) > LARGEST_ARCHIVE:
            self._refuse("it claims more than a release can hold")
        tops, entries = set(), {}
        for entry in listed:
            # The raw name: zipfile itself cuts names at a zero byte.
            name = entry.orig_filename
            if name.endswith("/") and is_safe(name[:-1]) and not entry.file_size:
                continue
            top, _, inside = name.partition("/")
            if not (is_safe(name) and inside):
                self._refuse("it holds a path that leads outside, or a file beside the folder")
            if inside in entries:
                self._refuse("it holds the same path twice")
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
                self._refuse("it holds an entry that is encrypted or packed in an unusual way")
            tops.add(top)
            entries[inside] = entry
        if len(tops) > 1:
            self._refuse("it holds more than one folder")
        return entries

    def _refuse(self, reason: str) -> None:
        raise PortalError("MS718", folder=self.name, reason=reason)

    def list_entries(self) -> Mapping[str, Problem | None]:
        return {
            path: Problem.NOT_A_FILE if _is_special(entry) else None
            for path, entry in self._entries.items()
            if path not in (RECORD_NAME, SIGNATURE_NAME)
        }

    def measure(self, path: str) -> int:
        return self._entries[path].file_size

    def open(self, path: str) -> BufferedIOBase:
        try:
            return cast(BufferedIOBase, self._archive.open(self._entries[path]))
        except _BROKEN:
            raise OSError from None

    def read_small(self, path: str) -> bytes | None:
        entry = self._entries.get(path)
        if entry is None or _is_special(entry):
            return None
        _check_size(entry.file_size, self.name)
        try:
            with self._archive.open(entry) as file:
                return file.read(LARGEST_RECORD)
        except _BROKEN:
            raise PortalError("MS718", folder=self.name, reason="it is damaged") from None


def _is_special(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind not in (0, stat.S_IFREG)


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_RECORD:
        raise PortalError("MS712", folder=name, reason="it is far too large")
