"""From noisy cells to a release: sums, margins, status words, and the facts that go with them.

Everything here is post-processing of drawn numbers and public facts, so it costs nothing. Does
not belong here: exact values and draws.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from privacy import noise
from privacy.plan import Plan, PlannedTable
from privacy.policy import TablePolicy
from privacy.released import (
    ESTIMATED,
    NOT_DISTINGUISHABLE,
    GroupFacts,
    PlanFacts,
    PrivacyFacts,
    Provenance,
    Release,
    ReleasedRow,
    ReleasedTable,
    describe_release,
)

EXPECTED_FALSE_ALARMS = 0.9
_GROUP_SIZES = (1, 2, 3)
_LEDGER_FIELDS = ("drawn_at", "ledger_head")

_Row = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]


class Publisher:
    """Turns the noisy cells of one plan into a release's content; made before the draw.

    All that may fail, such as conversions by OpenDP, happens when it is made, so that nothing
    can be lost between the draw and its record in the ledger.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._privacy = _state_privacy(plan)
        self._versions = (
            ("opendp", noise.read_opendp_version()),
            ("python", platform.python_version()),
        )
        planned = {table.policy.name: table for frame in plan.frames for table in frame.tables}
        bounds = {
            table.policy.name: frame.reason for frame in plan.frames for table in frame.tables
        }
        rows_of = {table.name: list_published_rows(plan, table) for table in plan.policy.tables}
        false_alarms = EXPECTED_FALSE_ALARMS / sum(len(rows_of[name]) for name in planned)
        self._blanks = tuple(
            _prepare_table(
                plan,
                table,
                planned.get(table.name),
                bounds.get(table.name),
                rows_of[table.name],
                false_alarms,
            )
            for table in plan.policy.tables
        )
        self._cells_of = {
            name: tuple(cells for _, _, cells in rows) for name, rows in rows_of.items()
        }

    def publish(self, drawn: Mapping[str, Sequence[int]], provenance: Provenance) -> dict[str, Any]:
        """Return the content of the release, without what only the ledger's entry knows.

        `provenance` is one that an ExactRelease accepted.
        """
        release = Release(
            release_id=self._plan.quarter,
            quarter_start=self._plan.quarter_start,
            tables=tuple(
                _fill_table(blank, drawn[blank.name], self._cells_of[blank.name])
                if blank.name in drawn
                else blank
                for blank in self._blanks
            ),
            plan=_state_plan(self._plan),
            privacy=self._privacy,
            provenance=provenance,
            versions=self._versions,
            drawn_at="",
            ledger_head="",
        )
        content = describe_release(release)
        return {key: value for key, value in content.items() if key not in _LEDGER_FIELDS}


def list_published_rows(plan: Plan, table: TablePolicy) -> list[_Row]:
    """Return keys, labels and summed cells of each published row, in the order of the lists."""
    axes = [_list_published_keys(plan, name) for name in table.dimensions]
    sizes = [len(plan.keys.of(name)) for name in table.dimensions]
    rows = []
    for entries in product(*axes):
        cells = [0]
        for (_, _, positions), size in zip(entries, sizes, strict=True):
            cells = [cell * size + position for cell in cells for position in positions]
        keys = tuple(key for key, _, _ in entries)
        labels = tuple(label for _, label, _ in entries)
        rows.append((keys, labels, tuple(cells)))
    return rows


def _list_published_keys(plan: Plan, dimension: str) -> list[tuple[str, str, tuple[int, ...]]]:
    listed = plan.keys.of(dimension)
    position_of = {key.key: position for position, key in enumerate(listed)}
    published = plan.policy.dimensions[dimension].published
    if published:
        return [
            (entry.key, entry.label, tuple(position_of[cell] for cell in entry.cells))
            for entry in published
        ]
    return [(key.key, key.label, (position_of[key.key],)) for key in listed]


def _prepare_table(
    plan: Plan,
    table: TablePolicy,
    planned: PlannedTable | None,
    bound: str | None,
    rows: Sequence[_Row],
    false_alarms: float,
) -> ReleasedTable:
    return ReleasedTable(
        name=table.name,
        title=table.title,
        unit=table.unit,
        definition=table.definition,
        sources=table.sources,
        dimensions=table.dimensions,
        dimension_titles=tuple(plan.policy.dimensions[name].title for name in table.dimensions),
        rows=tuple(_prepare_row(table, planned, row, false_alarms) for row in rows),
        sigma=float(planned.scale) if planned else None,
        rho=planned.rho if planned else None,
        bound=bound,
    )


def _prepare_row(
    table: TablePolicy, planned: PlannedTable | None, row: _Row, false_alarms: float
) -> ReleasedRow:
    keys, labels, cells = row
    if planned is None:
        return ReleasedRow(keys, labels, None, None, None, str(table.silence))
    scale = float(planned.scale)
    return ReleasedRow(
        keys=keys,
        labels=labels,
        estimate=None,
        moe90=noise.compute_margin(scale, len(cells)),
        cut_off=noise.compute_cut_off(scale, len(cells), false_alarms),
        status=NOT_DISTINGUISHABLE,
    )


def _fill_table(
    blank: ReleasedTable, drawn: Sequence[int], cells_of_rows: Sequence[tuple[int, ...]]
) -> ReleasedTable:
    rows = tuple(
        _fill_row(row, sum(drawn[cell] for cell in cells))
        for row, cells in zip(blank.rows, cells_of_rows, strict=True)
    )
    return replace(blank, rows=rows)


def _fill_row(blank: ReleasedRow, estimate: int) -> ReleasedRow:
    is_estimated = blank.cut_off is not None and estimate > blank.cut_off
    return replace(
        blank, estimate=estimate, status=ESTIMATED if is_estimated else NOT_DISTINGUISHABLE
    )


def _state_plan(plan: Plan) -> PlanFacts:
    return PlanFacts(
        hash=plan.hash,
        policy_version=plan.policy.version,
        policy_hash=plan.policy.hash,
        reviewed_on=plan.policy.reviewed_on,
        keys_hash=plan.keys.hash,
    )


def _state_privacy(plan: Plan) -> PrivacyFacts:
    rho, delta = plan.rho, plan.policy.delta
    groups = tuple(
        GroupFacts(size, rho * size**2, noise.convert_to_epsilon(rho * size**2, delta))
        for size in _GROUP_SIZES
    )
    return PrivacyFacts(
        unit=plan.policy.unit,
        rho=rho,
        rho_decimal=_round_up(rho),
        delta=float(delta),
        epsilon=groups[0].epsilon,
        mu=noise.compute_mu(rho),
        power=noise.compute_power(rho),
        groups=groups,
        unprotected=plan.policy.unprotected,
    )


def _round_up(rho: Fraction) -> str:
    return str(Decimal(math.ceil(rho * 10**6)) / 10**6)
