"""The forms of the answers to programs, and how a release is described in them.

Here: plain frozen types, which the description of the addresses (OpenAPI) shows. Not here: numbers;
these say where the files are and what they hash to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.calendar import Announcement
from gate.shelf import CHANGES_NAME, PAGE_NAME, Item, ShelvedRelease, Table


@dataclass(frozen=True)
class ReleaseForm:
    """One release that is open."""

    release_id: str
    title: str
    quarter_start: str
    opened_at: str
    tier: str
    simulated: bool
    fingerprint: str
    address: str
    page: str | None
    archive: str | None


@dataclass(frozen=True)
class ReleaseList:
    """The releases that are open to the caller, latest first."""

    releases: list[ReleaseForm]


@dataclass(frozen=True)
class TableForm:
    """One table: the address of its data in each form."""

    name: str
    title: str
    csv: str | None
    xlsx: str | None
    parquet: str | None


@dataclass(frozen=True)
class FileForm:
    """One file: its address, what its bytes must be, and whether its data are simulated."""

    path: str
    address: str
    simulated: bool
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ReleaseDetail:
    """One release with its tables and all its files."""

    release: ReleaseForm
    previous: str | None
    tables: list[TableForm]
    files: list[FileForm]


@dataclass(frozen=True)
class Changes:
    """What changed since the release before; `text` is Markdown, null if the release has none."""

    release_id: str
    previous: str | None
    text: str | None


@dataclass(frozen=True)
class CalendarEntry:
    """One announced release, whether open or not."""

    release_id: str
    opens_at: str
    tier: str
    is_open: bool


@dataclass(frozen=True)
class CalendarForm:
    """Every announced release, latest first; moments are in UTC."""

    releases: list[CalendarEntry]


@dataclass(frozen=True)
class Health:
    """That the gate answers."""

    status: str


def write_moment(moment: datetime) -> str:
    """A moment in UTC, as RFC 3339 writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def address_file(base: str, release_id: str, path: str) -> str:
    """The address of a file of a release."""
    return f"{base}/releases/{release_id}/{path}"


def address_archive(base: str, item: Item) -> str:
    """The address of the ZIP of a release."""
    return f"{base}/releases/{item.path}"


def describe_release(base: str, announcement: Announcement, release: ShelvedRelease) -> ReleaseForm:
    """One release, with addresses below the gate's own."""
    release_id = release.release_id
    return ReleaseForm(
        release_id=release_id,
        title=release.title,
        quarter_start=release.quarter_start,
        opened_at=write_moment(announcement.opens_at),
        tier=announcement.tier,
        simulated=release.is_simulated,
        fingerprint=release.fingerprint,
        address=f"{base}/api/v1/releases/{release_id}",
        page=address_file(base, release_id, "") if PAGE_NAME in release.items else None,
        archive=address_archive(base, release.archive) if release.archive else None,
    )


def describe_detail(
    base: str, announcement: Announcement, release: ShelvedRelease
) -> ReleaseDetail:
    """One release with its tables and files."""
    return ReleaseDetail(
        release=describe_release(base, announcement, release),
        previous=release.previous,
        tables=[_describe_table(base, release, table) for table in release.tables],
        files=[
            FileForm(
                path=item.path,
                address=address_file(base, release.release_id, item.path),
                simulated=release.is_simulated,
                media_type=item.media,
                bytes=item.size,
                sha256=item.sha256,
            )
            for item in release.items.values()
        ],
    )


def describe_changes(release: ShelvedRelease, text: bytes | None) -> Changes:
    """What a release says that it changed."""
    said = None if text is None else text.decode("utf-8")
    return Changes(release.release_id, release.previous, said)


def has_changes(release: ShelvedRelease) -> bool:
    """Whether a release says what it changed."""
    return CHANGES_NAME in release.items


def _describe_table(base: str, release: ShelvedRelease, table: Table) -> TableForm:
    addresses = {
        form: address_file(base, release.release_id, path) for form, path in table.paths.items()
    }
    return TableForm(
        table.name,
        table.title,
        addresses.get(".csv"),
        addresses.get(".xlsx"),
        addresses.get(".parquet"),
    )
