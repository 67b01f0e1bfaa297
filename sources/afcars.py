"""Reads the AFCARS Out-of-Home Care file: one record for each child in care in a half-year.

Belongs here: what the file says of itself, and what a line costs. Does not belong here: the rules
of a line (`afcars_rules`), taking records apart (`afcars_xml`), and holding children against those
of the Child File (`meetings`).

As little is set aside as can be: a setting, a removal with its settings, and a child only where
nobody can say which child it is. A code or a day of a report that cannot be read is left blank.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb

from sources.afcars_rules import CHECKS, ORDERED
from sources.afcars_xml import (
    CHILDREN,
    FIELDS,
    FORMER_REMOVALS,
    REMOVALS,
    REPORTS_BEFORE,
    REPORTS_IN_CARE,
    SCHEMA,
    SETTINGS,
    AfcarsLines,
)
from sources.contracts import Contract, ContractFile
from sources.errors import SourcesError
from sources.fixed_width import insert_lines
from sources.quarters import Quarter
from sources.workbench import (
    Check,
    FileReading,
    ask_number,
    mask_of,
    note_failed_checks,
    note_problem,
    quote,
    set_lines_aside,
)
from sources.xml_records import is_xml_file

CHILD_OF_A_LINE = "split_part(decode(record), ' ', 1)"
"""Whose a line is that was set aside: the number of the line of its child."""

_PERIOD = re.compile(r"((?:19|20)[0-9]{2})(03|09)")
_TABLES = (
    *(CHILDREN, REPORTS_BEFORE, REPORTS_IN_CARE, REMOVALS, FORMER_REMOVALS),
    SETTINGS,
)
_KEY = {
    CHILDREN: ("MS225", "e4_child_record_number", ""),
    REMOVALS: ("MS234", "e69_removal_date", "e69_removal_date"),
    SETTINGS: ("MS239", "e112_date_living_arrangement", "e69_removal_date"),
}
"""Lines of which one child has no two alike: number, field, and what else the key has."""

_TYPES = {"int64": "BIGINT", "string": "VARCHAR", "bool": "BOOLEAN"}


def read_care(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file: ContractFile,
    contract: Contract,
    quarter: Quarter,
) -> FileReading:
    """Read and check an AFCARS file; leaves one view `rows_<table>` for each raw table.

    A line is a part of a record: the child, a removal, a living arrangement, or a day of a report.

    Raises:
        SourcesError: MS220 of another agency, MS221 no half-year, MS222 another than the quarter
            closes, MS223 no AFCARS file, and what `RecordParser` raises.
    """
    if not is_xml_file(path):
        raise SourcesError("MS223", file=path.name)
    lines = AfcarsLines(path)
    columns = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in SCHEMA)
    connection.execute(f"CREATE TABLE incoming_parts ({columns})")
    insert_lines(connection, "incoming_parts", lines)
    last_day = _check_header(lines, path.name, contract, quarter)
    connection.execute(_CREATE_LINES)
    connection.execute("DROP TABLE incoming_parts")
    for table in _TABLES:
        _check_part(connection, path.name, table, last_day)
    _note_repeats(connection, path.name)
    _set_followers_aside(connection, path.name)
    connection.execute(
        f"INSERT INTO source_lines SELECT {quote(path.name)}, line_number, source_line "  # noqa: S608
        "FROM lines_care"
    )
    connection.execute(_CREATE_REPEATED)
    read = ask_number(connection, "SELECT count(*) FROM lines_care")
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_care")
    _create_rows(connection, file)
    stored = read - quarantined - dropped
    reading = FileReading(path.name, file.role, read, stored, quarantined, lines_dropped=dropped)
    return replace(reading, reports_read=lines.children_read)


_CREATE_LINES = f"""
    CREATE TABLE lines_care AS
    SELECT *, concat_ws(' ', child_line, part, {", ".join(FIELDS)}) AS line, NULL::BLOB AS raw
    FROM incoming_parts ORDER BY line_number
"""  # noqa: S608 - names of the layout


_CREATE_REPEATED = """
    CREATE TABLE repeated AS SELECT e4_child_record_number FROM lines_care
    WHERE line_number IN (SELECT line_number FROM problems WHERE code = 'MS225')
"""
"""Numbers of children who have a second record, which is set aside."""


def _check_header(lines: AfcarsLines, file: str, contract: Contract, quarter: Quarter) -> date:
    """Refuse a file of another agency or half-year; return the last day of its own."""
    if lines.agency != contract.title_iv_agency:
        raise SourcesError("MS220", file=file, expected=contract.title_iv_agency)
    match = _PERIOD.fullmatch(lines.period)
    if match is None:
        raise SourcesError("MS221", file=file)
    closed = Quarter(int(match[1]), int(match[2]) // 3)
    if closed != quarter:
        raise SourcesError("MS222", file=file, quarter=str(quarter))
    return quarter.next().first_day - timedelta(days=1)


def _check_part(
    connection: duckdb.DuckDBPyConnection, file: str, part: str, last_day: date
) -> None:
    """Note what fails of the lines of a part, and leave blank what costs its field only."""
    checks = CHECKS[part]
    connection.execute(
        f"CREATE OR REPLACE TABLE checked_part AS SELECT line_number, {mask_of(checks)} AS mask "  # noqa: S608
        f"FROM (SELECT *, DATE '{last_day}' AS last_day, {ORDERED} FROM lines_care "
        f"WHERE part = {quote(part)})"
    )
    note_failed_checks(connection, file, "checked_part", checks)
    for bit, check in enumerate(checks):
        if check.costs == "field":
            connection.execute(
                f"UPDATE lines_care SET {check.field} = '' WHERE line_number IN "  # noqa: S608
                f"(SELECT line_number FROM checked_part WHERE (mask & {1 << bit}) <> 0)"
            )


def _note_repeats(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note the second and later lines that have the key of one before."""
    for part, (code, field, also) in _KEY.items():
        key = ", ".join(dict.fromkeys(filter(None, ("e4_child_record_number", also, field))))
        own = "" if part == CHILDREN else "child_line, "
        repeats = (
            "SELECT line_number FROM (SELECT line_number, row_number() OVER "  # noqa: S608
            f"(PARTITION BY {own}{key} ORDER BY line_number) AS place FROM lines_care WHERE "
            f"part = {quote(part)} AND line_number NOT IN ({_lost(file)})) WHERE place > 1"
        )
        note_problem(connection, file, code, field, repeats)


def _set_followers_aside(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Set aside what belongs to a child or a removal that is."""
    followers = (
        "SELECT line_number FROM lines_care WHERE "  # noqa: S608
        f"(child_line IN ({_lost(file)}) AND child_line <> line_number) "
        f"OR (removal_line IN ({_lost(file)}) AND removal_line <> line_number)"
    )
    note_problem(connection, file, "MS229", "", followers)


def _lost(file: str) -> str:
    """Query for the lines that are set aside so far."""
    codes = {check.code for checks in CHECKS.values() for check in checks if _costs_line(check)}
    listed = ", ".join(map(quote, sorted(codes | {"MS225", "MS234"})))
    return f"SELECT line_number FROM problems WHERE file = {quote(file)} AND code IN ({listed})"  # noqa: S608


def _costs_line(check: Check) -> bool:
    return check.costs in ("record", "line")


def _create_rows(connection: duckdb.DuckDBPyConnection, file: ContractFile) -> None:
    """One view for each raw table; a child is whole if nothing that is told of it was set aside."""
    connection.execute(
        "CREATE TABLE broken AS SELECT DISTINCT "  # noqa: S608
        f"try_cast({CHILD_OF_A_LINE} AS BIGINT) AS child_line FROM set_aside"
    )
    whole = (
        "CASE WHEN child_line IN (FROM broken) OR e4_child_record_number IN (FROM repeated) "
        "THEN 'no' ELSE 'yes' END AS is_whole"
    )
    for table in _TABLES:
        fields = ", ".join(whole if one == "is_whole" else one for one in file.tables[table])
        connection.execute(
            f"CREATE VIEW rows_{table} AS SELECT line_number, {fields} FROM lines_care "  # noqa: S608
            f"WHERE part = {quote(table)}"
        )
