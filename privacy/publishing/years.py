"""What the quarters of a year tell of its annual frames: their measurements, added up.

An annual cohort that holds the rows of a quarterly one over four quarters (`sums` in the policy) is
measured by these too, at the levels that both have: the sum of four noisy cells is one more
measurement of the year's cell, with the sum of their variances, and costs nothing. Does not belong
here: sums of published numbers (privacy.publishing.history).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from privacy.engine.frames import Frame, Marginal
from privacy.plan import Plan, PlannedFrame, PlannedMeasurement, YearSum
from privacy.publishing.history import QUARTERS_BEFORE, History
from privacy.released import Release, ReleasedMeasurement

_Place = tuple[str, tuple[str, ...]]


def add_year_sums(plan: Plan, history: History) -> Plan:
    """Return the plan whose annual frames know what the quarters of their year measured.

    Nothing is added where one of the three quarters before was not released, or where it measured
    another table or other units than this plan does.
    """
    planned = {one.frame.name: one for one in plan.frames}
    earlier = history.list_within(QUARTERS_BEFORE)

    def add(year: PlannedFrame) -> PlannedFrame:
        alike = [one for one in earlier if year.policy.sums and _has_tables(one, plan, year)]
        if len(alike) != QUARTERS_BEFORE:
            return year
        return replace(year, year_sums=_sum_quarters(year, planned[str(year.policy.sums)], earlier))

    return replace(plan, frames=tuple(map(add, plan.frames)))


def _has_tables(release: Release, plan: Plan, year: PlannedFrame) -> bool:
    """Whether a release has the tables of the quarterly frame, meaning what they mean now."""
    released = {table.name: table for table in release.tables}
    return all(
        table.name in released
        and (released[table.name].definition, released[table.name].bound)
        == (table.definition, plan.policy.frames[str(table.frame)].reason)
        for table in plan.policy.tables
        if table.frame == year.policy.sums
    )


def _sum_quarters(
    year: PlannedFrame, quarter: PlannedFrame, earlier: Sequence[Release]
) -> tuple[YearSum, ...]:
    sums = []
    for measured in quarter.measurements:
        found = [_find(release, measured.name) for release in earlier]
        same = [one for one in found if one and _list_places(one) == _name_cells(quarter, measured)]
        if len(same) == len(earlier):
            columns = zip(*(one.cells for one in same), strict=True)
            variance = math.fsum(one.sigma**2 for one in same) + float(measured.scale) ** 2
            sums.append(
                YearSum(
                    base=measured.name,
                    marginal=translate(quarter.frame, measured.marginal, year.frame),
                    earlier=tuple(sum(cell.noisy_count for cell in cells) for cells in columns),
                    scale=math.sqrt(variance),
                )
            )
    return tuple(sums)


def _find(release: Release, name: str) -> ReleasedMeasurement | None:
    return next((one for one in release.measurements if one.name == name), None)


def _list_places(measured: ReleasedMeasurement) -> list[_Place]:
    return [(cell.geography, cell.keys) for cell in measured.cells]


def _name_cells(planned: PlannedFrame, measured: PlannedMeasurement) -> list[_Place]:
    frame, (level, axes) = planned.frame, measured.marginal
    places = product(frame.levels[level].keys, *(frame.keys[axis] for axis in axes))
    return [(unit, tuple(keys)) for unit, *keys in places]


def translate(frame: Frame, marginal: Marginal, other: Frame) -> Marginal:
    """Return where a table of a frame lies on another one that has its levels and columns."""
    dimensions = tuple(frame.columns[axis] for axis in marginal.axes)
    return Marginal(
        other.find_level(frame.levels[marginal.level].name), other.find_axes(dimensions)
    )
