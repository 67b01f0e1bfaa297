"""Reads the NIBRS flat file, one line for each segment of levels 0 to 7, and the XML like it.

Belongs here: taking segments apart, the order of the checks, and reports that stand alone (Group B
arrests, zero reports). Does not belong here: rules on single fields (`nibrs_rules`), incidents
(`nibrs_incidents`); which offence is trafficking (dbt). Sources as in `nibrs_rules`.

An incident is known by ORI and incident number. Its report is stored whole or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sources.contracts import ContractFile
from sources.fixed_width import blank_fields, insert_lines, iterate_lines, list_cuts
from sources.layout import load_nibrs_layout
from sources.nibrs_changes import (
    note_changes_without_effect,
    note_deletions_without_effect,
    write_query_of_known_incidents,
)
from sources.nibrs_cuts import KEY_END, KEY_START, cut_lines
from sources.nibrs_edits import note_broken_rules
from sources.nibrs_incidents import judge_incidents
from sources.nibrs_period import Circumstances, note_months
from sources.nibrs_pieces import create_facts, create_segments
from sources.nibrs_rules import list_segment_checks
from sources.nibrs_xml import XmlLines
from sources.workbench import (
    FileReading,
    ask_number,
    note_failed_checks,
    note_problem,
    quote,
    set_lines_aside,
)
from sources.xml_records import is_xml_file

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


def read_segments(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file: ContractFile,
    circumstances: Circumstances,
) -> FileReading:
    """Read and check a NIBRS file; leaves one view `rows_<table>` for each raw table.

    A file whose first character is `<` is XML: its reports become the segments that they have in
    the flat file, and from there on both are one.

    A segment without which an incident cannot be counted sets its whole report aside, any other
    itself alone; a field that no figure needs is left blank with a note. Group B arrest reports and
    zero reports stand alone. Property segments are checked and left out.

    Raises:
        SourcesError: MS117; of XML what `nibrs_xml.iterate_reports` raises.
    """
    layouts = load_nibrs_layout()
    connection.execute(_CREATE_LINES)
    kept = {level: file.tables[table] for table, level in SEGMENT_TABLES.items()} | _CHECKED_FIELDS
    xml = XmlLines(connection, path) if is_xml_file(path) else None
    lines: Iterable[pa.RecordBatch] = xml or map(_without_source_line, iterate_lines(path))
    cuts: list[pa.RecordBatch] = []
    insert_lines(connection, "lines_nibrs", _iterate_lines_with_act(lines, cuts))
    connection.execute("CREATE TABLE cuts (cut BIGINT, text VARCHAR)")
    insert_lines(connection, "cuts", cuts)
    del cuts
    _check_levels(connection, path.name, kept, circumstances)
    _check_unknown_levels(connection, path.name, is_xml=bool(xml))
    create_facts(connection, layouts)
    judge_incidents(connection, path.name)
    note_broken_rules(connection, path.name, circumstances)
    _check_group_b(connection, path.name)
    _compare(connection, path.name, circumstances)
    if xml:
        xml.note_source_lines()
    read = ask_number(connection, "SELECT count(*) FROM lines_nibrs")
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_nibrs")
    for table, level in SEGMENT_TABLES.items():
        of_level = f"SELECT line_number, line FROM lines_nibrs WHERE level = '{level}'"  # noqa: S608
        connection.execute(f"CREATE VIEW lines_{table} AS {of_level}")
        fields = list_cuts(layouts[level], file.tables[table], "padded")
        padded = f"rpad(line, {layouts[level].width}, ' ') AS padded"
        connection.execute(
            f"CREATE VIEW rows_{table} AS SELECT line_number, {fields} "  # noqa: S608
            f"FROM (SELECT line_number, {padded} FROM lines_{table})"
        )
    left_out = ask_number(connection, "SELECT count(*) FROM lines_nibrs WHERE level = '3'")
    stored = read - quarantined - dropped - left_out
    reading = FileReading(path.name, file.role, read, stored, quarantined, left_out, dropped)
    return replace(reading, reports_read=xml.reports_read) if xml else reading


def _without_source_line(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column("source_line", pa.nulls(batch.num_rows, pa.int32()))


def _iterate_lines_with_act(
    batches: Iterable[pa.RecordBatch], cuts: list[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The lines of a file, padded to the end of their key, each with its level, act and cut.

    A line is early if its level is below that of the line before. Its cut is the number of what it
    says beside whose it is; a batch adds its own different ones to `cuts`.

    The act is the number of the level 1 segment that the line follows: the last one before it, or
    the line itself, and NULL if that is of another incident and the line must be looked up by its
    key. A level 1 segment that only changes an incident (M) begins nothing.
    """
    act, act_report = pa.scalar(None, pa.int64()), pa.scalar(None, pa.binary())
    level_before = pa.scalar(None, pa.binary())
    for batch in batches:
        line = pc.ascii_rpad(batch["line"], KEY_END)
        octets = line.cast(pa.binary())
        level, report = (pc.binary_slice(octets, *ends) for ends in ((4, 5), (KEY_START, KEY_END)))
        begins = pc.and_(pc.equal(level, b"1"), pc.not_equal(pc.binary_slice(octets, 5, 6), b"M"))
        cut = cut_lines(line, pc.binary_length(batch["line"]), batch["raw"])
        known = sum(map(len, cuts))
        numbers = pa.arange(known, known + len(cut.dictionary))
        cuts.append(pa.record_batch({"cut": numbers, "text": cut.dictionary}))
        acts = _carry(pc.if_else(begins, batch["line_number"], None), act)
        act_reports = _carry(pc.if_else(begins, report, None), act_report)
        is_early = pc.less(level, _shift(level, level_before))
        if len(acts):
            act, act_report, level_before = acts[-1], act_reports[-1], level[-1]
        yield pa.record_batch(
            {
                "line_number": batch["line_number"],
                "line": line,
                "raw": batch["raw"],
                "level": level.cast(pa.string()),
                "act": pc.if_else(pc.equal(report, act_reports), acts, None),
                "is_early": is_early,
                "cut": pc.add(cut.indices.cast(pa.int64()), known),
                "source_line": batch["source_line"],
            }
        )


def _shift(values: pa.Array, before: pa.Scalar) -> pa.Array:
    """Every value one place further down, behind the last one of an earlier batch."""
    first = pa.array([before.as_py()], values.type)
    return pa.concat_arrays([first, values[:-1]]) if len(values) else values


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
    create_segments(connection, layouts, kept, checks)
    connection.execute(_CREATE_FAILED)
    for (level,) in connection.execute("SELECT DISTINCT level FROM failed").fetchall():
        checked = f"(SELECT line_number, mask FROM failed WHERE level = {quote(level)})"  # noqa: S608
        note_failed_checks(connection, file, checked, checks[level])
        blank_fields(connection, "lines_nibrs", checked, layouts[level], checks[level], KEY_END)


def _check_unknown_levels(
    connection: duckdb.DuckDBPyConnection, file: str, *, is_xml: bool
) -> None:
    known, lines = (
        ask_number(connection, f"SELECT count(*) FROM {table}")  # noqa: S608
        for table in ("segments", "lines_nibrs")
    )
    if known == lines:
        return
    unknown = "SELECT line_number FROM lines_nibrs WHERE level NOT BETWEEN '0' AND '7'"
    level = f"{unknown} AND raw IS NULL"
    if is_xml:
        note_problem(connection, file, "MS351", "", level)
    else:
        note_problem(connection, file, "MS301", "segment_level", level, rule="051")
    note_problem(connection, file, "MS131", "", f"{unknown} AND raw IS NOT NULL")


def _check_group_b(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    for code, is_same, rule in (("MS330", "AND", ""), ("MS331", "AND NOT", "751")):
        lines = f"{_EARLIER_COPIES} {is_same} is_same"
        note_problem(connection, file, code, "", lines, rule=rule, segment="7")


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
        line_number BIGINT, line VARCHAR, raw BLOB, level VARCHAR, act BIGINT,
        is_early BOOLEAN, cut BIGINT, source_line INTEGER
    )
"""

# A table of its own, so that DuckDB knows how few they are and joins to all lines by them.
_CREATE_FAILED = """
    CREATE TABLE failed AS SELECT line_number, level, mask
    FROM segments JOIN (SELECT piece, mask FROM pieces WHERE mask <> 0) USING (piece)
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
