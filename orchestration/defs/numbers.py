"""Numbers of the Dagster UI, as tables and as single figures that it plots over the quarters.

Each is a function of public facts alone: the policy, the ledger's costs, what was released. Does
not belong here: anything that follows from a confidential row, be it a size or a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from orchestration.hub.settings import Settings
from orchestration.steps.spending import read_spending
from privacy.released import Release

Metadata = Mapping[str, dg.MetadataValue]
Row = Mapping[str, str | int | float]


def tell_budget(settings: Settings) -> Metadata:
    """What one identity can have lost in each period, and what is left of its cap, in rho."""
    periods = read_spending(settings)["periods"]
    rows = [
        {"period": one["name"], "spent": one["spent"], "cap": one["cap"], "left": one["left"]}
        for one in periods
    ]
    left = {
        f"left_of_{one['period']}": dg.MetadataValue.float(float(one["left"])) for one in periods
    }
    return {"budget": _table(rows), **left}


def tell_margins(release: Release) -> Metadata:
    """The largest 90 % margin of each released table of the state, and of all its tables."""
    margins = {
        table.name: max((row.moe90 for row in table.rows if row.moe90 is not None), default=None)
        for table in release.tables
    }
    known = {name: margin for name, margin in margins.items() if margin is not None}
    rows: list[Row] = [{"table": name, "largest margin": margin} for name, margin in known.items()]
    largest = dg.MetadataValue.float(float(max(known.values(), default=0)))
    return {"margins": _table(rows), "largest_margin": largest}


def tell_files(folder: Path) -> Metadata:
    """Size of each kind of file of a release, how many there are, and all their bytes."""
    sizes: dict[str, list[int]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sizes.setdefault(path.suffix.lstrip(".") or "none", []).append(path.stat().st_size)
    rows: list[Row] = [
        {"ending": ending, "files": len(each), "bytes": sum(each)} for ending, each in sizes.items()
    ]
    return {
        "files_by_ending": _table(rows),
        "files": dg.MetadataValue.int(sum(map(len, sizes.values()))),
        "bytes": dg.MetadataValue.int(sum(map(sum, sizes.values()))),
    }


def _table(rows: Sequence[Row]) -> dg.MetadataValue:
    columns = [
        dg.TableColumn(name, "string" if isinstance(value, str) else "number")
        for name, value in (rows[0] if rows else {"nothing": ""}).items()
    ]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], dg.TableSchema(columns))
