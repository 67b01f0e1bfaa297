"""Encrypted deliveries: the age format and OpenPGP, told by the end of a file's name.

Belongs here: decrypting a file that was delivered into a folder of the vault, and encrypting one
before it is put into an inbox. Does not belong here: keys (`delivery_keys`), and what was decrypted
(`containers`, `disguises` and the readers).

age is read and written as a stream. OpenPGP takes some 120 MiB, whatever the size of the file, and
maps that into memory; a signature within is not looked at (decision 168). What is decrypted counts
only once its end was authenticated: age-encryption.org/v1, STREAM; RFC 9580, 5.13.
"""

import base64
import binascii
import errno
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

import pyrage
import pysequoia

from sources.delivery_keys import PublicKeys, SecretKeys
from sources.errors import SourcesError

AGE = ".age"
OPENPGP = ".pgp"
_FORMS = {AGE: AGE, OPENPGP: OPENPGP, ".gpg": OPENPGP, ".asc": OPENPGP}
"""The end of a name (in capitals or not) -> the format."""

_HEAD_BYTES = 1 << 16
_AGE_MARKS = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_AGE_KEYS = (b"age1", b"AGE-SECRET-KEY-", b"# created:", b"# public key:")
_AGE_PASSPHRASE = b"\n-> scrypt "
_CLEARTEXT = b"-----BEGIN PGP SIGNED MESSAGE-----"
_TO_A_KEY, _TO_A_PASSPHRASE = 1, 3
_READABLE = frozenset({2, 4, 8, 11})
_OF_A_KEY = frozenset({5, 6, 7, 14})
"""Packet types of OpenPGP (RFC 9580, 5): signatures and what is signed or packed; keys."""

_NO_AGE_KEY = "No matching keys"
_NO_OPENPGP_KEY = "No key to decrypt message"
"""How the libraries say that a key is not the one; all else that cannot be decrypted is broken."""

_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


def is_encrypted(name: str) -> bool:
    """Whether a file is encrypted, by the end of its name."""
    return PurePath(name).suffix.lower() in _FORMS


def name_inside(name: str) -> str:
    """What a file is called once it is decrypted: `child.txt` for `child.txt.age`."""
    return PurePath(name).stem if is_encrypted(name) else name


def decrypt(path: Path, target: Path, keys: SecretKeys, most_bytes: int) -> None:
    """Decrypt a file of which `is_encrypted` is true into another; a failure leaves none.

    Args:
        path: The file.
        target: Where what is in it is written, readable by its owner alone.
        keys: Each is tried.
        most_bytes: What may come out of a packed message.

    Raises:
        SourcesError: MS158 too much comes out; MS170 no key opens it, MS171 it is damaged, MS172 it
            has a passphrase, MS173 it is not encrypted, MS174 it is a key, MS175 it is something
            else.
        OSError: It cannot be read or written.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    is_age = _FORMS[path.suffix.lower()] == AGE
    bare = _bare(head)
    if head.lstrip().startswith(_AGE_KEYS) or _packet_type(bare) in _OF_A_KEY:
        raise SourcesError("MS174", file=path.name)
    try:
        target.touch(0o600, exist_ok=False)
        if is_age:
            _decrypt_age(path, target, keys, head, bare)
        else:
            _decrypt_openpgp(path, target, keys, head, most_bytes)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def encrypt(path: Path, folder: Path, keys: PublicKeys) -> Path:
    """Encrypt a file into one of a folder, named after it; raises OSError."""
    if keys.age:
        target = folder / f"{path.name}{AGE}"
        with path.open("rb") as source, target.open("wb") as sink:
            pyrage.encrypt_io(source, sink, list(keys.age))
        return target
    target = folder / f"{path.name}{OPENPGP}"
    try:
        pysequoia.encrypt_file(path, target, list(keys.openpgp), armor=False)
    except RuntimeError:  # the keys were tried when they were read
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from None
    return target


def _decrypt_age(path: Path, target: Path, keys: SecretKeys, head: bytes, bare: bytes) -> None:
    if not head.startswith(_AGE_MARKS):
        raise SourcesError("MS175", file=path.name)
    try:
        with path.open("rb") as source, target.open("wb") as sink:
            pyrage.decrypt_io(source, sink, list(keys.age))
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        if not str(error).startswith(_NO_AGE_KEY):
            raise SourcesError("MS171", file=path.name) from None
        code = "MS172" if _AGE_PASSPHRASE in bare else "MS170"
        raise SourcesError(code, file=path.name) from None


def _decrypt_openpgp(
    path: Path, target: Path, keys: SecretKeys, head: bytes, most_bytes: int
) -> None:
    kind = _packet_type(_bare(head))
    if kind in _READABLE or head.lstrip().startswith(_CLEARTEXT):
        raise SourcesError("MS173", file=path.name)  # the library gives what it holds all the same
    if kind not in {_TO_A_KEY, _TO_A_PASSPHRASE}:
        raise SourcesError("MS175", file=path.name)
    for key in keys.openpgp:
        try:
            with _at_most(most_bytes):
                pysequoia.decrypt_file(path, target, key)
        except (RuntimeError, OSError) as error:
            told = str(error).partition("\n")[0]
            if told != _NO_OPENPGP_KEY:
                raise _explain(told, path.name) from None
        else:
            return
    raise SourcesError("MS172" if kind == _TO_A_PASSPHRASE else "MS170", file=path.name)


def _explain(told: str, file: str) -> Exception:
    """What to raise for what the library said: the machine's failure stays one."""
    found = _SYSTEM_ERROR.search(told)
    if not found:
        return SourcesError("MS171", file=file)
    number = int(found[1])
    if number == errno.EFBIG:
        return SourcesError("MS158", file=file)
    return OSError(number, os.strerror(number))


@contextmanager
def _at_most(most_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size; the library writes without asking."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    least = most_bytes if soft == resource.RLIM_INFINITY else min(soft, most_bytes)
    resource.setrlimit(resource.RLIMIT_FSIZE, (least, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _bare(head: bytes) -> bytes:
    """The beginning of a file without the armour of letters that it may have."""
    lines = head.lstrip().splitlines()
    if not lines or not lines[0].startswith(b"-----BEGIN "):
        return head
    body = [line.strip() for line in lines[1:] if b":" not in line]
    letters = b"".join(line for line in body[:-1] if not line.startswith((b"-", b"=")))
    try:
        return base64.b64decode(letters[: len(letters) // 4 * 4])
    except binascii.Error:
        return b""


def _packet_type(bare: bytes) -> int | None:
    """Type of the first packet of OpenPGP; None where there is none (RFC 9580, 4.2)."""
    first = bare[0] if bare else 0
    if not first & 0x80:
        return None
    return first & 0x3F if first & 0x40 else first >> 2 & 0x0F
