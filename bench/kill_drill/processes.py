"""Child processes that are killed at one of their steps, or run out of disk.

A *step* is whatever changes what a later process finds: opening a file to write, renaming, linking
or removing one, waiting for the disk, and each statement of the ledger. Between two steps nothing
changes, so a kill before each of them covers all that a kill can leave. A child is forked from a
process that has imported everything and opened nothing, so that a trial costs no start-up.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from failures.numbered import NumberedError

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.link", "os.rmdir", "os.truncate", "os.chmod")
_WRITING = os.O_WRONLY | os.O_RDWR
_CALLS = ("fsync", "pwrite", "ftruncate")


@dataclass(frozen=True)
class Ending:
    """How a child ended: whether it was killed, its steps, what it gave or the sentence it told."""

    is_killed: bool
    steps: int
    given: Any
    problem: str


class Steps:
    """Counts the steps of this process below some folders, and kills it before one of them."""

    def __init__(self, folder: Path, last: int) -> None:
        self.count = 0
        self._folder = str(folder)
        self._last = last

    def listen(self) -> None:
        """Count from now on."""
        for name in _CALLS:
            setattr(os, name, self._counted(getattr(os, name)))
        real = sqlite3.connect
        sqlite3.connect = lambda *given, **named: real(*given, factory=self._database(), **named)
        self._count_statements_of_servers()
        sys.addaudithook(self._hear)

    def tick(self) -> None:
        """Count one step, or end before it as by `kill -9`."""
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            is_change = isinstance(flags, int) and bool(flags & _WRITING)
            if is_change and str(path).startswith(self._folder):
                self.tick()
        elif event in _CHANGES:
            places = [str(one) for one in arguments if isinstance(one, str | bytes | Path)]
            if any(place.startswith(self._folder) or "/" not in place for place in places):
                self.tick()

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: object, **named: object) -> object:
            self.tick()
            return call(*given, **named)

        return run

    def _database(self) -> type[sqlite3.Connection]:
        tick = self.tick

        class Counted(sqlite3.Connection):
            def execute(self, text: str, *given: object) -> sqlite3.Cursor:
                is_change = not text.lstrip().startswith(("SELECT", "PRAGMA"))
                if is_change:
                    tick()
                try:
                    return super().execute(text, *given)
                finally:
                    if text == "COMMIT":
                        tick()

        return Counted

    def _count_statements_of_servers(self) -> None:
        import psycopg

        execute, transaction, tick = (
            psycopg.Connection.execute,
            psycopg.Connection.transaction,
            self.tick,
        )

        def counted(connection: object, text: object, *given: object, **named: object) -> object:
            if not str(text).lstrip().startswith("SELECT"):
                tick()
            return execute(connection, text, *given, **named)

        @contextmanager
        def committed(connection: object, *given: object, **named: object) -> Iterator[object]:
            with transaction(connection, *given, **named) as one:
                yield one
                tick()
            tick()

        psycopg.Connection.execute = counted  # type: ignore[method-assign]
        psycopg.Connection.transaction = committed  # type: ignore[assignment,method-assign]


def run_child(
    work: Callable[[], Any],
    folder: Path,
    *,
    last: int = 0,
    largest_file: int | None = None,
    killer: Callable[[], None] | None = None,
) -> Ending:
    """Fork, do some work, and say how it ended.

    Args:
        work: What the child does; it gives plain data.
        folder: Steps below it are counted.
        last: The step before which the child is killed; 0 for none.
        largest_file: Bytes that a file may have, where no small disk can be mounted.
        killer: Runs in a thread of the child beside the work.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_child(work, Steps(folder, last), writer, largest_file, killer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        told = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ending(os.WTERMSIG(status) == signal.SIGKILL, last, None, "killed")
    answer = json.loads(told)
    return Ending(
        is_killed=False, steps=answer["steps"], given=answer["given"], problem=answer["problem"]
    )


def _be_child(
    work: Callable[[], Any],
    steps: Steps,
    writer: int,
    largest_file: int | None,
    killer: Callable[[], None] | None,
) -> None:
    """Never return: the child ends here."""
    silent = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(silent, number)
    answer: dict[str, Any] = {"given": None, "problem": ""}
    try:
        steps.listen()
        if killer is not None:
            threading.Thread(target=killer, daemon=True).start()
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
        answer["given"] = work()
    except NumberedError as error:
        answer["problem"] = error.sentence
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        answer["problem"] = f"{type(error).__name__}: {error}"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with os.fdopen(writer, "wb") as stream:
        stream.write(json.dumps({**answer, "steps": steps.count}).encode())
        stream.flush()
    os._exit(0)


def kill_children_of_this(seconds: float) -> Callable[[], None]:
    """Give a killer of the programs that this process started, after some seconds."""

    def kill() -> None:
        time.sleep(seconds)
        for child in _list_children(os.getpid()):
            os.kill(child, signal.SIGKILL)

    return kill


def kill_this(seconds: float) -> Callable[[], None]:
    """Give a killer of this process alone: what it started goes on."""

    def kill() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    return kill


def _list_children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for path in text for child in path.read_text().split()]
