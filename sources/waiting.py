"""Deliveries that lie in an inbox and have no receipt yet, and folders that are no delivery.

Belongs here: telling what waits from what is done with, by its manifest. Does not belong here:
taking a delivery in (`ingest`), and when it is asked for again (orchestration).
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sources.errors import SourcesError
from sources.landing import find_misspelt
from sources.manifest import MANIFEST_NAME
from sources.quarters import Quarter
from sources.zones import Zones

_HOLDS_NO_WORD = re.compile(r"[0-9qQ _.-]{1,16}")
"""A name that may be repeated: whatever else an agency calls a folder could name a person."""


@dataclass(frozen=True)
class WaitingDelivery:
    """A manifest in an inbox for which no receipt was written since it came.

    Attributes:
        agency: who put it there.
        quarter: of its folder.
        manifest: the file, written last.
        since: when it was written (UTC), by the clock of the file system.
    """

    agency: str
    quarter: Quarter
    manifest: Path
    since: datetime

    @property
    def sentence(self) -> str:
        """What waits and since when, for people."""
        return (
            f"The delivery of {self.agency} for {self.quarter} has no receipt since "
            f"{self.since:%Y-%m-%d %H:%M} UTC; 'moshare ingest --agency {self.agency} --quarter "
            f"{self.quarter}' takes it in."
        )


def list_waiting(zones: Zones, agency: str) -> list[WaitingDelivery]:
    """Deliveries of an agency that have no receipt, the newest first."""
    found = []
    for manifest in zones.inboxes(agency).glob(f"*/{MANIFEST_NAME}"):
        with suppress(SourcesError, FileNotFoundError):
            quarter = Quarter.parse(manifest.parent.name)
            if has_no_receipt(zones, agency, manifest):
                since = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
                found.append(WaitingDelivery(agency, quarter, manifest, since))
    return sorted(found, key=lambda one: (one.since, one.quarter), reverse=True)


def has_no_receipt(zones: Zones, agency: str, manifest: Path) -> bool:
    """Whether a manifest was neither accepted nor given a receipt since it was written."""
    outbox = zones.outbox(agency)
    return not is_accepted(zones, agency, manifest) and is_newer_than_receipts(manifest, outbox)


def is_newer_than_receipts(manifest: Path, outbox: Path) -> bool:
    """Whether no receipt of its quarter was written since a manifest came.

    It may have been written long before on another machine, and be copied with that time; when it
    came here is told by what no copying sets, the change of its entry (`st_ctime`).
    """
    there = manifest.stat()
    came = max(there.st_mtime_ns, there.st_ctime_ns)
    receipts = outbox.glob(f"{manifest.parent.name}-*.json")
    return all(receipt.stat().st_mtime_ns < came for receipt in receipts)


def is_accepted(zones: Zones, agency: str, manifest: Path) -> bool:
    """Whether exactly this manifest was accepted before."""
    return was_accepted(zones, agency, manifest.parent.name, manifest.read_bytes())


def was_accepted(zones: Zones, agency: str, quarter: str, content: bytes) -> bool:
    """Whether a manifest with this content was accepted before for a quarter."""
    accepted = zones.vault.deliveries(agency, quarter)
    return any(one.read_bytes() == content for one in accepted.glob(f"*/{MANIFEST_NAME}"))


def name_unknown(zones: Zones, agency: str) -> Iterator[str]:
    """Say of each folder in the inbox of an agency that is no quarter what it is, for people.

    A name with words in it is not repeated, for it may be that of a person.
    """
    inbox = zones.inboxes(agency)
    meant = dict(find_misspelt(inbox))
    folders = sorted(one for one in inbox.iterdir() if one.is_dir()) if inbox.is_dir() else []
    for place, folder in enumerate(folders, 1):
        if folder in meant:
            yield f"the folder '{folder.name}' is not looked at; rename it to {meant[folder]}"
            continue
        if folder.name.startswith("."):
            continue
        try:
            Quarter.parse(folder.name)
        except SourcesError:
            known = _HOLDS_NO_WORD.fullmatch(folder.name)
            name = f"'{folder.name}'" if known else f"number {place} by the alphabet"
            yield f"the folder {name} is not looked at; a quarter is named like 2025Q1"
