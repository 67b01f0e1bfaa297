"""The state's folder of data, and its tables as they stand there.

Belongs here: the one place that names the folder. Does not belong here: what rooms make of a table.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "missouri"
"""Data alone: lists (of which dbt makes tables too), outlines, contracts, agencies, state.toml."""

AGENCIES = FOLDER / "agencies"
CONTRACTS = FOLDER / "contracts"
LISTS = FOLDER / "lists"
OUTLINES = FOLDER / "outlines"

_TODAY = "9999-12-31"


@cache
def read_table(path: Path) -> tuple[dict[str, str], ...]:
    """Read a CSV file of the folder: one mapping of column to text for each line, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def list_counties() -> tuple[dict[str, str], ...]:
    """List the lines of lists/counties.csv that hold today, one for each county."""
    return tuple(line for line in read_table(LISTS / "counties.csv") if line["valid_to"] == _TODAY)
