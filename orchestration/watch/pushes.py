"""Pushes of releases that failed, told on the gate's machine, where nothing of the hub is.

Nothing here may import Dagster. Does not belong here: pushing (`gate.push`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from gate.sending import Outcome
from gate.settings import GateSettings
from orchestration.watch.outbox import Alarm, Outbox
from orchestration.watch.receivers import read_receivers, tell_of

FAILED_PUSH = "failed-push"
_OUTBOX = "outbox.sqlite"
_MORE = "'moshare push' done again says what is still so."


def tell_of_pushes(
    settings: GateSettings, release_id: str, outcomes: Iterable[Outcome], now: datetime
) -> None:
    """Tell those named in the gate's `alarms` of each push that failed, once.

    What they do not take is kept in the gate's state, and sent at the next push, whatever became of
    that one. Nothing is done where the settings name nobody.
    """
    if settings.alarms is None:
        return
    receivers, outbox = read_receivers(settings.alarms), Outbox(settings.state / _OUTBOX)
    tell_of(_find_alarms(release_id, outcomes), receivers, outbox, now, more=_MORE)


def _find_alarms(release_id: str, outcomes: Iterable[Outcome]) -> Iterator[Alarm]:
    for one in outcomes:
        if not one.is_reached:
            code = one.said.partition(":")[0]
            key = f"{FAILED_PUSH}/{release_id}/{one.name}/{code}"
            yield Alarm(key, FAILED_PUSH, one.said, f"/releases/{release_id}/")
