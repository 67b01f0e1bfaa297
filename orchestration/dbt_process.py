"""One child process that runs dbt for as long as this process lives.

Importing dbt and parsing the project cost far more than its SQL, and they are the same for each
step and quarter. Does not belong here: what the child does (see `dbt_child`), and which steps there
are (see `dbt_steps`).
"""

from __future__ import annotations

import atexit
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

_CHILD = "orchestration.dbt_child"


@dataclass(frozen=True)
class DbtCall:
    """What dbt is called with.

    Attributes:
        parse: Arguments that parse the project.
        build: Arguments of the call itself.
        parsed_for: What the parsed project depends on; it is parsed anew where this is another.
        environment: The whole environment of the call.
    """

    parse: Sequence[str]
    build: Sequence[str]
    parsed_for: str
    environment: Mapping[str, str]


class DbtProcess:
    """The child, started when it is first called and again where it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._turn = threading.Lock()

    def call(self, call: DbtCall, log: TextIO, lock: int) -> None:
        """Call dbt and wait for its end, which its results tell.

        Args:
            call: What to call.
            log: Takes everything that dbt says.
            lock: File descriptor of the warehouse's lock, which the child holds until it is done,
                also when this process is killed.
        """
        message = json.dumps(asdict(call)).encode() + b"\n"
        with self._turn:
            if self._process is None or self._process.poll() is not None:
                self._start(call.environment)
            channel = self._channel
            if channel is None:
                return
            try:
                socket.send_fds(channel, [message], [log.fileno(), lock])
                answer = channel.recv(4)
            except OSError:
                answer = b""
            except BaseException:
                self.stop()
                raise
            if not answer:
                self.stop()

    def stop(self) -> None:
        """End the child; what it was building is not finished."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._process = self._channel = None

    def _start(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program of our own
                [sys.executable, "-m", _CHILD, str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self._channel = ours


KEPT = DbtProcess()
"""The child of this process."""

atexit.register(KEPT.stop)
