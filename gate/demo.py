"""A gate for trying out: this machine only, every release open, a token for one run.

Here: making its settings, calendar and token in a folder that goes away. Not here: serving.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from gate.audit import tell_time
from gate.calendar import RELEASE_ID
from gate.errors import GateError
from gate.settings import PARTNER, GateSettings
from gate.tokens import TokenStore

_ENTRY = '[[release]]\nid = "{id}"\nopens = {day} 08:00:00\ntier = "public"\n\n'


def prepare_demo(releases: Path, folder: Path, port: int) -> tuple[GateSettings, str]:
    """Announce every release of a folder, and make a token; gives the settings and its secret.

    Raises:
        GateError: MS749 when there is no release.
    """
    names = sorted(path.parent.name for path in releases.glob("*/release.json"))
    calendar = folder / "calendar.toml"
    yesterday = tell_time().date() - timedelta(days=1)
    names = [name for name in names if re.fullmatch(RELEASE_ID, name)]
    if not names:
        raise GateError("MS749")
    entries = [_ENTRY.format(id=name, day=yesterday) for name in names]
    calendar.write_text("".join(entries), "utf-8")
    settings = GateSettings(
        address=f"http://127.0.0.1:{port}",
        port=port,
        releases=releases,
        state=folder / "state",
        calendar=calendar,
        publisher="MoShare demo",
        contact="nobody@example.org",
    )
    with TokenStore(settings.state, tell_time) as store:
        _, secret = store.create("demo", PARTNER, 1)
    return settings, secret
