"""How old the last backup is that could be read back, and whether that is too old.

Nothing here needs what encrypts. Does not belong here: making one (`making`).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from orchestration.guards.simulated_home import is_all_simulated
from orchestration.hub.settings import Settings

_MOST_DAYS = 35
"""A month, and the days by which a holiday moves it."""


def describe_backup(settings: Settings, now: datetime) -> tuple[bool, str]:
    """Say of the last backup whether it is new enough, and how old it is.

    It must be younger than the newest release and than 35 days; where nothing was released, none is
    needed, and none where every delivery is simulated.
    """
    if is_all_simulated(settings):
        return True, "none is needed: every delivery is simulated."
    records = [*settings.releases.glob("[!.]*/release.json")]
    made_at = _read_last(settings)
    if made_at is None:
        told = "none was made here. Run 'moshare backup'"
        return (not records, f"{told}." if records else f"{told} after the first release.")
    days = max(0, (now - made_at) // timedelta(days=1))
    told = f"the last one was made on {made_at:%Y-%m-%d}, {days} days ago"
    if any(path.stat().st_mtime > made_at.timestamp() for path in records):
        return False, f"{told}, before the newest release. Run 'moshare backup'."
    if records and days > _MOST_DAYS:
        return False, f"{told}, which is too old. Run 'moshare backup'."
    return True, f"{told}."


def _read_last(settings: Settings) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(settings.last_backup.read_bytes())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
