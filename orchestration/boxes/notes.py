"""What the hub notes of a drop box: what it took, what waits there since when, if it is away.

Times are the hub's own. A lost note costs nothing: what was accepted is known by the vault. Does
not belong here: looking into a box (`collecting`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import BaseModel, Field, ValidationError

from durable.writing import write_whole
from failures.documents import CLOSED
from orchestration.boxes.settings import Box
from orchestration.hub.settings import Settings


class Waiting(BaseModel):
    """A delivery that lies in a box and was not collected yet.

    Attributes:
        manifest: SHA-256 of its manifest.
        since: When the hub first saw that manifest.
        told: Why it is not collected, as a sentence; empty where it can be.
    """

    model_config = CLOSED

    manifest: str
    since: datetime
    told: str = ""


class BoxNotes(BaseModel):
    """All that is noted of one box.

    Attributes:
        looked_at: When it last answered.
        away_since: Since when it has not, if it does not now.
        told: Why it does not answer, or why receipts cannot be put into it; empty if all is well.
        others: How many folders in it are neither a quarter nor the receipts.
        collected: Quarter -> SHA-256 of the manifest that was last collected.
        waiting: Quarter -> what lies there.
        receipts: Names of receipts that were put into it.
    """

    model_config = {"extra": "forbid"}

    looked_at: datetime | None = None
    away_since: datetime | None = None
    told: str = ""
    others: int = 0
    collected: dict[str, str] = Field(default_factory=dict)
    waiting: dict[str, Waiting] = Field(default_factory=dict)
    receipts: list[str] = Field(default_factory=list)


def read_notes(box: Box, settings: Settings) -> BoxNotes:
    """What is noted of a box; nothing where that was lost."""
    try:
        return BoxNotes.model_validate_json((settings.box_notes / f"{box.name}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return BoxNotes()


def write_notes(box: Box, notes: BoxNotes, settings: Settings) -> None:
    """Keep what is noted of a box."""
    write_whole(settings.box_notes / f"{box.name}.json", notes.model_dump_json(indent=1) + "\n")


@contextmanager
def hold_box(box: Box, settings: Settings, *, wait: bool) -> Iterator[bool]:
    """Let one process alone speak to a box; gives whether it is this one."""
    settings.box_notes.mkdir(parents=True, exist_ok=True)
    with (settings.box_notes / f"{box.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
