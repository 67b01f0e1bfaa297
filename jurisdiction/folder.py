"""The state's folder of data, and its tables as they stand there.

Belongs here: the one place that names the folder, and the setting that chooses it, which every room
needs before it is imported. Does not belong here: what rooms make of a table.
"""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path

from jurisdiction.errors import JurisdictionError

STATE_VARIABLE = "MOSHARE_STATE"
"""Which state is served: a folder beside this room, or the path of one. Default: `missouri`."""

FIRST = "missouri"
"""The state in whose words the policy is written; it is served where no other is named."""

FOLDER = (Path(__file__).resolve().parents[1] / (os.environ.get(STATE_VARIABLE) or FIRST)).resolve()
"""Data alone: lists (of which dbt makes tables too), outlines, contracts, agencies, state.toml."""

AGENCIES = FOLDER / "agencies"
CONTRACTS = FOLDER / "contracts"
LISTS = FOLDER / "lists"
OUTLINES = FOLDER / "outlines"

_TODAY = "9999-12-31"


class _Line(dict[str, str]):
    """One line of a table, which says in words that it lacks a column."""

    def __init__(self, file: str, cells: dict[str, str]) -> None:
        super().__init__(cells)
        self._file = file

    def __missing__(self, column: str) -> str:
        raise JurisdictionError("MS001", file=self._file, problem=f"It has no column '{column}'")


@cache
def read_table(path: Path) -> tuple[dict[str, str], ...]:
    """Read a CSV file of the folder: one mapping of column to text for each line, in its order.

    Raises:
        JurisdictionError: MS001 where the file is no such table, or later, where a line is asked
            for a column that it does not have.
    """
    file = f"{path.parent.name}/{path.name}"
    try:
        with path.open(encoding="utf-8", newline="") as text:
            lines = tuple(csv.DictReader(text, strict=True))
    except OSError:
        raise JurisdictionError("MS001", file=file, problem="It cannot be read") from None
    except (ValueError, csv.Error):
        raise JurisdictionError("MS001", file=file, problem="It is no CSV file in UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if None in line or None in line.values():
            problem = f"Its record {number} has more or fewer fields than its header"
            raise JurisdictionError("MS001", file=file, problem=problem)
    return tuple(_Line(file, line) for line in lines)


def list_counties() -> tuple[dict[str, str], ...]:
    """List the lines of lists/counties.csv that hold today, one for each county."""
    return tuple(line for line in read_table(LISTS / "counties.csv") if line["valid_to"] == _TODAY)
