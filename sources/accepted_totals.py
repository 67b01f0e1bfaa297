"""Totals of an accepted delivery, read back from the vault by the contract they came by.

Belongs here: which delivery of a quarter counts, and its cells. Does not belong here: checking what
is delivered (`totals`), and what becomes of the numbers (orchestration).

A later delivery of a quarter replaces the one before, whole, for every delivery of totals has every
cell; a nil delivery says 0 in each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from sources.contracts import find_contract
from sources.errors import SourcesError
from sources.storing import list_accepted, read_accepted
from sources.zones import Zones


@dataclass(frozen=True)
class AcceptedTotals:
    """What an agency delivered for one quarter.

    Attributes:
        sequence: of the delivery.
        kind: full, delta or nil.
        counts: measure -> group -> count, every cell of the contract and no other.
    """

    sequence: int
    kind: str
    counts: dict[str, dict[str, int]]


def find_totals(zones: Zones, agency: str, quarter: str, contract: str) -> AcceptedTotals | None:
    """The agency's newest accepted delivery of a quarter by a contract; None where there is none.

    One whose acceptance was interrupted counts once ingest has completed it.

    Raises:
        SourcesError: MS106 the agency has no such contract, MS150 it is broken; MS421 it delivered
            by that contract, and later by another.
    """
    agreed, later = find_contract(contract, agency), ""
    for sequence in reversed(list_accepted(zones, agency, quarter)):
        manifest, _ = read_accepted(zones, agency, quarter, sequence)
        folder = zones.vault.raw(agency, quarter) / f"{sequence:04d}"
        if not folder.is_dir():
            continue
        if manifest.contract != contract:
            later = later or manifest.contract
        elif later:
            raise SourcesError(
                "MS421", agency=agency, quarter=quarter, contract=contract, later=later
            )
        else:
            if manifest.kind == "nil":
                counts = {one: dict.fromkeys(groups, 0) for one, groups in agreed.cells.items()}
            else:
                counts = _read_counts(folder / "counts.parquet", agreed.tables["counts"])
            return AcceptedTotals(sequence, manifest.kind, counts)
    return None


def _read_counts(path: Path, columns: Sequence[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    values = pq.read_table(path, columns=list(columns)).to_pydict()
    for _, measure, group, count in zip(*(values[name] for name in columns), strict=True):
        counts.setdefault(measure, {})[group] = int(count)
    return counts
