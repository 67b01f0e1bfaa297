"""The hub's signing key, and the public keys that its releases were signed with, one after another.

Here: making the key once, refusing to go on without it, exchanging it for a new one, and the file
``moshare.pub``, which lists the newest key first and then those before it, each with the span it
signed for. Not here: signing and checking a release (``signature``).

``moshare.pub`` has two lines for each key, in the format of the ``minisign`` program, which reads
the first key and its line of comment. The span stands in that line: it can be trusted as far as the
key beside it.
"""

from __future__ import annotations

import base64
import json
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from durable.writing import PUBLIC, sync, write_once, write_whole
from portal.containers import RECORD_NAME, SIGNATURE_NAME
from portal.errors import PortalError

if TYPE_CHECKING:
    from minisign import SecretKey

_SINCE = re.compile(r"\bsince (\S+)")
_UNTIL = re.compile(r"\buntil (\S+)")
_PROBE = b"Is this key whole?"


@dataclass(frozen=True)
class PublicKey:
    """A key that releases are checked with, and the span it signed for.

    Attributes:
        key_id: 16 hexadecimal digits; ``minisign`` prints them without leading zeros.
        text: Its line in base64.
        since: From when on the hub signed with it, ISO 8601 in UTC; empty for the first key.
        until: Releases drawn from then on are not signed with it; empty for the key in use.
    """

    key_id: str
    text: str
    since: str = ""
    until: str = ""

    @property
    def span(self) -> str:
        """The span in words."""
        words = [f"since {self.since}"] if self.since else []
        if self.until:
            words.append(f"for releases drawn until {self.until}")
        return " ".join(words)

    def covers(self, drawn_at: object) -> bool:
        """Whether the key signed releases that were drawn at a time of ISO 8601.

        The key in use may sign older ones too: a lost folder is built and signed again.
        """
        if not self.until:
            return True
        try:
            return _read_time(str(drawn_at)) < _read_time(self.until)
        except (ValueError, TypeError):
            return False

    def to_lines(self) -> str:
        """The two lines of the key in ``moshare.pub``."""
        comment = f"untrusted comment: minisign public key {self.key_id} {self.span}".strip()
        return f"{comment}\n{self.text}\n"


def read_public_keys(path: Path) -> tuple[PublicKey, ...]:
    """The keys of a ``moshare.pub``, the newest first; raises PortalError MS715."""
    from minisign import Error
    from minisign import PublicKey as Minisign

    keys = []
    try:
        # The program minisign reads every second line alone: others are comments in any encoding.
        lines = [line.decode("latin-1").strip() for line in path.read_bytes().rstrip().splitlines()]
        for comment, text in zip(lines[::2], lines[1::2], strict=False):
            if not text:
                continue
            Minisign.from_base64(text)
            since, until = _SINCE.search(comment), _UNTIL.search(comment)
            keys.append(
                PublicKey(
                    read_key_id(text),
                    text,
                    _state_time(since[1]) if since else "",
                    _state_time(until[1]) if until else "",
                )
            )
    except (OSError, Error, ValueError):
        keys = []
    if not keys:
        raise PortalError("MS715", file=path.name)
    return tuple(keys)


def read_key_id(text: str | bytes) -> str:
    """The id of a key or signature in base64, as ``minisign`` prints it."""
    return base64.b64decode(text)[2:10][::-1].hex().upper()


def ensure_signing_key(secret: Path, public: Path) -> None:
    """Make the hub's key pair where nothing was ever signed; else see that it is the one it was.

    The secret half is readable by its owner only (mode 0600). Two processes that come first at once
    end with the same pair. An exchange of keys that was interrupted is finished or forgotten.

    Args:
        secret: The hub's secret key.
        public: ``moshare.pub``, beside the releases.

    Raises:
        PortalError: MS752, the secret key is lost or damaged; MS753, others can read it; MS754,
            ``moshare.pub`` lacks a key that a release is signed with; MS755, it begins with another
            key; MS715, it is damaged.
    """
    from minisign import KeyPair

    _finish_exchange(secret, public)
    was_used = public.exists() or any(True for _ in _read_signers(public.parent))
    if not was_used and not secret.exists():
        write_once(secret, bytes(KeyPair.generate().secret_key))
    own = _state_public(read_secret_key(secret))
    keys = read_public_keys(public) if public.exists() else (own,)
    if keys[0].text != own.text:
        raise PortalError("MS755", file=secret.name, public=public.name, key=keys[0].key_id)
    unknown = {key for _, key in _read_signers(public.parent)} - {key.key_id for key in keys}
    if unknown:
        raise PortalError("MS754", file=public.name, keys=", ".join(sorted(unknown)))
    if not public.exists():
        write_whole(public, own.to_lines(), PUBLIC)


def exchange_signing_key(secret: Path, public: Path, now: datetime) -> PublicKey:
    """Sign with a new key from now on; the keys before it stay in ``moshare.pub``.

    The new secret key takes the place of the old one, which may be lost. Killed at any step, the
    next call of `ensure_signing_key` goes on with the old pair or with the new one.

    Raises:
        PortalError: MS715, there is no ``moshare.pub`` to begin with.
        OSError: The new key cannot be written; the old pair stays.
    """
    from minisign import KeyPair

    _finish_exchange(secret, public)
    keys = read_public_keys(public)
    made = KeyPair.generate().secret_key
    drawn = _read_drawn(public.parent, keys[0].key_id)
    moment = max([now.astimezone(UTC).replace(microsecond=0), *(at + _SECOND for at in drawn)])
    new = replace(_state_public(made), since=_state_time(moment.isoformat()))
    old = replace(keys[0], until=new.since)
    write_whole(_name_next(secret), bytes(made))
    write_whole(public, "".join(key.to_lines() for key in (new, old, *keys[1:])), PUBLIC)
    _finish_exchange(secret, public)
    return new


def read_secret_key(secret: Path) -> SecretKey:
    """The hub's secret key, if it is whole and its owner's alone.

    Raises:
        PortalError: MS752, it is lost or damaged; MS753, others can read it.
    """
    from minisign import Error, SecretKey

    try:
        key = SecretKey.from_file(secret)
        key.get_public_key().verify(_PROBE, key.sign(_PROBE))
        mode = stat.S_IMODE(secret.stat().st_mode)
    except (OSError, Error, ValueError):
        raise PortalError("MS752", file=secret.name) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PortalError("MS753", file=secret.name)
    return key


_SECOND = timedelta(seconds=1)


def _finish_exchange(secret: Path, public: Path) -> None:
    """Put a new key in its place if ``moshare.pub`` begins with it already, else drop it."""
    waiting = _name_next(secret)
    if not waiting.exists():
        return
    made = _state_public(read_secret_key(waiting))
    if read_public_keys(public)[0].text == made.text:
        waiting.replace(secret)
    else:
        waiting.unlink()
    sync(secret.parent)


def _name_next(secret: Path) -> Path:
    return secret.with_name(f"{secret.name}.next")


def _state_public(secret: SecretKey) -> PublicKey:
    text = bytes(secret.get_public_key()).decode("ascii").split("\n")[1].strip()
    return PublicKey(read_key_id(text), text)


def _read_signers(releases: Path) -> Iterator[tuple[Path, str]]:
    """Each signed release of a folder, and the id of the key that it names."""
    for signature in sorted(releases.glob(f"[!.]*/{SIGNATURE_NAME}")):
        lines = signature.read_bytes().split(b"\n")
        try:
            yield signature.parent, read_key_id(lines[1])
        except (ValueError, IndexError):
            continue


def _read_drawn(releases: Path, key_id: str) -> Sequence[datetime]:
    """When the releases were drawn that name a key; one that cannot be read says nothing."""
    times = []
    for folder, signer in _read_signers(releases):
        try:
            record = json.loads((folder / RECORD_NAME).read_bytes())
            times += [_read_time(record["drawn_at"])] if signer == key_id else []
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return times


def _read_time(text: str) -> datetime:
    """A time with its zone; ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _state_time(text: str) -> str:
    """A time as it stands in ``moshare.pub``; ValueError where it is none."""
    return _read_time(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
