"""Put an agency's files into an inbox and seal them with a manifest, written last.

Used by the agency (`moshare deliver`), by the simulation, and where drop boxes are collected. Does
not belong here: the form of a manifest (see `sources.manifest`) and taking a delivery in (see
`sources.ingest`).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from durable.writing import draft_folder, sync
from orchestration.hub.errors import OrchestrationError
from sources.agency_roster import RosterAgency
from sources.contracts import Contract, current_contract, find_contract
from sources.delivery_keys import PublicKeys
from sources.encryption import encrypt
from sources.errors import SourcesError
from sources.landing import (
    close_to_others,
    file_mode,
    hold_alone,
    make_quarter_folder,
    refuse_link,
)
from sources.manifest import MANIFEST_NAME, count_rows, write_manifest
from sources.quarters import Quarter
from sources.waiting import is_newer_than_receipts

if TYPE_CHECKING:
    from sources.database_view import Views

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
        agency_roster: Which police agencies reported; the Patrol alone knows.
        unusual: What it would otherwise be refused for, and is meant.
        contract: Name of what was agreed, like hotline/1; the agency's newest where it is left out.
    """

    agency: str
    quarter: str
    kind: Kind
    sequence: int
    as_of: date
    simulated: bool = False
    agency_roster: tuple[RosterAgency, ...] = ()
    unusual: tuple[str, ...] = ()
    contract: str = ""

    @property
    def agreed(self) -> Contract:
        """What was agreed; raises what `current_contract` and `find_contract` raise."""
        if self.contract:
            return find_contract(self.contract, self.agency)
        return current_contract(self.agency)


def deliver(
    inbox: Path,
    delivery: Delivery,
    files: Mapping[str, Path],
    views: Views | None = None,
    *,
    encrypt_to: PublicKeys | None = None,
    rows: Mapping[str, int] = MappingProxyType({}),
) -> Path:
    """Copy files into `inbox/<agency>/<quarter>/` and write their manifest last.

    Args:
        inbox: The folder that holds every agency's inbox.
        delivery: What is said of the delivery.
        files: Role of each file in the contract, and where it lies now.
        views: What is drawn from a database besides.
        encrypt_to: Encrypts the files on their way, so that the inbox never holds what is in them.
        rows: Rows of each file that is encrypted already, by its role.

    Returns:
        The delivery's folder.

    A delivery that is refused leaves the inbox as it was.

    Raises:
        OrchestrationError: MS908 when a file cannot be read, MS925 when the inbox cannot be
            written.
        SourcesError: MS123 when the agency's folder is a link, MS127 when another delivery waits
            there, MS164 to MS169 when the database cannot be drawn from, or when the manifest would
            be refused.
    """
    agreed = delivery.agreed
    quarter = Quarter.parse(delivery.quarter)
    if views and encrypt_to:
        raise SourcesError("MS179")
    for role, path in files.items():
        if not path.is_file() or not os.access(path, os.R_OK):
            raise OrchestrationError("MS908", role=role)

    def fill(aside: Path) -> None:
        if encrypt_to:
            counted = {role: count_rows(path, role, agreed) for role, path in files.items()}
            put = {role: encrypt(path, aside, encrypt_to) for role, path in files.items()}
            _seal(aside, delivery, put, counted)
        else:
            put = {role: shutil.copyfile(path, aside / path.name) for role, path in files.items()}
            drawn = _draw(aside, agreed, files, views) if views else {}
            _seal(aside, delivery, {**put, **drawn}, rows)

    return place_delivery(inbox, delivery.agency, quarter, fill)


def place_delivery(
    inbox: Path, agency: str, quarter: Quarter, fill: Callable[[Path], None]
) -> Path:
    """Let a delivery appear in the inbox, whole, with its manifest last.

    Args:
        inbox: The folder that holds every agency's inbox.
        agency: Whose it is.
        quarter: Of the delivery.
        fill: Writes the files into an empty hidden folder beside their place, their manifest last.

    Returns:
        The delivery's folder.

    Raises:
        OrchestrationError: MS925 when the inbox cannot be written.
        SourcesError: MS123 when the agency's folder is a link, MS127 when another delivery waits
            there, or is just being put there or taken in.
    """
    folder = inbox / agency / str(quarter)
    refuse_link(folder.parent)
    try:
        close_to_others(folder.parent)
        make_quarter_folder(folder)
        with draft_folder(folder / MANIFEST_NAME) as aside:
            fill(aside)
            with hold_alone(folder) as is_held:
                if not is_held:
                    raise SourcesError("MS127", agency=agency, quarter=str(quarter))
                there, outbox = folder / MANIFEST_NAME, inbox.parent / "outbox" / agency
                if there.exists() and is_newer_than_receipts(there, outbox):
                    _refuse_another(aside, there, agency)
                _move(aside, folder)
    except OSError:
        raise OrchestrationError("MS925", folder=str(folder)) from None
    return folder


def _draw(
    aside: Path, contract: Contract, files: Mapping[str, Path], views: Views
) -> dict[str, Path]:
    from sources.database_view import draw_files

    for role in views.names:
        if role in files:
            raise SourcesError("MS107", field=role, expected=", ".join(contract.tables))
    return draw_files(views, contract, aside)


def _seal(
    aside: Path, delivery: Delivery, files: Mapping[str, Path], rows: Mapping[str, int]
) -> None:
    write_manifest(
        aside,
        agency=delivery.agency,
        quarter=delivery.quarter,
        sequence=delivery.sequence,
        kind=delivery.kind,
        as_of=delivery.as_of,
        simulated=delivery.simulated,
        files={role: path.name for role, path in files.items()},
        agency_roster=delivery.agency_roster,
        unusual=delivery.unusual,
        rows=rows,
        contract=delivery.agreed,
    )


def _refuse_another(aside: Path, there: Path, agency: str) -> None:
    """Refuse a delivery that is not the very one that waits; that one may be put there again."""
    if (aside / MANIFEST_NAME).read_bytes() != there.read_bytes():
        raise SourcesError("MS127", agency=agency, quarter=there.parent.name)


def _move(aside: Path, folder: Path) -> None:
    """Withdraw the manifest that may lie there, move the files, and their manifest last.

    The manifest is of now, finer than file systems tell it, and so newer than each receipt there.
    """
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    mode = file_mode(folder)
    for path in sorted(aside.iterdir(), key=lambda path: path.name == MANIFEST_NAME):
        path.chmod(mode)
        os.utime(path, ns=(time.time_ns(), time.time_ns()))
        sync(path)
        path.replace(folder / path.name)
        sync(folder)
