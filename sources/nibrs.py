"""Reads the NIBRS flat file: one line for each segment, levels 0 to 7.

Belongs here: taking segments apart, the rules between the segments of one incident, and keeping
incidents whole. Does not belong here: rules on single fields (`nibrs_rules`); which offence is
trafficking (dbt). Sources as in `nibrs_rules`.

An incident is known by ORI and incident number. Its segments are stored together or not at all.
"""

from pathlib import Path

import duckdb

from sources.contracts import ContractFile
from sources.fixed_width import list_cuts, load_lines
from sources.layout import RecordLayout, load_nibrs_layout
from sources.nibrs_rules import HEADER, key_field_of, list_segment_checks
from sources.workbench import (
    FileReading,
    ask_number,
    mask_of,
    note_failed_checks,
    note_problem,
    quote,
    set_lines_aside,
)

SEGMENT_TABLES = {
    "administrative": "1",
    "offense": "2",
    "victim": "4",
    "offender": "5",
    "arrestee": "6",
    "group_b_arrest": "7",
    "zero_report": "0",
}

_CHECKED_FIELDS = {"3": ("type_property_loss",)}
_SEQUENCES = {
    "4": "victim_sequence_number",
    "5": "offender_sequence_number",
    "6": "arrestee_sequence_number",
    "7": "arrestee_sequence_number",
}


def read_segments(
    connection: duckdb.DuckDBPyConnection, path: Path, file: ContractFile
) -> FileReading:
    """Read and check a NIBRS flat file; leaves one view `rows_<table>` for each raw table.

    One bad segment sets its whole incident aside. Group B arrest reports and zero reports stand
    alone. Property segments are checked and left out.

    Raises:
        SourcesError: MS117.
    """
    layouts = load_nibrs_layout()
    load_lines(connection, path, "lines_nibrs")
    connection.execute(_CREATE_SEGMENTS)
    connection.execute(
        "CREATE VIEW nibrs_problems AS SELECT line_number, code "  # noqa: S608
        f"FROM problems WHERE file = {quote(path.name)}"
    )
    kept = {level: file.tables[table] for table, level in SEGMENT_TABLES.items()} | _CHECKED_FIELDS
    for level, layout in layouts.items():
        _check_level(connection, path.name, level, layout, kept[level])
    _check_unknown_levels(connection, path.name)
    _check_incidents(connection, path.name)
    note_problem(connection, path.name, "MS325", "", _REST_OF_INCIDENTS)
    read = ask_number(connection, "SELECT count(*) FROM lines_nibrs")
    quarantined, _ = set_lines_aside(connection, path.name, "lines_nibrs")
    for table, level in SEGMENT_TABLES.items():
        connection.execute(
            f"CREATE VIEW rows_{table} AS "  # noqa: S608
            f"SELECT line_number, {list_cuts(layouts[level], file.tables[table])} "
            f"FROM {_pad(level, layouts[level])}"
        )
    left_out = ask_number(
        connection, "SELECT count(*) FROM lines_nibrs WHERE substr(line, 5, 1) = '3'"
    )
    stored = read - quarantined - left_out
    return FileReading(path.name, file.role, read, stored, quarantined, left_out)


def _pad(level: str, layout: RecordLayout) -> str:
    return (
        f"(SELECT line_number, raw, length(line) AS width, "  # noqa: S608
        f"rpad(line, {layout.width}, ' ') AS line FROM lines_nibrs "
        f"WHERE substr(line, 5, 1) = '{level}')"
    )


def _check_level(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    level: str,
    layout: RecordLayout,
    kept: tuple[str, ...],
) -> None:
    checks = list(list_segment_checks(level, layout, kept))
    key = key_field_of(level)
    fields = list(dict.fromkeys([*HEADER, key, *kept]))
    connection.execute(
        f"CREATE TABLE checked_{level} AS SELECT line_number, segment_action_type AS action, "  # noqa: S608
        f"ori || {key} AS report, {_SEQUENCES.get(level, quote(''))} AS person, "
        f"{mask_of(checks)} AS mask "
        f"FROM (SELECT line_number, raw, width, {list_cuts(layout, fields)} "
        f"FROM {_pad(level, layout)})"
    )
    note_failed_checks(connection, file, f"checked_{level}", checks)
    connection.execute(
        f"INSERT INTO segments SELECT line_number, {quote(level)}, action, report, person "  # noqa: S608
        f"FROM checked_{level}"
    )
    connection.execute(f"DROP TABLE checked_{level}")


def _check_unknown_levels(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute(
        "INSERT INTO segments "
        "SELECT line_number, '?', substr(line, 6, 1), substr(line, 17, 21), '' FROM lines_nibrs "
        "WHERE NOT regexp_full_match(substr(line, 5, 1), '[0-7]')"
    )
    unknown = (
        "SELECT line_number FROM lines_nibrs JOIN segments USING (line_number) WHERE level = '?'"
    )
    note_problem(connection, file, "MS301", "segment_level", f"{unknown} AND raw IS NULL")
    note_problem(connection, file, "MS131", "", f"{unknown} AND raw IS NOT NULL")


def _check_incidents(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    note_problem(connection, file, "MS321", "incident_number", _WITHOUT_ADMINISTRATIVE)
    note_problem(connection, file, "MS323", "segment_level", _OUT_OF_ORDER)
    note_problem(connection, file, "MS322", "incident_number", _REPEATED_INCIDENTS)
    connection.execute(_CREATE_FIRST_REPORTS)
    for level, field in _SEQUENCES.items():
        note_problem(connection, file, "MS324", field, _REPEATED_PERSONS.format(level=level))


# Group A and Group B reports number themselves apart, so their keys are kept apart.
_CREATE_SEGMENTS = """
    CREATE TABLE segments (
        line_number BIGINT, level VARCHAR, action VARCHAR, report VARCHAR, person VARCHAR
    )
"""

_WITHOUT_ADMINISTRATIVE = """
    SELECT line_number FROM segments
    ANTI JOIN (SELECT report FROM segments WHERE level = '1') USING (report)
    WHERE level BETWEEN '2' AND '6' AND action IN ('I', 'R')
"""

_OUT_OF_ORDER = """
    SELECT line_number FROM (
        SELECT line_number, level, report,
            lag(level) OVER (ORDER BY line_number) AS level_before,
            lag(report) OVER (ORDER BY line_number) AS report_before
        FROM segments WHERE level BETWEEN '1' AND '6'
    )
    WHERE report = report_before AND level < level_before AND level > '1'
"""

# From the second report of an incident on, everything is the later one's.
_REPEATED_INCIDENTS = """
    SELECT line_number FROM segments
    JOIN (
        SELECT report, min(line_number, 2)[2] AS second_line FROM segments
        WHERE level = '1' AND action = 'I' GROUP BY report HAVING count(*) > 1
    ) USING (report)
    WHERE level BETWEEN '1' AND '6' AND line_number >= second_line
"""

_CREATE_FIRST_REPORTS = """
    CREATE VIEW first_reports AS SELECT * FROM segments
    ANTI JOIN (SELECT line_number FROM nibrs_problems WHERE code = 'MS322') USING (line_number)
"""

_REPEATED_PERSONS = """
    SELECT line_number FROM first_reports
    JOIN (
        SELECT report, action, person, min(line_number) AS first_line FROM first_reports
        WHERE level = '{level}' AND action <> 'D'
        GROUP BY report, action, person HAVING count(*) > 1
    ) USING (report, action, person)
    WHERE level = '{level}' AND line_number > first_line
"""

# Lines without a problem of their own whose report has a line with one. A line whose key cannot be
# trusted was written within the incident of the line before it, which is then incomplete as well.
_REST_OF_INCIDENTS = """
    WITH bad AS (
        SELECT DISTINCT line_number FROM first_reports JOIN nibrs_problems USING (line_number)
    ),
    bad_reports AS (
        SELECT report, level = '7' AS is_group_b FROM first_reports JOIN bad USING (line_number)
        WHERE level <> '0'
        UNION
        SELECT before.report, before.level = '7'
        FROM (
            SELECT line_number FROM nibrs_problems
            WHERE code IN ('MS131', 'MS301', 'MS306', 'MS307', 'MS308', 'MS321')
        ) AS keyless
        ASOF JOIN first_reports AS before ON keyless.line_number > before.line_number
        WHERE before.level <> '0'
    )
    SELECT line_number FROM first_reports
    JOIN bad_reports USING (report)
    ANTI JOIN bad USING (line_number)
    WHERE level <> '0' AND (level = '7') = is_group_b
"""
