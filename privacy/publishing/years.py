"""What the quarters of a year tell of its annual frames: their measurements, added up.

An annual cohort that holds the rows of a quarterly one over four quarters (`sums` in the policy) is
measured by these too, at the levels that both have: the sum of four noisy cells is one more
measurement of the year's cell, with the sum of their variances, and costs nothing. Does not belong
here: sums of published numbers (privacy.publishing.history).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from privacy.engine.frames import Frame, Marginal
from privacy.plan import Plan, PlannedFrame, YearSum
from privacy.publishing.history import QUARTERS_BEFORE, History
from privacy.publishing.tables import prepare_tables
from privacy.released import QUARTERLY, Release, ReleasedMeasurement, ReleasedTable


def add_year_sums(plan: Plan, history: History) -> Plan:
    """Return the plan whose annual frames know what the quarters of their year measured.

    Nothing is added where one of the three quarters before was not released, or where it measured
    another table or other units than this plan does.
    """
    planned = {one.frame.name: one for one in plan.frames}
    quarterly = tuple(one for one in plan.frames if one.policy.cadence == QUARTERLY)
    tables = [blank.table for blank in prepare_tables(replace(plan, frames=quarterly))]
    earlier = history.list_within(QUARTERS_BEFORE)

    def add(year: PlannedFrame) -> PlannedFrame:
        counted = [table for table in tables if table.frame == year.policy.sums]
        alike = [one for one in earlier if year.policy.sums and _has_tables(one, counted)]
        if len(alike) != QUARTERS_BEFORE:
            return year
        return replace(year, year_sums=_sum_quarters(year, planned[str(year.policy.sums)], earlier))

    return replace(plan, frames=tuple(map(add, plan.frames)))


def _has_tables(release: Release, tables: Sequence[ReleasedTable]) -> bool:
    """Whether a release has these tables, meaning what they mean now."""
    meanings = {table.name: table.meaning_hash for table in release.tables}
    return all(meanings.get(table.name) == table.meaning_hash for table in tables)


def _sum_quarters(
    year: PlannedFrame, quarter: PlannedFrame, earlier: Sequence[Release]
) -> tuple[YearSum, ...]:
    sums = []
    for measured in quarter.measurements:
        places = quarter.frame.list_places(measured.marginal)
        found = [_find(release, measured.name) for release in earlier]
        same = [one for one in found if one and _list_places(one) == places]
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


def _list_places(measured: ReleasedMeasurement) -> list[tuple[str, tuple[str, ...]]]:
    return [(cell.geography, cell.keys) for cell in measured.cells]


def translate(frame: Frame, marginal: Marginal, other: Frame) -> Marginal:
    """Return where a table of a frame lies on another one that has its levels and columns."""
    dimensions = tuple(frame.columns[axis] for axis in marginal.axes)
    return Marginal(
        other.find_level(frame.levels[marginal.level].name), other.find_axes(dimensions)
    )
