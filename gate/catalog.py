"""The catalogue that harvesters read: DCAT-US 3, one dataset for each open release.

Here: that form, from what is known of releases. Not here: which of them a caller may open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gate.calendar import Announcement
from gate.forms import address_archive, address_file, write_moment
from gate.settings import PUBLIC, GateSettings
from gate.shelf import PACKAGE_NAME, PAGE_NAME, Item, ShelvedRelease
from jurisdiction.state import read_state

STANDARD = {
    "@type": "Standard",
    "title": "DCAT-US 3.0",
    "identifier": "https://resources.data.gov/dcat-us/3.0.0",
}
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
STATE = read_state().name
DESCRIPTION = (
    f"Counts about child trafficking in {STATE} with privacy noise and margins of error. "
    "Numbers of unlike units must never be added."
)
KEYWORDS = ["child trafficking", STATE, "differential privacy"]
SIMULATED = "SIMULATED DATA, about no real child."
PLACE = {"@type": "Location", "prefLabel": STATE}

Opened = Iterable[tuple[Announcement, ShelvedRelease]]


def describe_catalog(settings: GateSettings, opened: Opened) -> dict[str, Any]:
    """The catalogue of the releases that are given."""
    return {
        "@id": f"{settings.address}/catalog.json",
        "@type": "Catalog",
        "title": "Releases of MoShare",
        "description": DESCRIPTION,
        "conformsTo": STANDARD,
        "language": ["en"],
        "license": LICENCE,
        "publisher": {"@type": "Agent", "name": settings.publisher},
        "dataset": [_describe_dataset(settings, *one) for one in opened],
    }


def _describe_dataset(
    settings: GateSettings, announcement: Announcement, release: ShelvedRelease
) -> dict[str, Any]:
    base, release_id = settings.address, release.release_id
    warning = f"{SIMULATED} " if release.is_simulated else ""
    page = address_file(base, release_id, "")
    dataset: dict[str, Any] = {
        "@id": f"{base}/api/v1/releases/{release_id}",
        "@type": "Dataset",
        "identifier": f"{base}/api/v1/releases/{release_id}",
        "title": name_release(release),
        "description": f"{warning}{DESCRIPTION}",
        "publisher": {"@type": "Organization", "name": settings.publisher},
        "contactPoint": {
            "@type": "Kind",
            "fn": settings.publisher,
            "hasEmail": f"mailto:{settings.contact}",
        },
        "issued": write_moment(announcement.opens_at),
        "temporal": [
            {
                "@type": "PeriodOfTime",
                "startDate": period.start.isoformat(),
                "endDate": period.end.isoformat(),
            }
            for period in release.periods
        ],
        "spatial": PLACE,
        "keyword": KEYWORDS,
        "language": ["en"],
        "accrualPeriodicity": "quarterly",
        "accessRights": "public" if announcement.tier == PUBLIC else "restricted",
        "version": release.fingerprint,
        "distribution": [
            {**one, "title": f"{one['title']}, simulated data", "description": SIMULATED}
            if release.is_simulated
            else one
            for one in _list_distributions(base, release)
        ],
    }
    if PAGE_NAME in release.items:
        dataset["landingPage"] = {"@type": "Document", "title": dataset["title"], "accessURL": page}
    if package := release.items.get(PACKAGE_NAME):
        dataset["describedBy"] = _describe_item(
            "Codebook of every column", address_file(base, release_id, PACKAGE_NAME), package
        )
    return dataset


def name_release(release: ShelvedRelease) -> str:
    """The title of a release, which says so where its data are simulated."""
    return f"{release.title} (simulated data)" if release.is_simulated else release.title


def _list_distributions(base: str, release: ShelvedRelease) -> list[dict[str, Any]]:
    tables = [
        _describe_item(
            f"{table.title} ({form[1:].upper()})",
            address_file(base, release.release_id, path),
            release.items[path],
        )
        for table in release.tables
        for form, path in table.paths.items()
    ]
    if release.archive is None:
        return tables
    whole = _describe_item(
        "The whole release, signed", address_archive(base, release.archive), release.archive
    )
    return [whole, *tables]


def _describe_item(title: str, address: str, item: Item) -> dict[str, Any]:
    return {
        "@type": "Distribution",
        "title": title,
        "downloadURL": address,
        "mediaType": item.media.partition(";")[0],
        "byteSize": str(item.size),
        "license": LICENCE,
        "checksum": {"@type": "Checksum", "algorithm": "SHA-256", "checksumValue": item.sha256},
    }
