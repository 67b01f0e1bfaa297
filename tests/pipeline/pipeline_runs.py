"""Running a job of the graph in this process, for tests; deliveries of tests are simulated ones."""

from orchestration.cli.runs import RunOutcome, run_job
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.approving import approve_for_demo
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)


def run_here(job: str, settings: Settings, quarter: Quarter = QUARTER) -> RunOutcome:
    prepare_process(settings)
    with open_instance(settings) as instance:
        return run_job(job, quarter, instance, lambda *_: None)


def run_approved(job: str, settings: Settings, quarter: Quarter = QUARTER) -> RunOutcome:
    """Run a job whose plan was put up and signed with the demo's throw-away key."""
    prepare_process(settings)
    approve_for_demo(quarter, settings)
    return run_here(job, settings, quarter)
