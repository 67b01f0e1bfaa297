"""Tokens of agencies and sessions of browsers: made once, shown once, kept as hashes.

Here: one SQLite file. A secret is 256 random bits, so its plain SHA-256 is enough; nobody can guess
one, and the file gives none away. Not here: what a caller may open (``identity``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from gate.calendar import RELEASE_ID
from gate.errors import GateError
from gate.settings import TIERS

Clock = Callable[[], datetime]

FILE_NAME = "tokens.sqlite"
LONGEST_DAYS = 3_653
_SECRET = re.compile(r"moshare-([0-9a-f]{8})-[A-Za-z0-9_-]{43}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_AGENCY = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_COLUMNS = "name, agency, tier, releases, created_at, expires_at, revoked_at, hash"
_SELECT = f"select {_COLUMNS} from tokens"  # noqa: S608 - both parts are constants
_OF_SESSION = "where name = (select token from sessions where hash = ? and expires_at > ?)"
_TABLES = """
create table if not exists tokens (
  name text primary key, hash text not null, agency text not null, tier text not null,
  releases text, created_at text not null, expires_at text not null, revoked_at text
) strict;
create table if not exists sessions (
  hash text primary key, token text not null references tokens, expires_at text not null
) strict;
"""


@dataclass(frozen=True)
class Token:
    """What is known of a token; its secret is not. `releases` is None where all are meant."""

    name: str
    agency: str
    tier: str
    releases: tuple[str, ...] | None
    created_at: str
    expires_at: str
    revoked_at: str | None

    def is_valid(self, now: datetime) -> bool:
        """Whether it is neither expired nor revoked."""
        return self.revoked_at is None and _write_moment(now) < self.expires_at


class TokenStore:
    """The tokens and sessions of one gate; every look reads the file, so that a revocation holds.

    Raises:
        GateError: MS747, from any method, if the file cannot be used.
    """

    def __init__(self, state: Path, clock: Clock) -> None:
        self._clock = clock
        self._state = state
        path = state / FILE_NAME
        with self._told():
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._file = sqlite3.connect(path, timeout=5, check_same_thread=False)
            with ExitStack() as undo:
                undo.callback(self._file.close)
                self._file.execute("pragma synchronous = full")
                self._file.executescript(_TABLES)
                undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create(
        self, agency: str, tier: str, days: int, releases: tuple[str, ...] | None = None
    ) -> tuple[Token, str]:
        """Make a token; the secret is given back here and kept nowhere.

        Raises:
            GateError: MS748, an argument is not of its form.
        """
        _check_wish(agency, tier, days, releases)
        now = self._clock()
        token = Token(
            name=secrets.token_hex(4),
            agency=agency,
            tier=tier,
            releases=releases,
            created_at=_write_moment(now),
            expires_at=_write_moment(now + timedelta(days=days)),
            revoked_at=None,
        )
        secret = f"moshare-{token.name}-{secrets.token_urlsafe(32)}"
        listed = None if releases is None else json.dumps(releases)
        with self._told(), self._file:
            self._file.execute(
                "insert into tokens values (?, ?, ?, ?, ?, ?, ?, null)",
                (
                    token.name,
                    _hash(secret),
                    agency,
                    tier,
                    listed,
                    token.created_at,
                    token.expires_at,
                ),
            )
        return token, secret

    def revoke(self, name: str) -> None:
        """Refuse a token from now on, and end its sessions.

        Raises:
            GateError: MS741, there is no such token, or it was revoked before.
        """
        with self._told(), self._file:
            changed = self._file.execute(
                "update tokens set revoked_at = ? where name = ? and revoked_at is null",
                (_write_moment(self._clock()), name),
            )
            self._file.execute("delete from sessions where token = ?", (name,))
        if changed.rowcount != 1:
            raise GateError("MS741")

    def list_all(self) -> list[Token]:
        """Every token ever made, oldest first."""
        with self._told():
            rows = self._file.execute(f"{_SELECT} order by rowid").fetchall()
        return [_read_token(row) for row in rows]

    def find(self, secret: str) -> Token | None:
        """The valid token of a secret."""
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        with self._told():
            rows = self._file.execute(f"{_SELECT} where name = ?", (match[1],)).fetchall()
        if not rows or not hmac.compare_digest(rows[0][-1], _hash(secret)):
            return None
        return self._keep_valid(_read_token(rows[0]))

    def open_session(self, token: Token, hours: int) -> str:
        """Start a session of a token; gives the secret for the cookie."""
        now = self._clock()
        secret = secrets.token_urlsafe(32)
        ends = min(_write_moment(now + timedelta(hours=hours)), token.expires_at)
        with self._told(), self._file:
            self._file.execute("delete from sessions where expires_at <= ?", (_write_moment(now),))
            self._file.execute(
                "insert into sessions values (?, ?, ?)", (_hash(secret), token.name, ends)
            )
        return secret

    def find_session(self, secret: str) -> Token | None:
        """The valid token of a session that has not ended."""
        if not _SESSION.fullmatch(secret):
            return None
        with self._told():
            rows = self._file.execute(
                f"{_SELECT} {_OF_SESSION}",
                (_hash(secret), _write_moment(self._clock())),
            ).fetchall()
        return self._keep_valid(_read_token(rows[0])) if rows else None

    def close_session(self, secret: str) -> None:
        """End a session; one that is not there stays so."""
        with self._told(), self._file:
            self._file.execute("delete from sessions where hash = ?", (_hash(secret),))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _keep_valid(self, token: Token) -> Token | None:
        return token if token.is_valid(self._clock()) else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            kind = type(error).__name__
            raise GateError("MS747", folder=self._state.name, kind=kind) from None


def _check_wish(agency: str, tier: str, days: int, releases: tuple[str, ...] | None) -> None:
    reason = None
    if not _AGENCY.fullmatch(agency):
        reason = "The agency is not a short name of small letters, digits and hyphens"
    elif tier not in TIERS:
        reason = f"The tier is not one of {', '.join(TIERS)}"
    elif not 1 <= days <= LONGEST_DAYS:
        reason = f"It would not be valid for 1 to {LONGEST_DAYS} days"
    elif releases is not None and not all(re.fullmatch(RELEASE_ID, one) for one in releases):
        reason = "A release is not written like 2025Q1"
    if reason:
        raise GateError("MS748", reason=reason)


def _read_token(row: tuple[str, ...]) -> Token:
    name, agency, tier, releases, created_at, expires_at, revoked_at, _ = row
    listed = None if releases is None else tuple(json.loads(releases))
    return Token(name, agency, tier, listed, created_at, expires_at, revoked_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
