"""Frames about the same rows: what each tells of the total that they share.

A linked frame says in the policy which of its cells are, row for row, another frame's rows
(`same_rows`), and a test stops every release where they are not. The sum of these cells is then
one more measurement of the other frame's total; and that total, estimated from everything, takes
the place of the sum, what the cells lack of it spread evenly over them. As the noise of the cells
is independent and alike, this is least squares over both frames at once. It costs nothing.
Does not belong here: numbers that were drawn (privacy.publishing.numbers).
"""

import math
from dataclasses import replace

from privacy.engine.covariance import KnownSum
from privacy.engine.frames import Row
from privacy.plan import Plan, PlannedFrame, SharedTotal, ToldTotal
from privacy.policy.frames import SameRows


def join_same_rows(plan: Plan) -> Plan:
    """Return the plan whose frames know what others about the same rows tell of their total."""
    planned = {one.frame.name: one for one in plan.frames}
    sharing = {name: of for name, one in planned.items() if (of := one.policy.same_rows)}
    for other in {same.frame for same in sharing.values()}:
        told = [_sum_cells(planned[name], of) for name, of in sharing.items() if of.frame == other]
        planned[other] = replace(planned[other], totals=tuple(told))
    for name, same in sharing.items():
        cells = _find_cells(planned[name], same)
        known = KnownSum(Row(0, 0, (cells,)), _measure_total(planned[same.frame]))
        shared = SharedTotal(same.frame, cells, known)
        planned[name] = replace(planned[name], shared=shared)
    return replace(plan, frames=tuple(planned.values()))


def _find_cells(linked: PlannedFrame, same: SameRows) -> tuple[int, ...]:
    (keys,) = linked.frame.keys
    return tuple(keys.index(cell) for cell in same.cells)


def _sum_cells(linked: PlannedFrame, same: SameRows) -> ToldTotal:
    (measured,) = linked.measurements  # a linked frame is measured whole, and once
    cells = _find_cells(linked, same)
    return ToldTotal(measured.name, cells, math.sqrt(len(cells)) * float(measured.scale))


def _measure_total(planned: PlannedFrame) -> float:
    """Return the variance of a frame's total."""
    every = tuple(tuple(range(size)) for size in planned.frame.sizes)
    return planned.precisions.variance(Row(0, 0, every))
