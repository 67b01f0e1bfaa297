"""The people of a rehearsed quarter: agencies that deliver, an officer who signs, and bad days.

Does not belong here: when the hub does what (``defs``), and the clock (`year`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from jurisdiction.calendar import QuarterDates, read_calendar
from jurisdiction.state import read_state
from orchestration.backup.making import make_backup
from orchestration.hub.settings import Settings
from orchestration.rehearsal.receiver import Receiver
from orchestration.rehearsal.release_server import ReleaseServer
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.simulated import deliver_prepared
from orchestration.watch.standing import is_released, look_at_quarter
from simulator.simulate import PreparedDelivery
from sources.quarters import Quarter

LATE_AGENCY = "late agency"
REJECTED_DELIVERY = "rejected delivery"
OFFICER_AWAY = "officer away"
RECEIVER_AWAY = "receiver away"
SERVER_AWAY = "server away"

BadDays = Collection[str]


@dataclass(frozen=True)
class People:
    """Who acts in one quarter.

    Attributes:
        quarter: Which.
        prepared: What each agency will deliver, by its short name.
        bad_days: What goes wrong.
        keeper: The public key of whoever keeps backups.
        backups: The folder for them.
        receiver: Who is told.
        server: Takes releases for an agency.
    """

    quarter: Quarter
    prepared: Mapping[str, PreparedDelivery]
    bad_days: BadDays
    keeper: Path
    backups: Path
    receiver: Receiver
    server: ReleaseServer

    @property
    def dates(self) -> QuarterDates:
        """When the parts of the quarter are due."""
        dates = read_calendar().find_dates(str(self.quarter))
        assert dates is not None  # noqa: S101 - a quarter has dates
        return dates

    def act(self, today: date, settings: Settings) -> Iterator[str]:
        """Do what people do on a day, and say so."""
        yield from self._receive(today)
        yield from self._take(today)
        for agency, prepared in self.prepared.items():
            yield from self._deliver(agency, prepared, today, settings)
        yield from self._sign(today, settings)
        yield from self._back_up(settings)

    def _receive(self, today: date) -> Iterator[str]:
        if RECEIVER_AWAY not in self.bad_days:
            return
        is_away = 0 <= (today - self.dates.deliveries).days < 4
        if is_away != self.receiver.is_away:
            self.receiver.is_away = is_away
            yield f"the server that takes messages is {'away' if is_away else 'back'}"

    def _take(self, today: date) -> Iterator[str]:
        """Let the server for releases be away when it is needed, until it was missed twice."""
        if SERVER_AWAY not in self.bad_days:
            return
        is_away = today >= self.dates.release - timedelta(days=1) and self.server.missed < 2
        if is_away != self.server.is_away:
            self.server.is_away = is_away
            what = f"the server of {self.server.sftp.agency} that takes releases"
            yield f"{what} is {'away' if is_away else 'back'}"

    def _deliver(
        self, agency: str, prepared: PreparedDelivery, today: date, settings: Settings
    ) -> Iterator[str]:
        first, *_, last = [one for one in self.prepared if one in read_state().awaited]
        due = self.dates.deliveries
        day = due - timedelta(days=2)
        if agency == first and REJECTED_DELIVERY in self.bad_days:
            if today == day:
                yield self._deliver_broken(prepared, settings)
            day += timedelta(days=1)
        if agency == last and LATE_AGENCY in self.bad_days:
            day = self.dates.release + timedelta(days=2)
        if today == day:
            deliver_prepared(settings, prepared)
            yield f"{agency} delivers{', late' if day > due else ''}"

    def _deliver_broken(self, prepared: PreparedDelivery, settings: Settings) -> str:
        """Deliver something that is no file of the contract in the place of each file."""
        broken = replace(prepared, folder=prepared.folder.with_name(f"{self.quarter}-broken"))
        broken.folder.mkdir()
        for name in broken.files.values():
            (broken.folder / name).write_text("not what the contract asks for\n", "ascii")
        deliver_prepared(settings, broken)
        return f"{prepared.agency} delivers files that are not what the contract asks for"

    def _sign(self, today: date, settings: Settings) -> Iterator[str]:
        day = self.dates.plan
        if OFFICER_AWAY in self.bad_days:
            day = self.dates.release + timedelta(days=3)
        if today == day:
            signed = approve_for_demo(self.quarter, settings)
            late = ", late" if day > self.dates.signatures else ""
            yield f"the officer signs the plan {signed.plan[:8]}{late}"

    def _back_up(self, settings: Settings) -> Iterator[str]:
        if not is_released(self.quarter, settings) or [*self.backups.glob(f"{self.quarter}.*")]:
            return
        made = make_backup(settings, self.backups, self.keeper)
        (self.backups / f"{self.quarter}.noted").touch()
        yield f"the hub is backed up and read back ({made.stat().st_size / 1024**2:.1f} MiB)"


def is_over(people: People, settings: Settings) -> bool:
    """Whether a quarter was released and backed up."""
    standing = look_at_quarter(people.quarter, settings)
    noted = people.backups / f"{people.quarter}.noted"
    return standing.is_done and noted.exists()
