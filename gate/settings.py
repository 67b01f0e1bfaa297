"""The settings of the gate: one TOML file, read once, refused if it holds anything unknown.

Here: the form of that file. Not here: settings of the pipeline, and which release opens when
(``calendar``).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo, with_config

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from gate.errors import GateError

PUBLIC = "public"
PARTNER = "partner"
TIERS = (PUBLIC, PARTNER)
"""Whoever may open partner releases may open public ones too."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_web_address(address: str) -> str:
    """Give an address back; raises ValueError unless it is https, or of this machine."""
    split = _split(address)
    if split.scheme == "https" and split.hostname:
        return address
    if split.scheme != "http" or split.hostname not in LOOPBACK:
        raise ValueError("must be an https address")
    return address


def _split(address: str) -> SplitResult:
    try:
        split = urlsplit(address)
        _ = split.port  # read only now, and refused where it is none
    except ValueError:
        raise ValueError("is not an address") from None
    return split


def _check_own_address(address: str) -> str:
    split = _split(address)
    if split.scheme not in ("http", "https") or not split.netloc or split.path or split.query:
        raise ValueError("is not like https://host or https://host:port")
    if split.scheme == "http" and split.hostname not in LOOPBACK:
        raise ValueError("must begin with https:// unless it is this machine")
    return address


def _check_number(address: str) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError("is no IP address") from None
    return address


def _place(path: Path, info: ValidationInfo) -> Path:
    if "\0" in str(path):
        raise ValueError("is not a path")
    return Path(info.context["folder"]) / path if info.context else path


Count = Annotated[int, Field(strict=True, gt=0, lt=2**31)]
Port = Annotated[int, Field(strict=True, gt=0, lt=2**16)]
Hours = Annotated[int, Field(strict=True, gt=0, le=8760)]
Seconds = Annotated[float, Field(strict=True, gt=0, lt=2**31)]
Place = Annotated[Path, AfterValidator(_place)]
"""A path, relative to the folder of the settings."""
IpAddress = Annotated[str, AfterValidator(_check_number)]
WebAddress = Annotated[str, AfterValidator(check_web_address)]
OwnAddress = Annotated[str, AfterValidator(_check_own_address)]
Tier = Literal["public", "partner"]


@with_config(CLOSED)
@dataclass(frozen=True)
class Limits:
    """What one client may ask of the gate; all of it is bounded."""

    requests_per_minute: Count = 600
    refusals_per_minute: Count = 60
    connections: Count = 512
    header_bytes: Count = 16_384
    body_bytes: Count = 4_096
    header_seconds: Seconds = 10.0
    idle_seconds: Count = 15
    answer_seconds: Seconds = 120.0


@with_config(CLOSED)
@dataclass(frozen=True)
class ProxyGroup:
    """A group of the state's directory, and what its members may open."""

    name: str
    agency: str
    tier: Tier


@with_config(CLOSED)
@dataclass(frozen=True)
class Proxy:
    """The state's proxy, whose headers say who signed on; nobody else's headers are read.

    `secret` is a file with what the proxy and the gate alone know.
    """

    addresses: tuple[IpAddress, ...] = ()
    secret: Place | None = None
    user_header: str = "X-Remote-User"
    groups_header: str = "X-Remote-Groups"
    groups: tuple[ProxyGroup, ...] = ()


@with_config(CLOSED)
@dataclass(frozen=True)
class Sftp:
    """An agency's server that takes releases; `known_hosts` pins its key."""

    name: str
    agency: str
    tier: Tier
    host: str
    user: str
    key: Place
    known_hosts: Place
    folder: str
    port: Port = 22


@with_config(CLOSED)
@dataclass(frozen=True)
class Mail:
    """Who is told by e-mail, through which server; TLS unless it is this machine."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    host: str
    port: Port = 587


@with_config(CLOSED)
@dataclass(frozen=True)
class Webhook:
    """An address that is told by a POST."""

    name: str
    address: WebAddress


@with_config(CLOSED)
@dataclass(frozen=True)
class GateSettings:
    """Everything that one gate is told.

    `address` is how agencies reach it; `alarms` names a file with those who are told of a push that
    failed, in the form of the hub's own.
    """

    address: OwnAddress
    releases: Place
    state: Place
    calendar: Place
    publisher: str
    contact: str
    listen: IpAddress = "127.0.0.1"
    port: Port = 8600
    public_key: Place | None = None
    alarms: Place | None = None
    anonymous: Annotated[bool, Field(strict=True)] = False
    session_hours: Hours = 8
    limits: Limits = field(default_factory=Limits)
    proxy: Proxy = field(default_factory=Proxy)
    sftp: tuple[Sftp, ...] = ()
    mail: tuple[Mail, ...] = ()
    webhook: tuple[Webhook, ...] = ()

    @property
    def is_secure(self) -> bool:
        """Whether agencies reach the gate over TLS."""
        return self.address.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the Host header may say."""
        split = urlsplit(self.address)
        own = [split.netloc]
        if split.port is None and split.hostname:
            own.append(f"{split.hostname}:{443 if self.is_secure else 80}")
        return (*own, f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    @property
    def origins(self) -> tuple[str, ...]:
        """What a browser names as the origin of the gate's own forms."""
        if self.is_secure:
            return (self.address,)
        return tuple(f"http://{host}" for host in self.hosts)


_FORM = TypeAdapter(GateSettings)


def read_settings(path: Path) -> GateSettings:
    """Read and check a settings file; paths in it are relative to its folder.

    Raises:
        GateError: MS720, with the setting that is wrong.
    """
    try:
        settings = read_toml(path, _FORM, folder=path.resolve().parent)
    except BrokenDocumentError as broken:
        raise GateError("MS720", file=path.name, reason=str(broken)) from None
    if settings.proxy.addresses and settings.proxy.secret is None:
        reason = (
            "'proxy.secret' is missing: without a secret between them, anyone on an address of the "
            "proxy could say who signed on"
        )
        raise GateError("MS720", file=path.name, reason=reason)
    return settings
