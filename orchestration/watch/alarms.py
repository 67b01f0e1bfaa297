"""What somebody must be told: one alarm for each thing that is late, stopped or about to be.

An alarm holds a code, a sentence without any value or size, and the place to look. Does not belong
here: how it is told (`outbox`, `telling`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import dagster as dg

from jurisdiction.calendar import read_calendar
from jurisdiction.state import read_state
from orchestration.backup.age import describe_backup
from orchestration.boxes.collecting import list_noted
from orchestration.hub.diagnosis import find_needed_bytes
from orchestration.hub.settings import Settings
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.spending import read_entries
from orchestration.watch.outbox import Alarm
from orchestration.watch.standing import (
    DeliveryStanding,
    QuarterStanding,
    find_today,
    look_at_year,
)
from privacy.ledger.caps import LIFETIME, THREE_YEARS, YEAR, compute_spending
from sources.manifest import MANIFEST_NAME
from sources.waiting import list_waiting

LATE_DELIVERY = "late-delivery"
REJECTED_DELIVERY = "rejected-delivery"
NO_RECEIPT = "no-receipt"
LATE_PLAN = "late-plan"
WAITING_SIGNATURE = "waiting-signature"
LATE_RELEASE = "late-release"
BOX_AWAY = "box-away"
BOX_WAITS = "box-waits"
BUDGET = "budget"
NEAR_CAP = "near-cap"
FAILED_STEP = "failed-step"
DISK = "disk"
BACKUP = "backup"

_BUDGET_CODES = ("MS624", "MS625")
_WARNED_PERIODS = (YEAR, THREE_YEARS, LIFETIME)
_SOON = timedelta(hours=1)
_LOOKED_BACK = timedelta(days=30)
_TOLD_OTHERWISE = (3, 6)
"""Exit codes of a rejected delivery and a missing approval, which have alarms of their own."""


def find_alarms(settings: Settings, instance: dg.DagsterInstance, now: datetime) -> list[Alarm]:
    """Everything that somebody must be told at a moment; nothing when all is well."""
    found: list[Alarm] = []
    for standing in look_at_year(settings, now):
        found += _of_deliveries(standing, settings, now)
        if not standing.is_done:
            found += _of_decision(standing, now)
            found += _of_budget(standing, settings)
    found += _of_waiting(settings, now)
    found += _of_boxes(settings, now)
    found += _of_runs(instance, now)
    found += _of_machine(settings, now)
    return found


def _of_deliveries(standing: QuarterStanding, settings: Settings, now: datetime) -> Iterator[Alarm]:
    quarter = standing.quarter
    for one in standing.deliveries:
        if standing.is_done and not one.is_optional:
            continue
        place = f"/assets/raw/{one.agency}"
        if one.state == "absent" and _is_late(one, settings, now):
            yield Alarm(
                f"{LATE_DELIVERY}/{quarter}/{one.agency}",
                LATE_DELIVERY,
                f"'{one.agency}' has not delivered {quarter}, which was due on {one.due}.",
                place,
            )
        if one.rejected:
            yield Alarm(
                f"{REJECTED_DELIVERY}/{one.agency}/{one.rejected}",
                REJECTED_DELIVERY,
                f"A delivery of '{one.agency}' for {quarter} was rejected; its outbox has the "
                f"receipt {one.rejected}.",
                place,
            )


def _is_late(one: DeliveryStanding, settings: Settings, now: datetime) -> bool:
    """Whether a delivery is overdue; where no quarter waits for it, once there was one before."""
    if one.due is None or find_today(now) <= one.due:
        return False
    return not one.is_optional or any(settings.vault.find_delivered(MANIFEST_NAME, one.agency))


def _of_decision(standing: QuarterStanding, now: datetime) -> Iterator[Alarm]:
    quarter, dates, today = standing.quarter, standing.dates, find_today(now)
    is_refused = standing.problem.startswith(_BUDGET_CODES)
    if is_refused:
        yield Alarm(f"{BUDGET}/{quarter}", BUDGET, standing.problem, "/assets/review/plan")
    if not standing.is_planned and today > dates.plan:
        told = f"The plan of {quarter} was to be put up on {dates.plan}."
        yield Alarm(f"{LATE_PLAN}/{quarter}", LATE_PLAN, told, "/assets/review/plan")
    if standing.is_planned and standing.problem and not is_refused and today >= dates.signatures:
        told = f"The plan of {quarter} waits for a signature, due by {dates.signatures}."
        key = f"{WAITING_SIGNATURE}/{quarter}"
        yield Alarm(key, WAITING_SIGNATURE, told, "/assets/review/approval")
    if standing.is_delivered and standing.is_approved and now > dates.opens_at:
        told = f"{quarter} is delivered and signed, and was not released by {dates.release}."
        yield Alarm(f"{LATE_RELEASE}/{quarter}", LATE_RELEASE, told, "/assets/released/folder")


def _of_budget(standing: QuarterStanding, settings: Settings) -> Iterator[Alarm]:
    """Periods that the plan of an open quarter would bring near their cap, told once a year."""
    if not standing.is_planned or standing.problem.startswith(_BUDGET_CODES):
        return
    plan, quarter = plan_quarter(standing.quarter, settings), standing.quarter
    percent = read_calendar().near_cap_percent
    for fact in compute_spending(read_entries(settings), plan.charge, plan.policy.caps):
        if fact.period in _WARNED_PERIODS and 100 * fact.spent >= percent * fact.cap:
            period = fact.period.replace("_", " ")
            told = f"The plan of {quarter} brings the budget of {period} near its cap; the page of "
            told += "the plan says how near, and docs/privacy.md what can be done."
            key = f"{NEAR_CAP}/{fact.period}/{quarter.year}"
            yield Alarm(key, NEAR_CAP, told, "/assets/review/plan")


def _of_waiting(settings: Settings, now: datetime) -> Iterator[Alarm]:
    for agency in (one.key for one in read_state().agencies):
        for one in list_waiting(settings.zones, agency):
            if now - one.since > _SOON:
                key = f"{NO_RECEIPT}/{one.quarter}/{agency}/{one.since:%Y%m%dT%H%M%S}"
                yield Alarm(key, NO_RECEIPT, one.sentence, f"/assets/raw/{agency}")


def _of_boxes(settings: Settings, now: datetime) -> Iterator[Alarm]:
    """Drop boxes that have been away for an hour, and deliveries that wait in one for as long."""
    for box, notes in list_noted(settings):
        if notes.away_since and now - notes.away_since > _SOON:
            key = f"{BOX_AWAY}/{box.name}/{notes.away_since:%Y%m%dT%H%M%S}"
            yield Alarm(key, BOX_AWAY, notes.told, "/automation")
        for quarter, one in notes.waiting.items():
            if now - one.since > _SOON:
                told = one.told or f"The drop box '{box.name}' holds a delivery of '{box.agency}' "
                told += "" if one.told else f"for {quarter} that was not collected."
                key = f"{BOX_WAITS}/{box.name}/{quarter}/{one.manifest[:16]}"
                yield Alarm(key, BOX_WAITS, told, "/automation")


def _of_runs(instance: dg.DagsterInstance, now: datetime) -> Iterator[Alarm]:
    """The last run of each job and quarter, where it failed for a reason without its own alarm."""
    seen: set[tuple[str, str | None]] = set()
    since = dg.RunsFilter(created_after=now - _LOOKED_BACK)
    for run in instance.get_runs(filters=since):  # the newest first
        what = (run.job_name, run.tags.get("moshare/quarter"))
        if run.status == dg.DagsterRunStatus.FAILURE and what not in seen:
            code, exit_code = _read_failure(instance, run.run_id)
            if exit_code not in _TOLD_OTHERWISE:
                told = f"The run '{run.job_name}' of {what[1] or 'no quarter'} failed with {code}."
                yield Alarm(f"{FAILED_STEP}/{run.run_id}", code, told, f"/runs/{run.run_id}")
        seen.add(what)


def _read_failure(instance: dg.DagsterInstance, run_id: str) -> tuple[str, object]:
    """Number and exit code of the step that failed first."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        failure = event.step_failure_data.user_failure_data
        metadata: Mapping[str, dg.MetadataValue] = failure.metadata if failure else {}
        if "code" in metadata:
            return str(metadata["code"].value), metadata["exit_code"].value
    return FAILED_STEP, None


def _of_machine(settings: Settings, now: datetime) -> Iterator[Alarm]:
    if shutil.disk_usage(settings.home).free < find_needed_bytes(settings):
        told = "The disk has less room than the next quarter needs."
        yield Alarm(f"{DISK}/{find_today(now)}", DISK, told)
    fit, told = describe_backup(settings, now)
    if not fit:
        newest = max(path.parent.name for path in settings.releases.glob("*/release.json"))
        yield Alarm(f"{BACKUP}/{newest}/{find_today(now):%Y-%m}", BACKUP, f"The backup: {told}")
