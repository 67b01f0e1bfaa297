"""A drop box that is connected: what lies in it, its bytes, and receipts put into it.

SFTP and S3 are reached through fsspec. Nothing is believed of a box but bytes: no listing is kept,
no time of a file is used, no link is followed, and whatever a server says of a failure is told by
its kind alone. Does not belong here: what is taken from a box (`collecting`).
"""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from orchestration.boxes.settings import SFTP, Box, name_unfit, read_credentials
from orchestration.hub.errors import OrchestrationError
from sources.errors import SourcesError
from sources.quarters import Quarter

STALL_SECONDS = 20.0
"""How long nothing may move before a box is given up for now."""
RECEIPTS = "receipts"
_PIECE = 4 << 20

Given = TypeVar("Given")


class ChangedError(Exception):
    """A file of the box is not there, may not be read, or changed while it was."""


class RemoteBox:
    """One box; each method raises OrchestrationError MS181 where it is away."""

    def __init__(self, box: Box, files: Any, root: str) -> None:  # noqa: ANN401 - fsspec has no types
        self._box = box
        self._files = files
        self._root = root

    def list_quarters(self) -> tuple[list[Quarter], int]:
        """Quarters that have a folder, the oldest first, and how many other folders there are."""
        found, others = [], 0
        for name, kind, _ in self._list(self._root):
            if kind == "directory":
                try:
                    found.append(Quarter.parse(name))
                except SourcesError:
                    others += name != RECEIPTS and not name.startswith(".")
        return sorted(found), others

    def list_files(self, quarter: Quarter) -> Mapping[str, int]:
        """Size of each plain file in the folder of a quarter; links and folders are none."""
        place = posixpath.join(self._root, str(quarter))
        return {name: size for name, kind, size in self._list(place) if kind == "file"}

    def read(self, quarter: Quarter, name: str, most: int) -> Iterator[bytes]:
        """Give the bytes of a file in pieces, at most one byte beyond `most`.

        Raises:
            ChangedError: it cannot be read as what it was when it was opened.
        """
        place = posixpath.join(self._root, str(quarter), name)
        with self._told(is_file=True):
            stream = _wait(lambda: self._files.open(place, "rb"))
            try:
                rest = most + 1
                while rest:
                    asked = min(rest, _PIECE)
                    piece: bytes = _wait(lambda: stream.read(asked))  # noqa: B023 - waited for here
                    if not piece:
                        return
                    rest -= len(piece)
                    yield piece
            finally:
                with suppress(Exception):
                    _wait(stream.close)

    def put_receipt(self, name: str, content: bytes) -> None:
        """Put a file into the folder of receipts.

        Raises:
            ChangedError: it may not be put there.
        """
        with self._told(is_file=True):
            place = posixpath.join(self._root, RECEIPTS, name)
            _wait(lambda: self._files.pipe_file(place, content))

    def _list(self, place: str) -> list[tuple[str, str, int]]:
        with self._told():
            try:
                listed = _wait(lambda: self._files.ls(place, detail=True))
            except FileNotFoundError:
                if self._box.split.scheme == SFTP:
                    raise
                listed = []  # a folder without objects is none, and its bucket was there
        return [
            (posixpath.basename(one["name"].rstrip("/")), one["type"], one["size"] or 0)
            for one in listed
        ]

    @contextmanager
    def _told(self, *, is_file: bool = False) -> Iterator[None]:
        try:
            yield
        except (OrchestrationError, ChangedError, GeneratorExit):
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind alone
            if is_file and _is_of_a_file(error):
                raise ChangedError from None
            raise _away(self._box, _explain(error)) from None


@contextmanager
def open_box(box: Box) -> Iterator[RemoteBox]:
    """Connect to a box for as long as this lasts; raises OrchestrationError MS181."""
    if unfit := name_unfit(box):
        raise _away(box, unfit)
    opener = _open_sftp if box.split.scheme == SFTP else _open_s3
    try:
        files, root, close = _wait(lambda: opener(box))
    except Exception as error:  # noqa: BLE001 - told by its kind alone
        raise _away(box, _explain(error)) from None
    try:
        yield RemoteBox(box, files, root)
    finally:
        with suppress(Exception):
            _wait(close)


def _open_sftp(box: Box) -> tuple[Any, str, Callable[[], None]]:
    from fsspec.config import conf
    from sshfs import SSHFileSystem

    conf.clear()  # nothing is taken from the surroundings
    split = box.split
    files = SSHFileSystem(
        split.hostname,
        port=split.port or 22,
        username=split.username,
        client_keys=[str(box.key)],
        known_hosts=str(box.known_hosts),
        config=None,
        agent_path=None,
        keepalive_interval=STALL_SECONDS,
        skip_instance_cache=True,
    )
    return files, split.path or "/", lambda: files.loop.call_soon_threadsafe(files.client.abort)


def _open_s3(box: Box) -> tuple[Any, str, Callable[[], None]]:
    from fsspec.config import conf
    from s3fs import S3FileSystem

    conf.clear()  # nothing is taken from the surroundings
    known = read_credentials(box)
    files = S3FileSystem(
        key=known.access_key,
        secret=known.secret_key,
        endpoint_url=box.endpoint,
        client_kwargs={"region_name": "us-east-1"},
        config_kwargs={
            "connect_timeout": STALL_SECONDS / 2,
            "read_timeout": STALL_SECONDS / 2,
            "retries": {"max_attempts": 1},
            "proxies": {},
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
        default_block_size=_PIECE,
        default_fill_cache=False,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.retries = 1
    bucket = box.split.netloc
    files.call_s3("head_bucket", Bucket=bucket)
    root = posixpath.join(bucket, box.split.path.strip("/")).rstrip("/")
    return files, root, lambda: S3FileSystem.close_session(files.loop, files.s3)


def _wait(act: Callable[[], Given]) -> Given:
    """Do something that asks a server, and give up when nothing came back for too long."""
    done: Future[Given] = Future()

    def run() -> None:
        try:
            done.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(STALL_SECONDS)


def _is_of_a_file(error: Exception) -> bool:
    """Whether the box works and only one file of it cannot be had."""
    from asyncssh import SFTPConnectionLost, SFTPError, SFTPNoConnection
    from s3fs.utils import FileExpired

    if isinstance(error, SFTPConnectionLost | SFTPNoConnection):
        return False
    kinds = FileNotFoundError, PermissionError, FileExpired, IsADirectoryError, SFTPError
    return isinstance(error, kinds)


def _explain(error: Exception) -> str:
    """Why a box is away: by the kind of the error, and nothing that it says."""
    from asyncssh import HostKeyNotVerifiable

    if isinstance(error, HostKeyNotVerifiable):
        return "The server's key is not the one that is pinned"
    if isinstance(error, PermissionError):
        return "The server does not let the hub in"
    if isinstance(error, FileNotFoundError):
        return "There is no such folder in it"
    if isinstance(error, TimeoutError):
        return f"Nothing came back for {STALL_SECONDS:.0f} seconds"
    return f"The server or the way there failed with {type(error).__name__}"


def _away(box: Box, reason: str) -> OrchestrationError:
    return OrchestrationError("MS181", box=box.name, agency=box.agency, reason=reason)
