"""From noisy cells to a release: estimates, margins, counts, status words, and their facts.

Everything here is post-processing of drawn numbers and public facts, so it costs nothing. Does
not belong here: exact values and draws.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from itertools import product
from typing import Any

import numpy as np

from privacy import noise
from privacy.counts import count_tables
from privacy.frames import Axes
from privacy.margins import compute_cut_off, compute_margin
from privacy.plan import Plan, PlannedFrame, PlannedMeasurement
from privacy.policy import TablePolicy
from privacy.reconstruction import NoisyTable, Reconstruction
from privacy.released import (
    ESTIMATED,
    NOT_DISTINGUISHABLE,
    GroupFacts,
    MeasuredCell,
    PlanFacts,
    PrivacyFacts,
    Provenance,
    Release,
    ReleasedMeasurement,
    ReleasedRow,
    ReleasedTable,
    describe_release,
)
from privacy.residuals import compute_variance
from privacy.rows import RowShape, list_rows, place_on_axes, split_row

EXPECTED_FALSE_ALARMS = 0.9
_GROUP_SIZES = (1, 2, 3)
_LEDGER_FIELDS = ("drawn_at", "ledger_head")


class Publisher:
    """Turns the noisy cells of one plan into a release's content; made before the draw.

    All that may fail happens when it is made: conversions by OpenDP, and a rehearsal on zeros of
    everything that follows the draw, so that nothing can be lost between the draw and its record.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._privacy = _state_privacy(plan)
        self._versions = (
            ("numpy", version("numpy")),
            ("opendp", noise.read_opendp_version()),
            ("python", platform.python_version()),
        )
        self._blanks = _prepare_tables(plan)
        self._labels = {
            name: {key.key: key.label for key in listed} for name, listed in plan.keys.lists
        }
        zeros = {
            measured.name: [0] * measured.cell_count
            for frame in plan.frames
            for measured in frame.measurements
        }
        self.publish(zeros, Provenance((), is_simulated=True))

    def publish(self, drawn: Mapping[str, Sequence[int]], provenance: Provenance) -> dict[str, Any]:
        """Return the content of the release, without what only the ledger's entry knows.

        Args:
            drawn: noisy cells of each measurement, by its name.
            provenance: one that an ExactRelease accepted.
        """
        frames = {frame.frame.name: _Reconstructed(frame, drawn) for frame in self._plan.frames}
        release = Release(
            release_id=self._plan.quarter,
            quarter_start=self._plan.quarter_start,
            tables=tuple(
                blank.fill(frames[blank.frame]) if blank.frame else blank.table
                for blank in self._blanks
            ),
            measurements=tuple(
                self._state_measurement(frame, measured, drawn[measured.name])
                for frame in self._plan.frames
                for measured in frame.measurements
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

    def _state_measurement(
        self, planned: PlannedFrame, measured: PlannedMeasurement, cells: Sequence[int]
    ) -> ReleasedMeasurement:
        frame = planned.frame
        dimensions = tuple(frame.columns[axis] for axis in measured.axes)
        keys = product(*(frame.keys[axis] for axis in measured.axes))
        return ReleasedMeasurement(
            name=measured.name,
            frame=frame.name,
            dimensions=dimensions,
            sigma=float(measured.scale),
            rho=measured.rho,
            cells=tuple(
                MeasuredCell(key, self._label(dimensions, key), int(cell))
                for key, cell in zip(keys, cells, strict=True)
            ),
        )

    def _label(self, dimensions: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._labels[name][key] for name, key in zip(dimensions, keys, strict=True))


class _Reconstructed:
    """Estimates and counts of all tables of one frame."""

    def __init__(self, planned: PlannedFrame, drawn: Mapping[str, Sequence[int]]) -> None:
        reconstruction = Reconstruction(
            planned.frame.sizes,
            [
                NoisyTable(measured.axes, float(measured.scale), drawn[measured.name])
                for measured in planned.measurements
            ],
        )
        self._counts = count_tables(planned.steps, reconstruction.estimate)
        self._estimates = {axes: reconstruction.estimate(axes) for axes in self._counts}

    def sum_row(self, axes: Axes, positions: Sequence[Sequence[int]]) -> tuple[float, int]:
        """Return estimate, in tenths, and count of a row that sums these positions of each axis."""
        chosen = np.ix_(*positions)
        estimate = round(float(self._estimates[axes][chosen].sum()), 1)
        return estimate + 0.0, int(self._counts[axes][chosen].sum())


@dataclass(frozen=True)
class _Blank:
    """A table without its numbers, and which cells of its frame each row sums."""

    table: ReleasedTable
    frame: str | None
    axes: Axes
    positions: tuple[tuple[tuple[int, ...], ...], ...]

    def fill(self, numbers: _Reconstructed) -> ReleasedTable:
        """Return the table with its numbers."""
        rows = tuple(
            _fill_row(row, *numbers.sum_row(self.axes, positions))
            for row, positions in zip(self.table.rows, self.positions, strict=True)
        )
        return replace(self.table, rows=rows)


def _prepare_tables(plan: Plan) -> tuple[_Blank, ...]:
    planned = {frame.frame.name: frame for frame in plan.frames}
    rows_of = {table.name: list_rows(plan.policy, plan.keys, table) for table in plan.policy.tables}
    measured_rows = sum(len(rows_of[table.name]) for table in plan.policy.measured_tables)
    false_alarms = EXPECTED_FALSE_ALARMS / measured_rows
    return tuple(
        _prepare_silent(plan, table, rows_of[table.name])
        if table.frame is None
        else _prepare_table(plan, table, planned[table.frame], rows_of[table.name], false_alarms)
        for table in plan.policy.tables
    )


def _prepare_silent(plan: Plan, table: TablePolicy, rows: Sequence[RowShape]) -> _Blank:
    blanks = tuple(
        ReleasedRow(row.keys, row.labels, None, None, None, None, str(table.silence))
        for row in rows
    )
    return _Blank(_state_table(plan, table, blanks, None), None, (), ())


def _prepare_table(
    plan: Plan,
    table: TablePolicy,
    planned: PlannedFrame,
    rows: Sequence[RowShape],
    false_alarms: float,
) -> _Blank:
    frame, precisions = planned.frame, planned.sum_precisions()
    blanks = []
    for row in rows:
        variance = compute_variance(split_row(frame, table.dimensions, row), precisions)
        deviation = math.sqrt(variance)
        blanks.append(
            ReleasedRow(
                keys=row.keys,
                labels=row.labels,
                count=None,
                estimate=None,
                moe90=compute_margin(deviation),
                cut_off=compute_cut_off(deviation, false_alarms),
                status=NOT_DISTINGUISHABLE,
            )
        )
    axes = frame.find_axes(table.dimensions)
    placed = [place_on_axes(frame, table.dimensions, row) for row in rows]
    positions = tuple(tuple(row[axis] for axis in axes) for row in placed)
    return _Blank(
        _state_table(plan, table, tuple(blanks), planned.reason), frame.name, axes, positions
    )


def _state_table(
    plan: Plan, table: TablePolicy, rows: tuple[ReleasedRow, ...], bound: str | None
) -> ReleasedTable:
    return ReleasedTable(
        name=table.name,
        title=table.title,
        unit=table.unit,
        definition=table.definition,
        sources=table.sources,
        dimensions=table.dimensions,
        dimension_titles=tuple(plan.policy.dimensions[name].title for name in table.dimensions),
        rows=rows,
        bound=bound,
    )


def _fill_row(blank: ReleasedRow, estimate: float, count: int) -> ReleasedRow:
    is_estimated = blank.cut_off is not None and estimate > blank.cut_off
    status = ESTIMATED if is_estimated else NOT_DISTINGUISHABLE
    return replace(blank, estimate=estimate, count=count, status=status)


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
