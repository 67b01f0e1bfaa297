"""The signature of a release: who says that this release.json is theirs.

Here: signing a release.json and checking its signature, in the format of the ``minisign`` program
(Ed25519 over BLAKE2b), so that either can check what the other made. Not here: the keys (``keys``),
and hashes of the other files, which release.json lists (``verify``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from portal.containers import RECORD_NAME, SIGNATURE_NAME, open_container
from portal.errors import PortalError
from portal.keys import PublicKey, read_key_id, read_public_keys, read_secret_key

Signer = Callable[[str, bytes], bytes]
"""Takes the id of a release and the bytes of its release.json; gives the signature file's bytes."""


def make_signer(secret: Path) -> Signer:
    """Give a function that signs with this key; the same bytes always give the same signature.

    Raises:
        PortalError: MS752, the secret key is lost or damaged; MS753, others can read it.
    """
    key = read_secret_key(secret)

    def sign(release_id: str, record: bytes) -> bytes:
        return bytes(
            key.sign(
                record,
                untrusted_comment=f"MoShare release {release_id}",
                trusted_comment=f"release.json of MoShare release {release_id}",
            )
        )

    return sign


def check_signature(release: Path, public: Path) -> PublicKey:
    """Check that the hub signed the release.json of a folder or of a release's ZIP.

    Args:
        release: The folder or the ZIP.
        public: The hub's public keys, as they were announced.

    Returns:
        The key that it is signed with.

    Raises:
        PortalError: MS711, MS712, MS718, there is no release to read; MS715, the public key cannot
            be read; MS716, the release has no signature; MS717, the signature is not one by
            these keys over this release.json; MS751, it is by a key that signed for an earlier
            span.
    """
    keys = {key.key_id: key for key in read_public_keys(public)}
    with open_container(release) as container:
        record = container.read_small(RECORD_NAME)
        content = container.read_small(SIGNATURE_NAME)
        name = container.name
    if record is None or content is None:
        raise PortalError("MS716", folder=name)
    key = _find_signer(record, content, keys)
    if key is None:
        raise PortalError("MS717", folder=name, file=public.name)
    if key.until and not key.covers(_read_drawn_at(record)):
        raise PortalError("MS751", folder=name, key=key.key_id, until=key.until)
    return key


def _find_signer(record: bytes, content: bytes, keys: Mapping[str, PublicKey]) -> PublicKey | None:
    from minisign import Error, Signature
    from minisign import PublicKey as Minisign

    try:
        key = keys[read_key_id(content.split(b"\n")[1])]
        Minisign.from_base64(key.text).verify(record, Signature.from_bytes(content))
    except (Error, ValueError, IndexError, KeyError):
        return None
    return key


def _read_drawn_at(record: bytes) -> object:
    try:
        return json.loads(record).get("drawn_at")
    except (ValueError, AttributeError):
        return None
