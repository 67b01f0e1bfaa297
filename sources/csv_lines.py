"""From a small-vocabulary CSV file to numbered lines and their values.

Belongs here: the one form of CSV that contracts use: comma, a header, optional double quotes
around a value, no comma, quote or line end inside one. Does not belong here: any rule on a value.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sources.errors import SourcesError
from sources.fixed_width import load_lines


def load_csv_lines(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    columns: Sequence[str],
    *,
    wrong_header: str,
) -> str:
    """Create a table of the data lines and return SQL that cuts them.

    The SQL is a subquery with line_number, raw, is_whole (the line has one value for each column)
    and each column as VARCHAR.

    Raises:
        SourcesError: MS117, or `wrong_header` where the first line does not name the columns.
    """
    load_lines(connection, path, table)
    first = connection.execute(
        f"SELECT line_number, replace(line, '\"', '') FROM {table} ORDER BY line_number LIMIT 1"  # noqa: S608
    ).fetchall()
    if not first or first[0][1] != ",".join(columns):
        raise SourcesError(wrong_header, file=path.name, header=",".join(columns))
    connection.execute(f"DELETE FROM {table} WHERE line_number = {first[0][0]}")  # noqa: S608
    value = '("[^",]*"|[^",]*)'
    cuts = ", ".join(
        f"trim(split_part(line, ',', {i}), '\"') AS {name}" for i, name in enumerate(columns, 1)
    )
    return (
        f"(SELECT line_number, raw, "  # noqa: S608
        f"regexp_full_match(line, '{','.join([value] * len(columns))}') AS is_whole, {cuts} "
        f"FROM {table})"
    )
