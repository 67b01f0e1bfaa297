"""Which tables and columns of release input a release reads: those of the policy's frames.

Does not belong here: the rules they are judged by (see `expectations`), and reading their rows (see
`releasing`).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from expectations.suites import InputTable
from privacy.engine.frames import AGGREGATE
from privacy.policy.policy import FramePolicy, Policy

COUNT_COLUMN = {"hotline_cases": "case_count", "hotline_children": "child_count"}
"""The column that holds the counts, by frame that is delivered as counts."""

_COLUMNS = """
select column_name from information_schema.columns
where table_schema = 'release_input' and table_name = ? order by ordinal_position
"""


def list_input_tables(
    connection: duckdb.DuckDBPyConnection, policy: Policy
) -> tuple[InputTable, ...]:
    """List the table of each frame, with every column that makes a cell.

    These are the columns that the frame is read by, and those that its table has besides and that
    have public keys, over which the release sums.
    """
    listed = policy.levels.keys() | policy.dimensions.keys()
    return tuple(
        InputTable(
            name=frame.name,
            dimensions=_list_dimensions(connection, frame, listed),
            count=COUNT_COLUMN[frame.name] if frame.kind == AGGREGATE else None,
        )
        for frame in policy.frames.values()
    )


def _list_dimensions(
    connection: duckdb.DuckDBPyConnection, frame: FramePolicy, listed: Collection[str]
) -> tuple[str, ...]:
    held = connection.execute(_COLUMNS, [frame.name]).fetchall()
    read = (frame.levels[-1], *frame.columns)
    return tuple(dict.fromkeys((*read, *(name for (name,) in held if name in listed))))
