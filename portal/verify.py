"""Whether a release is, byte for byte, what its release.json says; a folder or one ZIP.

Here: recomputing hashes, with the standard library alone, so that it runs on any agency's
machine with no network. Not here: how a folder or an archive is read (``containers``), and who made
it (``signature``); a release is compared with itself, and its fingerprint is given so that it can
be compared with the one that was announced.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.containers import (
    RECORD_NAME,
    SIGNATURE_NAME,
    Container,
    Problem,
    is_safe,
    open_container,
)
from portal.errors import PortalError

KNOWN_FORMATS = (1, 2, 3, 4)
STRAYS = (".ds_store", "thumbs.db", "desktop.ini")
"""Files that macOS and Windows leave in any folder that someone looks at, in small letters."""


SENTENCES: Mapping[Problem, str] = {
    Problem.MISSING: "{path} is listed and is not there",
    Problem.CHANGED: "{path} has other content than when it was published",
    Problem.EXTRA: "{path} is there and is not part of the release",
    Problem.NOT_A_FILE: "{path} is a link or a special file, which a release never holds",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: which file, relative to the folder, and what."""

    path: str
    problem: Problem

    @property
    def sentence(self) -> str:
        """The finding in words, without a full stop."""
        return SENTENCES[self.problem].format(path=self.path)


@dataclass(frozen=True)
class Verification:
    """What was found in one folder.

    Attributes:
        folder: as given.
        release_id: as its release.json says.
        is_simulated: as its release.json says.
        fingerprint: SHA-256, in hex, of release.json itself; it covers every other file.
        files_checked: how many files were hashed and compared.
        findings: empty if the folder is whole.
        strays: files that are no part of it, left there by programs that show folders.
    """

    folder: Path
    release_id: str
    is_simulated: bool
    fingerprint: str
    files_checked: int
    findings: tuple[Finding, ...]
    strays: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is missing, changed or added."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if self.passed:
            note = " It holds simulated data." if self.is_simulated else ""
            return (
                f"Release {self.release_id} is whole: {self.files_checked} files are byte for byte "
                f"what its release.json says.{note} Its fingerprint is {self.fingerprint}."
                f"{' ' if self.strays else ''}{self.stray_sentence}"
            )
        return self.error.sentence

    @property
    def stray_sentence(self) -> str:
        """What is there and no part of the release, in words; empty if nothing is."""
        if not self.strays:
            return ""
        named = ", ".join(self.strays)
        return (
            f"No part of release {self.release_id}, left by a program that shows folders: {named}."
        )

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain values, for a machine."""
        return {
            "release_id": self.release_id,
            "passed": self.passed,
            "simulated": self.is_simulated,
            "fingerprint": self.fingerprint,
            "files_checked": self.files_checked,
            "findings": [
                {"path": finding.path, "problem": finding.problem.value}
                for finding in self.findings
            ],
            "no_part_of_it": list(self.strays),
        }

    @property
    def error(self) -> PortalError:
        """The failure of this folder, as MS714, for a caller that stops here."""
        return PortalError(
            "MS714",
            folder=self.folder.name,
            findings="; ".join(finding.sentence for finding in self.findings),
        )


@dataclass(frozen=True)
class _Listed:
    sha256: str
    size: int


def verify(path: Path) -> Verification:
    """Recompute every hash and byte count of a release folder or of a release's ZIP.

    Raises:
        PortalError: MS711, MS712, MS713, MS718: it cannot be judged at all. What is wrong with a
            release that can be judged is in the findings.
    """
    with open_container(path) as container:
        content = container.read_small(RECORD_NAME)
        if content is None:
            raise PortalError("MS711", folder=container.name)
        record = _parse_record(content, container.name)
        listed = _listed_files(record, container.name)
        try:
            present = container.list_entries()
        except OSError:
            reason = "a part of it cannot be read"
            raise PortalError("MS712", folder=container.name, reason=reason) from None
        extra = {name: kind for name, kind in present.items() if name not in listed}
        strays = {name for name, kind in extra.items() if kind is None and is_stray(name)}
        findings = [
            *_judge_listed(container, listed, present),
            *(Finding(name, extra[name] or Problem.EXTRA) for name in extra.keys() - strays),
        ]
        return Verification(
            folder=path,
            release_id=str(record["release_id"]),
            is_simulated=bool(record["simulated"]),
            fingerprint=hashlib.sha256(content).hexdigest(),
            files_checked=len(listed),
            findings=tuple(sorted(findings, key=lambda finding: finding.path)),
            strays=tuple(sorted(strays)),
        )


def is_stray(name: str) -> bool:
    """Whether a file is by its name one that a program left which shows folders."""
    return name.rpartition("/")[2].lower() in STRAYS


def _parse_record(content: bytes, folder: str) -> Mapping[str, Any]:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        raise PortalError("MS712", folder=folder, reason="it is not JSON") from None
    if not isinstance(record, dict):
        raise PortalError("MS712", folder=folder, reason="it is not an object")
    if record.get("format") not in KNOWN_FORMATS:
        raise PortalError(
            "MS713",
            folder=folder,
            format=str(record.get("format"))[:20],
            known=", ".join(str(known) for known in KNOWN_FORMATS),
        )
    missing = [name for name in ("release_id", "simulated", "files") if name not in record]
    if missing:
        raise PortalError("MS712", folder=folder, reason=f"it lacks {', '.join(missing)}")
    return record


def _listed_files(record: Mapping[str, Any], folder: str) -> dict[str, _Listed]:
    listed: dict[str, _Listed] = {}
    try:
        for entry in record["files"]:
            name, item = entry["path"], _Listed(entry["sha256"], entry["bytes"])
            if not is_safe(name) or name in listed or name in (RECORD_NAME, SIGNATURE_NAME):
                raise PortalError(
                    "MS712", folder=folder, reason="a path leads outside or is listed twice"
                )
            listed[name] = item
    except (TypeError, KeyError):
        raise PortalError(
            "MS712", folder=folder, reason="an entry lacks its path, hash or size"
        ) from None
    if not listed:
        raise PortalError("MS712", folder=folder, reason="it lists no file")
    return listed


def _judge_listed(
    container: Container, listed: Mapping[str, _Listed], present: Mapping[str, Problem | None]
) -> Iterator[Finding]:
    for name, item in listed.items():
        if name not in present:
            yield Finding(name, Problem.MISSING)
        elif present[name] is not None:
            yield Finding(name, Problem.NOT_A_FILE)
        elif not _is_as_listed(container, name, item):
            yield Finding(name, Problem.CHANGED)


def _is_as_listed(container: Container, name: str, item: _Listed) -> bool:
    try:
        if container.measure(name) != item.size:
            return False
        with container.open(name) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == item.sha256
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        return False
