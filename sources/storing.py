"""Where an accepted or rejected delivery is put, so that a crash leaves no half of one.

Belongs here: what was accepted before, moving a finished folder into its place, completing what an
interrupted ingest left. Does not belong here: judging a delivery.

Acceptance is one rename: the work folder, complete with its receipt and raw tables, becomes
`vault/deliveries/<agency>/<quarter>/<sequence>`. What then still has to move out of it (`_raw`,
`_records`) or be written (the receipt in the outbox) is completed by any later ingest.
"""

import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from durable.vault import Vault
from durable.writing import move_folder, write_whole
from sources.contracts import Contract
from sources.manifest import MANIFEST_NAME, Manifest
from sources.outbox import write_receipt
from sources.receipts import DeliveryCounts, Receipt, order_counts
from sources.zones import Zones

RECEIPT_NAME = "receipt.json"
_DIGEST_NAME = "_digest"

_PROVENANCE = (
    ("agency", pa.string()),
    ("quarter_start", pa.date32()),
    ("delivery_sequence", pa.int32()),
    ("delivery_kind", pa.string()),
)
_ABOUT = (
    ("contract", pa.string()),
    ("as_of", pa.date32()),
    ("received_at", pa.timestamp("us")),
    ("simulated", pa.bool_()),
)
"""Columns as `reading` writes them."""


def list_accepted(zones: Zones, agency: str, quarter: str) -> list[int]:
    """Sequences of the accepted deliveries, in order."""
    folder = zones.vault.deliveries(agency, quarter)
    return sorted(int(path.name) for path in folder.iterdir()) if folder.is_dir() else []


def read_accepted(
    zones: Zones, agency: str, quarter: str, sequence: int
) -> tuple[Manifest, Receipt]:
    """Manifest and receipt of an accepted delivery."""
    folder = zones.vault.delivery(agency, quarter, sequence)
    manifest = (folder / MANIFEST_NAME).read_text(encoding="utf-8-sig")
    receipt = (folder / RECEIPT_NAME).read_text(encoding="utf-8")
    return Manifest.model_validate_json(manifest), Receipt.from_json(receipt)


def list_counts(
    zones: Zones, agency: str, quarter: str, sequence: int
) -> tuple[DeliveryCounts, ...]:
    """What became of the lines of the agency's deliveries before one, the newest last."""
    receipts = [
        Receipt.from_json(path.read_text(encoding="utf-8"))
        for path in zones.vault.find_delivered(RECEIPT_NAME, agency)
    ]
    return order_counts(
        [one for one in receipts if (one.quarter, one.sequence) < (quarter, sequence)]
    )


def accept_delivery(zones: Zones, delivery: Path, receipt: Receipt) -> None:
    """Put a delivery that was read in full into its place, for good."""
    (delivery / RECEIPT_NAME).write_text(receipt.to_json(), encoding="utf-8")
    move_folder(
        delivery,
        zones.vault.delivery(receipt.agency, receipt.quarter, receipt.sequence),
    )
    complete_accepted(zones, receipt.agency, receipt.quarter)


def complete_accepted(zones: Zones, agency: str, quarter: str) -> None:
    """Finish whatever an interrupted acceptance of this quarter left undone."""
    for sequence in list_accepted(zones, agency, quarter):
        name = f"{sequence:04d}"
        folder = zones.vault.deliveries(agency, quarter) / name
        if (folder / "_raw").is_dir():
            move_folder(folder / "_raw", zones.vault.raw(agency, quarter) / name)
        if (folder / "_records").is_dir():
            kept = zones.vault.quarantine(agency, quarter)
            move_folder(folder / "_records", kept / f"{name}-{_next_number(kept, sequence)}")
        receipt = Receipt.from_json((folder / RECEIPT_NAME).read_text(encoding="utf-8"))
        if not (zones.outbox(agency) / f"{quarter}-{name}-accepted.json").is_file():
            write_receipt(receipt, zones.outbox(agency), "accepted")


def find_next_moment(zones: Zones, agency: str, now: datetime) -> datetime:
    """The time at which a delivery is said to be received: now, or later.

    Later records of an agency replace earlier ones by this time, so it runs on by a second where
    the clock was set back, or did not move since the delivery before.
    """
    times: list[datetime] = [
        received.replace(tzinfo=UTC)
        for path in zones.vault.find_raw("deliveries", agency)
        for received in pq.read_table(path, columns=["received_at"])["received_at"].to_pylist()
    ]
    return max([now, *(received + timedelta(seconds=1) for received in times)])


def write_empty_tables(vault: Vault, contract: Contract) -> None:
    """Write raw tables without a row, in which each column of a contract is.

    With them models read an agency that never delivered, or only by a contract that keeps less.
    """
    folder = vault.raw_without_delivery(contract.agency)
    folder.mkdir(parents=True, exist_ok=True)
    for table, fields in contract.tables.items():
        columns = [
            *_PROVENANCE,
            ("line_number", pa.int64()),
            *((one, pa.string()) for one in fields),
        ]
        _write_empty(folder / f"{table}.parquet", pa.schema(columns))
    _write_empty(folder / "deliveries.parquet", pa.schema([*_PROVENANCE, *_ABOUT]))


def _write_empty(path: Path, schema: pa.Schema) -> None:
    if path.exists() and pq.read_schema(path) == schema:
        return
    content = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), content, store_schema=False)
    write_whole(path, content.getvalue().to_pybytes())


def reject_delivery(zones: Zones, delivery: Path, receipt: Receipt) -> None:
    """Keep the bytes of a rejected delivery in quarantine and write its receipt.

    The same bytes rejected for the same reason are kept once, so asking again changes nothing.
    """
    shutil.rmtree(delivery / "_raw", ignore_errors=True)
    quarantine = zones.vault.quarantine(receipt.agency, receipt.quarter)
    digest = _digest_folder(delivery, receipt)
    number = _find_number(quarantine, receipt.sequence, digest)
    if number == 0:
        number = _next_number(quarantine, receipt.sequence)
        (delivery / RECEIPT_NAME).write_text(receipt.to_json(), encoding="utf-8")
        (delivery / _DIGEST_NAME).write_text(digest, encoding="utf-8")
        move_folder(delivery, quarantine / f"{receipt.sequence:04d}-{number}")
    write_receipt(receipt, zones.outbox(receipt.agency), f"rejected-{number}")


def _list_numbers(quarantine: Path, sequence: int) -> list[int]:
    folders = quarantine.glob(f"{sequence:04d}-*")
    return sorted(int(folder.name.partition("-")[2]) for folder in folders)


def _next_number(quarantine: Path, sequence: int) -> int:
    return max(_list_numbers(quarantine, sequence), default=0) + 1


def _find_number(quarantine: Path, sequence: int, digest: str) -> int:
    for number in _list_numbers(quarantine, sequence):
        known = quarantine / f"{sequence:04d}-{number}" / _DIGEST_NAME
        if known.is_file() and known.read_text(encoding="utf-8") == digest:
            return number
    return 0


def _digest_folder(delivery: Path, receipt: Receipt) -> str:
    whole = hashlib.sha256(replace(receipt, before=()).to_json().encode())
    for path in sorted(path for path in delivery.iterdir() if path.is_file()):
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(f"{path.name} {content}\n".encode())
    return whole.hexdigest()
