"""Files of minisign's format, read as the program minisign reads them.

Belongs here: keys and signatures as bytes. Their untrusted comments prove nothing, so that one in
another encoding, or behind a byte-order mark, spoils nothing. A trusted comment is part of what was
signed, and is ASCII, so that it reads the same everywhere. Does not belong here: whose key counts
(privacy.approval.approval).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minisign import PublicKey, SecretKey, Signature

_COMMENT = b"untrusted comment: "


def read_public_key(content: bytes) -> "PublicKey":
    """Return the key on the second line of a public key file; raises ValueError."""
    from minisign import PublicKey

    return PublicKey.from_base64(_find_second_line(content))


def read_secret_key(content: bytes) -> "SecretKey":
    """Return the key on the second line of a secret key file; raises ValueError."""
    from minisign import SecretKey

    return SecretKey.from_base64(_find_second_line(content))


def read_signature(content: bytes) -> "Signature":
    """Return the signature in the first four lines of a signature file; raises ValueError."""
    from minisign import Signature

    first, *others = content.splitlines()[:4] or [b""]
    comment = _COMMENT if first.startswith(_COMMENT) else first
    lines = b"\n".join([comment, *others])
    if not lines.isascii():
        raise ValueError
    return Signature.from_bytes(lines)


def _find_second_line(content: bytes) -> bytes:
    lines = content.splitlines()
    if len(lines) < 2:
        raise ValueError
    return lines[1].strip()
