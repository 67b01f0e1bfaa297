"""The tables of a release before anything is drawn: rows, margins, cut-offs, places in the frame.

Made from the plan alone. Does not belong here: estimates and counts
(privacy.publishing.publisher), and what earlier releases add (privacy.publishing.history).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from privacy.declared import DeclaredFacts
from privacy.engine.frames import Level, Marginal, Row
from privacy.engine.margins import compute_cut_off, compute_margin
from privacy.plan import Plan, PlannedFrame
from privacy.policy.rows import list_rows, make_row
from privacy.policy.tables import TablePolicy
from privacy.released import (
    ACTIVITY,
    ANNUAL,
    FOUR_QUARTERS,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    QUARTERLY,
    ReleasedRow,
    ReleasedTable,
)

EXPECTED_FALSE_ALARMS = {QUARTERLY: 0.3, FOUR_QUARTERS: 0.2, ANNUAL: 0.4}
"""False alarms expected among all cells of a cadence if all were zero; together below one."""


@dataclass(frozen=True)
class Blank:
    """A table without its numbers; `marginal` says where on its frame, None where it has none."""

    table: ReleasedTable
    marginal: Marginal | None


def prepare_tables(plan: Plan) -> tuple[Blank, ...]:
    """Return the tables that the plan releases, in the order of the policy, without cut-offs."""
    planned = {frame.frame.name: frame for frame in plan.frames}
    blanks = []
    for table in plan.policy.tables:
        if table.frame is None:
            blanks.append(_prepare_without_noise(plan, table))
        elif table.frame in planned:
            blanks.append(_prepare_table(plan, table, planned[table.frame]))
    return tuple(blanks)


def set_cut_offs(tables: Sequence[ReleasedTable]) -> tuple[ReleasedTable, ...]:
    """Return the tables with the cut-off of each row that has a deviation.

    Cut-offs grow with the number of such rows of the same cadence, so that fewer than one false
    alarm is expected in a release, and a quarterly table is judged alike in every quarter.
    """
    cells = Counter(
        table.cadence for table in tables for row in table.rows if row.deviation is not None
    )

    def share(cadence: str) -> float:
        return EXPECTED_FALSE_ALARMS[cadence] / cells[cadence]

    return tuple(
        replace(
            table,
            rows=tuple(
                row
                if row.deviation is None
                else replace(row, cut_off=compute_cut_off(row.deviation, share(table.cadence)))
                for row in table.rows
            ),
        )
        for table in tables
    )


def make_blank_row(
    geography: str, keys: tuple[str, ...], labels: tuple[str, ...], deviation: float
) -> ReleasedRow:
    """Return a row whose noise is known and whose numbers are not."""
    return ReleasedRow(
        geography=geography,
        keys=keys,
        labels=labels,
        count=None,
        estimate=None,
        moe90=compute_margin(deviation),
        cut_off=None,
        status=NOT_DISTINGUISHABLE,
        deviation=deviation,
    )


def _prepare_without_noise(plan: Plan, table: TablePolicy) -> Blank:
    """A table that says why it has no number; one that is declared public gets its totals later."""
    level = Level(table.level, tuple(key.key for key in plan.keys.of(table.level)), ())
    status = table.silence or NOT_COLLECTED
    rows = tuple(
        ReleasedRow(shape.geography, shape.keys, shape.labels, None, None, None, None, status)
        for shape in list_rows(plan.policy, plan.keys, table, level)
    )
    return Blank(_state_table(plan, table, rows, None, ()), None)


def _prepare_table(plan: Plan, table: TablePolicy, planned: PlannedFrame) -> Blank:
    frame = planned.frame
    level = frame.find_level(table.level)
    shapes = list_rows(plan.policy, plan.keys, table, frame.levels[level])
    summed = [make_row(frame, level, table.dimensions, shape) for shape in shapes]
    rows = tuple(
        make_blank_row(
            shape.geography,
            shape.keys,
            shape.labels,
            math.sqrt(planned.precisions.variance(row)),
        )
        for shape, row in zip(shapes, summed, strict=True)
    )
    marginal = Marginal(level, frame.find_axes(table.dimensions))
    return Blank(_state_table(plan, table, rows, planned, summed), marginal)


def _state_table(
    plan: Plan,
    table: TablePolicy,
    rows: tuple[ReleasedRow, ...],
    planned: PlannedFrame | None,
    summed: Sequence[Row],
) -> ReleasedTable:
    return ReleasedTable(
        name=table.name,
        title=table.title,
        unit=table.unit,
        definition=" ".join(filter(None, (table.definition, table.withheld))),
        sources=table.sources,
        kind=planned.policy.counting if planned else ACTIVITY,
        cadence=planned.policy.cadence if planned else QUARTERLY,
        period=planned.period if planned else plan.quarter,
        level=table.level,
        dimensions=table.dimensions,
        dimension_titles=tuple(plan.policy.dimensions[name].title for name in table.dimensions),
        rows=rows,
        bound=planned.policy.reason if planned else None,
        frame=planned.frame.name if planned else None,
        positions=tuple((row.unit, row.positions) for row in summed),
        declared=_state_declared(plan, table),
    )


def _state_declared(plan: Plan, table: TablePolicy) -> DeclaredFacts | None:
    if table.public is None:
        return None
    public = plan.policy.public[table.sources[0]]
    return DeclaredFacts(public.contract, table.public, public.reason)
