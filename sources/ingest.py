"""Takes one delivery from an inbox into the vault, whole or not at all.

Belongs here: the order of the steps. Does not belong here: any single step (`collecting`,
`manifest`, `reading`, `storing`, `receipts`), nor when it happens (orchestration).
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from jurisdiction.state import read_state
from sources.collecting import copy_files, copy_manifest, open_inbox, take_out
from sources.contracts import current_contract, find_contract
from sources.delivery_keys import SecretKeys, read_secret_keys
from sources.encryption import is_encrypted
from sources.errors import SourcesError
from sources.landing import find_misspelt, refuse_link
from sources.manifest import Manifest, parse_manifest
from sources.quarters import Quarter
from sources.reading import DeliveryReading, read_delivery
from sources.receipts import Receipt
from sources.scratch import open_scratch
from sources.storing import (
    accept_delivery,
    complete_accepted,
    find_next_moment,
    list_accepted,
    list_counts,
    read_accepted,
    reject_delivery,
)
from sources.zones import Zones

_FARTHEST_AHEAD = 100
"""A sequence may run ahead of the last accepted one by so much: 9999 is the last one there is."""

_OF_THE_HUB = frozenset({"MS150", "MS176", "MS178"})
"""The hub's own faults, a broken contract or key: the delivery waits."""

_NOT_READ = DeliveryReading((), (), None)


def read_clock() -> datetime:
    """The present moment in UTC."""
    return datetime.now(tz=UTC)


def ingest(
    zones: Zones,
    agency: str,
    quarter: str,
    *,
    clock: Callable[[], datetime] = read_clock,
    first_day_of_record: date | None = None,
    keys: Sequence[Path] = (),
) -> Receipt:
    """Take the delivery of an agency for a quarter, and write its receipt into the outbox.

    An accepted delivery leaves the inbox for the vault. Ingesting it again, or a quarter in whose
    inbox nothing lies since, changes nothing and returns its receipt with the status `already
    accepted`. Ingests of one agency and quarter wait for each other. After a crash the
    next ingest finds either nothing or something it completes.

    Args:
        zones: landing and vault.
        agency: for instance `dss`.
        quarter: for instance `2025Q1`.
        clock: gives the time recorded as `received_at`, unless it was set back.
        first_day_of_record: the policy's; the receipt says how many lines are dated before it.
        keys: files with the secret keys that open encrypted deliveries.

    Returns:
        The receipt of the accepted delivery.

    Raises:
        SourcesError: MS118 and MS119 wrong usage, MS150 the contract is broken, MS176 a key is, or
            MS178 there is none (exit code 2, of agencies that quarters wait for); MS101 no
            delivery; MS122 it lies in a folder of another name; MS123 a folder of the agency is a
            link; MS120 this machine failed; any other number: rejected, the bytes are kept in
            quarantine (of totals the manifest alone) and the receipt is in the
            outbox (exit code 3).
    """
    current_contract(agency)
    Quarter.parse(quarter)
    try:
        refuse_link(zones.inboxes(agency))
        refuse_link(zones.outbox(agency))
        with open_scratch(zones.vault, agency, quarter) as work:
            complete_accepted(zones, agency, quarter)
            delivery = work / "delivery"
            delivery.mkdir()
            receipt = _take(zones, agency, quarter, delivery, clock, first_day_of_record, keys)
            manifest, _ = read_accepted(zones, agency, quarter, receipt.sequence)
            accepted = zones.vault.delivery(agency, quarter, receipt.sequence)
            take_out(zones.inbox(agency, quarter), accepted, manifest)
            return receipt
    except (OSError, duckdb.Error, pa.ArrowException, MemoryError):
        raise SourcesError("MS120", agency=agency, quarter=quarter) from None


def _take(
    zones: Zones,
    agency: str,
    quarter: str,
    delivery: Path,
    clock: Callable[[], datetime],
    first_day_of_record: date | None,
    keys: Sequence[Path],
) -> Receipt:
    manifest: Manifest | None = None
    reading = _NOT_READ
    remarks: tuple[str, ...] = ()
    try:
        with open_inbox(zones.inbox(agency, quarter), agency, quarter) as inbox:
            content = copy_manifest(inbox, delivery, agency, quarter)
            manifest = parse_manifest(content, agency, quarter)
            known = _find_known(zones, manifest)
            if known:
                return known
            _check_order(zones, manifest, clock())
            remarks = tuple(_remark_on_order(zones, manifest))
            copy_files(inbox, manifest, delivery)
        secrets = _read_keys(manifest, keys)
        contract = find_contract(manifest.contract, agency)
        earlier = zones.vault.raw(agency, quarter).parent
        received_at = find_next_moment(zones, agency, clock())
        reading = read_delivery(
            delivery, manifest, contract, received_at, earlier, secrets, first_day_of_record
        )
        if reading.error:
            raise reading.error
    except SourcesError as error:
        if error.code == "MS101":
            return _recall(zones, agency, quarter, error)
        if error.code in _OF_THE_HUB:
            raise
        _drop_persons(delivery, manifest, error)
        receipt = _draw_up(agency, quarter, manifest, error.sentence, reading, remarks)
        reject_delivery(zones, delivery, _add_deliveries_before(zones, receipt))
        raise error from None
    receipt = _add_deliveries_before(
        zones, _draw_up(agency, quarter, manifest, "", reading, remarks)
    )
    accept_delivery(zones, delivery, receipt)
    return receipt


def _read_keys(manifest: Manifest, paths: Sequence[Path]) -> SecretKeys:
    """The keys where a file is encrypted; MS176 where one is broken, MS178 where none is named.

    A delivery that no quarter waits for would stop one by that, so it is rejected (MS186).
    """
    encrypted = [file.name for file in manifest.files if is_encrypted(file.name)]
    if not encrypted:
        return SecretKeys()
    try:
        return _require_keys(encrypted[0], paths)
    except SourcesError:
        if manifest.agency in read_state().awaited:
            raise
        raise SourcesError("MS186", file=encrypted[0]) from None


def _require_keys(file: str, paths: Sequence[Path]) -> SecretKeys:
    if not paths:
        raise SourcesError("MS178", file=file)
    return read_secret_keys(paths)


def _drop_persons(delivery: Path, manifest: Manifest | None, error: SourcesError) -> None:
    """Keep no bytes of what is refused where it may hold what the law forbids to hand over.

    Who may give totals only (28 CFR 94.115, 34 USC 12291(b)(2)) can have sent records by mistake.
    """
    if manifest is None:
        return
    is_totals = bool(find_contract(manifest.contract, manifest.agency).cells)
    if is_totals or error.code == "MS413":
        for file in manifest.files:
            (delivery / file.name).unlink(missing_ok=True)
        shutil.rmtree(delivery / "_records", ignore_errors=True)


def _recall(zones: Zones, agency: str, quarter: str, missing: SourcesError) -> Receipt:
    """The receipt of the last accepted delivery, which has left the inbox; else say why not."""
    accepted = list_accepted(zones, agency, quarter)
    if accepted:
        _, receipt = read_accepted(zones, agency, quarter, accepted[-1])
        return replace(receipt, status="already accepted")
    for folder, meant in find_misspelt(zones.inboxes(agency)):
        if str(meant) == quarter:
            raise SourcesError("MS122", agency=agency, quarter=quarter, file=folder.name) from None
    raise missing from None


def _check_order(zones: Zones, manifest: Manifest, now: datetime) -> None:
    """Refuse a delivery from the future, and a sequence that leaves hardly any number above it."""
    if manifest.as_of > now.date():
        raise SourcesError("MS124", agency=manifest.agency)
    last = max(list_accepted(zones, manifest.agency, manifest.quarter), default=0)
    if manifest.sequence > last + _FARTHEST_AHEAD:
        raise SourcesError("MS125", last=last)


def _find_known(zones: Zones, manifest: Manifest) -> Receipt | None:
    """The receipt if exactly this delivery was accepted before; MS114 or MS115 if it is stale."""
    accepted = list_accepted(zones, manifest.agency, manifest.quarter)
    if not accepted or manifest.sequence > accepted[-1]:
        return None
    if manifest.sequence not in accepted:
        raise SourcesError("MS114", last=accepted[-1])
    before, receipt = read_accepted(zones, manifest.agency, manifest.quarter, manifest.sequence)
    if before != manifest:
        raise SourcesError("MS115")
    return replace(receipt, status="already accepted")


def _remark_on_order(zones: Zones, manifest: Manifest) -> Iterator[str]:
    """Name a gap before the sequence, and a delta that has nothing to add to."""
    agency, quarter = manifest.agency, manifest.quarter
    accepted = list_accepted(zones, agency, quarter)
    before = manifest.sequence - 1
    if before and before not in accepted:
        yield SourcesError("MS128", sequence=manifest.sequence, missing=before).sentence
    kinds = {read_accepted(zones, agency, quarter, one)[0].kind for one in accepted}
    if manifest.kind == "delta" and kinds <= {"delta"}:
        yield SourcesError("MS129").sentence


def _add_deliveries_before(zones: Zones, receipt: Receipt) -> Receipt:
    before = list_counts(zones, receipt.agency, receipt.quarter, receipt.sequence)
    return replace(receipt, before=before)


def _draw_up(
    agency: str,
    quarter: str,
    manifest: Manifest | None,
    error: str,
    reading: DeliveryReading,
    remarks: tuple[str, ...],
) -> Receipt:
    return Receipt(
        agency=agency,
        quarter=quarter,
        sequence=manifest.sequence if manifest else 0,
        contract=manifest.contract if manifest else "",
        kind=manifest.kind if manifest else "",
        simulated=manifest.simulated if manifest else None,
        status="rejected" if error else "accepted",
        error=error,
        remarks=(*remarks, *reading.remarks),
        unlike=reading.unlike,
        files=reading.files,
        problems=reading.problems,
    )
