"""What a backup holds: which parts of the data home, and the list of files at its end.

A backup is a tar archive in one file of the age format, so that the programs `age` and `tar` open
it where this one is lost. Does not belong here: making one (`making`) and putting one back
(`restoring`).
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any

from orchestration.hub.errors import OrchestrationError

LIST_NAME = "backup.json"
"""The last member: when the backup was made, the ledger's head, and the hash of each file."""

LEDGER_NAME = "ledger/ledger.sqlite"
ENDING = ".tar.age"

PARTS = ("vault", "review", "releases")
"""Folders of the data home that follow the ledger. Inboxes and outboxes are the agencies' own, and
what Dagster and the alarms keep can be lost."""

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class BackupList:
    """What a backup says of itself.

    Attributes:
        made_at: When it was made, UTC as text.
        head: Hash of the newest entry of the ledger.
        files: SHA-256 of each file, by its path in the data home.
    """

    made_at: str
    head: str
    files: Mapping[str, str]

    def to_json(self) -> str:
        """The list as one JSON object."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> BackupList:
        """The list that `to_json` wrote; raises ValueError, KeyError or TypeError for another."""
        content: dict[str, Any] = json.loads(text)
        return cls(content["made_at"], content["head"], dict(content["files"]))


def read_archive(stream: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Give each file of an archive as it comes; raises tarfile.TarError where it is broken."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                yield member, content


def check_archive(stream: IO[bytes], name: str) -> BackupList:
    """Compare every file of an archive with the list at its end.

    Raises:
        OrchestrationError: MS941 when one is missing, too many or other than listed.
        tarfile.TarError: When it is no whole archive.
    """
    found: dict[str, str] = {}
    listed: BackupList | None = None
    for member, content in read_archive(stream):
        if member.name == LIST_NAME:
            listed = read_list(content.read(), name)
        else:
            found[member.name] = hash_stream(content)
    if listed is None or found != listed.files:
        raise OrchestrationError("MS941", file=name)
    return listed


def read_list(text: bytes, name: str) -> BackupList:
    """Read the list at the end of an archive; raises MS941 where it is none."""
    try:
        return BackupList.from_json(text)
    except (ValueError, KeyError, TypeError):
        raise OrchestrationError("MS941", file=name) from None


def hash_stream(stream: IO[bytes]) -> str:
    """SHA-256 of what is left of a stream."""
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()
