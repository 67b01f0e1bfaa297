"""Ctrl-C and SIGTERM: whatever is being done ends, and is said to be finished by another run.

All that commands do may be killed at any moment, so an interrupt needs no cleaning up but that of
the files it leaves. Does not belong here: the gate, which stops by itself (`gate.server`).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SENTENCE = "interrupted; run it again"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The process was asked to end; not an Exception, so that no step takes it for a failure."""


class _Arrived:
    """The signal that arrived first, whoever handles signals by then.

    Dagster puts handlers of its own in place while it runs a step, and DuckDB turns what a handler
    raises into an error of its own. The interpreter writes every signal to this pipe as well.
    """

    def __init__(self) -> None:
        self.number = 0
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def listen(self) -> None:
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def look(self) -> int:
        with suppress(BlockingIOError):
            for number in os.read(self._reader, 4096):
                if number in _SIGNALS:
                    self.number = self.number or number
        return self.number


_arrived: _Arrived | None = None


def raise_if_interrupted() -> None:
    """Raise `Interrupted` where a signal arrived, whatever became of what it raised."""
    if _arrived is not None and _arrived.look():
        raise Interrupted


@contextmanager
def exit_when_interrupted() -> Iterator[None]:
    """End the process with 130 or 143 and one sentence where SIGINT or SIGTERM arrives within."""
    global _arrived
    _arrived = arrived = _Arrived()
    arrived.listen()
    for number in _SIGNALS:
        signal.signal(number, _raise)
    try:
        yield
    except BaseException as error:
        has_ended_well = (
            isinstance(error, SystemExit) and not error.code
        )  # the gate stops by itself
        if has_ended_well or not arrived.look():
            raise
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        sys.stderr.write(f"{SENTENCE}\n")
        sys.exit(128 + arrived.number)


def _raise(number: int, _: FrameType | None) -> NoReturn:
    if _arrived is not None:
        _arrived.number = _arrived.number or number
    logging.disable()  # what a library says of its own end, such as a connection that was closing
    raise Interrupted
