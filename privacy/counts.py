"""Whole, non-negative counts that agree in all tables of a frame, from the estimates.

Top-down: the total first, then each table inside the cells of the table it refines, by non-negative
least squares with the sum held, and rounded by largest remainders. Nothing is cut at zero before
it is summed, so totals are not pushed up. Does not belong here: estimates and margins.

Source: Wang, Carreira-Perpinan, "Projection onto the probability simplex" (2013).
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from privacy.frames import Axes
from privacy.reconstruction import Cells

Counts = NDArray[np.int64]
Step = tuple[Axes, Axes]


def order_tables(tables: Collection[Axes]) -> list[Step] | None:
    """Return each table with the table it refines, coarser ones first, the total before all.

    What two tables share is counted too, so that they agree on it. None where a table refines two
    others and neither of them refines the other: then no order of this kind exists.
    """
    nodes = {(), *tables}
    shared = nodes
    while shared:
        shared = {_intersect(one, other) for one in nodes for other in nodes} - nodes
        nodes |= shared
    steps = []
    for axes in sorted(nodes - {()}, key=lambda node: (len(node), node)):
        coarser = [node for node in nodes if set(node) < set(axes)]
        widest = max(coarser, key=len)
        if any(not set(node) <= set(widest) for node in coarser):
            return None
        steps.append((axes, widest))
    return steps


def count_tables(steps: Sequence[Step], estimate: Callable[[Axes], Cells]) -> dict[Axes, Counts]:
    """Return the counts of the total and of every table of `order_tables`, by its axes."""
    total = max(0, round(float(estimate(()))))
    counts: dict[Axes, Counts] = {(): np.array(total, dtype=np.int64)}
    for axes, coarser in steps:
        counts[axes] = _refine(counts[coarser], coarser, estimate(axes), axes)
    return counts


def _intersect(one: Axes, other: Axes) -> Axes:
    return tuple(axis for axis in one if axis in other)


def _refine(totals: Counts, coarser: Axes, estimates: Cells, axes: Axes) -> Counts:
    """Share each cell of the coarser table over the cells of the finer one inside it."""
    order = [axes.index(axis) for axis in coarser]
    order += [place for place, axis in enumerate(axes) if axis not in coarser]
    turned = estimates.transpose(order)
    sums = totals.reshape(-1)
    whole = _round(_fit(turned.reshape(len(sums), -1), sums), sums)
    back: Counts = whole.reshape(turned.shape).transpose(np.argsort(order))
    return back


def _fit(values: Cells, sums: Counts) -> Cells:
    """Return, for each line, the nearest non-negative line with the given sum."""
    falling = -np.sort(-values, axis=1)
    ranks = np.arange(1, values.shape[1] + 1)
    excess = (falling.cumsum(axis=1) - sums[:, None]) / ranks
    kept = np.maximum((falling > excess).sum(axis=1), 1)
    shift = excess[np.arange(len(values)), kept - 1]
    fitted: Cells = np.maximum(values - shift[:, None], 0.0)
    return fitted


def _round(values: Cells, sums: Counts) -> Counts:
    """Round down, then give what each line lacks to its largest remainders, one each."""
    floors = np.floor(values)
    lacking = sums - floors.sum(axis=1).astype(np.int64)
    by_remainder = np.argsort(floors - values, axis=1, kind="stable")
    ranks = np.argsort(by_remainder, axis=1)
    counts: Counts = floors.astype(np.int64) + (ranks < lacking[:, None])
    return counts
