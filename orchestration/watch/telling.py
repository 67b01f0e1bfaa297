"""Who is told of alarms, and telling them: by e-mail or webhook, with links and codes only.

The receivers stand in `alarms.toml` of the data home; where there is none, nobody is told. Does not
belong here: what an alarm is (`alarms`), and keeping what was not taken (`outbox`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import dagster as dg
from pydantic import TypeAdapter, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.letters import Letter, send_letter
from gate.settings import Mail, Webhook
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.watch.alarms import Alarm, find_alarms
from orchestration.watch.outbox import Message, Outbox

Send = Callable[[Mail | Webhook, Letter, datetime], str]

_TEXT = """\
{code}: {sentence}

{link}

Told once. 'moshare status' on the hub says what is still so.
"""


@with_config(CLOSED)
@dataclass(frozen=True)
class Receivers:
    """Who is told; `address` is how they reach the Dagster UI."""

    address: str
    mail: tuple[Mail, ...] = field(default=())
    webhook: tuple[Webhook, ...] = field(default=())

    @property
    def by_name(self) -> dict[str, Mail | Webhook]:
        """Each receiver by its kind and name."""
        mails: dict[str, Mail | Webhook] = {f"mail:{one.name}": one for one in self.mail}
        return mails | {f"webhook:{one.name}": one for one in self.webhook}


_FORM = TypeAdapter(Receivers)


def read_receivers(settings: Settings) -> Receivers:
    """Read who is told.

    Raises:
        OrchestrationError: MS945 when the file is not as it must be.
    """
    if not settings.alarms.exists():
        return Receivers(address="")
    try:
        return read_toml(settings.alarms, _FORM)
    except BrokenDocumentError as broken:
        raise OrchestrationError("MS945", file=settings.alarms.name, problem=str(broken)) from None


def tell(
    settings: Settings,
    instance: dg.DagsterInstance,
    now: datetime,
    send: Send = send_letter,
) -> list[Alarm]:
    """Note every alarm of now for everyone, and send what was not taken yet.

    A receiver that does not take a message is left alone until the next call.

    Returns:
        The alarms of now.
    """
    alarms, receivers = find_alarms(settings, instance, now), read_receivers(settings)
    outbox = Outbox(settings.outbox)
    outbox.put(alarms, receivers.by_name, now)
    away: set[str] = set()
    for message in outbox.list_unsent():
        receiver = receivers.by_name.get(message.receiver)
        if receiver is None or message.receiver in away:
            continue
        problem = send(receiver, _write_letter(message, receivers.address), now)
        outbox.mark(message, now, is_taken=not problem)
        if problem:
            away.add(message.receiver)
    return alarms


def _write_letter(message: Message, address: str) -> Letter:
    alarm = message.alarm
    link = f"{address}{alarm.place}"
    return Letter(
        subject=f"MoShare: {alarm.code}",
        text=_TEXT.format(code=alarm.code, sentence=alarm.sentence, link=link),
        facts={
            "code": alarm.code,
            "about": alarm.key,
            "sentence": alarm.sentence,
            "link": link,
            "raised_at": message.raised_at,
        },
    )
