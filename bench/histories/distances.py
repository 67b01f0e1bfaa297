"""Compare what two replays counted: squared distances over all years, and rows by quarter.

Does not belong here: which distance is allowed (the policy).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from bench.histories.replay import ROW_TABLES, Replay, start
from privacy.policy.policy import Policy

LINKED_CELLS = {
    "children_by_agency_in_year": "agency_pattern",
    "report_lag_in_year": "lag_group",
}
"""Column of each linked table that its cells are told apart by."""

FRAME_OF = {"arrests_in_quarter": "arrests"}
"""Frames whose name is not that of their model."""

Cells = Mapping[tuple[int, str, str], int]


@dataclass(frozen=True)
class Moved:
    """The furthest that one neighbour moved a table in one world.

    For linked tables `squared` is the squared distance over all years; for others `rows` is the
    most rows of one quarter, and `quarters` the number of quarters in which any row differs.
    """

    squared: int = 0
    rows: int = 0
    quarters: int = 0

    def or_further(self, other: Moved) -> Moved:
        """Return the furthest of both, each number by itself."""
        return Moved(*map(max, zip(vars(self).values(), vars(other).values(), strict=True)))


def list_tables(policy: Policy) -> list[str]:
    """Give the models that a frame of the policy counts."""
    return [name for name in ROW_TABLES if FRAME_OF.get(name, name) in policy.frames]


def count_cells(replay: Replay, table: str) -> Cells:
    """Count the released rows of a table by world, quarter and cell; units are cells of others."""
    cell = LINKED_CELLS.get(table, "unit_id")
    days = ", ".join(f"date '{start(one).isoformat()}'" for one in replay.released) or "null"
    rows = replay.connection.execute(
        f"select cast(split_part(unit_id, ':', 1) as integer), cast(quarter_start as varchar), {cell}, "  # noqa: S608, E501
        f"count(*) from {table} where quarter_start in ({days}) group by all"
    ).fetchall()
    return {(world, quarter, text): count for world, quarter, text, count in rows}


def compare(table: str, one: Cells, other: Cells) -> dict[int, Moved]:
    """Say how far two counts of a table are from each other in each world in which they differ."""
    changed: dict[int, dict[tuple[str, str], int]] = {}
    for key in one.keys() | other.keys():
        difference = one.get(key, 0) - other.get(key, 0)
        if difference:
            world, quarter, cell = key
            changed.setdefault(world, {})[quarter, cell] = difference
    return {world: _sum_up(table, cells) for world, cells in changed.items()}


def _sum_up(table: str, cells: Mapping[tuple[str, str], int]) -> Moved:
    if table in LINKED_CELLS:
        return Moved(squared=sum(difference**2 for difference in cells.values()))
    by_quarter: dict[str, int] = {}
    for (quarter, _), difference in cells.items():
        by_quarter[quarter] = by_quarter.get(quarter, 0) + abs(difference)
    return Moved(rows=max(by_quarter.values()), quarters=len(by_quarter))


def find_tokens(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Give the token with which each child and record was first noted, by id."""
    return dict(
        connection.execute(
            "select child_id, arg_min(token, quarter_start) from noted group by 1 union all "
            "select victim_key, arg_min(token, quarter_start) from links "
            "where token is not null group by 1"
        ).fetchall()
    )


def list_neighbours(children: int, records: int) -> Iterator[tuple[str, int | None, int | None]]:
    """Name what is taken away: an identity is a child and a record, else one of them alone."""
    for child in range(children):
        yield "child", child, None
        for record in range(records):
            yield "identity", child, record
    for record in range(records):
        yield "record", None, record
