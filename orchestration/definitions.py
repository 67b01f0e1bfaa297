"""The Dagster code location: everything that exists, in one object named `defs`."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.border import silence_redacted_errors
from orchestration.defs.boxes import box_filled, collect_jobs
from orchestration.defs.checks import checks
from orchestration.defs.guidance import guide
from orchestration.defs.ingest import deliveries
from orchestration.defs.jobs import jobs
from orchestration.defs.linkage import links
from orchestration.defs.public_totals import public_totals
from orchestration.defs.refusing_io import RefusingIOManager
from orchestration.defs.release import quality, released
from orchestration.defs.review import review
from orchestration.defs.schedule import schedules
from orchestration.defs.sensor import sensors
from orchestration.defs.transform import dbt_steps
from orchestration.defs.watch import standing, year_watched

silence_redacted_errors()

defs = dg.Definitions(
    assets=[
        *guide([*deliveries, *dbt_steps, links, public_totals, quality, *review, *released]),
        standing,
    ],
    asset_checks=checks,
    jobs=[*jobs, *collect_jobs.values()],
    schedules=schedules,
    sensors=[box_filled, *sensors, year_watched],
    resources={"io_manager": RefusingIOManager()},
    executor=dg.in_process_executor,
)
