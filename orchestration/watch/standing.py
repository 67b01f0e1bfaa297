"""How far each quarter has come against the calendar: delivered, planned, signed, released.

Reads folders, the policy and the ledger, and no confidential row. Does not belong here: the
calendar (`jurisdiction.calendar`), and what follows from a standing (`alarms`, ``defs``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from failures.numbered import NumberedError
from jurisdiction.calendar import QuarterDates, read_calendar
from jurisdiction.state import read_state
from orchestration.guards.closed_quarters import find_first_quarter, find_last_closed
from orchestration.guards.quarter_order import is_rejected
from orchestration.guards.simulated_home import is_all_simulated
from orchestration.hub.settings import Settings
from orchestration.steps.approving import require_approval
from orchestration.steps.proposing import PAGE_NAME
from sources.quarters import Quarter
from sources.storing import list_accepted
from sources.waiting import list_waiting

DeliveryState = Literal["accepted", "waiting", "rejected", "absent"]

QUARTERS_OF_A_YEAR = 4


@dataclass(frozen=True)
class DeliveryStanding:
    """What became of the delivery of one agency for a quarter.

    Attributes:
        agency: Its short name.
        state: accepted; waiting, it lies in the inbox without a receipt; rejected; or absent.
        due: When it is due; None where the agency has none to make for the quarter.
        is_optional: Whether the quarter does not wait for it.
        since: Day on which it was put there, where it waits.
        rejected: Name of the receipt of the last delivery, where that was rejected and none waits;
            the state is accepted where another had been before.
    """

    agency: str
    state: DeliveryState
    due: date | None = None
    is_optional: bool = False
    since: date | None = None
    rejected: str = ""


@dataclass(frozen=True)
class QuarterStanding:
    """How far one quarter has come.

    Attributes:
        quarter: Which.
        dates: When its parts are due.
        deliveries: One for each agency, in the order in which they are told.
        is_planned: Whether a plan was put up.
        signers: Who signed it, where it is approved.
        problem: Why it is not approved, as a sentence; empty where it is.
        is_released: Whether its folder was built.
        is_passed_over: Whether the plan that stands was rejected.
    """

    quarter: Quarter
    dates: QuarterDates
    deliveries: tuple[DeliveryStanding, ...]
    is_planned: bool
    signers: tuple[str, ...]
    problem: str
    is_released: bool
    is_passed_over: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to be done with it."""
        return self.is_released or self.is_passed_over

    @property
    def missing(self) -> tuple[str, ...]:
        """The agencies whose delivery the quarter still waits for."""
        return tuple(
            one.agency for one in self.deliveries if not one.is_optional and one.state != "accepted"
        )

    @property
    def is_delivered(self) -> bool:
        """Whether all that it waits for was delivered and taken in."""
        return not self.missing

    @property
    def is_approved(self) -> bool:
        """Whether its plan can be released as far as officers go."""
        return not self.problem


def find_today(now: datetime) -> date:
    """The day on the state's clocks at a moment."""
    return now.astimezone(ZoneInfo(read_state().time_zone)).date()


def list_open_quarters(settings: Settings, now: datetime) -> list[Quarter]:
    """Closed quarters with something left to do, the oldest first.

    They begin with the first quarter that anything was delivered for; where nothing ever was, the
    last closed quarter alone is waited for.
    """
    last = _find_last_watched(settings, now)
    quarter = min([*_find_known(settings), last])
    found = []
    while quarter <= last:
        if not (is_released(quarter, settings) or is_rejected(quarter, settings)):
            found.append(quarter)
        quarter = quarter.next()
    return found


def look_at_year(settings: Settings, now: datetime) -> list[QuarterStanding]:
    """The standing of open quarters, and of those of the last four that are done with."""
    last = _find_last_watched(settings, now)
    shown = {*list_open_quarters(settings, now)}
    first, quarter = find_first_quarter(), last
    for _ in range(QUARTERS_OF_A_YEAR):
        is_done = is_released(quarter, settings) or is_rejected(quarter, settings)
        if quarter >= first and is_done:
            shown.add(quarter)
        quarter = quarter.previous()
    return [look_at_quarter(one, settings) for one in sorted(shown)]


def look_at_quarter(quarter: Quarter, settings: Settings) -> QuarterStanding:
    """The standing of one quarter."""
    dates = read_calendar().find_dates(str(quarter))
    assert dates is not None  # noqa: S101 - a quarter has dates
    signers, problem = _look_at_approval(quarter, settings)
    return QuarterStanding(
        quarter=quarter,
        dates=dates,
        deliveries=tuple(_look_at_deliveries(quarter, dates.deliveries, settings)),
        is_planned=(settings.review / str(quarter) / PAGE_NAME).exists(),
        signers=signers,
        problem=problem,
        is_released=is_released(quarter, settings),
        is_passed_over=is_rejected(quarter, settings),
    )


def is_released(quarter: Quarter, settings: Settings) -> bool:
    """Whether the folder of a quarter's release was built."""
    return (settings.releases / str(quarter) / "release.json").exists()


def _find_last_watched(settings: Settings, now: datetime) -> Quarter:
    """The last closed quarter, or the last delivered one where every delivery is simulated."""
    last = find_last_closed(now)
    if is_all_simulated(settings):
        return min(last, max(_find_known(settings), default=last))
    return last


def _find_known(settings: Settings) -> Iterator[Quarter]:
    """Quarters that an awaited agency ever delivered for, from the first day of record on."""
    first = find_first_quarter()
    for agency in read_state().awaited:
        for folder in settings.vault.find_raw_quarters(agency):
            if (quarter := Quarter.parse(folder.name)) >= first:
                yield quarter
        for waiting in list_waiting(settings.zones, agency):
            if waiting.quarter >= first:
                yield waiting.quarter


def _look_at_deliveries(
    quarter: Quarter, due: date, settings: Settings
) -> Iterator[DeliveryStanding]:
    last_day = quarter.next().first_day - timedelta(days=1)
    for agency in read_state().agencies:
        rhythm = agency.rhythm
        state, since = _find_state(agency.key, quarter, settings)
        yield DeliveryStanding(
            agency.key,
            state,
            rhythm.find_due(quarter.number, last_day) if rhythm else due,
            agency.is_optional,
            since,
            "" if state == "waiting" else _find_rejected(agency.key, quarter, settings),
        )


def _find_state(
    agency: str, quarter: Quarter, settings: Settings
) -> tuple[DeliveryState, date | None]:
    """What became of a delivery, and since when it waits."""
    zones = settings.zones
    waiting = [one for one in list_waiting(zones, agency) if one.quarter == quarter]
    if waiting:
        return "waiting", find_today(waiting[0].since)
    if list_accepted(zones, agency, str(quarter)):
        return "accepted", None
    if any(zones.outbox(agency).glob(f"{quarter}-*-rejected-*.json")):
        return "rejected", None
    return "absent", None


def _find_rejected(agency: str, quarter: Quarter, settings: Settings) -> str:
    """The receipt that came last, where it is a rejection."""
    receipts = settings.zones.outbox(agency).glob(f"{quarter}-*.txt")
    newest = max(receipts, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)
    return newest.name if newest and "-rejected-" in newest.name else ""


def _look_at_approval(quarter: Quarter, settings: Settings) -> tuple[tuple[str, ...], str]:
    """Who signed, and why the plan is not approved; what is not there yet is no failure."""
    try:
        facts = require_approval(quarter, settings)
    except NumberedError as error:
        return (), error.sentence
    return tuple(one.signer for one in facts), ""


def name_lateness(due: date, today: date) -> str:
    """Say when something is due, or for how long it has been."""
    days = (today - due) // timedelta(days=1)
    if days <= 0:
        return f"due {due}"
    return f"due {due}, {days} day{'s' if days > 1 else ''} late"
