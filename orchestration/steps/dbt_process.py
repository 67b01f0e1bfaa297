"""One child process that runs dbt for as long as this process lives.

Importing dbt and parsing the project cost far more than its SQL, and are the same for every step
and quarter (decision 151). Does not belong here: what the child does (`dbt_child`), and which steps
there are (`dbt_steps`).
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

_CHILD = "orchestration.steps.dbt_child"


@dataclass(frozen=True)
class DbtCall:
    """What dbt is called with.

    Attributes:
        parse: Arguments that parse the project.
        build: Arguments of the call itself.
        results: File that takes what came of each node; none is left where dbt stopped before.
        parsed_for: What the parsed project depends on; it is parsed anew where this is another.
        environment: The whole environment of parsing.
        variables: What the call itself has beside it.
    """

    parse: Sequence[str]
    build: Sequence[str]
    results: str
    parsed_for: str
    environment: Mapping[str, str]
    variables: Mapping[str, str]


class DbtProcess:
    """The child, started before or when it is first called, and again where it ended."""

    _process: subprocess.Popen[bytes] | None
    _channel: socket.socket | None

    def __init__(self) -> None:
        self._process = self._channel = None
        self._turn = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the child, so that it imports dbt while this process does something else."""
        with self._turn:
            self._connect(environment)

    def call(self, call: DbtCall, log: TextIO, lock: int) -> None:
        """Call dbt and wait for its end, however it ends; its results tell how.

        Args:
            call: What to call.
            log: Takes everything that dbt says.
            lock: File descriptor of the warehouse's lock, which the child holds until it is done,
                also when this process is killed.
        """
        message = json.dumps(asdict(call)).encode() + b"\n"
        with self._turn:
            channel = self._connect(call.environment)
            try:
                sent = socket.send_fds(channel, [message], [log.fileno(), lock])
                channel.sendall(message[sent:])
                is_done = bool(channel.recv(1))
            except OSError:
                is_done = False
            except BaseException:
                self.stop()
                raise
            if not is_done:
                self.stop()

    @property
    def process_number(self) -> int | None:
        """The child's number at the operating system, while there is one."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """End the child; what it was building is not finished."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._channel = None

    def forget(self) -> None:
        """Leave the child to the process that this one was forked from."""
        if self._channel is not None:
            self._channel.close()
        self._process = self._channel = None
        self._turn = threading.Lock()

    def _connect(self, environment: Mapping[str, str]) -> socket.socket:
        if self._channel is not None and self._process is not None and self._process.poll() is None:
            return self._channel
        self.stop()
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program of our own
                [sys.executable, "-P", "-m", _CHILD, str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        return self._channel


KEPT = DbtProcess()
"""The child of this process."""

atexit.register(KEPT.stop)
os.register_at_fork(after_in_child=KEPT.forget)
