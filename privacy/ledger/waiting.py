"""Waiting for a ledger that another process or session holds, with a word on who holds it.

Does not belong here: the locks themselves (privacy.ledger.sqlite and privacy.ledger.postgres).
"""

import logging
import os
import platform
import time
from collections.abc import Callable

from privacy.errors import PrivacyError

DOOR_SECONDS = 900
"""How long to wait for another release: reading and drawing a year takes a minute or two."""
STEP_SECONDS = 60
"""How long to wait for a step, which takes a moment."""
_SECONDS_BETWEEN_WORDS = 60
_PAUSE_SECONDS = 0.1

_LOG = logging.getLogger(__name__)


def wait_for(
    take: Callable[[], bool], name_holder: Callable[[], str], name: str, seconds: int
) -> None:
    """Take a lock, and say at once and then every minute who holds it.

    Raises PrivacyError MS633 where it is not free after so many seconds.
    """
    begun = next_word = time.monotonic()
    while not take():
        now = time.monotonic()
        if now - begun >= seconds:
            raise PrivacyError("MS633", file=name, holder=name_holder())
        if now >= next_word:
            _LOG.warning("The ledger %s is held by %s; waiting.", name, name_holder())
            next_word += _SECONDS_BETWEEN_WORDS
        time.sleep(_PAUSE_SECONDS)


def name_process() -> str:
    """Name this process for those who wait for it."""
    return f"moshare, process {os.getpid()} on {platform.node() or 'a host without a name'}"
