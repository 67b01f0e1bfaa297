"""What was agreed with each agency, as data.

Belongs here: the type of a contract and loading it from the state's contracts, checked against
the layouts. Does not belong here: reading files by it (`ncands`, `nibrs`, `hotline`, `tokens`).
"""

import tomllib
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from jurisdiction.folder import CONTRACTS
from sources.errors import SourcesError

FileFormat = Literal[
    "ncands_child_file", "nibrs_flat", "tokens", "hotline_counts", "hotline_datapackage"
]


class ContractFile(BaseModel):
    """One file of a delivery: its role, its format and the raw tables cut from it.

    `tables` maps the name of a raw table to the fields it keeps, in the order of its columns; it
    is empty for a file that only describes another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    format: FileFormat
    required: bool
    tables: dict[str, tuple[str, ...]] = Field(default_factory=dict)


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
        files: by role.
        cells: measure -> relationship groups, for a delivery of aggregate counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    contract: str
    agency: str
    title: str
    legal_basis: str
    promise: str
    max_quarantined_share: float = Field(ge=0, le=1)
    quarantined_floor: int = Field(ge=0)
    agency_roster: bool = False
    files: tuple[ContractFile, ...]
    cells: dict[str, tuple[str, ...]] = Field(default_factory=dict)

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


@cache
def load_contracts() -> dict[str, Contract]:
    """Every contract, keyed by its name such as `dss/1`, in alphabetical order."""
    paths = sorted(CONTRACTS.glob("*.toml"))
    loaded = [Contract(**tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return {contract.contract: contract for contract in loaded}


def list_agencies() -> tuple[str, ...]:
    """Agencies that have a contract, in alphabetical order."""
    return tuple(sorted({contract.agency for contract in load_contracts().values()}))


def current_contract(agency: str) -> Contract:
    """The agency's contract with the highest version; SourcesError MS119 for an unknown agency."""
    own = [contract for contract in load_contracts().values() if contract.agency == agency]
    if not own:
        raise SourcesError("MS119", agencies=", ".join(list_agencies()))
    return max(own, key=lambda contract: int(contract.contract.rpartition("/")[2]))


def find_contract(name: str, agency: str) -> Contract:
    """The contract of that name; SourcesError MS106 if the agency has none of that name."""
    contract = load_contracts().get(name)
    if contract is None or contract.agency != agency:
        raise SourcesError("MS106", agency=agency, expected=current_contract(agency).contract)
    return contract
