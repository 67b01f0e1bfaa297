"""One gate's parts together, and the way of a request through them.

Here: opening the parts, requiring a caller, finding an open release. Not here: the addresses
(``addresses``, ``people``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.requests import Request

from gate.audit import AuditLog, Entry
from gate.calendar import Announcement, Calendar
from gate.errors import GateError
from gate.identity import Caller
from gate.reception import Facts, Reception
from gate.recorded import find_facts
from gate.recording import Recorder
from gate.settings import GateSettings
from gate.shelf import Shelf, ShelvedRelease
from gate.tokens import Clock, TokenStore
from portal.errors import PortalError

LOOK_SECONDS = 5.0

_LOG = logging.getLogger(__name__)


@dataclass
class Gate:
    """The parts of a running gate."""

    settings: GateSettings
    clock: Clock
    calendar: Calendar
    shelf: Shelf
    tokens: TokenStore
    recorder: Recorder
    reception: Reception
    looked_at: float = field(default_factory=time.monotonic)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def identify(self, request: Request) -> Caller:
        """Name the caller of something that not everyone may have.

        Raises:
            GateError: MS723, MS724, MS736, MS747.
        """
        caller = find_facts(request).require_caller()
        await self.refresh()
        return caller

    async def refresh(self) -> None:
        """Look at the releases again if the last look is some seconds old."""
        async with self.looking:
            if time.monotonic() - self.looked_at < LOOK_SECONDS:
                return
            _tell_withheld(await asyncio.to_thread(self.shelf.look))
            self.looked_at = time.monotonic()

    def list_open(self, caller: Caller) -> Iterator[tuple[Announcement, ShelvedRelease]]:
        """The releases that a caller may open and that can be served, latest first."""
        now = self.clock()
        for announcement in self.calendar.releases.values():
            if caller.may_open(announcement, now):
                try:
                    yield announcement, self.shelf.get(announcement.release_id)
                except GateError:
                    continue

    def open_release(
        self, caller: Caller, facts: Facts, release_id: str
    ) -> tuple[Announcement, ShelvedRelease]:
        """One release for a caller.

        Raises:
            GateError: MS722, it was never announced; MS726, MS727, it is not open, or not to this
                caller; MS728, MS729, it cannot be served.
        """
        announcement = self.calendar.releases.get(release_id)
        if announcement is None:
            raise GateError("MS722")
        facts.resource = f"releases/{release_id}"
        caller.check(announcement, self.clock())
        return announcement, self.shelf.get(release_id)

    def close(self) -> None:
        """Finish the audit and let go of the files."""
        self.recorder.close()
        self.tokens.close()


def open_gate(settings: GateSettings, clock: Clock) -> Gate:
    """Open every part, and write down that the gate was opened.

    Raises:
        GateError: MS738, MS742, MS747, MS760: a part cannot be used.
    """
    calendar = Calendar(settings.calendar)
    tokens = TokenStore(settings.state, clock)
    reception = Reception(settings, tokens)
    log = AuditLog(settings.state, clock)
    head = log.write([describe_step("opened", "gate")])[0]
    _LOG.info("The gate is open. The audit stands at %s", head)
    shelf = Shelf(settings.releases, settings.public_key)
    _tell_withheld(shelf.look())
    return Gate(
        settings=settings,
        clock=clock,
        calendar=calendar,
        shelf=shelf,
        tokens=tokens,
        recorder=Recorder(log),
        reception=reception,
    )


def _tell_withheld(failures: list[PortalError]) -> None:
    for failure in failures:
        _LOG.warning("A release is withheld. %s", failure.sentence)


def describe_step(
    event: str,
    who: str,
    agency: str = "",
    resource: str = "",
    code: str = "",
    size: int = 0,
    sha256: str = "",
) -> Entry:
    """An entry for something that is no answer over HTTP."""
    return Entry(event, who, agency, "", "", resource, 0, code, size, sha256)
