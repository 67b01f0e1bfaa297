"""What a filled drop box starts: its delivery is collected into the inbox.

There `delivery_arrived` finds it. A box that is away or a delivery that is not whole fails no run:
alarms tell of them. Does not belong here: collecting (`boxes.collecting`).
"""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date

import dagster as dg

from failures.numbered import NumberedError
from jurisdiction.state import read_state
from orchestration.boxes.collecting import collect_agency, look_into
from orchestration.boxes.notes import Waiting
from orchestration.boxes.settings import Box, read_boxes
from orchestration.defs.border import border
from orchestration.defs.jobs import TAGGED
from orchestration.defs.quarters import describe_run, partition_key
from orchestration.defs.sensor import count_pauses
from orchestration.guards.closed_quarters import find_quarter, refuse_open_quarter
from orchestration.hub.clock import read_clock
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, load_settings
from sources.quarters import Quarter

warnings.filterwarnings("ignore", category=dg.BetaWarning, message="Parameter `owners`")


def _collect_job(agency: str) -> dg.JobDefinition:
    @dg.op(name=f"collect_from_boxes_of_{agency}", out=dg.Out(dg.Nothing))
    def collect(context: dg.OpExecutionContext) -> None:
        settings = load_settings()
        quarter = find_quarter(date.fromisoformat(str(context.partition_key)))
        with border(f"boxes/{agency}", settings):
            for told in collect_agency(agency, quarter, settings):
                context.log.info(told)

    @dg.job(
        name=f"collect_{agency}",
        config=TAGGED,
        description=f"Collect the delivery of '{agency}' for a quarter from its drop boxes into "
        "its inbox.",
    )
    def collect_from_boxes() -> None:
        collect()

    return collect_from_boxes


collect_jobs = {one.key: _collect_job(one.key) for one in read_state().agencies}


def look_into_all(
    boxes: Sequence[Box], settings: Settings
) -> list[tuple[Box, list[tuple[Quarter, Waiting]]]]:
    """Look into every box at once, so that those that answer are not kept waiting by one."""
    with ThreadPoolExecutor(max_workers=max(1, len(boxes))) as looking:
        looks = [looking.submit(copy_context().run, look_into, one, settings) for one in boxes]
        return [(box, look.result()) for box, look in zip(boxes, looks, strict=True)]


@dg.sensor(
    name="box_filled",
    jobs=list(collect_jobs.values()),
    minimum_interval_seconds=60,
    description="Looks into the drop boxes that boxes.toml names, brings receipts there, and has a "
    "delivery that is whole collected into the inbox. What turns out not to be whole is asked for "
    "again after 10 minutes, an hour and four hours, then every day.",
)
def box_filled(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    """Ask for one run for each manifest that was not collected; a later time asks again."""
    settings, now = load_settings(), read_clock()
    try:
        boxes = read_boxes(settings)
    except NumberedError as error:
        context.log.warning(error.sentence)
        return
    for box, found in look_into_all(boxes, settings):
        for quarter, waiting in found:
            try:
                refuse_open_quarter(quarter)
            except OrchestrationError as error:
                context.log.warning(f"Drop box '{box.name}': {error.sentence}")
                continue
            key, pauses = partition_key(quarter), count_pauses(waiting.since, now)
            yield dg.RunRequest(
                run_key=f"{box.name}/{quarter}/{waiting.manifest}/{pauses}",
                job_name=collect_jobs[box.agency].name,
                partition_key=key,
                tags=describe_run(key),
            )
