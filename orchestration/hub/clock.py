"""The moment that schedules, alarms and the look at what is due go by.

It is the machine's clock, but for the rehearsal of a year, which sets another for its own process.
Does not belong here: times that are recorded of a draw, a charge or a receipt, which are always the
machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_REHEARSED: ContextVar[datetime | None] = ContextVar("rehearsed", default=None)


def read_clock() -> datetime:
    """The present moment in UTC."""
    return _REHEARSED.get() or datetime.now(UTC)


@contextmanager
def rehearse_at(moment: datetime) -> Iterator[None]:
    """Let it be another moment, here and in what is called from here."""
    token = _REHEARSED.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _REHEARSED.reset(token)
