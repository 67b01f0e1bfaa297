"""The state's proxy: whether a request came through it, so that what it says may be believed.

Here: the secret that the proxy and the gate share. Not here: which headers say what (``identity``).
An address alone proves nothing: on one machine everyone speaks from the same loopback address.
"""

from __future__ import annotations

import hmac
import stat

from starlette.datastructures import Headers

from gate.errors import GateError
from gate.settings import Proxy

HEADER = "X-Moshare-Proxy"
"""The header in which the proxy sends the secret; it sets it itself and drops what clients send."""
LEAST_LENGTH = 32


class TrustedProxy:
    """Knows the requests of the proxy in the settings; without one, no request is of it."""

    def __init__(self, proxy: Proxy) -> None:
        """Read the secret.

        Raises:
            GateError: MS760, a proxy is listed and its secret cannot be used.
        """
        self._addresses = frozenset(proxy.addresses)
        self._secret = _read_secret(proxy) if proxy.addresses else b""

    def is_sender(self, peer: str, headers: Headers) -> bool:
        """Whether a listed address sent a request with the secret, and with nothing beside it."""
        said = headers.getlist(HEADER)
        if peer not in self._addresses or len(said) != 1:
            return False
        return hmac.compare_digest(said[0].encode("latin-1"), self._secret)


def _read_secret(proxy: Proxy) -> bytes:
    if proxy.secret is None:
        raise GateError("MS760", file="proxy.secret", reason="The settings name no file")
    name = proxy.secret.name
    try:
        mode = proxy.secret.stat().st_mode
        secret = proxy.secret.read_bytes().strip()
    except OSError:
        raise GateError("MS760", file=name, reason="It cannot be read") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise GateError("MS760", file=name, reason="Every account on this machine may read it")
    if len(secret) < LEAST_LENGTH or not secret.isalnum():
        reason = f"It is not one word of at least {LEAST_LENGTH} letters and digits"
        raise GateError("MS760", file=name, reason=reason)
    return secret
