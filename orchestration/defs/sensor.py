"""What an arriving delivery starts: it is taken in, and prepares the quarter that it completes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from jurisdiction.state import read_state
from orchestration.defs.jobs import ingest_jobs, prepare
from orchestration.defs.quarters import describe_run, partition_key
from orchestration.defs.schedule import find_open
from orchestration.guards.closed_quarters import find_told_quarter, refuse_open_quarter
from orchestration.hub.clock import read_clock
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import load_settings
from sources.storing import list_accepted
from sources.waiting import WaitingDelivery, list_waiting, name_unknown

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (10, 60, 240))
"""After its arrival a delivery that got no receipt is asked for again so late, then every day."""


@dg.sensor(
    name="delivery_arrived",
    jobs=list(ingest_jobs.values()),
    minimum_interval_seconds=30,
    description="Looks for manifest.json, which an agency writes last, in every inbox, and takes "
    "in what has no receipt yet, the newest first. Where this machine failed (MS120), it asks "
    "again after 10 minutes, an hour and four hours, then every day.",
)
def delivery_arrived(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    """Ask for one run for each manifest without a receipt; a later time asks again."""
    zones, now = load_settings().zones, read_clock()
    waiting: list[WaitingDelivery] = []
    for agency in ingest_jobs:
        for told in name_unknown(zones, agency):
            context.log.warning(f"Inbox of '{agency}': {told}.")
        waiting += list_waiting(zones, agency)
    for one in sorted(waiting, key=lambda one: one.since, reverse=True):
        try:
            refuse_open_quarter(one.quarter)
        except OrchestrationError as error:
            context.log.warning(f"Inbox of '{one.agency}': {error.sentence}")
            continue
        key, written = partition_key(one.quarter), one.manifest.stat().st_mtime_ns
        yield dg.RunRequest(
            run_key=f"{one.agency}/{one.quarter}/{written}/{count_pauses(one.since, now)}",
            job_name=ingest_jobs[one.agency].name,
            partition_key=key,
            tags=describe_run(key),
        )


def count_pauses(since: datetime, now: datetime) -> int:
    """How many times a delivery that came at a moment may have been asked for again by now."""
    waited = now - since
    days = max(0, waited // timedelta(days=1))
    return days + sum(pause <= waited for pause in _PAUSES)


@dg.sensor(
    name="quarter_complete",
    job=prepare,
    minimum_interval_seconds=60,
    description="Prepares the oldest open quarter when the last of its deliveries was taken in, "
    "however late, and again when one of them was corrected. It releases nothing.",
)
def quarter_complete(_: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run for each state of a quarter's deliveries."""
    standing = find_open(read_clock())
    if standing is None:
        return dg.SkipReason("No quarter is open.")
    if not standing.is_delivered:
        missing = ", ".join(standing.missing)
        return dg.SkipReason(f"{standing.quarter} waits for the delivery of {missing}.")
    settings, quarter = load_settings(), standing.quarter
    newest = [
        f"{agency.key}-{sequence}"
        for agency in read_state().agencies
        for sequence in list_accepted(
            settings.zones, agency.key, str(find_told_quarter(agency, quarter))
        )[-1:]
    ]
    key = partition_key(standing.quarter)
    return dg.RunRequest(
        run_key=f"{prepare.name}/{quarter}/{'/'.join(newest)}",
        partition_key=key,
        tags=describe_run(key),
    )


sensors = [delivery_arrived, quarter_complete]
