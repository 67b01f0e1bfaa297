"""What is inside a delivered file that is packed: gzip, Zstandard, a ZIP file of one, Parquet.

How a file is packed is said by the end of its name, or before that end where it says how the file
is encrypted (`child.txt.gz.age`). Belongs here: opening it as a stream, and how much may come out.
Does not belong here: decrypting (`encryption`), and what came out (`disguises`, and the reader of
the format); a file that is packed twice or in another way is refused there as one that is not text
of lines.

Whatever comes out, sentences and receipts name the file that was delivered, never a name within.
"""

from __future__ import annotations

import errno
import io
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, Protocol

import pyarrow as pa

from sources.columns import COLUMNS_SUFFIX, ColumnLines
from sources.contracts import ContractFile
from sources.delivery_keys import SecretKeys
from sources.encryption import decrypt, is_encrypted, name_inside
from sources.errors import SourcesError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_CONTENT_BYTES = 8 << 30
MAX_TIMES = 200
"""So many times its own bytes a packed file may hold; simulated deliveries hold 9 to 18 times."""

_FREE_BYTES = 16 << 20
"""A small file may hold so much, however often it repeats itself."""

_CHUNK_BYTES = 1 << 20
_LOCKED_FLAGS = 0x2041
"""Bits of the ZIP format's general purpose flag: encrypted, strongly so, or its directory is."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
_PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@contextmanager
def open_content(path: Path, agreed: ContractFile | None, called: str = "") -> Iterator[BinaryIO]:
    """Open what is inside a file: what it holds where it is packed, otherwise its own bytes.

    Nothing is written anywhere. The stream can only be read forwards. `agreed` is what the contract
    says of the file; None where it knows none of its role. Sentences call the file by its name, or
    as they are told.

    Raises:
        SourcesError: when opened or while read: MS157 it is damaged or not packed as its name
            says, MS158 it holds too much, MS159 to MS161 it is not a ZIP file of one plain member,
            MS164, MS166 and MS167 it is not a Parquet file of the format's columns.
    """
    with path.open("rb") as packed:
        opener = _find_opener(path)
        if opener is None:
            yield packed
            return
        content = _Content(opener, packed, called or path.name, path.stat().st_size, agreed)
        with io.BufferedReader(content, _CHUNK_BYTES) as stream:
            yield stream


@contextmanager
def unwrap(path: Path, work: Path, agreed: ContractFile, keys: SecretKeys) -> Iterator[Path]:
    """A plain file with what is inside a file, decrypted and unpacked, under the name of that file.

    It is the file itself where that is plain, and otherwise lies in a folder of its own in the work
    folder until it was read. Raises what `open_decrypted` and `open_content` raise.
    """
    with open_decrypted(path, work, keys) as packed:
        if _find_opener(path) is None:
            yield packed
            return
        with _own_folder(work / "unpacked") as folder:
            with open_content(packed, agreed) as content, (folder / path.name).open("wb") as plain:
                shutil.copyfileobj(content, plain, _CHUNK_BYTES)
            yield folder / path.name


@contextmanager
def open_decrypted(path: Path, work: Path, keys: SecretKeys) -> Iterator[Path]:
    """A file with what is inside an encrypted one, under its name; it may still be packed.

    It is the file itself where that is not encrypted, and otherwise lies in a folder of its own in
    the work folder until it was read. Raises what `decrypt` raises.
    """
    if not is_encrypted(path.name):
        yield path
        return
    with _own_folder(work / "decrypted") as folder:
        decrypt(path, folder / path.name, keys, _most_content(path.stat().st_size))
        yield folder / path.name


@contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _most_content(packed_bytes: int) -> int:
    return min(MAX_CONTENT_BYTES, max(_FREE_BYTES, MAX_TIMES * packed_bytes))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


_Opener = Callable[[BinaryIO, str, ContractFile | None], _Readable]


class _Content(io.RawIOBase):
    """A stream of what is inside, which ends in a sentence where it is damaged or too long."""

    def __init__(
        self,
        opener: _Opener,
        packed: BinaryIO,
        file: str,
        packed_bytes: int,
        agreed: ContractFile | None,
    ) -> None:
        self._file = file
        # Columns leave out the blanks of a line, which may be nearly all of it.
        self._left = MAX_CONTENT_BYTES if opener is ColumnLines else _most_content(packed_bytes)
        if not packed_bytes:
            raise SourcesError("MS157", file=file)
        with _tell_damage(file):
            self._source = opener(packed, file, agreed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        with _tell_damage(self._file):
            chunk = self._source.read(min(len(target), _CHUNK_BYTES))
        self._left -= len(chunk)
        if self._left < 0:
            raise SourcesError("MS158", file=self._file)
        target[: len(chunk)] = chunk
        return len(chunk)


@contextmanager
def _tell_damage(file: str) -> Iterator[None]:
    """Say of what cannot be unpacked that it is damaged; a failure of the disk stays one."""
    try:
        yield
    except _DAMAGE as error:
        # EINVAL: a damaged ZIP file names a place before its own beginning.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise SourcesError("MS157", file=file) from None


def _open_gzip(packed: BinaryIO, *_: object) -> _Readable:
    content: _Readable = pa.CompressedInputStream(packed, "gzip")
    return content


def _open_zstandard(packed: BinaryIO, *_: object) -> _Readable:
    content: _Readable = pa.CompressedInputStream(packed, "zstd")
    return content


def _open_member(packed: BinaryIO, file: str, *_: object) -> _Readable:
    """The one member of a ZIP file (PKWARE, APPNOTE.TXT 6.3), if it is plain."""
    archive = zipfile.ZipFile(_Frugal(packed, file))
    members = archive.infolist()
    if len(members) != 1:
        raise SourcesError("MS159", file=file)
    member = members[0]
    if member.flag_bits & _LOCKED_FLAGS:
        raise SourcesError("MS160", file=file)
    if PurePath(member.orig_filename.replace("\\", "/")).name != member.orig_filename:
        raise SourcesError("MS161", file=file)
    if member.compress_type not in _PLAIN_METHODS:
        raise SourcesError("MS157", file=file)
    return archive.open(member)


class _Frugal(io.BufferedReader):
    """A ZIP file whose list of members is not read where it is longer than that of one can be."""

    def __init__(self, packed: BinaryIO, file: str) -> None:
        super().__init__(packed)  # type: ignore[arg-type]
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _CHUNK_BYTES:
            raise SourcesError("MS159", file=self._file)
        return super().read(size)


def _find_opener(path: Path) -> _Opener | None:
    """How what is inside is read, by the end of the name that stands within an encryption's."""
    return _OPENERS.get(PurePath(name_inside(path.name)).suffix.lower())


_OPENERS: Mapping[str, _Opener] = {
    ".gz": _open_gzip,
    ".zst": _open_zstandard,
    ".zip": _open_member,
    COLUMNS_SUFFIX: ColumnLines,
}
"""The end of a name (in capitals or not) -> how what is inside is read."""
