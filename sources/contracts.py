"""What was agreed with each agency, as data.

Belongs here: the type of a contract and loading it from the state's contracts, each by itself, so
that a broken one stops its own agency alone. Does not belong here: reading files by it (`ncands`,
`nibrs`, `totals`, `tokens`).
"""

import re
from datetime import date
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from jurisdiction.folder import CONTRACTS
from sources.errors import SourcesError

_FILE_NAME = re.compile(r"([a-z]+)-([1-9][0-9]{0,3})\.toml")

FileFormat = Literal[
    "ncands_child_file",
    "nibrs_flat",
    "afcars_ooh",
    "tokens",
    "counts",
    "datapackage",
]


class ContractFile(BaseModel):
    """One file of a delivery: its role, its format and the raw tables cut from it.

    `tables` maps the name of a raw table to the fields it keeps, in the order of its columns; it
    is empty for a file that only describes another. `may_be_xml` says that the XML form of the
    format is taken too; a file is of that form if its first character is `<`.
    """

    model_config = CLOSED

    role: str
    format: FileFormat
    required: Annotated[bool, Field(strict=True)]
    may_be_xml: Annotated[bool, Field(strict=True)] = False
    tables: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Watched(BaseModel):
    """What of a delivery is held against the quarters before; see `former_quarters`.

    Attributes:
        volume: raw tables whose number of lines is.
        unknown: `table.field` -> the codes that stand for unknown; a blank does too.
        codes: each `table.field` in which a code can be new.
    """

    model_config = CLOSED

    volume: tuple[str, ...] = ()
    unknown: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    codes: tuple[str, ...] = ()


class PoliceAgency(BaseModel):
    """When a police agency reports to NIBRS: from its first day to the day before its last.

    FBI UCR, 2019.1 NIBRS Technical Specification, rules 173 and 118.
    """

    model_config = CLOSED

    first_day: date | None = None
    last_day: date | None = None


class Meeting(BaseModel):
    """Records of another agency that bear the number of the same child, by what was promised.

    Attributes:
        agency: whose records they are.
        table: their raw table.
        number: its column with the number.
        birth_date: its column with the birth date, mmddyyyy.
    """

    model_config = CLOSED

    agency: str
    table: str
    number: str
    birth_date: str


class Contract(BaseModel):
    """The agreement with one agency.

    Attributes:
        contract: name and version, for instance `dss/1`.
        agency: who delivers.
        title: for people.
        legal_basis: statute that allows the delivery, and in this form.
        promise: what the agency assures about how often one person can appear.
        max_quarantined_share: a file with a larger share of quarantined lines is rejected,
        quarantined_floor: unless no more records or incidents than this are meant.
        agency_roster: whether a manifest may carry the roster of police agencies.
        police_agencies: ORI -> when it reports; empty where no table was agreed.
        title_iv_agency: what E1 of an AFCARS file says: whose children it is of.
        meets: records of another agency that are held against the delivery.
        files: by role.
        cells: measure -> its groups, for a delivery of totals,
        parts: of these, measure -> the measure of which each of its cells is a part,
        declares: and what their description must say word for word, by its field.
        watched: what is held against the quarters before.
    """

    model_config = CLOSED

    contract: str
    agency: str
    title: str
    legal_basis: str
    promise: str
    max_quarantined_share: Annotated[float, Field(strict=True, ge=0, le=1)]
    quarantined_floor: Annotated[int, Field(strict=True, ge=0)]
    agency_roster: Annotated[bool, Field(strict=True)] = False
    police_agencies: dict[str, PoliceAgency] = Field(default_factory=dict)
    title_iv_agency: str = ""
    meets: Meeting | None = None
    files: tuple[ContractFile, ...]
    cells: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    parts: dict[str, str] = Field(default_factory=dict)
    declares: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    watched: Watched = Watched()

    @property
    def limit(self) -> str:
        """How much of a file may be set aside, in words."""
        if not self.max_quarantined_share and not self.quarantined_floor:
            return "none of its lines"
        return (
            f"{self.max_quarantined_share:.0%} of its lines, or {self.quarantined_floor} records "
            "(of NIBRS: incidents) where that is more"
        )

    def file_of(self, role: str) -> ContractFile:
        """The file with that role; KeyError where the contract has none."""
        for file in self.files:
            if file.role == role:
                return file
        raise KeyError(role)

    @property
    def tables(self) -> dict[str, tuple[str, ...]]:
        """Every raw table of a delivery with its fields."""
        return {name: fields for file in self.files for name, fields in file.tables.items()}


_FORM = TypeAdapter(Contract)


def list_agencies() -> tuple[str, ...]:
    """Agencies that have a contract, in alphabetical order."""
    return tuple(sorted({agency for agency, _ in _list_versions()}))


def list_contracts() -> tuple[str, ...]:
    """Every contract, by name."""
    return tuple(f"{agency}/{version}" for agency, version in _list_versions())


def current_contract(agency: str) -> Contract:
    """The agency's contract with the highest version.

    Raises:
        SourcesError: MS119 for an unknown agency; MS150 where its contract is broken.
    """
    versions = [version for known, version in _list_versions() if known == agency]
    if not versions:
        raise SourcesError("MS119", agencies=", ".join(list_agencies()))
    return _read_contract(agency, max(versions))


def find_contract(name: str, agency: str) -> Contract:
    """The contract of that name.

    Raises:
        SourcesError: MS106 if the agency has none of that name; MS150 where it is broken.
    """
    known = {f"{agency}/{version}": version for one, version in _list_versions() if one == agency}
    if name not in known:
        raise SourcesError("MS106", agency=agency, expected=current_contract(agency).contract)
    return _read_contract(agency, known[name])


def _list_versions() -> list[tuple[str, int]]:
    """Agency and version of each contract, as its file is named: `dss-1.toml`."""
    matches = (_FILE_NAME.fullmatch(path.name) for path in CONTRACTS.iterdir())
    return sorted((match[1], int(match[2])) for match in matches if match)


@cache
def _read_contract(agency: str, version: int) -> Contract:
    file = f"{agency}-{version}.toml"
    try:
        contract = read_toml(CONTRACTS / file, _FORM)
    except BrokenDocumentError as broken:
        raise SourcesError("MS150", file=file, problem=str(broken)) from None
    for field, said in (("agency", agency), ("contract", f"{agency}/{version}")):
        if getattr(contract, field) != said:
            problem = f"'{field}' is not {said}, as the name of the file says"
            raise SourcesError("MS150", file=file, problem=problem)
    return contract
