"""From noisy cells to a release: its tables, its measurements, and the facts beside them.

Everything here is post-processing of drawn numbers and public facts, so it costs nothing. Does not
belong here: exact values and draws, tables before the draw (privacy.publishing.tables), and the
numbers of one frame (privacy.publishing.numbers).
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from privacy.declared import DeliveredTotals
from privacy.engine import noise
from privacy.engine.frames import Level
from privacy.plan import Plan, PlannedFrame, PlannedMeasurement
from privacy.policy.keys import POPULATION_YEAR
from privacy.publishing.declared import fill_declared, list_declared_points
from privacy.publishing.history import History, RollingTable
from privacy.publishing.numbers import FrameNumbers, fill_row
from privacy.publishing.recalled import read_release
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.tables import prepare_tables, set_cut_offs
from privacy.publishing.years import add_year_sums
from privacy.released import (
    ApprovalFacts,
    GroupFacts,
    MeasuredCell,
    PlanFacts,
    PrivacyFacts,
    Provenance,
    Release,
    ReleasedFrame,
    ReleasedLevel,
    ReleasedMeasurement,
    ReleasedSameRows,
    ReleasedTable,
    ReleasedYearSum,
    SpendingFacts,
    SyntheticFrame,
    describe_release,
)

_GROUP_SIZES = (1, 2, 3)
_LEDGER_FIELDS = ("drawn_at", "ledger_head")

_Place = tuple[str | None, str, tuple[str, ...]]
"""Frame, level and dimensions of a table."""


class Publisher:
    """Turns the noisy cells of one plan into a release's content; made before the draw.

    All that may fail happens when it is made: conversions by OpenDP, and a trial on zeros of
    everything that follows the draw, so that nothing can be lost between the draw and its record.
    `earlier` are finished releases of earlier quarters.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        earlier: Sequence[Release] = (),
        approvals: Sequence[ApprovalFacts] = (),
        spending: Sequence[SpendingFacts] = (),
    ) -> None:
        self._history = History(plan.quarter, earlier)
        self._plan = join_same_rows(add_year_sums(plan, self._history))
        self._approvals = tuple(approvals)
        self._privacy = _state_privacy(plan, spending)
        self._versions = (
            ("numpy", version("numpy")),
            ("opendp", noise.read_opendp_version()),
            ("python", platform.python_version()),
        )
        self._labels = {
            name: {key.key: key.label for key in listed} for name, listed in plan.keys.lists
        }
        self._prepare()
        self._tried = self._try_on(0)
        if plan.policy.is_synthetic:
            self._try_on(1)  # records are made up only where there are any

    def publish(
        self,
        drawn: Mapping[str, Sequence[int]],
        provenance: Provenance,
        totals: Sequence[DeliveredTotals] = (),
    ) -> dict[str, Any]:
        """Return the content of the release, without what only the ledger's entry knows.

        Args:
            drawn: noisy cells of each measurement, by its name.
            provenance: one that an ExactRelease accepted.
            totals: those that the plan declares public and that were delivered.
        """
        plan = self._plan
        numbers = self._estimate(drawn)
        release = Release(
            release_id=plan.quarter,
            quarter_start=plan.quarter_start,
            tables=self._fill_tables(numbers, totals),
            frames=tuple(self._state_frame(frame) for frame in plan.frames),
            measurements=tuple(
                self._state_measurement(frame, measured, drawn[measured.name])
                for frame in plan.frames
                for measured in frame.measurements
            ),
            history=(*self._points, *list_declared_points(self._declared, totals)),
            synthetic=self._make_synthetic(numbers),
            plan=_state_plan(plan),
            approvals=self._approvals,
            privacy=self._privacy,
            provenance=provenance,
            previous=self._history.previous,
            versions=self._versions,
            drawn_at="",
            ledger_head="",
        )
        content = describe_release(release)
        return {key: value for key, value in content.items() if key not in _LEDGER_FIELDS}

    def preview(self, provenance: Provenance, totals: Sequence[DeliveredTotals] = ()) -> Release:
        """Return the release as it would be if nothing were counted and no noise were drawn.

        It has every table, file and word of the one to come, so that whoever publishes can try.
        """
        given = {"deliveries": dict(provenance.deliveries), "is_simulated": provenance.is_simulated}
        at = f"{self._plan.quarter_start.isoformat()}T00:00:00+00:00"
        known = {"provenance": given, "drawn_at": at, "ledger_head": ""}
        tried = self._try_on(0, totals) if totals else self._tried
        return read_release({**tried, **known})

    def _try_on(self, value: int, totals: Sequence[DeliveredTotals] = ()) -> dict[str, Any]:
        cells = {
            measured.name: [value] * measured.cell_count
            for frame in self._plan.frames
            for measured in frame.measurements
        }
        return self.publish(cells, Provenance((), is_simulated=True), totals)

    def _prepare(self) -> None:
        """Make every table of the release as far as it is known before the draw."""
        blanks = prepare_tables(self._plan)
        own = [blank.table for blank in blanks]
        better = self._find_better_sums(own)
        rolling = [self._history.add_quarters(one) for one in own if _place(one) not in better]
        sums = [one for one in rolling if one is not None]
        cut = iter(set_cut_offs([*own, *(one.table for one in sums)]))
        self._blanks = [replace(blank, table=next(cut)) for blank in blanks]
        self._rolling = {one.base: replace(one, table=next(cut)) for one in sums}
        self._points = self._history.list_points(own)
        self._declared = [one for one in own if one.declared]

    def _find_better_sums(self, tables: Sequence[ReleasedTable]) -> set[_Place]:
        """Return which quarterly tables an annual one adds up better than a sum of four does."""
        sums = {one.frame.name: one.policy.sums for one in self._plan.frames if one.year_sums}
        return {
            (sums[table.frame], table.level, table.dimensions)
            for table in tables
            if table.frame in sums
        }

    def _estimate(self, drawn: Mapping[str, Sequence[int]]) -> dict[str, FrameNumbers]:
        """Return the numbers of every frame of the plan, by its name."""
        policy = self._plan.policy
        numbers: dict[str, FrameNumbers] = {}
        for planned in self._plan.frames:
            published = {
                blank.table.name: blank.marginal
                for blank in self._blanks
                if blank.marginal is not None and blank.table.frame == planned.frame.name
            }
            found = FrameNumbers(planned, published, drawn, numbers)
            if policy.is_modelled:
                found.model(self._plan.keys)
            numbers[planned.frame.name] = found
        return numbers

    def _fill_tables(
        self, numbers: Mapping[str, FrameNumbers], totals: Sequence[DeliveredTotals]
    ) -> tuple[ReleasedTable, ...]:
        tables = []
        for blank in self._blanks:
            table = blank.table
            if blank.marginal is not None:
                table = numbers[str(table.frame)].fill(table)
            elif table.declared:
                table = fill_declared(table, totals)
            tables.append(table)
            if table.name in self._rolling:
                tables.append(_fill_rolling(self._rolling[table.name], table))
        return tuple(tables)

    def _make_synthetic(self, numbers: Mapping[str, FrameNumbers]) -> tuple[SyntheticFrame, ...]:
        """Return made-up records of frames that have more than a total, if the policy wants any."""
        if not self._plan.policy.is_synthetic:
            return ()
        return tuple(one.synthesise() for one in numbers.values() if one.has_parts)

    def _state_frame(self, planned: PlannedFrame) -> ReleasedFrame:
        frame = planned.frame
        return ReleasedFrame(
            name=frame.name,
            period=planned.period,
            levels=tuple(
                self._state_level(level, planned.policy.geography) for level in frame.levels
            ),
            columns=frame.columns,
            sizes=frame.sizes,
            precisions=planned.precisions.state(),
            year_sums=tuple(
                ReleasedYearSum(
                    frame=str(planned.policy.sums),
                    measurement=one.base,
                    level=frame.levels[one.marginal.level].name,
                    sigma=one.scale,
                )
                for one in planned.year_sums
            ),
            same_rows=_state_same_rows(planned),
        )

    def _state_level(self, level: Level, geography: str) -> ReleasedLevel:
        keys = self._plan.keys
        known = keys.count_children(geography, level.name)
        return ReleasedLevel(
            name=level.name,
            title=self._plan.policy.levels[level.name],
            keys=level.keys,
            labels=tuple(self._labels[level.name][key] for key in level.keys),
            parents=level.parents,
            children=tuple(known.get(key, 0) for key in level.keys) if known else (),
            children_in=POPULATION_YEAR if known else None,
        )

    def _state_measurement(
        self, planned: PlannedFrame, measured: PlannedMeasurement, cells: Sequence[int]
    ) -> ReleasedMeasurement:
        frame, (place, axes) = planned.frame, measured.marginal
        level = frame.levels[place]
        dimensions = tuple(frame.columns[axis] for axis in axes)
        return ReleasedMeasurement(
            name=measured.name,
            frame=frame.name,
            level=level.name,
            dimensions=dimensions,
            sigma=float(measured.scale),
            rho=measured.rho,
            cells=tuple(
                MeasuredCell(unit, keys, self._label(dimensions, keys), int(cell))
                for (unit, keys), cell in zip(
                    frame.list_places(measured.marginal), cells, strict=True
                )
            ),
        )

    def _label(self, dimensions: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._labels[name][key] for name, key in zip(dimensions, keys, strict=True))


def _state_same_rows(planned: PlannedFrame) -> ReleasedSameRows | None:
    shared, frame = planned.shared, planned.frame
    if shared is None:
        return None
    (measured,) = planned.measurements
    count = len(shared.cells)
    return ReleasedSameRows(
        frame=shared.frame,
        dimension=frame.columns[0],
        cells=tuple(frame.keys[0][cell] for cell in shared.cells),
        places=shared.cells,
        covariance=(shared.known.variance / count - float(measured.scale) ** 2) / count,
    )


def _place(table: ReleasedTable) -> _Place:
    return table.frame, table.level, table.dimensions


def _fill_rolling(rolling: RollingTable, newest: ReleasedTable) -> ReleasedTable:
    rows = tuple(
        fill_row(blank, earlier + float(row.estimate or 0), None)
        for blank, earlier, row in zip(
            rolling.table.rows, rolling.earlier, newest.rows, strict=True
        )
    )
    return replace(rolling.table, rows=rows)


def _state_plan(plan: Plan) -> PlanFacts:
    return PlanFacts(
        hash=plan.hash,
        policy_version=plan.policy.version,
        policy_hash=plan.policy.hash,
        reviewed_on=plan.policy.reviewed_on,
        keys_hash=plan.keys.hash,
        strategy_hash=plan.strategy.hash,
        rules_hash=plan.rules_hash,
        recovers=plan.recovers or "",
    )


def state_groups(rho: Fraction, delta: Decimal) -> tuple[GroupFacts, ...]:
    """Return the guarantee for one identity, and for some together."""
    return tuple(
        GroupFacts(
            size,
            rho * size**2,
            noise.convert_to_epsilon(rho * size**2, delta),
            noise.compose_epsilon(rho * size**2, delta),
        )
        for size in _GROUP_SIZES
    )


def _state_privacy(plan: Plan, spending: Sequence[SpendingFacts]) -> PrivacyFacts:
    rho, delta = plan.rho, plan.policy.delta
    groups = state_groups(rho, delta)
    return PrivacyFacts(
        unit=plan.policy.unit,
        rho=rho,
        rho_decimal=_round_up(rho),
        delta=float(delta),
        epsilon=groups[0].epsilon,
        mu=noise.compute_mu(rho),
        power=noise.compute_power(rho),
        groups=groups,
        spending=tuple(spending),
        unprotected=plan.policy.unprotected,
        composed=groups[0].composed,
    )


def _round_up(rho: Fraction) -> str:
    return str(Decimal(math.ceil(rho * 10**6)) / 10**6)
