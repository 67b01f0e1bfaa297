"""When each release opens, for whom: a small TOML file that a person writes and announces.

Here: reading that file, and hours on the state's clocks as moments in UTC. Not here: whether the
files of a release are there (``shelf``). What was not announced is not served.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gate.errors import GateError
from gate.settings import TIERS
from jurisdiction.state import read_state

CLOCK = ZoneInfo(read_state().time_zone)
RELEASE_ID = r"^[0-9A-Za-z][0-9A-Za-z-]{0,31}$"

_LOG = logging.getLogger(__name__)


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
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError:
        raise GateError("MS742", file=path.name, reason="It cannot be read") from None
    except ValueError:
        raise GateError("MS742", file=path.name, reason="It is not TOML") from None
    try:
        found = _read_entries(content)
    except ValueError as error:
        raise GateError("MS742", file=path.name, reason=str(error)) from None
    latest_first = sorted(found.values(), key=lambda one: (one.opens_at, one.release_id))
    return {one.release_id: one for one in reversed(latest_first)}


def _read_entries(content: Mapping[str, object]) -> dict[str, Announcement]:
    entries = content.get("release", [])
    if set(content) - {"release"} or not isinstance(entries, list):
        raise ValueError("It holds something other than [[release]]")
    found: dict[str, Announcement] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != {"id", "opens", "tier"}:
            raise ValueError(f"Entry {number} does not have exactly id, opens and tier")
        release_id, opens, tier = entry["id"], entry["opens"], entry["tier"]
        if not isinstance(release_id, str) or not re.fullmatch(RELEASE_ID, release_id):
            raise ValueError(f"The id of entry {number} is not like 2025Q1")
        if tier not in TIERS:
            raise ValueError(f"The tier of entry {number} is not one of {', '.join(TIERS)}")
        if release_id in found:
            raise ValueError(f"Entry {number} announces a release a second time")
        found[release_id] = Announcement(release_id, _find_moment(opens, number), tier)
    return found


def _find_moment(opens: object, number: int) -> datetime:
    """The moment of an hour on the state's clocks, which must exist and exist once."""
    if not isinstance(opens, datetime) or opens.tzinfo is not None:
        raise ValueError(f"The hour of entry {number} is not like 2025-07-15 08:00:00")
    local = opens.replace(tzinfo=CLOCK)
    moment = local.astimezone(UTC)
    if moment.astimezone(CLOCK).replace(tzinfo=None) != opens:
        raise ValueError(f"The hour of entry {number} is skipped when summer time begins")
    if local.replace(fold=1).astimezone(UTC) != moment:
        raise ValueError(f"The hour of entry {number} comes twice when summer time ends")
    return moment
