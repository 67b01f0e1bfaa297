"""Heads of the ledger that are witnessed outside the data home, where no copy of it reaches.

The witness is a text file on another disk, or one into which a person types or pastes what was
printed or mailed: every word of 16 to 64 hexadecimal digits in it is a head, or its beginning. Does
not belong here: comparing them with the chain (see `privacy.ledger.ledger`).
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from orchestration.hub.settings import Settings
from privacy.errors import PrivacyError

_HEAD = re.compile(r"\b[0-9a-f]{16,64}\b")


def read_witnessed(settings: Settings) -> list[str]:
    """Read the heads that were witnessed; none where no witness is named.

    Raises:
        PrivacyError: MS636 when the witness is missing, cannot be read or lies in the data home.
    """
    if settings.witness is None:
        return []
    try:
        return _HEAD.findall(_require(settings.witness, settings).read_text("utf-8").lower())
    except (OSError, UnicodeDecodeError):
        raise PrivacyError("MS636", file=settings.witness.name) from None


def witness_head(head: str, settings: Settings) -> None:
    """Add a head to the witness, if there is one, and wait until its disk has it.

    Raises:
        PrivacyError: MS636 when it cannot be added.
    """
    if settings.witness is None or head in read_witnessed(settings):
        return
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with _require(settings.witness, settings).open("a", encoding="utf-8") as file:
            file.write(f"{moment} {head}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        raise PrivacyError("MS636", file=settings.witness.name) from None


def _require(witness: Path, settings: Settings) -> Path:
    """Refuse a witness that would be put back together with the data home, or is not there."""
    if witness.is_relative_to(settings.home) or not witness.is_file():
        raise PrivacyError("MS636", file=witness.name)
    return witness
