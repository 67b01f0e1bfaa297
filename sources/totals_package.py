"""Totals as they are delivered: counts.csv, and the data package that describes it.

Belongs here: writing both as the contract has them, on the agency's own machine. Does not belong
here: making totals of records (`hotline_totals`), and checking what was delivered (`totals`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from durable.writing import write_whole
from sources.contracts import Contract
from sources.quarters import Quarter

COUNTS_NAME = "counts.csv"
DESCRIPTION_NAME = "datapackage.json"

_FIELDS = {
    "quarter": ("string", "Calendar quarter, for instance 2025Q1"),
    "measure": ("string", "What is counted, and by what; measures are unlike units"),
    "count": ("integer", "How many"),
}
_GROUP = ("string", "The group of the measure; all where it has no groups")


def write_totals(
    folder: Path,
    quarter: Quarter,
    cells: Mapping[tuple[str, str], int],
    contract: Contract,
    about: Mapping[str, object],
) -> None:
    """Write counts.csv and datapackage.json (Data Package v2) into a folder.

    Args:
        folder: made if it is absent.
        quarter: that the counts are of.
        cells: (measure, group) -> count.
        contract: names the columns, and what the description must declare.
        about: what else the description says at its top level; its title at least.
    """
    columns = contract.file_of("counts").tables["counts"]
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([quarter, *cell, count] for cell, count in cells.items())
    write_whole(folder / COUNTS_NAME, lines.getvalue())
    description = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        **about,
        **contract.declares,
        "resources": [_describe(columns)],
    }
    write_whole(folder / DESCRIPTION_NAME, json.dumps(description, indent=2) + "\n")


def _describe(columns: tuple[str, ...]) -> dict[str, object]:
    fields = [
        {"name": name, "type": kind, "description": text, "constraints": {"required": True}}
        for name in columns
        for kind, text in [_FIELDS.get(name, _GROUP)]
    ]
    return {
        "name": "counts",
        "type": "table",
        "path": COUNTS_NAME,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "primaryKey": list(columns[1:3])},
    }
