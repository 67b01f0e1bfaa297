"""Messages that were not sent yet, kept until the other side took them.

One row for each alarm and receiver; it is written before anything is sent, so that nothing is lost
while a mail server is away, and told once however often it is found. Does not belong here: how a
message travels (`gate.letters`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_TABLE = """
create table if not exists messages (
  alarm text not null, receiver text not null, code text not null, sentence text not null,
  place text not null, raised_at text not null, tries integer not null default 0, sent_at text,
  primary key (alarm, receiver)
) strict
"""


@dataclass(frozen=True)
class Alarm:
    """One thing that somebody must be told, once.

    Attributes:
        key: What it is about; the same thing has the same key.
        code: Its kind, or the number of a failure.
        sentence: What is wrong, for people.
        place: Where to look: a path below the address that `alarms.toml` names.
    """

    key: str
    code: str
    sentence: str
    place: str = "/"


@dataclass(frozen=True)
class Message:
    """One alarm for one receiver; `tries` is how often it was not taken."""

    alarm: Alarm
    receiver: str
    raised_at: str
    tries: int


class Outbox:
    """The table of messages in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, alarms: Iterable[Alarm], receivers: Iterable[str], now: datetime) -> None:
        """Note each alarm for each receiver, unless it was noted before."""
        names = list(receivers)
        rows = [
            (one.key, name, one.code, one.sentence, one.place, now.isoformat(timespec="seconds"))
            for one in alarms
            for name in names
        ]
        with self._open() as connection:
            connection.executemany(
                "insert or ignore into messages (alarm, receiver, code, sentence, place, raised_at)"
                " values (?, ?, ?, ?, ?, ?)",
                rows,
            )

    def list_unsent(self) -> list[Message]:
        """Messages that nobody took yet, the oldest first."""
        with self._open() as connection:
            rows = connection.execute(
                "select alarm, code, sentence, place, receiver, raised_at, tries from messages "
                "where sent_at is null order by raised_at, alarm, receiver"
            ).fetchall()
        return [Message(Alarm(*row[:4]), *row[4:]) for row in rows]

    def mark(self, message: Message, now: datetime, *, is_taken: bool) -> None:
        """Note that a message was taken, or was tried once more."""
        with self._open() as connection:
            connection.execute(
                "update messages set tries = tries + 1, sent_at = ? "
                "where alarm = ? and receiver = ?",
                (
                    now.isoformat(timespec="seconds") if is_taken else None,
                    message.alarm.key,
                    message.receiver,
                ),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.execute("pragma synchronous = full")
            connection.execute(_TABLE)
            yield connection
