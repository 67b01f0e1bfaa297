"""Reads the NIBRS flat file: one line for each segment, levels 0 to 7.

Belongs here: taking segments apart, the order of the checks, and reports that stand alone (Group B
arrests, zero reports). Does not belong here: rules on single fields (`nibrs_rules`), incidents
(`nibrs_incidents`); which offence is trafficking (dbt). Sources as in `nibrs_rules`.

An incident is known by ORI and incident number. Its report is stored whole or not at all.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sources.contracts import ContractFile
from sources.fixed_width import blank_fields, insert_lines, iterate_lines, list_cuts
from sources.layout import RecordLayout, load_nibrs_layout
from sources.nibrs_changes import note_changes_without_effect, write_query_of_known_incidents
from sources.nibrs_incidents import CREATE_SEGMENTS, judge_incidents
from sources.nibrs_period import Circumstances, note_months
from sources.nibrs_rules import HEADER, KEY_CODES, key_field_of, list_segment_checks
from sources.workbench import (
    FileReading,
    ask_number,
    bits_of,
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
_PARTS = {
    "2": "ucr_offense_code",
    "3": "type_property_loss",
    "4": "victim_sequence_number",
    "5": "offender_sequence_number",
    "6": "arrestee_sequence_number",
    "7": "arrestee_sequence_number",
}
_SLOTS = " || ".join(f"ucr_offense_code_connection_{slot}" for slot in range(1, 11))
_DETAILS = {"1": "incident_date", "4": f"rtrim({_SLOTS})", "6": "arrest_date"}


def read_segments(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file: ContractFile,
    circumstances: Circumstances,
) -> FileReading:
    """Read and check a NIBRS flat file; leaves one view `rows_<table>` for each raw table.

    A segment without which an incident cannot be counted sets its whole report aside, any other
    itself alone; a field that no figure needs is left blank with a note. Group B arrest reports and
    zero reports stand alone. Property segments are checked and left out.

    Raises:
        SourcesError: MS117.
    """
    layouts = load_nibrs_layout()
    connection.execute(_CREATE_LINES)
    insert_lines(connection, "lines_nibrs", _iterate_lines_with_act(path))
    connection.execute(CREATE_SEGMENTS)
    kept = {level: file.tables[table] for table, level in SEGMENT_TABLES.items()} | _CHECKED_FIELDS
    for level, layout in layouts.items():
        _check_level(connection, path.name, level, layout, kept[level], circumstances)
    _check_unknown_levels(connection, path.name)
    judge_incidents(connection, path.name)
    _check_group_b(connection, path.name)
    _compare(connection, path.name, circumstances)
    read = ask_number(connection, "SELECT count(*) FROM lines_nibrs")
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_nibrs")
    for table, level in SEGMENT_TABLES.items():
        connection.execute(
            f"CREATE VIEW rows_{table} AS "  # noqa: S608
            f"SELECT line_number, {list_cuts(layouts[level], file.tables[table])} "
            f"FROM {_pad(level, layouts[level])}"
        )
    left_out = ask_number(
        connection, "SELECT count(*) FROM lines_nibrs WHERE substr(line, 5, 1) = '3'"
    )
    stored = read - quarantined - dropped - left_out
    return FileReading(path.name, file.role, read, stored, quarantined, left_out, dropped)


def _iterate_lines_with_act(path: Path) -> Iterator[pa.RecordBatch]:
    """The lines of a file, each with the number of the level 1 segment that stands before it.

    A level 1 segment stands before itself; one that only changes an incident (M) begins nothing.
    """
    act = pa.scalar(None, pa.int64())
    for batch in iterate_lines(path):
        level_and_action = pc.utf8_slice_codeunits(batch["line"], 4, 6)
        begins = pc.match_substring_regex(level_and_action, "^1[^M]?$")
        acts = pc.fill_null_forward(pc.if_else(begins, batch["line_number"], None))
        acts = pc.fill_null(acts, act)
        if len(acts):
            act = acts[-1]
        yield batch.append_column("act", acts)


def _pad(level: str, layout: RecordLayout) -> str:
    return (
        f"(SELECT line_number, raw, act, length(line) AS width, "  # noqa: S608
        f"rpad(line, {layout.width}, ' ') AS line FROM lines_nibrs "
        f"WHERE substr(line, 5, 1) = '{level}')"
    )


def _check_level(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    level: str,
    layout: RecordLayout,
    kept: tuple[str, ...],
    circumstances: Circumstances,
) -> None:
    checks = list(list_segment_checks(level, layout, kept, circumstances.as_of))
    key = key_field_of(level)
    fields = list(dict.fromkeys([*HEADER, key, *kept]))
    checked = f"checked_{level}"
    connection.execute(
        f"CREATE TABLE {checked} AS SELECT line_number, act, segment_action_type AS action, "  # noqa: S608
        f"ori || {key} AS report, trim({_PARTS.get(level, quote(''))}) AS part, "
        f"{_DETAILS.get(level, quote(''))} AS detail, {mask_of(checks)} AS mask "
        f"FROM (SELECT line_number, raw, act, width, {list_cuts(layout, fields)} "
        f"FROM {_pad(level, layout)})"
    )
    note_failed_checks(connection, file, checked, checks)
    keyless = sum(1 << i for i, check in enumerate(checks) if check.code in KEY_CODES)
    if level not in "07":
        connection.execute(
            f"INSERT INTO segments SELECT line_number, {quote(level)}, action, report, act, part, "  # noqa: S608
            f"detail, (mask & {bits_of(checks, 'record')}) <> 0, "
            f"(mask & {bits_of(checks, 'record', 'line')}) <> 0 "
            f"FROM {checked} WHERE (mask & {keyless}) = 0"
        )
    if level == "7":
        connection.execute(
            "CREATE TABLE group_b AS SELECT line_number, report, part "  # noqa: S608
            f"FROM {checked} WHERE (mask & {bits_of(checks, 'record', 'line')}) = 0"
        )
    blank_fields(connection, "lines_nibrs", checked, layout, checks)
    connection.execute(f"DROP TABLE {checked}")


def _check_unknown_levels(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    unknown = (
        "SELECT line_number FROM lines_nibrs "
        "WHERE NOT regexp_full_match(substr(line, 5, 1), '[0-7]')"
    )
    note_problem(connection, file, "MS301", "segment_level", f"{unknown} AND raw IS NULL")
    note_problem(connection, file, "MS131", "", f"{unknown} AND raw IS NOT NULL")


def _check_group_b(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    for code, is_same in (("MS330", "AND"), ("MS331", "AND NOT")):
        note_problem(connection, file, code, "", f"{_EARLIER_COPIES} {is_same} is_same")


def _compare(
    connection: duckdb.DuckDBPyConnection, file: str, circumstances: Circumstances
) -> None:
    known = "SELECT '' AS report WHERE false"
    if circumstances.earlier:
        known = write_query_of_known_incidents(
            circumstances.earlier, circumstances.quarter.first_day, circumstances.kind
        )
    note_changes_without_effect(connection, file, known)
    note_months(connection, file, circumstances)


_CREATE_LINES = """
    CREATE TABLE lines_nibrs (line_number BIGINT, line VARCHAR, raw BLOB, act BIGINT)
"""

# A Group B report is known by ORI, transaction number and arrestee; its last copy stands.
_EARLIER_COPIES = """
    SELECT line_number FROM (
        SELECT group_b.line_number, earlier.line = later.line AS is_same
        FROM group_b
        JOIN (
            SELECT report, part, max(line_number) AS last_line
            FROM group_b GROUP BY report, part HAVING count(*) > 1
        ) AS repeated USING (report, part)
        JOIN lines_nibrs AS earlier ON earlier.line_number = group_b.line_number
        JOIN lines_nibrs AS later ON later.line_number = repeated.last_line
        WHERE group_b.line_number < repeated.last_line
    )
    WHERE true
"""
