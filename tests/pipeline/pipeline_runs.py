"""Running a job of the graph in this process, for tests."""

from orchestration.instance import open_instance
from orchestration.runs import RunOutcome, run_job
from orchestration.settings import Settings, prepare_process
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)


def run_here(job: str, settings: Settings, quarter: Quarter = QUARTER) -> RunOutcome:
    prepare_process(settings)
    with open_instance(settings) as instance:
        return run_job(job, quarter, instance, lambda *_: None)
