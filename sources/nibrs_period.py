"""Where and when the incidents of a NIBRS file were, beside where and when it is delivered for.

Belongs here: what the manifest and the hub say of a file, and comparing it with what the file says.
Does not belong here: dates of single segments (`nibrs_rules`). See decision 0016.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from pathlib import Path

import duckdb

from jurisdiction.state import read_state
from sources.contracts import PoliceAgency
from sources.errors import SourcesError
from sources.quarters import Quarter
from sources.workbench import ask_number, note_problem, quote

STATE = read_state().postal_code
"""First two letters of the ORI of every police agency of the state (FBI rule 059)."""

YEARS = 2
"""The FBI's own window: an incident is reported in its year or the next (FBI rule 171)."""

ELSEWHEN = 0.9
"""No more than this share of a good file is of other months; more than half often is."""

_MONTH_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?[0-3]\d)?(?!\d)")


@dataclass(frozen=True)
class Circumstances:
    """What is known of a delivery before its file is read.

    Attributes:
        quarter: the quarter it is delivered for.
        as_of: day on which the data were taken.
        kind: full or delta.
        unusual: what the manifest says is meant as it is: outside_missouri, other_years.
        first_day_of_record: of the policy; what is dated before is no news. None if not told.
        earlier: folder of the agency's raw tables of earlier deliveries; None if there are none.
        agencies: ORI -> the days between which a police agency reports to NIBRS; empty if the
            contract carries no table of them.
    """

    quarter: Quarter
    as_of: date
    kind: str = "full"
    unusual: frozenset[str] = frozenset()
    first_day_of_record: date | None = None
    earlier: Path | None = None
    agencies: Mapping[str, PoliceAgency] = dataclass_field(default_factory=dict)

    @property
    def months(self) -> tuple[str, ...]:
        """The months of the quarter, written yyyymm."""
        first = self.quarter.first_day
        return tuple(f"{first.year}{first.month + number:02d}" for number in range(3))


def note_months(
    connection: duckdb.DuckDBPyConnection, file: str, circumstances: Circumstances
) -> None:
    """Note where the name of a file, its headers or its incidents are of another quarter."""
    months = ", ".join(map(quote, circumstances.months))
    in_name = _MONTH_IN_NAME.search(file)
    if in_name and in_name[1] + in_name[2] not in circumstances.months:
        note_problem(connection, file, "MS335", "name", "SELECT 1 AS line_number")
    turned = ", ".join(quote(month[4:] + month[:4]) for month in circumstances.months)
    for field, line, rows, elsewhen in (
        ("month_of_submission", "line_number", _LINES, f"month NOT IN ({turned})"),
        ("incident_date", "act", _REPORTS, f"substr(day, 1, 6) NOT IN ({months})"),
    ):
        others = f"{rows} AND {elsewhen}"
        if _count(connection, others) > ELSEWHEN * _count(connection, rows):
            lines = f"SELECT {line} AS line_number {others}"
            note_problem(connection, file, "MS335", field, lines)
    if circumstances.first_day_of_record:
        before = _BEFORE_RECORD.format(day=f"{circumstances.first_day_of_record:%Y%m%d}")
        note_problem(connection, file, "MS336", "", before)


def check_place_and_period(
    connection: duckdb.DuckDBPyConnection, file: str, circumstances: Circumstances
) -> None:
    """Refuse a file that is of another state or of other years, unless that is meant.

    Raises:
        SourcesError: MS337 most incidents are of another state, MS338 none is within two years.
    """
    incidents = _count(connection, _REPORTS)
    elsewhere = _count(connection, f"{_REPORTS} AND substr(report, 1, 2) <> '{STATE}'")
    if 2 * elsewhere > incidents and "outside_missouri" not in circumstances.unusual:
        raise SourcesError("MS337", file=file)
    year = circumstances.quarter.year
    day = f"{circumstances.quarter.first_day:%m%d}"
    near = f"{_REPORTS} AND day BETWEEN '{year - YEARS}{day}' AND '{year + YEARS}{day}'"
    if incidents and not _count(connection, near) and "other_years" not in circumstances.unusual:
        raise SourcesError("MS338", file=file)


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return ask_number(connection, f"SELECT count(*) {rows}")


# A piece says the month of many lines; what is of no known level is no piece.
_LINES = """
    FROM (
        SELECT line_number, month
        FROM segments JOIN (SELECT piece, substr(text, 7, 6) AS month FROM pieces) USING (piece)
        UNION ALL
        SELECT line_number, substr(line, 7, 6) FROM lines_nibrs WHERE level NOT BETWEEN '0' AND '7'
    )
    WHERE true
"""
_REPORTS = "FROM acts WHERE verdict = '' AND action NOT IN ('D', 'W')"

_BEFORE_RECORD = """
    SELECT line_number FROM segments LEFT JOIN acts USING (act)
    WHERE NOT is_lost AND coalesce(day, CASE WHEN level IN ('1', '6') THEN detail END)
        BETWEEN '19000101' AND '{day}'
        AND coalesce(day, detail) <> '{day}'
"""
