"""Collects deliveries from drop boxes into the inbox, whole or not at all, and brings receipts.

A delivery is whole when every file has the size and the hash that its manifest says; until then it
waits, however long its upload takes. What is whole is copied into a hidden folder, then goes into
the inbox with its manifest last, as `moshare deliver` does it. A kill at any step leaves a delivery
that is collected again. A manifest that can never be accepted is collected alone, so that its
agency gets a receipt. Nothing is removed from a box.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from durable.writing import clear_leftovers
from failures.numbered import NumberedError
from orchestration.boxes.notes import BoxNotes, Waiting, hold_box, read_notes, write_notes
from orchestration.boxes.remote import ChangedError, RemoteBox, open_box
from orchestration.boxes.settings import Box, read_boxes
from orchestration.hub.clock import read_clock
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.delivering import place_delivery
from sources.errors import SourcesError
from sources.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest, parse_manifest
from sources.quarters import Quarter
from sources.waiting import was_accepted

Act = Callable[[RemoteBox, BoxNotes], None]


@dataclass(frozen=True)
class InBox:
    """A delivery that lies in a box and is new.

    Attributes:
        box: Where.
        quarter: Of its folder.
        content: Its manifest.
        manifest: What that says; None where it would be refused.
        told: Why it is not whole by what can be seen without reading it; empty where it is.
    """

    box: Box
    quarter: Quarter
    content: bytes
    manifest: Manifest | None
    told: str

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest."""
        return hashlib.sha256(self.content).hexdigest()


def look_into(box: Box, settings: Settings) -> list[tuple[Quarter, Waiting]]:
    """Look what is new in a box, note it, and put receipts into it; quick, for nothing is read.

    Returns:
        Deliveries that seem to be whole, and since when they lie there; nothing while somebody else
        speaks to the box, or while it is away.
    """
    with hold_box(box, settings, wait=False) as is_held:
        if not is_held:
            return []
        whole: list[tuple[Quarter, Waiting]] = []

        def act(remote: RemoteBox, notes: BoxNotes) -> None:
            for one in list(_find_new(remote, box, settings, notes)):
                waiting = _note_waiting(notes, one, one.told)
                if not one.told:
                    whole.append((one.quarter, waiting))
            _put_receipts(remote, box, settings, notes)

        _visit(box, settings, act)
        return whole


def collect(box: Box, settings: Settings, only: Quarter | None = None) -> list[str]:
    """Collect what is whole in a box, and put receipts into it.

    Args:
        box: Which.
        settings: Where the inbox lies.
        only: One quarter; all if left out.

    Returns:
        What became of it, in sentences.
    """
    said: list[str] = []

    def act(remote: RemoteBox, notes: BoxNotes) -> None:
        for one in list(_find_new(remote, box, settings, notes)):
            if only in (None, one.quarter):
                said.append(_collect_one(remote, one, settings, notes))
                write_notes(box, notes, settings)
        _put_receipts(remote, box, settings, notes)

    with hold_box(box, settings, wait=True):
        clear_leftovers(settings.zones.inboxes(box.agency))
        notes = _visit(box, settings, act)
    return [*said, *describe_trouble(notes)]


def collect_agency(agency: str, quarter: Quarter, settings: Settings) -> list[str]:
    """Collect one quarter from every box of an agency; gives sentences."""
    boxes = [box for box in read_boxes(settings) if box.agency == agency]
    return [told for box in boxes for told in collect(box, settings, quarter)]


def describe_trouble(notes: BoxNotes) -> list[str]:
    """Say what is not well with a box, beside deliveries that wait."""
    told = [notes.told] if notes.told else []
    if notes.others:
        told.append(f"{notes.others} folders in it are not named like 2025Q1 and not looked at.")
    return told


def _visit(box: Box, settings: Settings, act: Act) -> BoxNotes:
    """Do something in a box that is connected, and note whether it answered."""
    notes, now = read_notes(box, settings), read_clock()
    try:
        with open_box(box) as remote:
            notes.told = ""
            act(remote, notes)
    except OrchestrationError as error:
        if error.code != "MS181":
            raise
        notes.away_since, notes.told = notes.away_since or now, error.sentence
    else:
        notes.looked_at, notes.away_since = now, None
    write_notes(box, notes, settings)
    return notes


def _find_new(remote: RemoteBox, box: Box, settings: Settings, notes: BoxNotes) -> Iterator[InBox]:
    """What has a manifest that was not collected; what is no longer there does not wait."""
    quarters, notes.others = remote.list_quarters()
    for name in [one for one in notes.waiting if Quarter.parse(one) not in quarters]:
        del notes.waiting[name]
    for quarter in quarters:
        found = _look_at(remote, box, quarter)
        if found is None or _is_known(found, settings, notes):
            notes.waiting.pop(str(quarter), None)
        else:
            yield found


def _look_at(remote: RemoteBox, box: Box, quarter: Quarter) -> InBox | None:
    files = remote.list_files(quarter)
    if MANIFEST_NAME not in files:
        return None
    try:
        content = b"".join(remote.read(quarter, MANIFEST_NAME, MAX_MANIFEST_BYTES))
    except ChangedError:
        return None
    if len(content) <= MAX_MANIFEST_BYTES and not _is_json(content):
        told = OrchestrationError("MS183", box=box.name, agency=box.agency, quarter=str(quarter))
        return InBox(box, quarter, content, None, told.sentence)
    try:
        manifest = parse_manifest(content, box.agency, str(quarter))
    except SourcesError:
        return InBox(box, quarter, content, None, "")
    sizes = {one.role: files.get(one.name) == one.byte_count for one in manifest.files}
    differing = [role for role, is_same in sizes.items() if not is_same]
    told_of = _not_whole(box, quarter, differing[0]).sentence if differing else ""
    return InBox(box, quarter, content, manifest, told_of)


def _is_json(content: bytes) -> bool:
    """Whether an upload of a manifest has ended: no beginning of an object is one."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _is_known(one: InBox, settings: Settings, notes: BoxNotes) -> bool:
    quarter = str(one.quarter)
    return notes.collected.get(quarter) == one.digest or was_accepted(
        settings.zones, one.box.agency, quarter, one.content
    )


def _note_waiting(notes: BoxNotes, one: InBox, told: str) -> Waiting:
    """Note that a delivery waits, since its manifest was first seen, and why if that is known."""
    waiting = Waiting(manifest=one.digest, since=read_clock(), told=told)
    before = notes.waiting.get(str(one.quarter))
    if before is not None and before.manifest == one.digest:
        waiting = Waiting(manifest=one.digest, since=before.since, told=told or before.told)
    notes.waiting[str(one.quarter)] = waiting
    return waiting


def _collect_one(remote: RemoteBox, one: InBox, settings: Settings, notes: BoxNotes) -> str:
    """Collect one delivery, or say why it waits."""
    told = one.told
    if not told:
        try:
            place_delivery(
                settings.landing / "inbox",
                one.box.agency,
                one.quarter,
                lambda aside: _download(remote, one, aside),
            )
        except NumberedError as error:
            if error.code == "MS181":
                raise
            told = error.sentence
    if told:
        since = _note_waiting(notes, one, told).since
        return f"{told} It waits since {_at(since)}."
    notes.waiting.pop(str(one.quarter), None)
    notes.collected[str(one.quarter)] = one.digest
    return f"Collected the delivery of {one.box.agency} for {one.quarter}."


def _download(remote: RemoteBox, one: InBox, aside: Path) -> None:
    """Read the files of a manifest into a folder, then the manifest, which must still be the same.

    Raises:
        OrchestrationError: MS182, a file is not what the manifest says, or the manifest changed.
    """
    for file in one.manifest.files if one.manifest else ():
        digest, size = hashlib.sha256(), 0
        try:
            with (aside / file.name).open("wb") as target:
                for piece in remote.read(one.quarter, file.name, file.byte_count):
                    digest.update(piece)
                    size += target.write(piece)
        except ChangedError:
            raise _not_whole(one.box, one.quarter, file.role) from None
        if (size, digest.hexdigest()) != (file.byte_count, file.sha256):
            raise _not_whole(one.box, one.quarter, file.role)
    try:
        now = b"".join(remote.read(one.quarter, MANIFEST_NAME, MAX_MANIFEST_BYTES))
    except ChangedError:
        now = b""
    if now != one.content:
        raise _not_whole(one.box, one.quarter, "manifest")
    (aside / MANIFEST_NAME).write_bytes(one.content)


def _not_whole(box: Box, quarter: Quarter, role: str) -> OrchestrationError:
    return OrchestrationError(
        "MS182", box=box.name, agency=box.agency, quarter=str(quarter), role=role
    )


def _put_receipts(remote: RemoteBox, box: Box, settings: Settings, notes: BoxNotes) -> None:
    """Put receipts into the box that were not put there, if the hub may."""
    outbox = settings.zones.outbox(box.agency)
    for path in sorted(outbox.iterdir()) if outbox.is_dir() else []:
        if path.name in notes.receipts or path.name.startswith(".") or not path.is_file():
            continue
        try:
            remote.put_receipt(path.name, path.read_bytes())
        except ChangedError:
            refused = OrchestrationError("MS184", box=box.name, agency=box.agency)
            notes.told = refused.sentence
            return
        notes.receipts.append(path.name)


def list_noted(settings: Settings) -> list[tuple[Box, BoxNotes]]:
    """Every box and what is noted of it, without asking it."""
    return [(box, read_notes(box, settings)) for box in read_boxes(settings)]


def describe_box(notes: BoxNotes) -> str:
    """Say how a box stands, for people."""
    if notes.looked_at is None and notes.away_since is None:
        return "it was not looked into yet; 'moshare collect' does."
    waiting = [
        f"The delivery for {quarter} waits since {_at(one.since)}. {one.told}".strip()
        for quarter, one in sorted(notes.waiting.items())
    ]
    stands = f"it is away since {_at(notes.away_since)}." if notes.away_since else "it answers."
    return " ".join([stands, *describe_trouble(notes), *waiting])


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
