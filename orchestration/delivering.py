"""Put an agency's files into an inbox and seal them with a manifest, written last.

Used by the agency (`moshare deliver`) and by the simulation. Does not belong here: the form of a
manifest (see `sources.manifest`) and taking a delivery in (see `sources.ingest`).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from orchestration.errors import OrchestrationError
from sources.manifest import MANIFEST_NAME, write_manifest

Kind = Literal["full", "delta", "nil"]


@dataclass(frozen=True)
class Delivery:
    """What an agency says of a delivery.

    Attributes:
        agency: dss, mshp or hotline.
        quarter: Like 2025Q1.
        kind: full, delta or nil.
        sequence: 1, 2, … within the quarter.
        as_of: Day on which the data was taken.
        simulated: Whether no record is about a real person.
    """

    agency: str
    quarter: str
    kind: Kind
    sequence: int
    as_of: date
    simulated: bool = False


def deliver(inbox: Path, delivery: Delivery, files: Mapping[str, Path]) -> Path:
    """Copy files into `inbox/<agency>/<quarter>/` and write their manifest last.

    Args:
        inbox: The folder that holds every agency's inbox.
        delivery: What is said of the delivery.
        files: Role of each file in the contract, and where it lies now.

    Returns:
        The delivery's folder.

    Raises:
        OrchestrationError: MS908 when a file cannot be read.
        SourcesError: When the manifest would be refused.
    """
    folder = inbox / delivery.agency / delivery.quarter
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    for role, path in files.items():
        if not path.is_file():
            raise OrchestrationError("MS908", role=role)
        if path.parent.resolve() != folder.resolve():
            shutil.copyfile(path, folder / path.name)
    write_manifest(
        folder,
        agency=delivery.agency,
        quarter=delivery.quarter,
        sequence=delivery.sequence,
        kind=delivery.kind,
        as_of=delivery.as_of,
        simulated=delivery.simulated,
        files={role: path.name for role, path in files.items()},
    )
    return folder
