"""The DuckDB connection on which one delivery is read, and its bookkeeping of problems.

Belongs here: opening DuckDB sealed into the work folder, checks as one bit each of a mask, the
tables `problems`, `set_aside` and `source_lines`, writing Parquet. Does not belong here: any rule
about a field.

A problem either sets its line aside, drops it or takes it with a note; which one, its number says
(`error_texts`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import duckdb

from sources.error_form import Fate
from sources.errors import ERRORS, LineProblem

MEMORY_LIMIT = "1500MB"
LINES_SHOWN = 10

_SHOWN_LINE = "coalesce(source_line, line_number)"
"""Lines of XML are numbered as segments until they are shown; see `source_lines`."""

SET_ASIDE = (
    f"SELECT file, {_SHOWN_LINE} AS line_number, code, field, record "  # noqa: S608
    "FROM set_aside LEFT JOIN source_lines USING (file, line_number)"
)
"""Query for what was set aside, with lines of the file as it was delivered."""


class Mark(Protocol):
    """What a broken condition is noted as."""

    @property
    def code(self) -> str: ...  # noqa: D102 - as in `Check`
    @property
    def field(self) -> str: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def segment(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Check:
    """One rule about one field.

    Attributes:
        code: number in `errors.ERRORS`.
        field: name in the layout, "" for the whole line.
        fails: SQL condition over the cut fields that is true where the rule is broken.
        costs: what is lost with it: the record the line belongs to, the line alone, the field,
            which is left blank, or nothing.
        rule: the FBI's own number for it, or "".
        segment: level of the NIBRS segments that it is about, or "".
    """

    code: str
    field: str
    fails: str
    costs: Literal["record", "line", "field", "nothing"] = "record"
    rule: str = ""
    segment: str = ""


@dataclass(frozen=True)
class FileReading:
    """What became of the lines of one file; read = stored + quarantined + left out + dropped.

    Lines of XML are the segments that its reports have in the flat file.

    Attributes:
        file: name of the delivered file.
        role: its role in the contract.
        lines_read: lines that are not blank, without a header.
        lines_stored: lines that became rows of raw tables.
        lines_quarantined: lines set aside with a problem.
        lines_left_out: lines that were checked and by contract are not stored.
        lines_dropped: lines that add nothing, such as repetitions; dropped with a note.
        lines_blanked: of the stored lines, those with a field that was left blank.
        reports_read: reports of XML; 0 for any other file.
    """

    file: str
    role: str
    lines_read: int
    lines_stored: int
    lines_quarantined: int
    lines_left_out: int = 0
    lines_dropped: int = 0
    lines_blanked: int = 0
    reports_read: int = 0


def open_workbench(folder: Path, *read: Path) -> duckdb.DuckDBPyConnection:
    """Open an empty database that can neither load an extension nor leave these folders."""
    # Two threads take a fifth more processor for the same file, and more memory. A checkpoint in
    # memory would write every table anew after the first UPDATE, for nothing.
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": "1",
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "checkpoint_threshold": "1TB",
        },
    )
    allowed = ", ".join(quote(str(path)) for path in (folder, *read))
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET enable_progress_bar = false")
    # It makes a join of every list of codes, which takes longer than to look through a few lines.
    connection.execute("SET disabled_optimizers = 'in_clause'")
    connection.execute("SET lock_configuration = true")
    connection.execute(
        "CREATE TABLE problems (file VARCHAR, line_number BIGINT, code VARCHAR, field VARCHAR, "
        "rule VARCHAR, segment VARCHAR)"
    )
    connection.execute(
        "CREATE TABLE set_aside (file VARCHAR, line_number BIGINT, code VARCHAR, field VARCHAR, "
        "record BLOB)"
    )
    connection.execute(
        "CREATE TABLE source_lines (file VARCHAR, line_number BIGINT, source_line BIGINT)"
    )
    return connection


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def mask_of(checks: Iterable[Check]) -> str:
    """SQL expression with bit i set where check i fails; at most 62 checks."""
    return mask_where(check.fails for check in checks)


def mask_where(conditions: Iterable[str]) -> str:
    """SQL expression with bit i set where condition i holds; at most 62 conditions."""
    bits = [f"CASE WHEN {holds} THEN {1 << i} ELSE 0 END" for i, holds in enumerate(conditions)]
    if len(bits) > 62:
        raise ValueError("a mask holds 62 conditions")
    return "(" + " + ".join(["0::BIGINT", *bits]) + ")"


def marks_of(checks: Iterable[Mark]) -> str:
    """SQL relation `checks` (bit, code, field, rule, segment), with bits as in `mask_where`."""
    rows = ", ".join(
        f"({1 << i}, {', '.join(map(quote, (check.code, check.field, check.rule, check.segment)))})"
        for i, check in enumerate(checks)
    )
    return f"(VALUES {rows}) AS checks(bit, code, field, rule, segment)"


def bits_of(checks: Sequence[Check], *costs: str) -> int:
    """The bits of a mask that stand for checks with one of these costs."""
    return sum(1 << i for i, check in enumerate(checks) if check.costs in costs)


def note_failed_checks(
    connection: duckdb.DuckDBPyConnection, file: str, table: str, checks: Sequence[Check]
) -> None:
    """Copy the failures of a table (columns line_number, mask) into `problems`."""
    connection.execute(
        f"INSERT INTO problems SELECT {quote(file)}, line_number, code, field, rule, segment "  # noqa: S608
        f"FROM (SELECT line_number, mask FROM {table} WHERE mask <> 0) AS failed "
        f"JOIN {marks_of(checks)} ON (mask & bit) <> 0"
    )


def note_problem(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    code: str,
    field: str,
    lines: str,
    *,
    rule: str = "",
    segment: str = "",
) -> None:
    """Add one problem for every line_number that a SQL query gives."""
    values = ", ".join(map(quote, (code, field, rule, segment)))
    connection.execute(
        f"INSERT INTO problems SELECT {quote(file)}, line_number, {values} FROM ({lines})"  # noqa: S608
    )


def set_lines_aside(
    connection: duckdb.DuckDBPyConnection, file: str, lines_table: str
) -> tuple[int, int]:
    """Take the lines that a problem costs out of their table, into `set_aside` or for good.

    Returns how many were set aside and how many were dropped. A line is set aside once, whatever
    else is the matter with it; of its notes those stay that an FBI rule stands behind.
    """
    # A byte that the format does not allow shifts or spoils fields: only it is named.
    connection.execute(
        f"DELETE FROM problems WHERE file = {quote(file)} AND code <> 'MS131' AND line_number IN "  # noqa: S608
        f"(SELECT line_number FROM problems WHERE file = {quote(file)} AND code = 'MS131')"
    )
    lost = f"SELECT line_number FROM problems WHERE file = {quote(file)} AND {_is('set aside')}"  # noqa: S608
    noted = f"file = {quote(file)} AND {_is('kept', 'blanked')}"
    note = f"{noted} AND rule <> '' AND line_number IN ({lost})"
    connection.execute(f"UPDATE problems SET code = 'MS341' WHERE {note} AND code <> 'MS342'")  # noqa: S608
    connection.execute(
        f"DELETE FROM problems WHERE file = {quote(file)} AND NOT {_is('set aside')} "  # noqa: S608
        f"AND rule = '' AND line_number IN ({lost})"
    )
    connection.execute(
        f"INSERT INTO set_aside SELECT file, line_number, code, field, "  # noqa: S608
        f"coalesce(raw, encode(rtrim(line))) FROM problems JOIN {lines_table} USING (line_number) "
        f"WHERE file = {quote(file)} AND {_is('set aside')} ORDER BY line_number, code, field"
    )
    counts = [ask_number(connection, f"SELECT count(*) FROM {lines_table}")]  # noqa: S608
    fates: tuple[Fate, ...] = ("set aside", "dropped")
    for fate in fates:
        connection.execute(
            f"DELETE FROM {lines_table} WHERE line_number IN "  # noqa: S608
            f"(SELECT line_number FROM problems WHERE file = {quote(file)} AND {_is(fate)})"
        )
        counts.append(ask_number(connection, f"SELECT count(*) FROM {lines_table}"))  # noqa: S608
    return counts[0] - counts[1], counts[1] - counts[2]


def count_blanked(connection: duckdb.DuckDBPyConnection, file: str) -> int:
    """How many lines of a file were kept with a field left blank."""
    return ask_number(
        connection,
        f"SELECT count(DISTINCT line_number) FROM problems WHERE file = {quote(file)} "  # noqa: S608
        f"AND {_is('blanked')} AND line_number NOT IN "
        f"(SELECT line_number FROM problems WHERE file = {quote(file)} AND {_is('dropped')})",
    )


def _is(*fates: Fate) -> str:
    codes = ", ".join(quote(code) for code, text in ERRORS.items() if text.fate in fates)
    return f"code IN ({codes})"


def ask_number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The single whole number that a query gives."""
    return int(connection.execute(query).fetchall()[0][0])


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query in their order."""
    connection.execute(f"COPY ({query}) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def list_problems(connection: duckdb.DuckDBPyConnection) -> tuple[LineProblem, ...]:
    """Problems of all files read so far, one for each file, code, rule, segment and field."""
    rows = connection.execute(
        f"SELECT code, file, field, min(DISTINCT {_SHOWN_LINE}, {LINES_SHOWN}), count(*), rule, "  # noqa: S608
        "segment FROM problems LEFT JOIN source_lines USING (file, line_number) "
        "GROUP BY ALL ORDER BY file, code, rule, segment, field"
    ).fetchall()
    return tuple(
        LineProblem(code, file, field, tuple(lines), total, rule, segment)
        for code, file, field, lines, total, rule, segment in rows
    )
