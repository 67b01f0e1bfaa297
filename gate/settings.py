"""The settings of the gate: one TOML file, read once, refused if it holds anything unknown.

Here: the form of that file. Not here: settings of the pipeline, and which release opens when
(``calendar``).
"""

from __future__ import annotations

import ipaddress
import tomllib
import typing
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gate.errors import GateError

PUBLIC = "public"
PARTNER = "partner"
TIERS = (PUBLIC, PARTNER)
"""Whoever may open partner releases may open public ones too."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

Section = TypeVar("Section")


@dataclass(frozen=True)
class Limits:
    """What one client may ask of the gate; all of it is bounded."""

    requests_per_minute: int = 600
    refusals_per_minute: int = 60
    connections: int = 512
    header_bytes: int = 16_384
    body_bytes: int = 4_096
    header_seconds: float = 10.0
    idle_seconds: int = 15
    answer_seconds: float = 120.0


@dataclass(frozen=True)
class ProxyGroup:
    """A group of the state's directory, and what its members may open."""

    name: str
    agency: str
    tier: str


@dataclass(frozen=True)
class Proxy:
    """The state's proxy, whose headers say who signed on; nobody else's headers are read.

    `secret` is a file with what the proxy and the gate alone know.
    """

    addresses: tuple[str, ...] = ()
    secret: Path | None = None
    user_header: str = "X-Remote-User"
    groups_header: str = "X-Remote-Groups"
    groups: tuple[ProxyGroup, ...] = ()


@dataclass(frozen=True)
class Sftp:
    """An agency's server that takes releases; `known_hosts` pins its key."""

    name: str
    agency: str
    tier: str
    host: str
    user: str
    key: Path
    known_hosts: Path
    folder: str
    port: int = 22


@dataclass(frozen=True)
class Mail:
    """Who is told by e-mail, through which server; TLS unless it is this machine."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    host: str
    port: int = 587


@dataclass(frozen=True)
class Webhook:
    """An address that is told by a POST."""

    name: str
    address: str


@dataclass(frozen=True)
class GateSettings:
    """Everything that one gate is told; `address` is how agencies reach it."""

    address: str
    releases: Path
    state: Path
    calendar: Path
    publisher: str
    contact: str
    listen: str = "127.0.0.1"
    port: int = 8600
    public_key: Path | None = None
    anonymous: bool = False
    session_hours: int = 8
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


def read_settings(path: Path) -> GateSettings:
    """Read and check a settings file; paths in it are relative to its folder.

    Raises:
        GateError: MS720, with the setting that is wrong.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError:
        raise GateError("MS720", file=path.name, reason="It cannot be read") from None
    except ValueError:
        raise GateError("MS720", file=path.name, reason="It is not TOML") from None
    try:
        settings = _build(GateSettings, content, "", path.resolve().parent)
        _check(settings)
    except ValueError as error:
        raise GateError("MS720", file=path.name, reason=str(error)) from None
    return settings


def _build(kind: type[Section], content: object, where: str, base: Path) -> Section:
    """Give a dataclass of a TOML table; raises ValueError with a sentence."""
    if not isinstance(content, dict):
        raise ValueError(f"[{where}] is not a table")  # noqa: TRY004 - said as a sentence
    hints = typing.get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for name in content:
        if name not in known:
            raise ValueError(f"There is no setting '{where}{name}'")
    for name, item in known.items():
        if item.default is MISSING and item.default_factory is MISSING and name not in content:
            raise ValueError(f"The setting '{where}{name}' is missing")
    return kind(
        **{
            name: _convert(hints[name], value, f"{where}{name}", base)
            for name, value in content.items()
        }
    )


def _convert(hint: Any, value: object, where: str, base: Path) -> Any:  # noqa: ANN401
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"'{where}' is not a list")
        kind = typing.get_args(hint)[0]
        return tuple(_convert(kind, item, where, base) for item in value)
    if is_dataclass(hint):
        return _build(hint, value, f"{where}.", base)  # type: ignore[arg-type]
    if hint in (Path, Path | None):
        if not isinstance(value, str):
            raise ValueError(f"'{where}' is not a path")
        return base / value
    if hint is float and type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]
    if type(value) is not hint:
        raise ValueError(f"'{where}' is not of the kind {hint.__name__}")
    return value


def _check(settings: GateSettings) -> None:
    split = urlsplit(settings.address)
    if split.scheme not in ("http", "https") or not split.netloc or split.path or split.query:
        raise ValueError("'address' is not like https://host or https://host:port")
    if not settings.is_secure and split.hostname not in LOOPBACK:
        raise ValueError("'address' must begin with https:// unless it is this machine")
    for address in (settings.listen, *settings.proxy.addresses):
        ipaddress.ip_address(address)
    if settings.proxy.addresses and settings.proxy.secret is None:
        raise ValueError(
            "'proxy.secret' is missing: without a secret between them, anyone on an address of the "
            "proxy could say who signed on"
        )
    tiers = [group.tier for group in settings.proxy.groups]
    tiers += [server.tier for server in settings.sftp]
    if not set(tiers) <= set(TIERS):
        raise ValueError(f"A tier is one of {', '.join(TIERS)}")
    numbers = [getattr(settings.limits, item.name) for item in fields(Limits)]
    if any(number <= 0 for number in (*numbers, settings.session_hours, settings.port)):
        raise ValueError("A limit is not above zero")
    for hook in settings.webhook:
        check_web_address(hook.address)


def check_web_address(address: str) -> None:
    """Raise ValueError unless an address is https, or of this machine."""
    split = urlsplit(address)
    if split.scheme == "https" and split.hostname:
        return
    if split.scheme != "http" or split.hostname not in LOOPBACK:
        raise ValueError("A webhook must be an https address")
