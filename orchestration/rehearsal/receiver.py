"""What stands for the people who are told: a webhook on this machine that can be away.

Does not belong here: what they are told (`watch.telling`, `gate.notices`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Receiver:
    """Takes messages while it is not away.

    Attributes:
        address: Of the webhook.
        is_away: Whether it refuses.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_away = False
        self._taken: list[dict[str, Any]] = []

    def take(self, message: dict[str, Any]) -> bool:
        """Take a message, or refuse it."""
        if not self.is_away:
            self._taken.append(message)
        return not self.is_away

    def read_new(self) -> list[dict[str, Any]]:
        """Messages that came since they were last read."""
        new, self._taken = self._taken, []
        return new


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """Listen on this machine for as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204 if receiver.take(message) else 503)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        listening = threading.Thread(target=server.serve_forever, daemon=True)
        listening.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            listening.join()
