"""What the gate sends of itself: releases over SFTP and notices, to those whom its settings name.

Here: finding the release and the receivers. Not here: one push (``push``) or one notice
(``notices``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from portal.gate.audit import AuditLog, tell_time
from portal.gate.calendar import Announcement, read_calendar
from portal.gate.errors import GateError
from portal.gate.notices import notify
from portal.gate.push import push
from portal.gate.settings import GateSettings, Mail, Sftp, Webhook
from portal.gate.shelf import Shelf
from portal.gate.tokens import Clock

Receiver = TypeVar("Receiver", Sftp, Mail | Webhook)


def push_release(
    settings: GateSettings, release_id: str, to: str = "", clock: Clock = tell_time
) -> Iterator[tuple[str, str]]:
    """Push one release to one receiver or all; gives each one's name and outcome.

    Raises:
        GateError: MS722, it was never announced; MS746, there is no such receiver; those of
            ``push``.
    """
    announcement = _find_announcement(settings, release_id)
    receivers = _choose("push", settings.sftp, to)
    shelf = Shelf(settings.releases, settings.public_key)
    shelf.look()
    log = AuditLog(settings.state, clock)
    for server in receivers:
        yield server.name, push(shelf, log, clock, announcement, server)


def notify_release(
    settings: GateSettings, release_id: str, to: str = "", clock: Clock = tell_time
) -> Iterator[str]:
    """Tell one receiver or all of one release; gives the name of each who was told.

    Raises:
        GateError: MS722, it was never announced; MS746, there is no such receiver; those of
            ``notify``.
    """
    announcement = _find_announcement(settings, release_id)
    receivers: tuple[Mail | Webhook, ...] = (*settings.mail, *settings.webhook)
    log = AuditLog(settings.state, clock)
    for receiver in _choose("notify", receivers, to):
        notify(settings, log, clock, announcement, receiver)
        yield receiver.name


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
