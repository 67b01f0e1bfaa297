"""Reads the NIBRS flat file: one line for each segment, levels 0 to 7.

Belongs here: taking segments apart, the order of the checks, and reports that stand alone (Group B
arrests, zero reports). Does not belong here: rules on single fields (`nibrs_rules`), incidents
(`nibrs_incidents`); which offence is trafficking (dbt). Sources as in `nibrs_rules`.

An incident is known by ORI and incident number. Its report is stored whole or not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sources.contracts import ContractFile
from sources.fixed_width import blank_fields, insert_lines, iterate_lines, list_cuts
from sources.layout import RecordLayout, load_nibrs_layout
from sources.nibrs_changes import (
    note_changes_without_effect,
    note_deletions_without_effect,
    write_query_of_known_incidents,
)
from sources.nibrs_incidents import judge_incidents
from sources.nibrs_period import Circumstances, note_months
from sources.nibrs_rules import HEADER, KEY_CODES, key_field_of, list_segment_checks
from sources.workbench import (
    Check,
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
_FIRST_SLOT = load_nibrs_layout()["4"].field("ucr_offense_code_connection_1").start
_DETAILS = {"1": "incident_date", "4": "slots", "6": "arrest_date"}


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
    kept = {level: file.tables[table] for table, level in SEGMENT_TABLES.items()} | _CHECKED_FIELDS
    width = max(layouts[level].field(name).end for level in kept for name in kept[level])
    insert_lines(connection, "lines_nibrs", _iterate_lines_with_act(path, width))
    _check_levels(connection, path.name, kept, circumstances)
    _check_unknown_levels(connection, path.name)
    judge_incidents(connection, path.name)
    _check_group_b(connection, path.name)
    _compare(connection, path.name, circumstances)
    read = ask_number(connection, "SELECT count(*) FROM lines_nibrs")
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_nibrs")
    for table, level in SEGMENT_TABLES.items():
        lines = f"SELECT line_number, line FROM lines_nibrs WHERE level = '{level}'"  # noqa: S608
        connection.execute(f"CREATE VIEW lines_{table} AS {lines}")
        cuts = list_cuts(layouts[level], file.tables[table])
        connection.execute(
            f"CREATE VIEW rows_{table} AS SELECT line_number, {cuts} FROM lines_{table}"  # noqa: S608
        )
    left_out = ask_number(connection, "SELECT count(*) FROM lines_nibrs WHERE level = '3'")
    stored = read - quarantined - dropped - left_out
    return FileReading(path.name, file.role, read, stored, quarantined, left_out, dropped)


def _iterate_lines_with_act(path: Path, width: int) -> Iterator[pa.RecordBatch]:
    """The lines of a file, padded to a width, each with its level, its length before and its act.

    The act is the number of the level 1 segment that the line follows: the last one before it, or
    the line itself, and NULL if that is of another incident and the line must be looked up by its
    key. A level 1 segment that only changes an incident (M) begins nothing.
    """
    act, act_report = pa.scalar(None, pa.int64()), pa.scalar(None, pa.binary())
    for batch in iterate_lines(path):
        line = pc.ascii_rpad(batch["line"], width)
        octets = line.cast(pa.binary())
        level, report = (pc.binary_slice(octets, *ends) for ends in ((4, 5), (16, 37)))
        begins = pc.and_(pc.equal(level, b"1"), pc.not_equal(pc.binary_slice(octets, 5, 6), b"M"))
        acts = _carry(pc.if_else(begins, batch["line_number"], None), act)
        act_reports = _carry(pc.if_else(begins, report, None), act_report)
        if len(acts):
            act, act_report = acts[-1], act_reports[-1]
        yield pa.record_batch(
            {
                "line_number": batch["line_number"],
                "line": line,
                "raw": batch["raw"],
                "level": level.cast(pa.string()),
                "width": pc.binary_length(batch["line"]),
                "act": pc.if_else(pc.equal(report, act_reports), acts, None),
            }
        )


def _carry(values: pa.Array, before: pa.Scalar) -> pa.Array:
    """Fill every NULL with the last value above it, or with the one of an earlier batch."""
    return pc.fill_null(pc.fill_null_forward(values), before)


def _check_levels(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    kept: Mapping[str, tuple[str, ...]],
    circumstances: Circumstances,
) -> None:
    """Cut and check the fields of every level in one statement, then note what failed."""
    layouts = load_nibrs_layout()
    checks = {
        level: list(list_segment_checks(level, layout, kept[level], circumstances.as_of))
        for level, layout in layouts.items()
    }
    parts = [
        _write_query_of_level(level, layouts[level], kept[level], checks[level])
        for level in layouts
    ]
    connection.execute(f"CREATE TABLE segments AS {' UNION ALL '.join(parts)}")
    connection.execute(_CREATE_FAILED)
    for (level,) in connection.execute("SELECT DISTINCT level FROM failed").fetchall():
        checked = f"(SELECT line_number, mask FROM failed WHERE level = {quote(level)})"  # noqa: S608
        note_failed_checks(connection, file, checked, checks[level])
        blank_fields(connection, "lines_nibrs", checked, layouts[level], checks[level])


def _write_query_of_level(
    level: str, layout: RecordLayout, kept: tuple[str, ...], checks: Sequence[Check]
) -> str:
    """The segments of a level, with the columns of the table that `nibrs_incidents` describes."""
    fields = list(dict.fromkeys([*HEADER, key_field_of(level), *kept]))
    keyless = sum(1 << i for i, check in enumerate(checks) if check.code in KEY_CODES)
    act = "NULL" if level in "07" else f"CASE WHEN (mask & {keyless}) = 0 THEN act END"
    return (
        f"SELECT line_number, {quote(level)} AS level, action, "  # noqa: S608
        f"CASE WHEN (mask & {keyless}) = 0 THEN report END AS report, {act} AS act, "
        f"part, detail, mask, (mask & {bits_of(checks, 'record')}) <> 0 AS is_spoilt, "
        f"(mask & {bits_of(checks, 'record', 'line')}) <> 0 AS is_lost "
        f"FROM (SELECT line_number, act, report, segment_action_type AS action, "
        f"trim({_PARTS.get(level, quote(''))}) AS part, "
        f"{_DETAILS.get(level, quote(''))} AS detail, {mask_of(checks)} AS mask "
        f"FROM (SELECT line_number, raw, act, width, substr(line, 17, 21) AS report, "
        f"rtrim(substr(line, {_FIRST_SLOT}, 30)) AS slots, {list_cuts(layout, fields)} "
        f"FROM lines_nibrs WHERE level = '{level}'))"
    )


def _check_unknown_levels(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    known, lines = (
        ask_number(connection, f"SELECT count(*) FROM {table}")  # noqa: S608
        for table in ("segments", "lines_nibrs")
    )
    if known == lines:
        return
    unknown = "SELECT line_number FROM lines_nibrs WHERE level NOT BETWEEN '0' AND '7'"
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
    note_deletions_without_effect(connection, file, circumstances.earlier)
    note_months(connection, file, circumstances)


_CREATE_LINES = """
    CREATE TABLE lines_nibrs (
        line_number BIGINT, line VARCHAR, raw BLOB, level VARCHAR, width INTEGER, act BIGINT
    )
"""

# A table of its own, so that DuckDB knows how few they are and joins to all lines by them.
_CREATE_FAILED = """
    CREATE TABLE failed AS SELECT line_number, level, mask FROM segments WHERE mask <> 0
"""

# A Group B report is known by ORI, transaction number and arrestee; its last copy stands.
_EARLIER_COPIES = """
    WITH group_b AS (SELECT * FROM segments WHERE level = '7' AND NOT is_lost)
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
