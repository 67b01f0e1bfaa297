"""When each release opens, for whom: a small TOML file that a person writes and announces.

A quarter that it announces without an hour opens at the one of the state's calendar. Here: reading
that file. Not here: that calendar (`jurisdiction.calendar`), and whether the files of a release are
there (``shelf``). What was not announced is not served.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.errors import GateError
from gate.settings import Tier
from jurisdiction.calendar import find_moment
from jurisdiction.calendar import read_calendar as read_year

RELEASE_ID = r"^[0-9A-Za-z][0-9A-Za-z-]{0,31}$"

_LOG = logging.getLogger(__name__)


@with_config(CLOSED)
@dataclass(frozen=True)
class _Entry:
    id: Annotated[str, Field(pattern=RELEASE_ID)]
    tier: Tier
    opens: Annotated[datetime, Field(strict=True), AfterValidator(find_moment)] | None = None


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
    announced = [Announcement(one.id, _find_opening(one, path), one.tier) for one in entries]
    latest_first = sorted(announced, key=lambda one: (one.opens_at, one.release_id), reverse=True)
    found = {one.release_id: one for one in latest_first}
    if len(found) < len(entries):
        raise GateError("MS742", file=path.name, reason="It announces a release a second time")
    return found


def _find_opening(entry: _Entry, path: Path) -> datetime:
    """The announced moment, or that of the state's calendar for a quarter."""
    if entry.opens is not None:
        return entry.opens
    dates = read_year().find_dates(entry.id)
    if dates is None:
        reason = "'opens' is missing, and the state's calendar has no hour for what is no quarter"
        raise GateError("MS742", file=path.name, reason=reason)
    return dates.opens_at
