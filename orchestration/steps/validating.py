"""Try a delivery out on the agency's own machine, before it is delivered.

It is sealed, taken in and told by the very code of the hub, in a folder of its own that is closed
to others and gone afterwards; so what is said here is what the hub will say. Does not belong here:
any rule of a format (`sources`), and showing the outcome (`cli`).
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from durable.vault import Vault
from durable.writing import draft_folder
from failures.exits import Exit
from orchestration.steps.delivering import Delivery, deliver
from sources.containers import open_decrypted
from sources.contracts import Contract, find_contract, list_contracts
from sources.delivery_changes import DeliveryChanges, compare_deliveries
from sources.delivery_keys import read_secret_keys
from sources.encryption import is_encrypted
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.manifest import count_decrypted
from sources.receipts import Receipt
from sources.zones import Zones

_NAME = "moshare-validate"
_FORMER = re.compile(r"(?:([0-9]{4}Q[1-4]):)?(?:(full|delta):)?(.+)")


@dataclass(frozen=True)
class Former:
    """A delivery of before: its quarter and kind, and the role of each of its files."""

    quarter: str
    kind: Literal["full", "delta"]
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Validation:
    """What the hub would say, and what the delivery changes.

    Attributes:
        receipt: as the hub would write it.
        changes: beside the former deliveries; None where none was given or it would be rejected.
    """

    receipt: Receipt
    changes: DeliveryChanges | None

    @property
    def verdict(self) -> str:
        """Accepted whole, with lines set aside, or not."""
        if self.receipt.error:
            return "rejected"
        return "clean" if self.receipt.is_clean else "lines set aside"

    @property
    def exit_code(self) -> Exit:
        """0 where nothing would be lost; 3 where lines would be set aside, or all is rejected."""
        return Exit.OK if self.receipt.is_clean else Exit.DELIVERY


def find_agreed(name: str) -> Contract:
    """A contract by its name, such as `mshp/1`.

    Raises:
        SourcesError: MS155 where there is none of that name; MS150 where it is broken.
    """
    if name not in list_contracts():
        raise SourcesError("MS155", contracts=", ".join(list_contracts()))
    return find_contract(name, name.partition("/")[0])


def assign_roles(contract: Contract, given: Sequence[str]) -> dict[str, Path]:
    """Role of each file: the one before `=`, or the contract's next that nobody named.

    The path of a file that is there may hold `=`, unless a role stands before it.

    Raises:
        SourcesError: MS156, a role is not of the contract or given twice, or there are too many.
    """
    roles = [file.role for file in contract.files]
    pairs = [_part(text, roles) for text in given]
    free = iter([role for role in roles if role not in [named for named, _ in pairs]])
    files: dict[str, Path] = {}
    for named, path in pairs:
        taken = named or next(free, "")
        if taken not in roles or taken in files:
            raise SourcesError("MS156", expected=", ".join(roles))
        files[taken] = Path(path)
    return files


def _part(text: str, roles: Sequence[str]) -> tuple[str, str]:
    """Role and path of a file as a person names it; no role where there is none before it."""
    role, equals, path = text.partition("=")
    is_named = equals and (role in roles or not Path(text).exists())
    return (role or "=", path) if is_named else ("", text)


def read_former(contract: Contract, text: str, quarter: str) -> Former:
    """A former delivery as a person writes it: `first.txt` or `2024Q4:delta:nibrs=n.txt,tokens=t`.

    Args:
        contract: Of the agency.
        text: Files between commas; before them the quarter where it is another, and the kind where
            it is not full, each with a colon.
        quarter: That of the delivery which is validated.

    Raises:
        SourcesError: MS156, as for `assign_roles`.
    """
    match = _FORMER.fullmatch(text)
    own, kind, files = match.groups() if match else (None, None, text)
    return Former(
        own or quarter,
        "delta" if kind == "delta" else "full",
        assign_roles(contract, files.split(",")),
    )


def validate(
    delivery: Delivery,
    files: Mapping[str, Path],
    former: Sequence[Former],
    policy: Path,
    tell: Callable[[str], None],
    keys: Sequence[Path] = (),
    place: Path | None = None,
) -> Validation:
    """Take a delivery in for nobody, and say what the hub would.

    Args:
        delivery: What is said of it; its sequence is that after its quarter's former ones.
        files: Role of each file, and where it lies.
        former: The deliveries before, the oldest first.
        policy: The policy file, for its first day of record.
        tell: Told of each thing that begins.
        keys: Files with secret keys that open what is encrypted.
        place: In which folder it works; the machine's temporary one where it is left out, and never
            that where there are keys, for what was decrypted lies nowhere but in the vault.

    Raises:
        OrchestrationError: MS908, a file cannot be read.
        SourcesError: MS120 this machine failed; MS154 a former delivery would be rejected; MS176 a
            key cannot be used; MS178 a file is encrypted, and no key is named.
    """
    record = tomllib.loads(policy.read_text(encoding="utf-8"))["first_day_of_record"]
    sequences: Counter[str] = Counter()
    with _own_zones(place or Path(tempfile.gettempdir())) as zones:
        for number, one in enumerate(former, start=1):
            tell(f"reading former delivery {number}")
            sequences[one.quarter] += 1
            _take_former(zones, delivery, one, sequences[one.quarter], keys)
        tell("reading and checking")
        last = replace(delivery, sequence=sequences[delivery.quarter] + 1)
        receipt = _take(zones, last, files, record, keys)
        changes = None
        if former and not receipt.error:
            tell("comparing")
            raw = zones.vault.raw(last.agency, last.quarter).parent
            changes = compare_deliveries(raw, last.agreed, last.quarter, last.sequence)
    return Validation(receipt, changes)


@contextmanager
def _own_zones(place: Path) -> Iterator[Zones]:
    """Zones in a folder that only this account opens; what a killed run left goes as well."""
    with draft_folder(place / _NAME) as folder:
        yield Zones(folder / "landing", Vault(folder / "vault"))


def _take_former(
    zones: Zones, delivery: Delivery, former: Former, sequence: int, keys: Sequence[Path]
) -> None:
    said = replace(delivery, quarter=former.quarter, kind=former.kind, sequence=sequence)
    receipt = _take(zones, replace(said, agency_roster=()), former.files, None, keys)
    if receipt.error:
        file = next(iter(former.files.values())).name
        raise SourcesError("MS154", file=file, number=receipt.error_code)


def _take(
    zones: Zones,
    delivery: Delivery,
    files: Mapping[str, Path],
    first_day: date | None,
    keys: Sequence[Path],
) -> Receipt:
    try:
        rows = dict(_count_encrypted(zones, delivery.agreed, files, keys))
        deliver(zones.landing / "inbox", delivery, files, rows=rows)
        return ingest(
            zones, delivery.agency, delivery.quarter, first_day_of_record=first_day, keys=keys
        )
    except SourcesError as error:
        if error.exit_code != Exit.DELIVERY or error.code == "MS120":
            raise
        return _find_rejection(zones, delivery, error)


def _count_encrypted(
    zones: Zones, contract: Contract, files: Mapping[str, Path], keys: Sequence[Path]
) -> Iterator[tuple[str, int]]:
    """Rows of each file that is encrypted, by its role; what is in it lies in the vault meanwhile.

    Where no key is named, none is counted, and `deliver` says so.
    """
    zones.vault.folder.mkdir(mode=0o700, exist_ok=True)
    for role, path in files.items():
        if keys and is_encrypted(path.name) and path.is_file():
            with open_decrypted(path, zones.vault.folder, read_secret_keys(keys)) as plain:
                yield role, count_decrypted(plain, role, contract)


def _find_rejection(zones: Zones, delivery: Delivery, error: SourcesError) -> Receipt:
    """The receipt of a rejection; one is drawn up where no manifest could be written."""
    stem = f"{delivery.quarter}-{delivery.sequence:04d}-rejected"
    for path in zones.outbox(delivery.agency).glob(f"{stem}-*.json"):
        return Receipt.from_json(path.read_text(encoding="utf-8"))
    return Receipt(
        agency=delivery.agency,
        quarter=delivery.quarter,
        sequence=delivery.sequence,
        contract=delivery.agreed.contract,
        kind=delivery.kind,
        simulated=delivery.simulated,
        status="rejected",
        error=error.sentence,
        files=(),
        problems=(),
    )
