"""The sensor that takes in a delivery when its manifest appears in an inbox."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.jobs import ingest_jobs
from orchestration.defs.quarters import QUARTERS, partition_key
from orchestration.hub.settings import load_settings
from sources.errors import SourcesError
from sources.landing import find_misspelt
from sources.manifest import MANIFEST_NAME
from sources.quarters import Quarter


@dg.sensor(
    name="delivery_arrived",
    jobs=list(ingest_jobs.values()),
    minimum_interval_seconds=30,
    description="Looks for manifest.json, which an agency writes last, in every inbox, and takes "
    "the delivery in. A manifest that is replaced is a new delivery.",
)
def delivery_arrived(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    """Ask for one run for each manifest not seen before, named by place and time of writing."""
    known = set(QUARTERS.get_partition_keys())
    inbox = load_settings().landing / "inbox"
    for agency in ingest_jobs:
        for misspelt, quarter in find_misspelt(inbox / agency):
            context.log.warning(
                f"The inbox folder '{misspelt.name}' of '{agency}' is not looked at. Rename it to "
                f"{quarter}."
            )
        for manifest in sorted(inbox.glob(f"{agency}/*/{MANIFEST_NAME}")):
            folder = manifest.parent.name
            key = _partition(folder)
            if key not in known:
                context.log.warning(f"An inbox folder of '{agency}' is not a closed quarter.")
                continue
            yield dg.RunRequest(
                run_key=f"{agency}/{folder}/{manifest.stat().st_mtime_ns}",
                job_name=ingest_jobs[agency].name,
                partition_key=key,
            )


def _partition(folder: str) -> str | None:
    try:
        return partition_key(Quarter.parse(folder))
    except SourcesError:
        return None
