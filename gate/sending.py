"""What the gate sends of itself: releases over SFTP and notices, to those whom its settings name.

Here: finding the release and the receivers, each of which is judged by itself. Not here: one push
(``push``) or one notice (``notices``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from gate.audit import AuditLog, tell_time
from gate.calendar import Announcement, read_calendar
from gate.errors import GateError
from gate.notices import notify
from gate.push import push
from gate.settings import GateSettings, Mail, Sftp, Webhook
from gate.shelf import Shelf
from gate.tokens import Clock

Receiver = TypeVar("Receiver", Sftp, Mail | Webhook)


@dataclass(frozen=True)
class Outcome:
    """What became of one receiver, in words; `is_reached` is whether it has what it should."""

    name: str
    said: str
    is_reached: bool


def push_release(
    settings: GateSettings, release_id: str, to: str = "", clock: Clock = tell_time
) -> Iterator[Outcome]:
    """Push one release to one receiver or all; gives each one's outcome as it comes.

    Raises:
        GateError: MS722, it was never announced; MS746, there is no such receiver.
    """
    announcement = _find_announcement(settings, release_id)
    receivers = _choose("push", settings.sftp, to)
    shelf = Shelf(settings.releases, settings.public_key)
    shelf.look()
    log = AuditLog(settings.state, clock)
    for server in receivers:
        yield _judge(server, lambda one: push(shelf, log, clock, announcement, one))


def notify_release(
    settings: GateSettings, release_id: str, to: str = "", clock: Clock = tell_time
) -> Iterator[Outcome]:
    """Tell one receiver or all of one release; gives each one's outcome as it comes.

    Raises:
        GateError: MS722, it was never announced; MS746, there is no such receiver.
    """
    announcement = _find_announcement(settings, release_id)
    receivers: tuple[Mail | Webhook, ...] = (*settings.mail, *settings.webhook)
    log = AuditLog(settings.state, clock)
    for receiver in _choose("notify", receivers, to):
        yield _judge(receiver, lambda one: notify(settings, log, clock, announcement, one))


def _judge(receiver: Receiver, send: Callable[[Receiver], str]) -> Outcome:
    try:
        return Outcome(receiver.name, send(receiver), is_reached=True)
    except GateError as error:
        return Outcome(receiver.name, error.sentence, is_reached=False)


def _find_announcement(settings: GateSettings, release_id: str) -> Announcement:
    announcement = read_calendar(settings.calendar).get(release_id)
    if announcement is None:
        raise GateError("MS722")
    return announcement


def _choose(command: str, receivers: tuple[Receiver, ...], to: str) -> list[Receiver]:
    chosen = [receiver for receiver in receivers if to in ("", receiver.name)]
    if not chosen:
        raise GateError("MS746", command=command)
    return chosen
