"""Declared public quantities of a release: what may pass as delivered, and the tables made of it.

An agency's totals pass if the reviewed policy declares them: of that agency, under that contract,
with exactly the measures and public keys of its tables, each a whole number. They cost nothing and
are not protected, because they are public without this release. A release carries those of its
quarter, and of earlier ones as they are delivered by now; none is ever changed afterwards.

Does not belong here: reading what was delivered, and what is declared (privacy.policy.tables).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from privacy.declared import DeliveredTotals
from privacy.errors import PrivacyError
from privacy.plan import Plan, find_quarter_start
from privacy.publishing.history import REACH, count_quarters
from privacy.released import (
    DECLARED_PUBLIC,
    NO_DELIVERY,
    NOT_DELIVERED,
    QUARTERLY,
    HistoryPoint,
    Provenance,
    ReleasedRow,
    ReleasedTable,
)

WHOLE = "all"
"""The group of a measure whose table has no dimension."""
MOST = 10**9 - 1
"""The largest total: what nine digits can say."""

_Cells = Mapping[str, tuple[str, ...]]
"""Measure to its groups, as the policy's tables and the public lists name them."""


def check_totals(
    plan: Plan, totals: Sequence[object], provenance: Provenance
) -> tuple[DeliveredTotals, ...]:
    """Return copies of totals that the plan declares public; raises PrivacyError MS616.

    They must be of agencies and contracts of the plan, of its quarter or one before it that a
    release repeats, once each, and complete. Whoever delivered the plan's quarter is named so.
    """
    cells, periods = list_cells(plan), list_periods(plan)
    known: dict[tuple[str, str], DeliveredTotals] = {}
    for one in totals:
        if type(one) is not DeliveredTotals or not _are_texts(
            one.agency, one.contract, one.quarter
        ):
            _refuse("They must come as totals that an agency delivered")
        if one.agency not in cells:
            _refuse("An agency is not declared, so nothing of it passes without noise")
        if one.contract != plan.policy.public[one.agency].contract:
            _refuse(f"Totals of {one.agency} are of another contract than the one declared")
        if one.quarter not in periods or (one.agency, one.quarter) in known:
            _refuse(f"Totals of {one.agency} are of a quarter that is not told here, or told twice")
        if not _is_complete(one.counts, cells[one.agency]):
            _refuse(f"Totals of {one.agency} are not whole numbers of exactly the declared cells")
        copied = {
            measure: {group: one.counts[measure][group] for group in groups}
            for measure, groups in cells[one.agency].items()
        }
        known[one.agency, one.quarter] = replace(one, counts=copied)
    delivered = {agency for agency, kind in provenance.deliveries if kind != NO_DELIVERY}
    delivered &= cells.keys()
    if delivered != {agency for agency, quarter in known if quarter == plan.quarter}:
        _refuse("Who delivered totals of the quarter is not said as they are given")
    return tuple(known[key] for key in sorted(known))


def list_cells(plan: Plan) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the declared cells: agency -> measure -> groups, in the order of policy and lists."""
    cells: dict[str, dict[str, tuple[str, ...]]] = {agency: {} for agency in plan.policy.public}
    for table in plan.policy.tables:
        if table.public:
            groups = [tuple(key.key for key in plan.keys.of(one)) for one in table.dimensions]
            cells[table.sources[0]][table.public] = groups[0] if groups else (WHOLE,)
    return cells


def list_periods(plan: Plan) -> tuple[str, ...]:
    """Return the quarters whose totals a release tells, the oldest first: its own is the last."""
    now = count_quarters(plan.quarter)
    reached = (
        f"{(number - 1) // 4:04}Q{(number - 1) % 4 + 1}"
        for number in range(now - REACH[QUARTERLY], now + 1)
    )
    first = plan.policy.first_day_of_record
    return tuple(one for one in reached if find_quarter_start(one).isoformat() >= first)


def list_largest(plan: Plan) -> tuple[DeliveredTotals, ...]:
    """Return the totals than which none can take more space."""
    return tuple(
        DeliveredTotals(
            agency,
            plan.policy.public[agency].contract,
            quarter,
            {measure: dict.fromkeys(groups, MOST) for measure, groups in cells.items()},
        )
        for agency, cells in list_cells(plan).items()
        for quarter in list_periods(plan)
    )


def fill_declared(table: ReleasedTable, totals: Sequence[DeliveredTotals]) -> ReleasedTable:
    """Return a declared table with its quarter's totals, or with why there are none.

    Where its agency delivered no quarter that is told here, nobody collects it; where it delivered
    others alone, it did not deliver this one.
    """
    own = {one.quarter: one for one in totals if one.agency == table.sources[0]}
    if not own:
        return table
    if table.period not in own:
        return replace(table, rows=tuple(replace(row, status=NOT_DELIVERED) for row in table.rows))
    rows = tuple(
        replace(row, count=_find(table, row, own[table.period]), status=DECLARED_PUBLIC)
        for row in table.rows
    )
    return replace(table, rows=rows)


def list_declared_points(
    tables: Sequence[ReleasedTable], totals: Sequence[DeliveredTotals]
) -> Iterator[HistoryPoint]:
    """Give the totals of earlier quarters as they are delivered by now, the oldest first."""
    for table in tables:
        for one in sorted(totals, key=lambda one: one.quarter):
            if table.declared and (one.agency,) == table.sources and one.quarter != table.period:
                for row in table.rows:
                    yield HistoryPoint(
                        table=table.name,
                        period=one.quarter,
                        geography=row.geography,
                        keys=row.keys,
                        count=_find(table, row, one),
                        estimate=None,
                        moe90=None,
                        status=DECLARED_PUBLIC,
                        deviation=None,
                    )


def _find(table: ReleasedTable, row: ReleasedRow, totals: DeliveredTotals) -> int:
    assert table.declared is not None  # noqa: S101 - the callers look
    return totals.counts[table.declared.measure][row.keys[0] if row.keys else WHOLE]


def _are_texts(*values: object) -> bool:
    return all(type(value) is str for value in values)


def _is_complete(counts: object, cells: _Cells) -> bool:
    """Whether there is one whole number for each declared cell, and nothing else."""
    return (
        type(counts) is dict
        and counts.keys() == cells.keys()
        and all(
            type(counts[measure]) is dict
            and counts[measure].keys() == set(groups)
            and all(type(one) is int and 0 <= one <= MOST for one in counts[measure].values())
            for measure, groups in cells.items()
        )
    )


def _refuse(problem: str) -> NoReturn:
    raise PrivacyError("MS616", problem=problem)
