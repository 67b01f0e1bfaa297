"""The releases that may be served: folders that verify, as lists of files with their hashes.

Here: looking at the releases zone, and reading the bytes of one listed file. Not here: who may have
them (``identity``) and when (``calendar``). No path is ever made from what a client sent: a name is
looked up among those that release.json lists.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gate.calendar import RELEASE_ID
from gate.errors import GateError
from gate.periods import Period, list_periods
from portal.containers import RECORD_NAME, SIGNATURE_NAME
from portal.errors import PortalError
from portal.signature import check_signature
from portal.verify import verify

PACKAGE_NAME = "datapackage.json"
PAGE_NAME = "index.html"
CHANGES_NAME = "CHANGES.md"
PLAIN_BYTES = "application/octet-stream"
MEDIA: Mapping[str, str] = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".minisig": "text/plain; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
FORMS = (".csv", ".xlsx", ".parquet")

_LOG = logging.getLogger(__name__)

_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Item:
    """One file of a release; `path` is its address below the release."""

    path: str
    size: int
    sha256: str

    @property
    def media(self) -> str:
        """Its media type."""
        return MEDIA.get(PurePosixPath(self.path).suffix, PLAIN_BYTES)


@dataclass(frozen=True)
class Table:
    """One table of a release and its forms: suffix to path."""

    name: str
    title: str
    paths: Mapping[str, str]


@dataclass(frozen=True)
class ShelvedRelease:
    """A release that verified; `archive` is the ZIP beside its folder, if it holds the same."""

    release_id: str
    title: str
    quarter_start: str
    periods: tuple[Period, ...]
    drawn_at: str
    previous: str | None
    is_simulated: bool
    fingerprint: str
    items: Mapping[str, Item]
    tables: tuple[Table, ...]
    archive: Item | None


class Shelf:
    """The releases zone, looked at again when something in it changed."""

    def __init__(self, releases: Path, public_key: Path | None) -> None:
        self._releases = releases
        self._public_key = public_key
        self._stamps: dict[str, _Stamp] = {}
        self._found: dict[str, ShelvedRelease | PortalError] = {}

    def look(self) -> list[PortalError]:
        """Verify every folder that changed since the last look; gives what failed newly."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._releases) if entry.is_dir())
        except OSError:
            names = []
        names = [name for name in names if re.fullmatch(RELEASE_ID, name)]
        failed = []
        for name in names:
            stamp = tuple(self._walk_stamps(name))
            if self._stamps.get(name) == stamp:
                continue
            found = self._open(name)
            self._found[name], self._stamps[name] = found, stamp
            if isinstance(found, PortalError):
                failed.append(found)
        for name in set(self._found) - set(names):
            del self._found[name], self._stamps[name]
        return failed

    def get(self, release_id: str) -> ShelvedRelease:
        """The release of this id.

        Raises:
            GateError: MS728, its folder does not verify; MS729, it is not there.
        """
        found = self._found.get(release_id)
        if isinstance(found, ShelvedRelease):
            return found
        raise GateError("MS729" if found is None else "MS728", release_id=release_id)

    def read(self, release: ShelvedRelease, path: str) -> tuple[Item, bytes]:
        """The bytes of a listed file, which are the ones that were published.

        Raises:
            GateError: MS721, no file is listed under this name; MS728, its bytes are others.
        """
        item = release.items.get(path)
        if item is None:
            raise GateError("MS721")
        return item, self._read_same(release.release_id, self._releases / release.release_id, item)

    def read_archive(self, release: ShelvedRelease) -> tuple[Item, bytes]:
        """The bytes of the ZIP of a release.

        Raises:
            GateError: MS721, there is none; MS728, it changed since it was looked at.
        """
        if release.archive is None:
            raise GateError("MS721")
        return release.archive, self._read_same(release.release_id, self._releases, release.archive)

    def _read_same(self, release_id: str, folder: Path, item: Item) -> bytes:
        try:
            content = _read_plainly(folder / item.path)
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != item.sha256:
            self._stamps.pop(release_id, None)
            raise GateError("MS728", release_id=release_id)
        return content

    def _open(self, name: str) -> ShelvedRelease | PortalError:
        folder = self._releases / name
        try:
            verification = verify(folder)
            if not verification.passed:
                return verification.error
            if verification.strays:
                _LOG.warning("%s It is not served.", verification.stray_sentence)
            if self._public_key is not None:
                check_signature(folder, self._public_key)
            return _read_release(folder, verification.fingerprint)
        except PortalError as error:
            return error
        except (OSError, ValueError, KeyError, TypeError):
            return GateError("MS728", release_id=name)

    def _walk_stamps(self, name: str) -> Iterator[tuple[str, int, int, int]]:
        folder = self._releases / name
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for path in (Path(parent) / file for file in sorted(files)):
                yield _stamp(path)
        yield _stamp(_find_archive(folder))
        if self._public_key is not None:
            yield _stamp(self._public_key)


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        status = path.lstat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino


def _find_archive(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.zip")


def _read_plainly(path: Path) -> bytes:
    """The bytes of a file that is no link."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        return file.read()


def _read_release(folder: Path, fingerprint: str) -> ShelvedRelease:
    """What a folder that verified says of itself; ValueError if it changed meanwhile."""
    content = _read_plainly(folder / RECORD_NAME)
    if hashlib.sha256(content).hexdigest() != fingerprint:
        raise ValueError
    record = json.loads(content)
    if record["release_id"] != folder.name:
        raise ValueError
    listed = [Item(one["path"], one["bytes"], one["sha256"]) for one in record["files"]]
    listed.append(_describe(RECORD_NAME, content))
    if (folder / SIGNATURE_NAME).is_file():
        listed.append(_describe(SIGNATURE_NAME, _read_plainly(folder / SIGNATURE_NAME)))
    items = {item.path: item for item in sorted(listed, key=lambda item: item.path)}
    package = _read_package(folder, items)
    previous = record.get("previous")
    return ShelvedRelease(
        release_id=folder.name,
        title=str(package.get("title", f"Release {folder.name}")),
        quarter_start=str(record["quarter_start"]),
        periods=_list_periods(str(record["quarter_start"]), package),
        drawn_at=str(record.get("drawn_at", "")),
        previous=previous["release_id"] if isinstance(previous, dict) else None,
        is_simulated=bool(record["simulated"]),
        fingerprint=fingerprint,
        items=items,
        tables=_list_tables(items, package),
        archive=_open_archive(_find_archive(folder), folder.name, items),
    )


def _describe(path: str, content: bytes) -> Item:
    return Item(path, len(content), hashlib.sha256(content).hexdigest())


def _read_package(folder: Path, items: Mapping[str, Item]) -> dict[str, Any]:
    if PACKAGE_NAME not in items:
        return {}
    package = json.loads(_read_plainly(folder / PACKAGE_NAME))
    return package if isinstance(package, dict) else {}


def _list_tables(items: Mapping[str, Item], package: Mapping[str, Any]) -> tuple[Table, ...]:
    """Files below data/ by their names without the form, with the titles of the package."""
    described = (*package.get("resources", []), *package.get("otherForms", []))
    titles = {one["path"]: str(one.get("title", "")) for one in described}
    paths: dict[str, dict[str, str]] = {}
    for path in items:
        file = PurePosixPath(path)
        if file.parent == PurePosixPath("data") and file.suffix in FORMS:
            paths.setdefault(file.stem, {})[file.suffix] = path
    return tuple(
        Table(
            name,
            next((titles[path] for path in forms.values() if titles.get(path)), name),
            forms,
        )
        for name, forms in paths.items()
    )


def _list_periods(quarter_start: str, package: Mapping[str, Any]) -> tuple[Period, ...]:
    tables = (one for one in package.get("resources", []) if isinstance(one, dict))
    return list_periods(quarter_start, (table.get("period") for table in tables))


def _open_archive(path: Path, release_id: str, items: Mapping[str, Item]) -> Item | None:
    """The ZIP beside a folder, if each file in it is one of the folder and none is missing."""
    try:
        content = _read_plainly(path)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            found = {
                entry.filename.removeprefix(f"{release_id}/"): entry.file_size for entry in entries
            }
            if len(found) != len(entries) or found != {
                name: item.size for name, item in items.items()
            }:
                return None
            for entry in entries:
                item = items[entry.filename.removeprefix(f"{release_id}/")]
                if hashlib.sha256(archive.read(entry)).hexdigest() != item.sha256:
                    return None
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    return _describe(path.name, content)
