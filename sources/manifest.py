"""The manifest of a delivery: its form, reading it without echoing it, and writing it last.

Belongs here: what manifest.json may say by itself. Does not belong here: comparing it with the
files it names (`ingest`) or with earlier deliveries (`history`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from durable.writing import write_whole
from failures.documents import CLOSED, name_place
from sources.agency_roster import RosterAgency, is_complete
from sources.contracts import Contract, current_contract, find_contract
from sources.encryption import is_encrypted
from sources.errors import SourcesError
from sources.fixed_width import count_records
from sources.quarters import Quarter

MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000

_RESERVED_NAMES = frozenset({MANIFEST_NAME, "receipt.json"})

_FileName = Annotated[
    str, StringConstraints(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\z", max_length=100)
]
_Sha256 = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{64}\z")]
_Count = Annotated[int, Field(ge=0, le=2**53)]


Unusual = Literal["outside_missouri", "other_years"]
"""What a delivery would be refused for, if its manifest did not say that it is meant."""


class ManifestFile(BaseModel):
    """One delivered file: rows are data lines, without blank lines and CSV headers."""

    model_config = ConfigDict(**CLOSED, strict=True, populate_by_name=True)

    name: _FileName
    role: Annotated[str, StringConstraints(pattern=r"\A[a-z_]{1,40}\z")]
    sha256: _Sha256
    rows: _Count
    byte_count: Annotated[int, Field(ge=0, alias="bytes")]


class Manifest(BaseModel):
    """What an agency says about a delivery; see docs/adding-a-source.md for each key."""

    model_config = ConfigDict(**CLOSED, strict=True)

    agency: Annotated[str, StringConstraints(pattern=r"\A[a-z]{1,40}\z")]
    quarter: Annotated[str, StringConstraints(pattern=r"\A(19|20)[0-9]{2}Q[1-4]\z")]
    sequence: Annotated[int, Field(ge=1, le=9999)]
    contract: Annotated[str, StringConstraints(pattern=r"\A[a-z]{1,40}/[0-9]{1,4}\z")]
    kind: Literal["full", "delta", "nil"]
    as_of: date
    simulated: bool
    files: tuple[ManifestFile, ...]
    agency_roster: Annotated[tuple[RosterAgency, ...], Field(min_length=1)] | None = None
    unusual: tuple[Unusual, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [file.name.lower() for file in self.files]
        if len(set(names)) != len(names) or not _RESERVED_NAMES.isdisjoint(names):
            raise ValueError("file names must differ")
        return self


def parse_manifest(content: bytes, agency: str, quarter: str) -> Manifest:
    """Read a manifest that lies in the inbox of an agency and quarter.

    Raises:
        SourcesError: MS102 to MS108, MS145 and MS147; the sentence names the key, never what
            stands there.
    """
    text = _decode(content, agency, quarter)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise _describe(error) from None
    for key, expected in (("agency", agency), ("quarter", quarter)):
        if getattr(manifest, key) != expected:
            raise SourcesError("MS105", field=key)
    if (manifest.kind == "nil") == bool(manifest.files):
        raise SourcesError("MS108")
    contract = find_contract(manifest.contract, agency)
    _check_roles(manifest, contract)
    _check_roster(manifest, contract)
    return manifest


def write_manifest(
    folder: Path,
    *,
    agency: str,
    quarter: str,
    sequence: int,
    kind: Literal["full", "delta", "nil"],
    as_of: date,
    simulated: bool,
    files: Mapping[str, str],
    agency_roster: Sequence[RosterAgency] = (),
    unusual: Sequence[str] = (),
    rows: Mapping[str, int] = MappingProxyType({}),
    contract: Contract | None = None,
) -> Manifest:
    """Measure the files of a delivery and write its manifest last, in one step.

    Args:
        folder: holds the files; receives manifest.json.
        agency: for instance `dss`.
        quarter: for instance `2025Q1`.
        sequence: 1 for the first delivery of the quarter, then higher.
        kind: `full`, `delta`, or `nil` with no files.
        as_of: day on which the agency took the data from its system.
        simulated: true if no record is about a real person.
        files: role -> file name in `folder`.
        agency_roster: which police agencies reported; left out where it is empty.
        unusual: what the delivery would otherwise be refused for, and is meant.
        rows: role -> rows of each file that is encrypted, which cannot be counted here.
        contract: what was agreed; the agency's newest contract where it is left out.

    Raises:
        SourcesError: the manifest would be refused, a file is missing (MS109), no text (MS117) or
            encrypted, and nobody told its rows (MS178).
    """
    agreed = contract or current_contract(agency)
    Quarter.parse(quarter)
    document: dict[str, object] = {
        "agency": agency,
        "quarter": quarter,
        "sequence": sequence,
        "contract": agreed.contract,
        "kind": kind,
        "as_of": as_of.isoformat(),
        "simulated": simulated,
        "files": [
            _measure(folder / name, role, rows.get(role), agreed) for role, name in files.items()
        ],
    }
    if agency_roster:
        document["agency_roster"] = [one.model_dump() for one in agency_roster]
    if unusual:
        document["unusual"] = list(unusual)
    content = (json.dumps(document, indent=2) + "\n").encode()
    manifest = parse_manifest(content, agency, quarter)
    write_whole(folder / MANIFEST_NAME, content)
    return manifest


def _measure(path: Path, role: str, rows: int | None, contract: Contract) -> dict[str, str | int]:
    if not path.is_file():
        raise SourcesError("MS109", file=role)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "name": path.name,
        "role": role,
        "sha256": digest,
        "rows": count_rows(path, role, contract) if rows is None else rows,
        "bytes": path.stat().st_size,
    }


def count_rows(path: Path, role: str, contract: Contract) -> int:
    """Rows of a file that is to be delivered in a role.

    Raises:
        SourcesError: MS178 it is encrypted, or as `count_records`; the sentence names the role.
    """
    if is_encrypted(path.name):
        raise SourcesError("MS178", file=role)
    return count_decrypted(path, role, contract)


def count_decrypted(path: Path, role: str, contract: Contract) -> int:
    """Rows of a file that lies there decrypted, whatever it is called; raises as `count_rows`."""
    agreed = next((file for file in contract.files if file.role == role), None)
    return count_records(path, agreed, role)


def _decode(content: bytes, agency: str, quarter: str) -> str:
    unreadable = SourcesError("MS102", agency=agency, quarter=quarter)
    if len(content) > MAX_MANIFEST_BYTES:
        raise unreadable
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, object_pairs_hook=_refuse_repeated_keys)
    except (ValueError, RecursionError):
        raise unreadable from None
    if not isinstance(document, dict):
        raise unreadable
    return text


def _refuse_repeated_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is given twice")
    return document


def _describe(error: ValidationError) -> SourcesError:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    fields = (Manifest.model_fields, ManifestFile.model_fields, RosterAgency.model_fields)
    place = name_place(first["loc"], {"bytes", *chain(*fields)})
    if first["type"] == "extra_forbidden":
        return SourcesError("MS104", field=place or "its top level")
    is_name = place.endswith(".name") and first["type"].startswith("string_")
    if is_name or first["type"] == "value_error":
        return SourcesError("MS126", field=place or "files")
    return SourcesError("MS103", field=place or "files")


def _check_roles(manifest: Manifest, contract: Contract) -> None:
    if manifest.kind == "nil":
        return
    delivered = [file.role for file in manifest.files]
    known = {file.role for file in contract.files}
    for index, role in enumerate(delivered):
        if role not in known or delivered.count(role) > 1:
            raise SourcesError(
                "MS107", field=f"files[{index}].role", expected=_name_roles(contract)
            )
    for file in contract.files:
        if file.required and file.role not in delivered:
            raise SourcesError("MS107", field=file.role, expected=_name_roles(contract))


def _check_roster(manifest: Manifest, contract: Contract) -> None:
    if manifest.agency_roster is None:
        return
    if not contract.agency_roster:
        raise SourcesError("MS145")
    if not is_complete(manifest.agency_roster, Quarter.parse(manifest.quarter)):
        raise SourcesError("MS147")


def _name_roles(contract: Contract) -> str:
    return ", ".join(
        file.role if file.required else f"{file.role} (optional)" for file in contract.files
    )
