"""Who asks: the holder of a token, a browser that signed in, a person the state's proxy names.

Here: reading one request's headers into a caller. Not here: tokens themselves (``tokens``), and
whether a request came through the proxy (``proxies``): the sign-on and forwarding headers of any
other are as if they were not there.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers
from starlette.requests import Request

from gate.calendar import Announcement
from gate.errors import GateError
from gate.settings import PARTNER, PUBLIC, GateSettings, Proxy
from gate.tokens import Token, TokenStore

ANONYMOUS = "anonymous"
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_BEARER = re.compile(r"[Bb]earer +(\S+)")


@dataclass(frozen=True)
class Caller:
    """Someone who may ask; `who` is what the audit says of them."""

    who: str
    agency: str
    tier: str
    releases: tuple[str, ...] | None = None

    def check(self, announcement: Announcement, now: datetime) -> None:
        """Raise GateError MS726 before the hour, MS727 if the release is not for this caller."""
        release_id = announcement.release_id
        if not announcement.is_open(now):
            opens_at = announcement.opens_at.strftime("%Y-%m-%d %H:%M UTC")
            raise GateError("MS726", release_id=release_id, opens_at=opens_at)
        is_listed = self.releases is None or release_id in self.releases
        if not is_listed or (announcement.tier == PARTNER and self.tier != PARTNER):
            raise GateError("MS727", release_id=release_id)

    def may_open(self, announcement: Announcement, now: datetime) -> bool:
        """Whether ``check`` lets the caller have it."""
        try:
            self.check(announcement, now)
        except GateError:
            return False
        return True


def name_cookie(settings: GateSettings) -> str:
    """The name of the session's cookie; the prefix makes browsers hold it to this host and TLS."""
    return "__Host-moshare" if settings.is_secure else "moshare"


def find_address(peer: str, headers: Headers, *, is_proxied: bool) -> str:
    """The client's address: what the trusted proxy added last, or who opened the connection."""
    if not is_proxied:
        return peer
    said = [part for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
    try:
        return str(ipaddress.ip_address(said[-1].strip())) if said else peer
    except ValueError:
        return peer


def name_client(address: str) -> str:
    """Whom an address stands for: of IPv6 the 64 leading bits, which one household has whole."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def find_caller(
    request: Request, settings: GateSettings, tokens: TokenStore, *, is_proxied: bool
) -> Caller:
    """Read who asks.

    Raises:
        GateError: MS723, nobody is named; MS724, a token is named and not valid; MS736, the proxy's
            headers are not what a proxy sends.
    """
    sent = request.headers.getlist("authorization")
    if sent:
        match = _BEARER.fullmatch(sent[0]) if len(sent) == 1 else None
        token = tokens.find(match[1]) if match else None
        if token is None:
            raise GateError("MS724", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return _describe(token, "token")
    cookie = request.cookies.get(name_cookie(settings))
    if cookie and (token := tokens.find_session(cookie)):
        return _describe(token, "session")
    if is_proxied and (found := _read_sign_on(request, settings.proxy)):
        return found
    if settings.anonymous:
        return Caller(ANONYMOUS, "", PUBLIC)
    raise GateError("MS723", {"WWW-Authenticate": "Bearer"})


def _describe(token: Token, kind: str) -> Caller:
    return Caller(f"{kind}:{token.name}", token.agency, token.tier, token.releases)


def _read_sign_on(request: Request, proxy: Proxy) -> Caller | None:
    users = request.headers.getlist(proxy.user_header)
    groups = request.headers.getlist(proxy.groups_header)
    if not users:
        return None
    if len(users) > 1 or len(groups) > 1 or not _USER.fullmatch(users[0]):
        raise GateError("MS736")
    members = {name.strip() for line in groups for name in line.split(",")}
    for group in proxy.groups:
        if group.name in members:
            return Caller(f"person:{users[0]}", group.agency, group.tier)
    return None
