"""Telling of the hub's alarms of now.

Does not belong here: who is told (`receivers`), and what an alarm is (`alarms`).
"""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from gate.letters import send_letter
from orchestration.hub.settings import Settings
from orchestration.watch.alarms import find_alarms
from orchestration.watch.outbox import Alarm, Outbox
from orchestration.watch.receivers import Receivers, Send, read_receivers, tell_of

_MORE = "'moshare status' on the hub says what is still so."


def tell(
    settings: Settings,
    instance: dg.DagsterInstance,
    now: datetime,
    send: Send = send_letter,
) -> list[Alarm]:
    """Tell everyone of every alarm of now, once, and gives them."""
    alarms, named = find_alarms(settings, instance, now), settings.alarms
    receivers = read_receivers(named) if named.exists() else Receivers(address="")
    tell_of(alarms, receivers, Outbox(settings.outbox), now, more=_MORE, send=send)
    return alarms
