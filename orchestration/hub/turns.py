"""One quarter at a time: a process that works on one waits until no other process does.

The queue of Dagster starts one run after another, and knows nothing of runs from the command line;
a file lock holds for both. It goes with its process, so a killed run leaves nothing behind. Does
not belong here: which quarter comes first (see `guards.quarter_order`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestration.hub.settings import Settings

_HELD: dict[Path, IO[str]] = {}


def take_turn(settings: Settings) -> None:
    """Wait for the turn of this process, and keep it until the process ends."""
    place = settings.dagster_home / "turn.lock"
    if place in _HELD:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = place.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    _HELD[place] = lock


@contextmanager
def own_turn(settings: Settings) -> Iterator[None]:
    """Have a turn for as long as this lasts; of one that is held already, nothing changes."""
    place = settings.dagster_home / "turn.lock"
    is_held = place in _HELD
    take_turn(settings)
    try:
        yield
    finally:
        if not is_held:
            _HELD.pop(place).close()
