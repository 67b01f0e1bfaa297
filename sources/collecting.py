"""Takes a delivery out of an inbox that somebody else can write to.

Belongs here: opening what lies there without following a link, copying it into the work folder
while hashing the bytes, comparing them with the manifest. From then on only the copy is read, so
nothing can change between the check and the use. Does not belong here: what the files say.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from pathlib import Path

from sources.errors import SourcesError
from sources.landing import hold_alone
from sources.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest, ManifestFile

_CHUNK_BYTES = 1 << 20
_PLAIN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NOT_PLAIN = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EISDIR})


@contextmanager
def open_inbox(folder: Path, agency: str, quarter: str) -> Iterator[int]:
    """Open the folder of a delivery; yields its descriptor.

    Raises:
        SourcesError: MS101 it does not exist, MS110 it is a link.
    """
    try:
        above = os.open(folder.parent, _PLAIN_FOLDER)
        try:
            descriptor = os.open(folder.name, _PLAIN_FOLDER, dir_fd=above)
        finally:
            os.close(above)
    except FileNotFoundError:
        raise SourcesError("MS101", agency=agency, quarter=quarter) from None
    except OSError as error:
        if error.errno in _NOT_PLAIN:
            raise SourcesError("MS110", file="The folder of the quarter") from None
        raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def copy_manifest(inbox: int, target: Path, agency: str, quarter: str) -> bytes:
    """Copy manifest.json into a folder and return its bytes, at most one beyond the limit.

    Raises:
        SourcesError: MS101 there is none, MS110 it is a link.
    """
    try:
        descriptor = _open_plain(inbox, MANIFEST_NAME)
    except FileNotFoundError:
        raise SourcesError("MS101", agency=agency, quarter=quarter) from None
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(MAX_MANIFEST_BYTES + 1)
    (target / MANIFEST_NAME).write_bytes(content)
    return content


def copy_files(inbox: int, manifest: Manifest, target: Path) -> None:
    """Copy the files of a manifest into a folder and compare their size and hash.

    Raises:
        SourcesError: MS109 missing, MS110 a link, MS111 another hash, MS112 another size.
    """
    for file in manifest.files:
        try:
            descriptor = _open_plain(inbox, file.name)
        except FileNotFoundError:
            raise SourcesError("MS109", file=file.name) from None
        _copy(descriptor, file, target / file.name)


def take_out(folder: Path, accepted: Path, manifest: Manifest) -> None:
    """Remove an accepted delivery from its inbox, the manifest last.

    Only what is, byte for byte, what was accepted goes; whatever came since stays, and so does all
    while another delivery is put there. What this account may not remove stays too, and `moshare
    doctor` names it.

    Args:
        folder: The inbox of the quarter.
        accepted: The folder in the vault that holds the delivery for good.
        manifest: Of that delivery.
    """
    agency, quarter = manifest.agency, manifest.quarter
    with (
        suppress(SourcesError, OSError),
        hold_alone(folder) as is_held,
        open_inbox(folder, agency, quarter) as inbox,
    ):
        sealed = (accepted / MANIFEST_NAME).read_bytes()
        if not is_held or _read_digest(inbox, MANIFEST_NAME) != sha256(sealed).hexdigest():
            return
        for file in manifest.files:
            if _read_digest(inbox, file.name) == file.sha256:
                os.unlink(file.name, dir_fd=inbox)
        os.unlink(MANIFEST_NAME, dir_fd=inbox)


def _read_digest(inbox: int, name: str) -> str:
    """SHA-256 of a plain file; empty where there is none."""
    try:
        with os.fdopen(_open_plain(inbox, name), "rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _open_plain(inbox: int, name: str) -> int:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inbox)
    except OSError as error:
        if error.errno in _NOT_PLAIN:
            raise SourcesError("MS110", file=name) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourcesError("MS110", file=name)
    return descriptor


def _copy(descriptor: int, file: ManifestFile, path: Path) -> None:
    digest = sha256()
    size = 0
    with os.fdopen(descriptor, "rb") as source, path.open("wb") as target:
        while size <= file.byte_count and (chunk := source.read(_CHUNK_BYTES)):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
    if size != file.byte_count:
        raise SourcesError("MS112", file=file.name)
    if digest.hexdigest() != file.sha256:
        raise SourcesError("MS111", file=file.name)
