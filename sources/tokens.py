"""Reads a token sidecar: which keyed tokens belong to which record of the same delivery.

Belongs here: the form of the file. Does not belong here: making tokens or comparing them
(`linkage`). A key that no delivered record has is harmless and is kept.
"""

from pathlib import Path

import duckdb

from sources.contracts import ContractFile
from sources.csv_lines import load_csv_lines
from sources.record_rules import is_blank
from sources.workbench import (
    Check,
    FileReading,
    ask_number,
    mask_of,
    note_failed_checks,
    note_problem,
    set_lines_aside,
)

_FORMS = "[0-9a-f]{64}|[0-9a-f]{16}(:{7}[0-9a-f]{32}|(:[0-9a-f]{32}){9,})"
"""One token of the first recipe, or the epoch of a key and the tokens of the second one, or the one
of a name whose birth date is not known."""

_CHECKS = (
    Check("MS131", "", "raw IS NOT NULL"),
    Check("MS142", "", f"NOT is_whole OR {is_blank('record_key')} OR {is_blank('token')}"),
    Check(
        "MS143",
        "token",
        f"is_whole AND NOT {is_blank('token')} AND NOT regexp_full_match(token, '{_FORMS}')",
    ),
)

_REPEATED = """
    SELECT line_number FROM checked_tokens
    JOIN (
        SELECT record_key, min(line_number) AS first_line
        FROM checked_tokens WHERE mask = 0 GROUP BY record_key HAVING count(*) > 1
    ) USING (record_key)
    WHERE mask = 0 AND line_number > first_line
"""


def read_tokens(
    connection: duckdb.DuckDBPyConnection, path: Path, file: ContractFile
) -> FileReading:
    """Read and check a token file; leaves the view `rows_tokens` with the clean rows.

    Raises:
        SourcesError: MS117 no text file, MS141 wrong header.
    """
    columns = file.tables["tokens"]
    cut = load_csv_lines(connection, path, "lines_tokens", columns, wrong_header="MS141")
    connection.execute(
        f"CREATE TABLE checked_tokens AS "  # noqa: S608
        f"SELECT line_number, trim(record_key) AS record_key, {mask_of(_CHECKS)} AS mask FROM {cut}"
    )
    read = ask_number(connection, "SELECT count(*) FROM lines_tokens")
    note_failed_checks(connection, path.name, "checked_tokens", _CHECKS)
    note_problem(connection, path.name, "MS144", "record_key", _REPEATED)
    quarantined, _ = set_lines_aside(connection, path.name, "lines_tokens")
    connection.execute(
        f"CREATE VIEW rows_tokens AS SELECT line_number, {', '.join(columns)} FROM {cut}"  # noqa: S608
    )
    return FileReading(path.name, file.role, read, read - quarantined, quarantined)
