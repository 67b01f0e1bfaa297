"""Where one gate of a test lies, and a clock that tests move."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gate_releases import build_release_folder
from httpx import ASGITransport, AsyncClient, Response

from gate.app import build_app
from gate.recorded import Recorded
from gate.settings import GateSettings, Limits
from gate.visits import Gate, open_gate
from portal.keys import ensure_signing_key

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


@dataclass
class GateClient:
    """A gate, and a client of it; `rows` is what its audit says."""

    place: GatePlace
    gate: Gate
    app: Recorded
    runner: asyncio.Runner

    def make_token(self, tier: str = "partner", **wishes: Any) -> dict[str, str]:
        """The header of a new token."""
        _, secret = self.gate.tokens.create("dss", tier, wishes.pop("days", 30), **wishes)
        return {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, headers: Any = None, peer: str = "127.0.0.1") -> Response:
        return self.send("GET", path, headers, peer)

    def send(
        self,
        method: str,
        path: str,
        headers: Any = None,
        peer: str = "127.0.0.1",
        **more: Any,
    ) -> Response:
        """One request, as it would come from a peer; with no cookies kept."""
        transport = ASGITransport(self.app, client=(peer, 50_000))

        async def ask() -> Response:
            base = self.place.settings.address
            async with AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path, headers=headers, **more)

        return self.runner.run(ask())

    @property
    def rows(self) -> list[dict[str, Any]]:
        return read_rows(self.place.settings.state)


def read_rows(state: Path) -> list[dict[str, Any]]:
    files = sorted((state / "audit").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


@contextmanager
def open_client(place: GatePlace) -> Iterator[GateClient]:
    gate = open_gate(place.settings, place.clock)
    try:
        with asyncio.Runner() as runner:
            yield GateClient(place, gate, build_app(gate), runner)
    finally:
        gate.close()
