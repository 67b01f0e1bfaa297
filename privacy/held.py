"""A draw on its way into the ledger: held in the vault, where it is whole or provably unseen.

Belongs here: a file that has its space before anything is charged, and takes the noisy cells when
they first leave the process that drew them. Does not belong here: the order of steps
(privacy.door), and what the ledger records (privacy.ledger.ledger).

The file is a head and room for the cells. The head says which process reserved it, and ends with a
flag that is on the disk before the first byte of a cell is written. So the cells were never seen if
the flag is not set, or if it is set and the room is still blank while the same kernel runs that any
byte would have been handed to: then the process was ended in between. After a power cut a blank
room proves nothing, because what was never on the disk may have been read from memory before.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_HEAD_BYTES = 4096
_SEAL_BYTES = 64
_SPARE_BYTES = 1024
_FREE, _USED = b"-", b"+"
_BLANK = b" "


@dataclass(frozen=True)
class Custody:
    """Where draws are held, and who is told of the mark of one before it may be seen.

    `tell_mark` is given the hash of the ledger's entry, so that it can be kept where an older copy
    of the ledger does not reach; the draw is not shown to anybody where it fails.
    """

    folder: Path
    tell_mark: Callable[[str], None]

    @contextmanager
    def open(self, quarter: str) -> Iterator["HeldDraw"]:
        """Open the file of a quarter for this process alone.

        Raises PrivacyError MS632 (the vault cannot take it) or MS633 (another process has it).
        """
        path = self._find(quarter)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise PrivacyError("MS632", quarter=quarter) from None
        try:
            _lock(file, path.name)
            yield HeldDraw(path, file, quarter)
        finally:
            os.close(file)

    def clear(self, quarter: str) -> None:
        """Remove what is held of a quarter, once the ledger has it or knows that it is lost."""
        with suppress(OSError):  # what is left over is removed by the next run
            self._find(quarter).unlink(missing_ok=True)

    def _find(self, quarter: str) -> Path:
        return self.folder / f"{quarter}.held"


class HeldDraw:
    """The open file of one quarter's draw."""

    def __init__(self, path: Path, file: int, quarter: str) -> None:
        self._path = path
        self._file = file
        self._quarter = quarter

    def reserve(self, plan: str, largest: dict[str, Any]) -> str:
        """Take the space for a draw as large as `largest`, on the disk; return its own id.

        Raises PrivacyError MS632 where there is no room, MS628 where a draw of this plan lies here
        that the ledger does not know, as an older copy of it would not.
        """
        head = self._read_head()
        if head.get("plan") == plan and self._read_flag() == _USED:
            raise PrivacyError("MS628", file=self._path.name)
        fresh = {"plan": plan, "boot": _read_boot(), "at": time.time_ns(), "process": os.getpid()}
        text = to_canonical_json(fresh)
        room = _SEAL_BYTES + len(_encode(largest)) + _SPARE_BYTES
        whole = text.encode("utf-8").ljust(_HEAD_BYTES - 1) + _FREE + _BLANK * room
        try:
            os.ftruncate(self._file, 0)
            _write(self._file, whole, 0)
            _sync_folder(self._path.parent)
        except OSError:
            raise PrivacyError("MS632", quarter=self._quarter) from None
        return compute_sha256(text)

    def read(self, reservation: str) -> dict[str, Any] | None:
        """Return the draw that was put into this reservation, None where it is not here whole."""
        room = self._read_room().rstrip(_BLANK)
        seal, text = room[:_SEAL_BYTES], room[_SEAL_BYTES:].decode("utf-8", "replace")
        if not self._is(reservation) or seal != compute_sha256(text).encode("ascii"):
            return None
        return dict(json.loads(text))

    def is_unseen(self, reservation: str) -> bool:
        """Say whether it is certain that nothing was ever put into this reservation."""
        if not self._is(reservation) or self._read_room().strip(_BLANK):
            return False
        boot = self._read_head()["boot"]
        return self._read_flag() == _FREE or (boot != "" and boot == _read_boot())

    def put(self, reservation: str, draw: dict[str, Any]) -> None:
        """Put a draw into what was reserved, on the disk: from here on it may have been seen.

        Raises PrivacyError MS632 where the disk fails and took nothing, MS626 where it may have
        taken a part or another draw may lie there; nothing more may be done with the draw then.
        """
        if not self.is_unseen(reservation):
            raise PrivacyError("MS626", quarter=self._quarter)
        text = _encode(draw)
        seal = compute_sha256(text.decode("utf-8")).encode("ascii")
        try:
            _write(self._file, _USED, _HEAD_BYTES - 1)
            _write(self._file, seal + text, _HEAD_BYTES)
        except OSError:
            code = "MS632" if self.is_unseen(reservation) else "MS626"
            raise PrivacyError(code, quarter=self._quarter) from None

    def _is(self, reservation: str) -> bool:
        text = os.pread(self._file, _HEAD_BYTES - 1, 0).rstrip(_BLANK).decode("utf-8", "replace")
        return compute_sha256(text) == reservation

    def _read_head(self) -> dict[str, Any]:
        try:
            return dict(json.loads(os.pread(self._file, _HEAD_BYTES - 1, 0)))
        except ValueError:  # nothing was reserved yet, or not whole
            return {}

    def _read_flag(self) -> bytes:
        return os.pread(self._file, 1, _HEAD_BYTES - 1)

    def _read_room(self) -> bytes:
        return os.pread(self._file, os.fstat(self._file).st_size, _HEAD_BYTES)


def _lock(file: int, name: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = "another process on this machine"
        raise PrivacyError("MS633", file=name, holder=holder) from None


def _sync_folder(folder: Path) -> None:
    """Wait until the disk knows which files a folder has."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _encode(draw: dict[str, Any]) -> bytes:
    return to_canonical_json(draw).encode("utf-8")


def _write(file: int, content: bytes, place: int) -> None:
    """Write bytes at a place and wait until the disk has them."""
    while content:
        written = os.pwrite(file, content, place)
        content, place = content[written:], place + written
    os.fsync(file)


def _read_boot() -> str:
    """Return what the kernel calls its present run; empty where it does not say."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""
