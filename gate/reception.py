"""Whoever asks is met first: who it is, from where, and whether it asks too fast.

Here: one look at a request's headers before anything is worked out for it. Not here: the pace
itself (``pace``), and what a caller may open (``identity``).
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gate.errors import GateError
from gate.identity import ANONYMOUS, Caller, find_address, find_caller, name_client
from gate.pace import Pace
from gate.proxies import TrustedProxy
from gate.settings import GateSettings
from gate.tokens import TokenStore

HEALTH = "/healthz"
ROWS_A_MINUTE = 5
"""So many refusals for haste have a row each; the others of a minute are added up in one."""


@dataclass
class Facts:
    """What is found out about a request, for its row in the audit.

    `caller` is who asks; where it is None, `refusal` says why.
    """

    address: str
    who: str = ANONYMOUS
    agency: str = ""
    event: str = "page"
    resource: str = "unknown"
    code: str = ""
    caller: Caller | None = None
    refusal: GateError | None = None

    @property
    def client(self) -> str:
        """Whose pace an answer counts against where nobody is named."""
        return name_client(self.address)

    def require_caller(self) -> Caller:
        """Who asks.

        Raises:
            GateError: MS723, MS724, MS736, MS747: nobody that the gate knows.
        """
        if self.caller is None:
            raise self.refusal or GateError("MS723")
        return self.caller


class Reception:
    """Meets requests, and holds each client to its pace."""

    def __init__(self, settings: GateSettings, tokens: TokenStore) -> None:
        """Raises GateError MS760: the proxy's secret cannot be used."""
        self._settings = settings
        self._tokens = tokens
        self._proxy = TrustedProxy(settings.proxy)
        self._callers = Pace(settings.limits.requests_per_minute)
        self._strangers = Pace(settings.limits.refusals_per_minute)
        self._rows = Pace(ROWS_A_MINUTE)

    def meet(self, request: Request, facts: Facts) -> None:
        """Find out where a request comes from and who asks, and count it against their pace.

        Raises:
            GateError: MS725, there were too many.
        """
        is_proxied = self._proxy.is_sender(facts.address, request.headers)
        facts.address = find_address(facts.address, request.headers, is_proxied=is_proxied)
        try:
            caller = find_caller(request, self._settings, self._tokens, is_proxied=is_proxied)
        except GateError as refusal:
            facts.refusal = refusal
        else:
            facts.caller, facts.who, facts.agency = caller, caller.who, caller.agency
        if facts.who != ANONYMOUS:
            self._callers.take(facts.who)
        elif facts.caller or request.scope["path"] == HEALTH:
            self._callers.take(facts.client)
        else:
            self.meet_stranger(facts)

    def meet_stranger(self, facts: Facts) -> None:
        """Count something that nobody known sent; raises GateError MS725."""
        self._strangers.take(facts.client)

    def has_own_row(self, facts: Facts) -> bool:
        """Whether a refusal for haste is one of the first of its minute."""
        try:
            self._rows.take(f"{facts.who} {facts.client}")
        except GateError:
            return False
        return True
