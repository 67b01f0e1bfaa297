"""What the calendar starts: the plan on its day, and the release of a signed plan at its hour.

Both tick every day, for a person may sign late and a machine may be off on the day itself; the
calendar of the state says which day is due. Does not belong here: what an arriving delivery starts
(see `sensor`).
"""

from __future__ import annotations

from datetime import datetime, time

import dagster as dg

from failures.numbered import NumberedError
from jurisdiction.calendar import read_calendar
from jurisdiction.state import read_state
from orchestration.defs.jobs import put_up_plan, whole_quarter
from orchestration.defs.quarters import describe_run, partition_key
from orchestration.guards.closed_quarters import TIMEZONE
from orchestration.hub.settings import load_settings
from orchestration.steps.approving import pass_over
from orchestration.watch.standing import (
    QuarterStanding,
    find_today,
    list_open_quarters,
    look_at_quarter,
)
from sources.quarters import Quarter

_HOURS = read_calendar().hours
_CLOCK = f"{read_state().name} time"


def _every_day_at(hour: time) -> str:
    return f"{hour.minute} {hour.hour} * * *"


@dg.schedule(
    name="plan_due",
    job=put_up_plan,
    cron_schedule=_every_day_at(_HOURS.plan),
    execution_timezone=TIMEZONE,
    description=f"At {_HOURS.plan:%H:%M} {_CLOCK}, from the day on which the calendar wants the "
    "plan of the oldest open quarter: puts it up, if nobody did.",
)
def plan_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for the plan that is due and not there."""
    now = context.scheduled_execution_time
    standing = find_open(now)
    if standing is None:
        return dg.SkipReason("No quarter is open.")
    if standing.is_planned:
        return dg.SkipReason(f"The plan of {standing.quarter} is up.")
    if now < standing.dates.planned_at:
        return dg.SkipReason(f"The plan of {standing.quarter} is due on {standing.dates.plan}.")
    return _ask_for(put_up_plan.name, standing.quarter, now)


@dg.schedule(
    name="quarterly_release",
    job=whole_quarter,
    cron_schedule=_every_day_at(_HOURS.release),
    execution_timezone=TIMEZONE,
    description=f"At {_HOURS.release:%H:%M} {_CLOCK}, from the day of the calendar on: releases "
    "the oldest open quarter, if every agency delivered and its plan is signed. Otherwise it says "
    "what is missing, and looks again the next day.",
)
def quarterly_release(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for the release that is due, delivered and signed."""
    now = context.scheduled_execution_time
    standing = find_open(now)
    if standing is None:
        return dg.SkipReason("No quarter is open.")
    if now < standing.dates.released_at:
        return dg.SkipReason(f"{standing.quarter} is released on {standing.dates.release}.")
    if not standing.is_delivered:
        return _wait_for_agencies(standing, now)
    if not standing.is_approved:
        return dg.SkipReason(f"{standing.quarter} waits for its approval. {standing.problem}")
    return _ask_for(whole_quarter.name, standing.quarter, now)


def _wait_for_agencies(standing: QuarterStanding, now: datetime) -> dg.SkipReason:
    """Wait for silent agencies, or pass the quarter over where the calendar says so."""
    last_day = standing.dates.passed_over_on
    if last_day is None or find_today(now) < last_day:
        names = ", ".join(standing.missing)
        return dg.SkipReason(f"{standing.quarter} waits for the delivery of {names}.")
    try:
        pass_over(standing.quarter, load_settings(), standing.missing)
    except NumberedError as error:
        return dg.SkipReason(f"{standing.quarter} cannot be passed over. {error.sentence}")
    return dg.SkipReason(f"{standing.quarter} is passed over; its plan says why.")


def find_open(now: datetime) -> QuarterStanding | None:
    """The standing of the oldest open quarter: the one that everything waits for."""
    settings = load_settings()
    quarters = list_open_quarters(settings, now)
    return look_at_quarter(quarters[0], settings) if quarters else None


def _ask_for(job: str, quarter: Quarter, now: datetime) -> dg.RunRequest:
    """One run of a job for a quarter on a day."""
    key = partition_key(quarter)
    return dg.RunRequest(
        run_key=f"{job}/{quarter}/{find_today(now)}", partition_key=key, tags=describe_run(key)
    )


schedules = [plan_due, quarterly_release]
