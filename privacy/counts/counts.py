"""Whole, non-negative counts that agree in all tables and levels of a frame, from the estimates.

Top-down: the state first, then level by level the children of each unit, in the coarser tables
before the finer ones. Each table is fitted with all its coarser sums held (privacy.counts.fitting),
once more with what its finer tables tell (privacy.counts.informing), and made whole
(privacy.counts.rounding). Nothing is cut at zero before it is summed, so totals are not pushed up.
Does not belong here: estimates and margins.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from privacy.counts.fitting import Pin, fit
from privacy.counts.informing import Split, inform
from privacy.counts.rounding import Counts, Held, round_by_remainder, round_together
from privacy.engine.frames import TOTAL, Frame, Marginal
from privacy.engine.reconstruction import Cells, Reconstruction


def count_tables(
    frame: Frame, published: Sequence[Marginal], reconstruction: Reconstruction
) -> dict[Marginal, Counts]:
    """Return the counts of the published tables, units first, then one dimension for each axis.

    Tables that several published ones share, or that hold them at a higher level, are counted too,
    so that all agree.
    """
    nodes = _close(published)
    total = max(0, round(float(reconstruction.estimate(TOTAL)[0])))
    counts = {TOTAL: np.array([total])}
    fitter = _Fitter(frame, nodes, reconstruction)
    for level in range(len(frame.levels)):
        tables = [node for node in nodes if node.level == level and node != TOTAL]
        coarser = {node: _find_coarser(node, nodes) for node in tables}
        if all(len(held) <= 2 for held in coarser.values()):
            for node in tables:
                fitted = fitter.fit(node, coarser[node], counts)
                counts[node] = _round(frame, node, coarser[node], counts, fitted)
        else:
            counts |= _count_together(fitter, coarser, counts)
    return {node: counts[node].reshape(frame.find_shape(node)) for node in published}


def count_around(
    frame: Frame, reconstruction: Reconstruction, same: Sequence[int], count: int
) -> Counts:
    """Return the counts of the table that shows all of a frame, with a sum counted elsewhere.

    Args:
        frame: the public geometry.
        reconstruction: its estimates.
        same: places of the cells that sum to it.
        count: the sum.
    """
    estimates = reconstruction.estimate(frame.whole)
    spread = _stretch(reconstruction.measure_spread(frame.whole), estimates)
    groups = np.ones(estimates.size, dtype=np.int64)
    groups[same] = 0
    rest = max(0, round(float(estimates.reshape(-1)[groups == 1].sum())))
    sums = np.array([count, rest])
    fitted = fit(estimates.reshape(-1), spread, [Pin(groups, sums.astype(np.float64))])
    return round_by_remainder(fitted, groups, sums).reshape(estimates.shape)


def _close(published: Collection[Marginal]) -> list[Marginal]:
    """Return the tables to be counted, each after all that it refines."""
    nodes = {TOTAL, *published}
    nodes |= {Marginal(level, axes) for deepest, axes in nodes for level in range(deepest)}
    found = nodes
    while found:
        found = {_meet(one, other) for one in nodes for other in nodes} - nodes
        nodes |= found
    return sorted(nodes, key=lambda node: (node.level, len(node.axes), node.axes))


def _meet(one: Marginal, other: Marginal) -> Marginal:
    """Return the finest table that two tables refine."""
    shared = tuple(axis for axis in one.axes if axis in other.axes)
    return Marginal(min(one.level, other.level), shared)


def _refines(fine: Marginal, coarse: Marginal) -> bool:
    return fine.level >= coarse.level and set(fine.axes) >= set(coarse.axes)


def _find_coarser(node: Marginal, nodes: Collection[Marginal]) -> list[Marginal]:
    """Return the finest tables that a table refines, the level above first."""
    below = [other for other in nodes if other != node and _refines(node, other)]
    return [
        one for one in below if not any(other != one and _refines(other, one) for other in below)
    ]


@dataclass(frozen=True)
class _Fitter:
    """Fits tables of one frame one after another, before they are made whole."""

    frame: Frame
    nodes: Sequence[Marginal]
    reconstruction: Reconstruction

    def fit(
        self, node: Marginal, coarser: Sequence[Marginal], known: Mapping[Marginal, Counts | Cells]
    ) -> Cells:
        """Return the cells of a table, with the sums that the coarser ones hold."""
        estimates = self.reconstruction.estimate(node)
        spread = _stretch(self.reconstruction.measure_spread(node), estimates)
        pins = [
            Pin(self.frame.find_cells(node, one), known[one].reshape(-1).astype(np.float64))
            for one in coarser
        ]
        fitted = fit(estimates.reshape(-1), spread, pins)
        splits = [self._split(node, finer, known) for finer in self._find_finer(node)]
        if splits:
            fitted = fit(*inform(estimates.reshape(-1), spread, fitted, splits), pins)
        return fitted

    def _find_finer(self, node: Marginal) -> list[Marginal]:
        """Return the tables that split the cells of a table below the state by one more axis."""
        return [
            one
            for one in self.nodes
            if one.level == node.level > 0
            and set(one.axes) > set(node.axes)
            and len(one.axes) == len(node.axes) + 1
        ]

    def _split(
        self, node: Marginal, finer: Marginal, known: Mapping[Marginal, Counts | Cells]
    ) -> Split:
        above = Marginal(node.level - 1, finer.axes)
        shape = self.frame.find_shape(above)
        counts = known[above].reshape(shape)[self.frame.find_units(node.level, above.level)]
        place = next(at for at, axis in enumerate(finer.axes, 1) if axis not in node.axes)
        estimates = np.moveaxis(self.reconstruction.estimate(finer), place, -1)
        spread = _stretch(self.reconstruction.measure_spread(finer), estimates[..., 0])
        size = shape[place]
        return Split(
            estimates.reshape(-1, size),
            spread,
            np.moveaxis(counts, place, -1).reshape(-1, size).astype(np.float64),
        )


def _stretch(spread: Cells, like: Cells) -> Cells:
    """Return the spread of each cell in a line, from that of each unit."""
    columns = spread.reshape((-1, *(1 for _ in like.shape[1:])))
    return np.broadcast_to(columns, like.shape).reshape(-1)


def _round(
    frame: Frame,
    node: Marginal,
    coarser: Sequence[Marginal],
    counts: Mapping[Marginal, Counts],
    fitted: Cells,
) -> Counts:
    held = [Held(0, frame.find_cells(node, one), counts[one]) for one in coarser]
    if len(held) == 1:
        return round_by_remainder(fitted, held[0].groups, held[0].sums)
    return round_together([fitted], held)[0]


def _count_together(
    fitter: _Fitter,
    coarser: Mapping[Marginal, Sequence[Marginal]],
    counts: Mapping[Marginal, Counts],
) -> dict[Marginal, Counts]:
    """Return the counts of all tables of a level at once.

    Needed where a table has more than two coarser ones: whole numbers may not exist for sums that
    were made whole before. At once they do, as one child can take all that its parent has.
    """
    frame = fitter.frame
    fitted: dict[Marginal, Cells] = {}
    place_of = {node: place for place, node in enumerate(coarser)}
    held = []
    for node, finer_than in coarser.items():
        fitted[node] = fitter.fit(node, finer_than, {**counts, **fitted})
        for one in finer_than:
            groups = frame.find_cells(node, one)
            sums = counts.get(one, np.zeros(frame.count_cells(one), dtype=np.int64))
            held.append(Held(place_of[node], groups, sums, place_of.get(one)))
    rounded = round_together(list(fitted.values()), held)
    return dict(zip(coarser, rounded, strict=True))
