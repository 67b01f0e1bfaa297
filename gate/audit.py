"""The audit: one line for each answer, chained by hashes, on the disk before the answer leaves.

Here: files of JSON lines, one for each month, to which lines are only ever added; writing them so
that a line outlives a kill, and checking the chain. Not here: what is worth a line (``record``).
Whoever can write the files can compute a new chain; receipts held by agencies tell.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gate.errors import GateError
from gate.tokens import Clock

FOLDER_NAME = "audit"
START = "0" * 64
RECOVERED = "recovered"
_LOCK_NAME = "lock"
_PIECE = 65_536


@dataclass(frozen=True)
class Entry:
    """What happened, in words of the gate's own: nothing that a client made up.

    `resource` is the path of a listed file or the name of an address; `sha256` and `size` are those
    of the bytes that were sent. `count` is how many answers the row stands for: more than one only
    where refusals were added up, whose `address` may be a network.
    """

    event: str
    who: str
    agency: str
    address: str
    method: str
    resource: str
    status: int
    code: str
    size: int
    sha256: str
    count: int = 1


@dataclass(frozen=True)
class Summary:
    """A whole audit: how many rows, and the hash of the last."""

    rows: int
    head: str


@dataclass(frozen=True)
class _Head:
    """The last row, and what a killed writer left after it of rows that it never finished."""

    row: int
    hash: str
    fragment: bytes = b""
    is_cut: bool = False


class AuditLog:
    """The audit of one gate; several processes may write, one after the other."""

    def __init__(self, state: Path, clock: Clock) -> None:
        self._folder = state / FOLDER_NAME
        self._clock = clock
        self._thread_lock = threading.Lock()
        self._known: tuple[Path, int, _Head] | None = None

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Add entries and wait for the disk; gives the hash of each row.

        Raises:
            GateError: MS738, the disk or the folder does not take them; none counts as written.
        """
        try:
            with self._thread_lock, self._locked():
                return self._append(entries)
        except OSError:
            self._known = None
            raise GateError("MS738") from None

    def check(self) -> Summary:
        """Recompute the whole chain.

        Raises:
            GateError: MS739, at the first line that is not what was written.
        """
        summary = Summary(0, START)
        for head in self._walk_rows():
            summary = Summary(head.row, head.hash)
        return summary

    def find(self, receipt: str) -> int:
        """The number of the row with this hash, in a chain that is whole.

        Raises:
            GateError: MS739, the chain is broken; MS740, no row has it.
        """
        found = 0
        for head in self._walk_rows():
            found = found or (head.row if head.hash == receipt else 0)
        if not found:
            raise GateError("MS740")
        return found

    def _append(self, entries: Sequence[Entry]) -> list[str]:
        now = self._clock()
        files = list_files(self._folder)
        head = self._find_head(files)
        path = max([self._folder / f"{now:%Y-%m}.jsonl", *files[-1:]])
        text = b""
        if head.fragment or head.is_cut:
            path, text = files[-1], b"\n" if head.is_cut else b""
        if head.fragment:
            entries = [_describe_fragment(head.fragment + text), *entries]
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        before, hashes = head.hash, []
        for row, entry in enumerate(entries, start=head.row + 1):
            line, before = _write_row(row, at, entry, before)
            text += line
            hashes.append(before)
        size = _append_bytes(path, text)
        self._known = (path, size, _Head(head.row + len(entries), before))
        return hashes[1:] if head.fragment else hashes

    def _find_head(self, files: list[Path]) -> _Head:
        """The last row; read from the end of the last file unless it is the one we wrote."""
        if self._known and files and self._known[0] == files[-1]:
            path, size, head = self._known
            if path.stat().st_size == size:
                return head
        head = _Head(0, START)
        for path in reversed(files):
            found = _read_end(path)
            fragment, is_cut = head.fragment or found.fragment, head.is_cut or found.is_cut
            head = _Head(found.row, found.hash, fragment, is_cut)
            if found.row:
                break
        return head

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _walk_rows(self) -> Iterator[_Head]:
        head, fragment, place = _Head(0, START), b"", ""
        for place, line in _walk_lines(self._folder):
            if not line.endswith(b"\n"):
                raise _broken(place, "The line is not finished, as when the gate was killed")
            following = _follow(line, head)
            if following is None:
                if _parse(line) is not None:
                    raise _broken(place, "The row does not follow from the one before")
                fragment += line
                continue
            if fragment and not _tells_of(fragment, line):
                raise _broken(place, "The line before is no row, and nothing tells of it")
            head, fragment = following, b""
            yield head
        if fragment:
            raise _broken(place, "The last line is no row")


def list_files(folder: Path) -> list[Path]:
    """The files of an audit, in the order in which they were written."""
    return sorted(folder.glob("*.jsonl"))


def _write_row(row: int, at: str, entry: Entry, previous: str) -> tuple[bytes, str]:
    content = {"row": row, "at": at, **vars(entry), "previous": previous}
    digest = _hash_row(content)
    return _to_json({**content, "hash": digest}) + b"\n", digest


def _append_bytes(path: Path, text: bytes) -> int:
    """Add bytes and wait until they and the file's name are on the disk; gives the new size."""
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        rest = memoryview(text)
        while rest:
            written = os.write(handle, rest)
            if not written:
                raise OSError(errno.ENOSPC, "nothing was written")
            rest = rest[written:]
        os.fsync(handle)
        size = os.fstat(handle).st_size
    finally:
        os.close(handle)
    if is_new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return size


def _read_end(path: Path) -> _Head:
    """The last row of a file, 0 if it has none, and what stands after it."""
    end = b""
    with path.open("rb") as file:
        place = file.seek(0, os.SEEK_END)
        while True:
            step = min(_PIECE, place)
            place = file.seek(place - step)
            end = file.read(step) + end
            is_cut = end != b"" and not end.endswith(b"\n")
            lines = end.split(b"\n")
            for index in reversed(range(1 if place else 0, len(lines))):
                row = _parse(lines[index])
                if row and _hash_row(row) == row["hash"]:
                    fragment = b"\n".join(lines[index + 1 :])
                    return _Head(row["row"], row["hash"], fragment, is_cut)
            if not place:
                return _Head(0, START, end, is_cut)


def _describe_fragment(fragment: bytes) -> Entry:
    digest = hashlib.sha256(fragment).hexdigest()
    return Entry(RECOVERED, "gate", "", "", "", "audit", 0, "", len(fragment), digest)


def _tells_of(fragment: bytes, line: bytes) -> bool:
    row = _parse(line) or {}
    digest = hashlib.sha256(fragment).hexdigest()
    return row.get("event") == RECOVERED and row.get("sha256") == digest


def _walk_lines(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in list_files(folder):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield f"{path.name}, line {number}", line


def _follow(line: bytes, head: _Head) -> _Head | None:
    """The row of a line, if it is byte for byte one that follows."""
    row = _parse(line)
    if row is None or row["row"] != head.row + 1 or row.get("previous") != head.hash:
        return None
    is_same = _hash_row(row) == row["hash"] and _to_json(row) + b"\n" == line
    return _Head(row["row"], row["hash"]) if is_same else None


def _hash_row(row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in row if name != "hash"}
    return hashlib.sha256(_to_json(content)).hexdigest()


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_row = isinstance(row, dict) and type(row.get("row")) is int and type(row.get("hash")) is str
    return row if is_row else None


def _broken(place: str, reason: str) -> GateError:
    return GateError("MS739", place=place, reason=reason)


def _to_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def tell_time() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
