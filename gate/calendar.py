"""When each release opens, for whom: a small TOML file that a person writes and announces.

Here: reading that file, and hours on the state's clocks as moments in UTC. Not here: whether the
files of a release are there (``shelf``). What was not announced is not served.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, TypeAdapter, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.errors import GateError
from gate.settings import Tier
from jurisdiction.state import read_state

CLOCK = ZoneInfo(read_state().time_zone)
RELEASE_ID = r"^[0-9A-Za-z][0-9A-Za-z-]{0,31}$"

_LOG = logging.getLogger(__name__)


def _find_moment(opens: datetime) -> datetime:
    """The moment of an hour on the state's clocks, which must exist and exist once."""
    if opens.tzinfo is not None:
        raise ValueError("is not like 2025-07-15 08:00:00")
    local = opens.replace(tzinfo=CLOCK)
    try:
        moment = local.astimezone(UTC)
    except OverflowError:
        raise ValueError("is too far away") from None
    if moment.astimezone(CLOCK).replace(tzinfo=None) != opens:
        raise ValueError("is skipped when summer time begins")
    if local.replace(fold=1).astimezone(UTC) != moment:
        raise ValueError("comes twice when summer time ends")
    return moment


@with_config(CLOSED)
@dataclass(frozen=True)
class _Entry:
    id: Annotated[str, Field(pattern=RELEASE_ID)]
    opens: Annotated[datetime, Field(strict=True), AfterValidator(_find_moment)]
    tier: Tier


@with_config(CLOSED)
@dataclass(frozen=True)
class _Calendar:
    release: tuple[_Entry, ...] = ()


_FORM = TypeAdapter(_Calendar)


@dataclass(frozen=True)
class Announcement:
    """One release: the moment (UTC) from which it is open, and the tier it is open to."""

    release_id: str
    opens_at: datetime
    tier: str

    def is_open(self, now: datetime) -> bool:
        """Whether the hour has come."""
        return now >= self.opens_at


class Calendar:
    """A calendar file, read again when it changes; a broken change leaves the last good one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._releases: Mapping[str, Announcement] = {}
        self._releases, self._stamp = read_calendar(path), self._find_stamp()

    @property
    def releases(self) -> Mapping[str, Announcement]:
        """Every announced release by its id, latest first."""
        stamp = self._find_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._releases = read_calendar(self._path)
            except GateError as error:
                _LOG.warning("%s The calendar read before is still used.", error.sentence)
        return self._releases

    def _find_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def read_calendar(path: Path) -> Mapping[str, Announcement]:
    """Read a calendar file.

    Raises:
        GateError: MS742, it cannot be read, or an entry is wrong.
    """
    try:
        entries = read_toml(path, _FORM).release
    except BrokenDocumentError as broken:
        raise GateError("MS742", file=path.name, reason=str(broken)) from None
    latest_first = sorted(entries, key=lambda one: (one.opens, one.id), reverse=True)
    found = {one.id: Announcement(one.id, one.opens, one.tier) for one in latest_first}
    if len(found) < len(entries):
        raise GateError("MS742", file=path.name, reason="It announces a release a second time")
    return found
