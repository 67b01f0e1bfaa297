"""What earlier releases add to a new one: their rows, sums over four quarters, the chain of hashes.

Everything here is arithmetic on released numbers, so it costs nothing. Does not belong here: where
releases are kept (privacy.ledger.ledger) and new estimates (privacy.publishing.publisher).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from privacy.publishing.tables import make_blank_row
from privacy.released import (
    ANNUAL,
    FOUR_QUARTERS,
    QUARTERLY,
    HistoryPoint,
    PreviousRelease,
    Release,
    ReleasedRow,
    ReleasedTable,
)

REACH = {QUARTERLY: 7, ANNUAL: 28}
"""How many quarters back the history of a table of each cadence goes."""

QUARTERS_BEFORE = 3
"""How many quarters before this one make four with it."""


@dataclass(frozen=True)
class RollingTable:
    """A sum over four quarters without its newest numbers, and what the three before add to it."""

    table: ReleasedTable
    base: str
    earlier: tuple[float, ...]


class History:
    """The earlier releases of a quarter, in their order."""

    def __init__(self, quarter: str, releases: Sequence[Release]) -> None:
        self._now = count_quarters(quarter)
        before = [one for one in releases if count_quarters(one.release_id) < self._now]
        self._releases = sorted(before, key=lambda one: count_quarters(one.release_id))

    @property
    def previous(self) -> PreviousRelease | None:
        """The latest earlier release."""
        if not self._releases:
            return None
        return PreviousRelease.of(self._releases[-1])

    def list_points(self, tables: Sequence[ReleasedTable]) -> tuple[HistoryPoint, ...]:
        """Return the rows of earlier releases of tables defined as these, the oldest first."""
        return tuple(
            _state_point(earlier, row)
            for table in tables
            for release in self.list_within(REACH.get(table.cadence, 0))
            for earlier in release.tables
            if table.frame is not None and _define(earlier) == _define(table)
            for row in earlier.rows
        )

    def add_quarters(self, table: ReleasedTable) -> RollingTable | None:
        """Return the sum of a quarterly table over this quarter and the three before.

        None where one of these was not released with the same definition and rows. The noise of
        different quarters is independent, so variances add up.
        """
        found = [
            earlier
            for release in self.list_within(QUARTERS_BEFORE)
            for earlier in release.tables
            if _define(earlier) == _define(table) and _list_keys(earlier) == _list_keys(table)
        ]
        if table.frame is None or table.cadence != QUARTERLY or len(found) != QUARTERS_BEFORE:
            return None
        columns = list(zip(*(one.rows for one in (*found, table)), strict=True))
        return RollingTable(
            table=replace(
                table,
                name=f"{table.name}_four_quarters",
                title=f"{table.title}, four quarters",
                cadence=FOUR_QUARTERS,
                period=f"{found[0].period} to {table.period}",
                rows=tuple(_add_rows(rows) for rows in columns),
                frame=None,
                positions=(),
            ),
            base=table.name,
            earlier=tuple(sum(float(row.estimate or 0) for row in rows[:-1]) for rows in columns),
        )

    def list_within(self, quarters: int) -> list[Release]:
        """Return the releases of so many quarters before this one, the oldest first."""
        return [
            one for one in self._releases if count_quarters(one.release_id) >= self._now - quarters
        ]


def count_quarters(quarter: str) -> int:
    """Return the number of a quarter written like 2025Q1, so that neighbours differ by one."""
    return 4 * int(quarter[:4]) + int(quarter[5:])


def _define(table: ReleasedTable) -> tuple[object, ...]:
    """What two tables must share so that their rows may stand beside each other."""
    return (
        table.name,
        table.unit,
        table.definition,
        table.sources,
        table.kind,
        table.cadence,
        table.level,
        table.dimensions,
    )


def _list_keys(table: ReleasedTable) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.geography, row.keys) for row in table.rows]


def _add_rows(rows: Sequence[ReleasedRow]) -> ReleasedRow:
    newest = rows[-1]
    deviation = math.sqrt(math.fsum(float(row.deviation or 0) ** 2 for row in rows))
    return make_blank_row(newest.geography, newest.keys, newest.labels, deviation)


def _state_point(table: ReleasedTable, row: ReleasedRow) -> HistoryPoint:
    return HistoryPoint(
        table=table.name,
        period=table.period,
        geography=row.geography,
        keys=row.keys,
        count=row.count,
        estimate=row.estimate,
        moe90=row.moe90,
        status=row.status,
        deviation=row.deviation,
        modelled=row.modelled,
        modelled_low90=row.modelled_low90,
        modelled_high90=row.modelled_high90,
    )
