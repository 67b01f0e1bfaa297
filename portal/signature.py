"""The signature of a release: who says that this release.json is theirs.

Here: the hub's signing key, signing a release.json and checking its signature, in the format of the
``minisign`` program (Ed25519 over BLAKE2b), so that either can check what the other made. Not here:
hashes of the other files, which release.json lists (``verify``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from portal.containers import RECORD_NAME, SIGNATURE_NAME, open_container
from portal.errors import PortalError

if TYPE_CHECKING:
    from minisign import SecretKey

Signer = Callable[[str, bytes], bytes]
"""Takes the id of a release and the bytes of its release.json; gives the signature file's bytes."""


def ensure_signing_key(secret: Path, public: Path) -> None:
    """Make the hub's key pair if there is none, and put its public half where agencies find it.

    The secret half is readable by its owner only (mode 0600). An existing key is never replaced;
    two processes that come first at once end with the same pair.

    Raises:
        PortalError: MS704, the secret key cannot be read.
    """
    from minisign import KeyPair

    if not secret.exists():
        secret.parent.mkdir(parents=True, exist_ok=True)
        draft = secret.with_name(f"{secret.name}.{os.getpid()}.draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(KeyPair.generate().secret_key))
        try:
            os.link(draft, secret)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    expected = bytes(_read_secret(secret).get_public_key())
    if not public.exists() or public.read_bytes() != expected:
        public.parent.mkdir(parents=True, exist_ok=True)
        public.write_bytes(expected)


def make_signer(secret: Path) -> Signer:
    """Give a function that signs with this key; the same bytes always give the same signature.

    Raises:
        PortalError: MS704, the secret key cannot be read.
    """
    key = _read_secret(secret)

    def sign(release_id: str, record: bytes) -> bytes:
        return bytes(
            key.sign(
                record,
                untrusted_comment=f"MoShare release {release_id}",
                trusted_comment=f"release.json of MoShare release {release_id}",
            )
        )

    return sign


def check_signature(release: Path, public: Path) -> None:
    """Check that the holder of a key signed the release.json of a folder or of a release's ZIP.

    Raises:
        PortalError: MS711, MS712, MS718, there is no release to read; MS715, the public key cannot
            be read; MS716, the release has no signature; MS717, the signature is not one by this
            key over this release.json.
    """
    from minisign import Error, PublicKey, Signature

    try:
        # The program minisign reads the second line alone: the first is a comment in any encoding.
        key = PublicKey.from_base64(public.read_bytes().splitlines()[1].strip())
    except (OSError, Error, ValueError, IndexError):
        raise PortalError("MS715", file=public.name) from None
    with open_container(release) as container:
        record = container.read_small(RECORD_NAME)
        content = container.read_small(SIGNATURE_NAME)
        name = container.name
    if record is None or content is None:
        raise PortalError("MS716", folder=name)
    try:
        key.verify(record, Signature.from_bytes(content))
    except (Error, ValueError):
        raise PortalError("MS717", folder=name, file=public.name) from None


def _read_secret(secret: Path) -> SecretKey:
    from minisign import Error, SecretKey

    try:
        return SecretKey.from_file(secret)
    except (OSError, Error, ValueError):
        raise PortalError("MS704", file=secret.name) from None
