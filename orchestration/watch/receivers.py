"""Who is told of alarms, and telling them: by e-mail or webhook, with links and codes only.

The receivers stand in `alarms.toml`, on the hub in its data home, where there may be none and
nobody is told; on the gate's machine where its settings say, and there it must be. Nothing here may
import Dagster. Does not belong here: what an alarm is (`alarms`, `pushes`), and keeping what was
not taken (`outbox`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.letters import Letter, send_letter
from gate.settings import Mail, Webhook
from orchestration.hub.errors import OrchestrationError
from orchestration.watch.outbox import Alarm, Message, Outbox

Send = Callable[[Mail | Webhook, Letter, datetime], str]

_TEXT = """\
{code}: {sentence}

{link}

Told once. {more}
"""


@with_config(CLOSED)
@dataclass(frozen=True)
class Receivers:
    """Who is told; `address` is how they reach what the alarms are about: the UI, or the gate."""

    address: str
    mail: tuple[Mail, ...] = field(default=())
    webhook: tuple[Webhook, ...] = field(default=())

    @property
    def by_name(self) -> dict[str, Mail | Webhook]:
        """Each receiver by its kind and name."""
        mails: dict[str, Mail | Webhook] = {f"mail:{one.name}": one for one in self.mail}
        return mails | {f"webhook:{one.name}": one for one in self.webhook}


_FORM = TypeAdapter(Receivers)


def read_receivers(path: Path) -> Receivers:
    """Read who is told.

    Raises:
        OrchestrationError: MS945 when the file is not there, or not as it must be.
    """
    try:
        return read_toml(path, _FORM)
    except BrokenDocumentError as broken:
        raise OrchestrationError("MS945", file=path.name, problem=str(broken)) from None


def tell_of(
    alarms: Iterable[Alarm],
    receivers: Receivers,
    outbox: Outbox,
    now: datetime,
    *,
    more: str,
    send: Send = send_letter,
) -> None:
    """Note alarms for everyone, and send what was not taken yet.

    A receiver that does not take a message is left alone until the next call.

    Args:
        alarms: What somebody must be told; each is told once, however often it is given.
        receivers: Who.
        outbox: Where it is kept until they took it.
        now: The present moment.
        more: A sentence: where it is said what is still so.
        send: How a message travels.
    """
    outbox.put(alarms, receivers.by_name, now)
    away: set[str] = set()
    for message in outbox.list_unsent():
        receiver = receivers.by_name.get(message.receiver)
        if receiver is None or message.receiver in away:
            continue
        problem = send(receiver, _write_letter(message, receivers.address, more), now)
        outbox.mark(message, now, is_taken=not problem)
        if problem:
            away.add(message.receiver)


def _write_letter(message: Message, address: str, more: str) -> Letter:
    alarm = message.alarm
    link = f"{address}{alarm.place}"
    return Letter(
        subject=f"MoShare: {alarm.code}",
        text=_TEXT.format(code=alarm.code, sentence=alarm.sentence, link=link, more=more),
        facts={
            "code": alarm.code,
            "about": alarm.key,
            "sentence": alarm.sentence,
            "link": link,
            "raised_at": message.raised_at,
        },
    )
