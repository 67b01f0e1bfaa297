"""Starts runs as Dagster does, but none of a backfill before the older quarters of that backfill.

Dagster submits the runs of a backfill one after another, in the order in which they were asked for,
and the first may leave the queue before the next is in it. A run that is too early goes back into
the queue, as Dagster itself puts one back; the queue holds older quarters higher. Does not belong
here: the order in which quarters may be released (see `guards.quarter_order`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.launcher import DefaultRunLauncher, LaunchRunContext
from dagster._core.storage.tags import BACKFILL_ID_TAG, PARTITION_NAME_TAG
from dagster._serdes import ConfigurableClassData

_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


class OldestFirstRunLauncher(DefaultRunLauncher):
    """Dagster's own way to start a run, in its turn."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> OldestFirstRunLauncher:
        """Give the launcher that `dagster.yaml` names."""
        return cls(inst_data=inst_data, **config_value)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run, or put it back into the queue."""
        run = context.dagster_run
        if is_too_early(self._instance, run):
            enqueued = dg.DagsterEvent.job_enqueue(run)
            self._instance.report_dagster_event(enqueued, run_id=run.run_id)
        else:
            super().launch_run(context)


def is_too_early(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether an older quarter of the same backfill has not ended or was not even submitted.

    A backfill that was ended by somebody submits nothing more, and nothing is waited for.
    """
    backfill_id, key = run.tags.get(BACKFILL_ID_TAG), run.tags.get(PARTITION_NAME_TAG)
    if backfill_id is None or key is None:
        return False
    runs = instance.get_runs(dg.RunsFilter(tags={BACKFILL_ID_TAG: backfill_id}))
    statuses = {one.tags.get(PARTITION_NAME_TAG): one.status for one in runs}
    if any(other and other < key and status not in _ENDED for other, status in statuses.items()):
        return True
    backfill = instance.get_backfill(backfill_id)
    if backfill is None or backfill.status != BulkActionStatus.REQUESTED:
        return False
    return any(name < key and name not in statuses for name in backfill.partition_names or ())
