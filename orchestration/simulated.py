"""Put simulated deliveries into the inboxes, each agency playing its own part.

The simulator writes each agency's files and rosters; tokens are made from the rosters with a key
that only the two agencies hold; then each delivery is sealed by its manifest. Does not belong
here: the simulated population (see `sources.simulator`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from linkage.tokenize import make_tokens, new_key, read_key
from orchestration.errors import OrchestrationError
from orchestration.settings import Settings
from sources.quarters import Quarter

LINKED_AGENCIES = ("dss", "mshp")
_DAYS_UNTIL_DELIVERY = 7
