"""Which drop boxes there are: `boxes.toml` of the data home, which a person writes.

Does not belong here: speaking to a box (`remote`).
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, TypeAdapter, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.settings import Place, WebAddress
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from sources.contracts import list_agencies

SFTP = "sftp"
S3 = "s3"
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _check_address(address: str) -> str:
    try:
        split = urlsplit(address)
        _ = split.port  # read only now, and refused where it is none
    except ValueError:
        raise ValueError("is not an address") from None
    if split.password or split.query or split.fragment:
        raise ValueError("holds more than user, host, port and folder; secrets stand in files")
    if split.scheme == SFTP and split.username and split.hostname:
        return address
    if split.scheme == S3 and split.netloc and not (split.username or split.port):
        return address
    raise ValueError("is neither like sftp://user@host/folder nor like s3://bucket/folder")


def _check_agency(agency: str) -> str:
    if agency not in list_agencies():
        raise ValueError("is not the short name of an agency")
    return agency


@with_config(CLOSED)
@dataclass(frozen=True)
class Credentials:
    """What an S3-like server knows the hub by."""

    access_key: str
    secret_key: str


@with_config(CLOSED)
@dataclass(frozen=True)
class Box:
    """One drop box of one agency.

    Attributes:
        name: What it is called in messages.
        agency: Whose deliveries lie in it.
        address: `sftp://user@host:port/folder`, from the server's root, or `s3://bucket/folder`.
        key: SFTP: file with the hub's own private key.
        known_hosts: SFTP: file that pins the server's key.
        endpoint: S3: address of the server.
        credentials: S3: TOML file with `access_key` and `secret_key`.
    """

    name: Annotated[str, Field(pattern=r"\A[a-z][a-z0-9-]{0,30}\z")]
    agency: Annotated[str, AfterValidator(_check_agency)]
    address: Annotated[str, AfterValidator(_check_address)]
    key: Place | None = None
    known_hosts: Place | None = None
    endpoint: WebAddress | None = None
    credentials: Place | None = None

    @property
    def split(self) -> SplitResult:
        """The parts of the address."""
        return urlsplit(self.address)

    @property
    def missing(self) -> list[str]:
        """Entries that a box of its kind needs and does not have."""
        needed = {SFTP: ("key", "known_hosts"), S3: ("endpoint", "credentials")}
        return [name for name in needed[self.split.scheme] if getattr(self, name) is None]

    @property
    def secret(self) -> Path:
        """The file that nobody but the hub may read."""
        found = self.key or self.credentials
        assert found is not None  # noqa: S101 - read_boxes refuses a box without
        return found


@with_config(CLOSED)
@dataclass(frozen=True)
class _Boxes:
    box: tuple[Box, ...] = ()


_FORM = TypeAdapter(_Boxes)
_CREDENTIALS = TypeAdapter(Credentials)


def read_boxes(settings: Settings) -> tuple[Box, ...]:
    """Read which boxes there are; none where there is no file.

    Raises:
        OrchestrationError: MS180 when the file is not as it must be.
    """
    place = settings.boxes
    if not place.exists():
        return ()
    try:
        boxes = read_toml(place, _FORM, folder=place.parent).box
    except BrokenDocumentError as broken:
        raise OrchestrationError("MS180", file=place.name, problem=str(broken)) from None
    problems = [f"The box '{one.name}' needs '{one.missing[0]}'" for one in boxes if one.missing]
    if len({box.name for box in boxes}) < len(boxes):
        problems.append("Two boxes have one name")
    if problems:
        raise OrchestrationError("MS180", file=place.name, problem=problems[0])
    return boxes


def read_credentials(box: Box) -> Credentials:
    """Read by what an S3-like server knows the hub; raises BrokenDocumentError."""
    return read_toml(box.secret, _CREDENTIALS)


def name_unfit(box: Box) -> str:
    """Say which file of a box cannot be used; nothing where all is well."""
    for path in filter(None, (box.key, box.known_hosts, box.credentials)):
        if not path.is_file():
            return f"The file '{path.name}' that its settings name is not there"
    if box.secret.stat().st_mode & _OPEN_TO_OTHERS:
        return f"Others than the hub may read '{box.secret.name}'; run 'chmod 600' on it"
    return ""
