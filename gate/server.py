"""The server: uvicorn with bounded time, size and number, and no log of what clients send.

Here: deadlines of a connection, answers to what is no HTTP, starting and stopping. Not here: what
an address answers (``app``).
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import struct
import sys
from collections import Counter
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from gate.app import build_app
from gate.audit import tell_time
from gate.errors import GateError
from gate.identity import name_client
from gate.recorded import TOO_LONG, Recorded
from gate.settings import GateSettings
from gate.tokens import Clock
from gate.visits import open_gate

STOP_SECONDS = 10
BACKLOG = 256


class BoundedProtocol(H11Protocol):
    """One connection that ends if a request, or the reading of an answer, takes too long."""

    recorded: Recorded
    settings: GateSettings
    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0
    _is_refused = False
    _is_waiting = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; where there are too many, one that waits is dropped for it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > self.settings.limits.connections:
            self._make_room()
        if transport.is_closing():
            return
        self._set_deadline(self.settings.limits.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """Read on; the head of a request must be whole within its time, however it trickles."""
        if self._is_refused:
            return
        if self._is_waiting:
            self._is_waiting = False
            self._set_deadline(self.settings.limits.header_seconds)
        had_all = self._has_all()
        super().data_received(data)
        if self._has_all() and not had_all:
            self._set_deadline(self.settings.limits.answer_seconds)

    def on_response_complete(self) -> None:
        """Wait for the next request, but not long for a client that does not read this answer."""
        super().on_response_complete()
        self._since = self.loop.time()
        self._is_waiting = not self._has_all()
        if self.transport.get_write_buffer_size() or not self._is_waiting:
            self._set_deadline(self.settings.limits.answer_seconds)
        elif self._deadline is not None:
            self._deadline.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the gate has its own words
        """Refuse what is not HTTP, once its row is in the audit."""
        hint = getattr(sys.exception(), "error_status_hint", 400)
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()
            return
        self._is_refused = True
        task = self.loop.create_task(self._refuse(TOO_LONG if hint == TOO_LONG else 400))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _refuse(self, status: int) -> None:
        address = self.client[0] if self.client else ""
        try:
            status, headers, body = await self.recorded.refuse_unread(address, status)
        except GateError:
            self.transport.abort()
            return
        if self.transport.is_closing():
            return
        sent = [*headers.items(), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (
            h11.Response(status_code=status, headers=sent, reason=b""),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _make_room(self) -> None:
        """Drop a connection without a word: of who holds most, the one that waits longest.

        One that is being answered is never dropped; if no other waits, this one is.
        """
        kept = (one for one in self.connections if isinstance(one, BoundedProtocol))
        held = [one for one in kept if not one.transport.is_closing()]
        if len(held) <= self.settings.limits.connections:
            return
        holders = Counter(one.holder for one in held)
        waiting = [one for one in held if not one.is_answered]
        min(waiting, key=lambda one: (-holders[one.holder], one._since)).transport.abort()

    @property
    def holder(self) -> str:
        """Who opened the connection, as the pace counts it."""
        return name_client(self.client[0]) if self.client else ""

    @property
    def is_answered(self) -> bool:
        """Whether an answer is being made, or is on its way."""
        return self._has_all() or self.transport.get_write_buffer_size() > 0

    def _has_all(self) -> bool:
        """Whether a whole request is here and its answer is not complete."""
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _set_deadline(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._reset)

    def _reset(self) -> None:
        """End at once, and leave nothing to the kernel that a client might never read."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.transport.abort()


def make_config(settings: GateSettings, recorded: Recorded) -> uvicorn.Config:
    """How uvicorn runs the gate: no logs of requests, no headers believed, nothing unbounded."""
    limits = settings.limits
    return uvicorn.Config(
        recorded,
        host=settings.listen,
        port=settings.port,
        loop="asyncio",
        http=make_protocol(settings, recorded),
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=BACKLOG,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=limits.header_bytes,
    )


def make_protocol(settings: GateSettings, recorded: Recorded) -> type[BoundedProtocol]:
    """The protocol of one gate's connections."""
    parts: dict[str, Any] = {"settings": settings, "recorded": recorded}
    return type("GateProtocol", (BoundedProtocol,), parts)


def serve(settings: GateSettings, clock: Clock = tell_time) -> None:
    """Serve until told to stop.

    Raises:
        GateError: MS738, MS742, MS747, MS760: the gate cannot be opened; MS750: it cannot listen.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    gate = open_gate(settings, clock)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_quietly)
    try:
        uvicorn.Server(make_config(settings, build_app(gate))).run()
    except SystemExit:
        raise GateError("MS750", place=f"{settings.listen}:{settings.port}") from None
    finally:
        gate.close()


def _end_quietly(number: int, frame: FrameType | None) -> None:
    """Do nothing: uvicorn sends the signal again once it has stopped, and the audit is to end."""
