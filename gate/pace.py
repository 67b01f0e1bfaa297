"""How fast one client may ask.

Here: a bucket for each client that fills evenly. Not here: who a client is (``identity``). Buckets
are in memory only, and no more than a bounded number are kept.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from gate.errors import GateError

MOST_CLIENTS = 10_000


class Pace:
    """Lets each client make so many requests a minute, with the first minute's all at once."""

    def __init__(self, per_minute: int, tick: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._tick = tick
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request.

        Raises:
            GateError: MS725 with Retry-After, the client has none left.
        """
        now = self._tick()
        left, seen = self._buckets.pop(client, (self._size, now))
        left = min(self._size, left + (now - seen) * self._size / 60)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        while len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if not allowed:
            seconds = max(1, math.ceil((1 - left) * 60 / self._size))
            raise GateError("MS725", {"Retry-After": str(seconds)}, seconds=seconds)
