"""The keys of encrypted deliveries: the hub's secret ones, and a public one to encrypt to.

Belongs here: reading their files, in the age format (age-encryption.org/v1) and in OpenPGP (RFC
9580). Does not belong here: where those files lie (settings), and what is done with a key
(`encryption`).
"""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pysequoia
from pysequoia.packet import Packet, PacketPile, Tag

from sources.errors import SourcesError

_MOST_BYTES = 1 << 20
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_AGE_SECRET = "AGE-SECRET-KEY-"  # noqa: S105 - how such a line begins
_AGE_PUBLIC = "age1"
_LOCKED = "secret key material is encrypted"
"""How pysequoia says that a key has a passphrase."""


@dataclass(frozen=True)
class SecretKeys:
    """What opens encrypted deliveries; old keys and new ones.

    Attributes:
        age: identities of the age format.
        openpgp: one for each subkey that can decrypt.
    """

    age: tuple[pyrage.x25519.Identity, ...] = field(default=(), repr=False)
    openpgp: tuple[pysequoia.PyDecryptor, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class PublicKeys:
    """To what a delivery is encrypted: keys of one of the two formats.

    Attributes:
        age: recipients of the age format.
        openpgp: certificates.
    """

    age: tuple[pyrage.x25519.Recipient, ...] = ()
    openpgp: tuple[pysequoia.Cert, ...] = ()


def read_secret_keys(paths: Sequence[Path]) -> SecretKeys:
    """Read the files with the hub's secret keys.

    Raises:
        SourcesError: MS176, one of them cannot be used.
    """
    keys = [_read_secret_key(path) for path in paths]
    return SecretKeys(
        tuple(one for key in keys for one in key.age),
        tuple(one for key in keys for one in key.openpgp),
    )


def read_public_keys(path: Path) -> PublicKeys:
    """Read the file with the public keys that an agency encrypts to.

    Raises:
        SourcesError: MS177, it cannot be used.
    """
    try:
        content = _read(path)
        keys = _read_age_recipients(content) or _read_certificates(content)
    except _UnfitKeyError as unfit:
        raise SourcesError("MS177", file=path.name, problem=str(unfit)) from None
    return keys


class _UnfitKeyError(Exception):
    """Why a file of keys cannot be used, as a sentence without its full stop."""


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError:
        raise _UnfitKeyError("It is not there, or this account may not read it") from None
    if len(content) > _MOST_BYTES:
        raise _UnfitKeyError("It is too long to be a key")
    return content


def _read_private(path: Path) -> bytes:
    content = _read(path)
    if path.stat().st_mode & _OPEN_TO_OTHERS:
        raise _UnfitKeyError("Others than its owner may read it; run 'chmod 600' on it")
    return content


def _read_secret_key(path: Path) -> SecretKeys:
    try:
        content = _read_private(path)
        identities = _read_age_identities(content)
        return identities or SecretKeys(openpgp=tuple(_open_subkeys(content)))
    except _UnfitKeyError as unfit:
        raise SourcesError("MS176", file=path.name, problem=str(unfit)) from None


def _list_entries(content: bytes) -> list[str]:
    """Lines of a key file of age, without its comments."""
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _read_age_identities(content: bytes) -> SecretKeys | None:
    entries = _list_entries(content)
    if not any(entry.startswith(_AGE_SECRET) for entry in entries):
        return None
    try:
        return SecretKeys(age=tuple(map(pyrage.x25519.Identity.from_str, entries)))
    except pyrage.IdentityError:
        raise _UnfitKeyError("A line of it is no secret key of age") from None


def _read_age_recipients(content: bytes) -> PublicKeys | None:
    entries = _list_entries(content)
    if any(entry.startswith(_AGE_SECRET) for entry in entries):
        raise _UnfitKeyError("It is a secret key, which nobody but its owner should have")
    if not any(entry.startswith(_AGE_PUBLIC) for entry in entries):
        return None
    try:
        return PublicKeys(age=tuple(map(pyrage.x25519.Recipient.from_str, entries)))
    except pyrage.RecipientError:
        raise _UnfitKeyError("A line of it is no public key of age") from None


def _open_subkeys(content: bytes) -> Iterator[pysequoia.PyDecryptor]:
    """Everything of an OpenPGP key that can decrypt.

    The library takes one subkey of a key, and programs encrypt to any of them: so each is made a
    key of its own.
    """
    problem = "It has expired, or none of it can decrypt"
    found = False
    for key in _split_key(content):
        try:
            yield key.decryptor()
            found = True
        except RuntimeError as error:
            if _LOCKED in str(error):
                problem = "It is locked with a passphrase, which nobody types when a delivery comes"
    if not found:
        raise _UnfitKeyError(problem)


def _split_key(content: bytes) -> list[pysequoia.Tsk]:
    """A key for each subkey, and one of its primary key alone."""
    packets = _list_secret_packets(content)
    if not packets:
        raise _UnfitKeyError("It holds no secret key of age, nor one of OpenPGP alone")
    parts: list[list[Packet]] = [[]]
    for packet in packets:
        if packet.tag == Tag.SecretSubkey:
            parts.append([])
        parts[-1].append(packet)
    primary = parts[0]
    return [pysequoia.Tsk.from_packets(primary + part) for part in (*parts[1:], [])]


def _list_secret_packets(content: bytes) -> list[Packet]:
    """The packets of one secret key of OpenPGP; none where it is something else."""
    try:
        packets = [*PacketPile.from_bytes(bytes(pysequoia.Tsk.from_bytes(content)))]
    except RuntimeError:
        return []
    return packets if packets[0].tag == Tag.SecretKey else []


def _read_certificates(content: bytes) -> PublicKeys:
    if _list_secret_packets(content):
        raise _UnfitKeyError("It is a secret key, which nobody but its owner should have")
    try:
        certificates = pysequoia.Cert.split_bytes(content)
    except RuntimeError:
        certificates = []
    if not certificates:
        raise _UnfitKeyError("It holds no public key of age or OpenPGP")
    for certificate in certificates:
        ends = certificate.expiration
        if certificate.is_revoked or (ends is not None and ends < datetime.now(UTC)):
            raise _UnfitKeyError("It has expired or was revoked")
    try:
        pysequoia.encrypt(b"", certificates)
    except RuntimeError:
        raise _UnfitKeyError("It is a key that nothing can be encrypted to") from None
    return PublicKeys(openpgp=tuple(certificates))
