"""Where one gate of a test lies, and a clock that tests move."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gate_releases import build_release_folder

from portal.gate.settings import GateSettings, Limits
from portal.signature import ensure_signing_key

CALENDAR = """\
[[release]]
id = "2025Q1"
opens = 2025-07-15 08:00:00
tier = "public"

[[release]]
id = "2025Q2"
opens = 2025-07-16 08:00:00
tier = "partner"

[[release]]
id = "2025Q3"
opens = 2025-10-15 08:00:00
tier = "public"
"""


@dataclass
class StandingClock:
    """A clock that moves when it is told to."""

    moment: datetime = field(default=datetime(2025, 8, 1, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class GatePlace:
    """The files of one gate."""

    settings: GateSettings
    clock: Callable[[], datetime]

    def change(self, **settings: Any) -> "GatePlace":
        return GatePlace(replace(self.settings, **settings), self.clock)

    @property
    def folder(self) -> Path:
        return self.settings.releases / "2025Q1"


def make_place(base: Path, address: str = "http://127.0.0.1:8600") -> GatePlace:
    releases = base / "releases"
    ensure_signing_key(base / "signing.key", base / "moshare.pub")
    for release_id in ("2025Q1", "2025Q2", "2025Q3"):
        build_release_folder(releases, release_id, key=base / "signing.key")
    (base / "calendar.toml").write_text(CALENDAR, "utf-8")
    settings = GateSettings(
        address=address,
        releases=releases,
        state=base / "state",
        calendar=base / "calendar.toml",
        publisher="Children's Data Hub",
        contact="data@example.org",
        public_key=base / "moshare.pub",
        limits=Limits(requests_per_minute=100_000, refusals_per_minute=100_000),
    )
    return GatePlace(settings, StandingClock())
