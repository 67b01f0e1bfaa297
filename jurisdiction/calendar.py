"""The year of a state: when the parts of a quarter are due, and at which hour its release opens.

Belongs here: the type of `calendar.toml`, and dates that follow from it. Does not belong here: what
was delivered or signed, and what is done on a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, model_validator

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from jurisdiction.errors import JurisdictionError
from jurisdiction.folder import FOLDER
from jurisdiction.state import read_state

FILE = "calendar.toml"
_QUARTER = re.compile(r"(20[0-9]{2})Q([1-4])")
_SATURDAY = 5

Day = Annotated[int, Field(strict=True, ge=1, le=28)]


def find_moment(local: datetime) -> datetime:
    """The moment (UTC) of an hour on the state's clocks, which must exist and exist once.

    Raises:
        ValueError: What is wrong with it, in words that follow its place.
    """
    if local.tzinfo is not None:
        raise ValueError("is not like 2025-07-15 08:00:00")
    placed = local.replace(tzinfo=ZoneInfo(read_state().time_zone))
    try:
        moment = placed.astimezone(UTC)
    except OverflowError:
        raise ValueError("is too far away") from None
    if moment.astimezone(placed.tzinfo).replace(tzinfo=None) != local:
        raise ValueError("is skipped when summer time begins")
    if placed.replace(fold=1).astimezone(UTC) != moment:
        raise ValueError("comes twice when summer time ends")
    return moment


class Due(BaseModel):
    """Days of the month after a quarter."""

    model_config = CLOSED

    deliveries: Day
    plan: Day
    signatures: Day
    release: Day

    @model_validator(mode="after")
    def _in_order(self) -> Due:
        days = (self.deliveries, self.plan, self.signatures, self.release)
        if list(days) != sorted(days):
            raise ValueError("is not in order: deliveries, plan, signatures, release")
        return self


class Hours(BaseModel):
    """Hours on the state's clocks: of the plan, of the release on the hub, of its opening."""

    model_config = CLOSED

    plan: time
    release: time
    opening: time

    @model_validator(mode="after")
    def _released_before_it_opens(self) -> Hours:
        if self.opening < self.release:
            raise ValueError("opens a release before the hub makes it")
        return self


class Silence(BaseModel):
    """What becomes of a quarter that an agency does not deliver, so many days after its release."""

    model_config = CLOSED

    then: Literal["wait", "pass_over"]
    days: Annotated[int, Field(strict=True, ge=1)]


class Holiday(BaseModel):
    """A day of the year, or a Monday of a month by its number."""

    model_config = CLOSED

    name: str
    month: Annotated[int, Field(strict=True, ge=1, le=12)]
    day: Annotated[int, Field(strict=True, ge=1, le=31)] | None = None
    monday: Annotated[int, Field(strict=True, ge=1, le=4)] | None = None

    @model_validator(mode="after")
    def _is_one_day(self) -> Holiday:
        if (self.day is None) == (self.monday is None):
            raise ValueError("needs a day or the number of a Monday, and not both")
        return self

    def falls_on(self, day: date) -> bool:
        """Whether a day is this holiday."""
        if day.month != self.month:
            return False
        if self.monday is None:
            return day.day == self.day
        return day.weekday() == 0 and (day.day + 6) // 7 == self.monday


def _check_quarters(put_off: dict[str, date]) -> dict[str, date]:
    if not all(_QUARTER.fullmatch(quarter) for quarter in put_off):
        raise ValueError("names something that is no quarter, like 2025Q2")
    return put_off


@dataclass(frozen=True)
class QuarterDates:
    """When the parts of one quarter are due.

    Attributes:
        deliveries: Last day on which an agency delivers in time.
        plan: Day on which the plan is put up.
        signatures: Last day on which an officer signs in time.
        release: Day of the release.
        planned_at: Moment (UTC) at which the plan is put up.
        released_at: Moment (UTC) at which the hub makes the release.
        opens_at: Moment (UTC) at which the gate opens it.
        passed_over_on: Day on which the quarter is passed over if an agency is silent; None where
            it waits.
    """

    deliveries: date
    plan: date
    signatures: date
    release: date
    planned_at: datetime
    released_at: datetime
    opens_at: datetime
    passed_over_on: date | None


class Calendar(BaseModel):
    """What `calendar.toml` says."""

    model_config = CLOSED

    near_cap_percent: Annotated[int, Field(strict=True, ge=1, le=100)]
    due: Due
    hours: Hours
    silence: Silence
    put_off: Annotated[dict[str, date], AfterValidator(_check_quarters)]
    holidays: tuple[Holiday, ...]

    def find_dates(self, quarter: str) -> QuarterDates | None:
        """When the parts of a quarter like 2025Q1 are due; None for another name."""
        found = _QUARTER.fullmatch(quarter)
        if found is None:
            return None
        year, number = int(found[1]), int(found[2])
        month = date(year + number // 4, 3 * number % 12 + 1, 1)
        plan = self._place(month, self.due.plan)
        release = self.put_off.get(quarter, self._place(month, self.due.release))
        silent = self.silence
        return QuarterDates(
            deliveries=self._place(month, self.due.deliveries),
            plan=plan,
            signatures=self._place(month, self.due.signatures),
            release=release,
            planned_at=find_moment(datetime.combine(plan, self.hours.plan)),
            released_at=find_moment(datetime.combine(release, self.hours.release)),
            opens_at=find_moment(datetime.combine(release, self.hours.opening)),
            passed_over_on=release + timedelta(days=silent.days)
            if silent.then == "pass_over"
            else None,
        )

    def is_working_day(self, day: date) -> bool:
        """Whether a day is neither of a weekend nor a holiday."""
        return day.weekday() < _SATURDAY and not any(one.falls_on(day) for one in self.holidays)

    def _place(self, month: date, number: int) -> date:
        """The day of a month, or the next working day after it."""
        day = month.replace(day=number)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day


_FORM = TypeAdapter(Calendar)


@cache
def read_calendar() -> Calendar:
    """Read the calendar; raises JurisdictionError MS001 where its file is not as it must be."""
    try:
        return read_toml(FOLDER / FILE, _FORM)
    except BrokenDocumentError as broken:
        raise JurisdictionError("MS001", file=FILE, problem=str(broken)) from None
