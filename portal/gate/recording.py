"""Rows of the audit in groups: many answers wait together for one visit to the disk.

Here: the thread that writes, and the wait of an answer for its row. Not here: the form of a row and
of the files (``audit``). An answer whose row is not on the disk is never sent.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress

from portal.gate.audit import AuditLog, Entry
from portal.gate.errors import GateError

_Waiting = tuple[Entry, asyncio.AbstractEventLoop, "asyncio.Future[str]"]

LARGEST_GROUP = 256


class Recorder:
    """Takes entries from the event loop and gives each one's hash once it is on the disk."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    async def record(self, entry: Entry) -> str:
        """Write an entry and give the hash of its row.

        Raises:
            GateError: MS738, it could not be written.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._waiting.put((entry, loop, future))
        return await future

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group = [self._waiting.get()]
            while len(group) < LARGEST_GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            is_open = None not in group
            if kept := [one for one in group if one is not None]:
                self._write(kept)

    def _write(self, group: Sequence[_Waiting]) -> None:
        hashes: list[str] = []
        failure: GateError | None = None
        try:
            hashes = self._log.write([entry for entry, _, _ in group])
        except Exception:  # noqa: BLE001 - whatever it was, no answer may wait for ever
            failure = GateError("MS738")
        for place, (_, loop, future) in enumerate(group):
            outcome = failure or hashes[place]
            with suppress(RuntimeError):  # its loop was closed; nobody waits for it any more
                loop.call_soon_threadsafe(_settle, future, outcome)


def _settle(future: asyncio.Future[str], outcome: str | GateError) -> None:
    if future.done():
        return
    if isinstance(outcome, GateError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
