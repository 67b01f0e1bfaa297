"""The roster of police agencies: which of them reported for which month of a quarter.

It comes from the Patrol's own list of who takes part, never from what was delivered: an agency
without a segment may have had nothing to report, or may not report at all. It is about agencies and
no person, and public. Belongs here: its form, reading it from a CSV file, and the numbers that a
release says. Does not belong here: the manifest that carries it (`manifest`), and holding it
against zero reports (`reading`).
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from failures.documents import CLOSED
from sources.errors import SourcesError
from sources.quarters import Quarter

_HEADER = ["ori", "month", "reporting"]
_ANSWERS = {"yes": True, "no": False}

_Ori = Annotated[str, StringConstraints(pattern=r"\A[A-Z0-9]{9}\z")]


class RosterAgency(BaseModel):
    """One police agency: month as 2025-01 -> whether it reported for it."""

    model_config = ConfigDict(**CLOSED, strict=True)

    ori: _Ori
    reporting: dict[str, bool]


def is_complete(roster: Sequence[RosterAgency], quarter: Quarter) -> bool:
    """Whether a roster names each agency once, with every month of the quarter and no other."""
    oris = [agency.ori for agency in roster]
    months = set(quarter.months)
    return len(set(oris)) == len(oris) and all(set(one.reporting) == months for one in roster)


def count_reporting(roster: Sequence[RosterAgency]) -> tuple[int, int]:
    """How many agencies reported for every month of the quarter, and how many there are."""
    return sum(all(agency.reporting.values()) for agency in roster), len(roster)


def read_agency_roster(path: Path) -> tuple[RosterAgency, ...]:
    """Read a roster from a CSV file with the columns ori, month (2025-01), reporting (yes or no).

    Raises:
        SourcesError: MS146 it has another form, or names a month of an agency twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = _gather(csv.reader(stream, strict=True))
        return tuple(RosterAgency(ori=ori, reporting=months) for ori, months in found.items())
    except (OSError, ValueError, KeyError, csv.Error):
        raise SourcesError("MS146") from None


def _gather(rows: Iterator[list[str]]) -> dict[str, dict[str, bool]]:
    if next(rows, None) != _HEADER:
        raise ValueError("another header")
    found: dict[str, dict[str, bool]] = {}
    for ori, month, answer in filter(None, rows):
        months = found.setdefault(ori, {})
        if month in months:
            raise ValueError("a month twice")
        months[month] = _ANSWERS[answer]
    return found
