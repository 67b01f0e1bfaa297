"""Rows of the audit in groups: many answers wait together for one visit to the disk.

Here: the thread that writes, the wait of an answer for its row, and refusals that share one. Not
here: the form of a row and of the files (``audit``). An answer whose row is not on the disk is
never sent, but for refusals that are added up: their row follows within a minute.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from gate.audit import AuditLog, Entry
from gate.errors import GateError

_Waiting = tuple[Entry, asyncio.AbstractEventLoop, "asyncio.Future[str]"]

LARGEST_GROUP = 256
SUM_SECONDS = 60.0
"""How long refusals are added up before their row is written."""


class Recorder:
    """Takes entries from the event loop and gives each one's hash once it is on the disk."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._waiting: queue.SimpleQueue[_Waiting | Entry | None] = queue.SimpleQueue()
        self._sums: Counter[Entry] = Counter()
        self._due = 0.0
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

    def add_up(self, entry: Entry) -> None:
        """Count an entry with all that are the same, in one row that is written within a minute."""
        self._waiting.put(entry)

    def close(self) -> None:
        """Write what waits and what was added up, and end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group = self._collect()
            is_open = None not in group
            if kept := [one for one in group if isinstance(one, tuple)]:
                self._write(kept)
            for entry in (one for one in group if isinstance(one, Entry)):
                self._due = self._due if self._sums else time.monotonic() + SUM_SECONDS
                self._sums[entry] += 1
            if self._sums and (not is_open or time.monotonic() >= self._due):
                self._write_sums()

    def _collect(self) -> list[_Waiting | Entry | None]:
        """What waits now; where nothing does, what comes first, or nothing once sums are due."""
        left = max(0.0, self._due - time.monotonic()) if self._sums else None
        try:
            group = [self._waiting.get(timeout=left)]
        except queue.Empty:
            return []
        while len(group) < LARGEST_GROUP and not self._waiting.empty():
            group.append(self._waiting.get())
        return group

    def _write_sums(self) -> None:
        """Write the row of each sum; what the disk does not take is kept for the next time."""
        self._due = time.monotonic() + SUM_SECONDS
        with suppress(Exception):  # whatever it was, the thread must go on
            self._log.write([replace(one, count=count) for one, count in self._sums.items()])
            self._sums.clear()

    def _write(self, group: Sequence[_Waiting]) -> None:
        hashes: list[str] = []
        failure: GateError | None = None
        try:
            hashes = self._log.write([entry for entry, _, _ in group])
        except Exception:  # noqa: BLE001 - whatever it was, no answer may wait for ever
            failure = GateError("MS738")
        for loop in {loop for _, loop, _ in group}:
            outcomes = [
                (future, failure or hashes[place])
                for place, (_, its_loop, future) in enumerate(group)
                if its_loop is loop
            ]
            with suppress(RuntimeError):  # it was closed; nobody waits in it any more
                loop.call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: Sequence[tuple[asyncio.Future[str], str | GateError]]) -> None:
    """Let all answers of a group go on, in one turn of their loop."""
    for future, outcome in outcomes:
        if future.done():
            continue
        if isinstance(outcome, GateError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
