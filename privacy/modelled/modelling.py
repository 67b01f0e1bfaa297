"""The modelled layer: better numbers for small units, from released numbers and public population.

Nothing here has seen a confidential row and nothing here is random: input are the least-squares
estimates of a release, their exact covariance, its published counts, and child population from
public lists. So it costs no budget and can be made again by anyone who holds the release. Modelled
numbers are biased towards what population and composition let expect; they stand beside the
unbiased estimates, never instead of them. Does not belong here: the model's law
(privacy.modelled.shrinkage) and sums over the geography (privacy.modelled.beliefs).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, prod, sqrt

import numpy as np
from scipy.special import gammaincinv

from privacy.counts.rounding import Counts
from privacy.engine.covariance import Precisions
from privacy.engine.frames import Axes, Frame, Marginal, Row
from privacy.engine.margins import CONFIDENCE, compute_margin
from privacy.engine.reconstruction import Reconstruction
from privacy.engine.residuals import count_leaves_per_cell
from privacy.modelled.beliefs import Belief, Evidence, Numbers
from privacy.modelled.shrinkage import LeafTotals, choose_expectation, fit_leaves

MOST_WORK = 1_000_000_000
"""Units times cubed cells of a unit; a frame above it gets no modelled numbers."""

_TAIL = (1 - CONFIDENCE) / 2
_LEAST = 0.02
_RAKES = 50


@dataclass(frozen=True)
class ModelledRow:
    """A modelled number, never negative, and its 90 % bounds in whole children."""

    mean: float
    low90: int
    high90: int


class Model:
    """What the model holds of every unit and cell of a frame, after all that was released."""

    def __init__(
        self,
        frame: Frame,
        reconstruction: Reconstruction,
        precisions: Precisions,
        beliefs: Sequence[Belief],
    ) -> None:
        self._frame = frame
        self._reconstruction = reconstruction
        self._precisions = precisions
        self._beliefs = beliefs

    def describe(self, row: Row) -> ModelledRow:
        """Return the modelled number of a published row.

        Rows of the top level are the published counts with the bounds of their estimates, and so
        are the totals of a level that stands between it and the leaves; all else adds up to them.
        A unit that is all of the one above it is told as that one.
        """
        row = self._find_widest(row)
        shape = [len(self._frame.levels[row.level].keys), *self._frame.sizes]
        grid = np.ix_(*row.positions)
        mean = float(self._beliefs[row.level].mean.reshape(shape)[row.unit][grid].sum())
        if self._is_pinned(row):
            return self._bound_estimate(row, max(round(mean), 0))
        cells = np.zeros(shape[1:])
        cells[grid] = 1.0
        cells = cells.reshape(-1)
        variance = float(cells @ self._beliefs[row.level].covariance[row.unit] @ cells)
        return _bound_belief(mean, variance)

    def _find_widest(self, row: Row) -> Row:
        """Return the same sum of leaves, at the level nearest to the top that has it."""
        parents = self._frame.levels[row.level].parents
        if row.level > 0 and parents.count(parents[row.unit]) == 1:
            return self._find_widest(replace(row, level=row.level - 1, unit=parents[row.unit]))
        return row

    def _is_pinned(self, row: Row) -> bool:
        sums_all = all(
            len(places) == size
            for places, size in zip(row.positions, self._frame.sizes, strict=True)
        )
        is_between = row.level == 1 < len(self._beliefs) - 1
        return row.level == 0 or (is_between and sums_all)

    def _bound_estimate(self, row: Row, count: int) -> ModelledRow:
        sizes = self._frame.sizes
        axes = tuple(axis for axis, size in enumerate(sizes) if len(row.positions[axis]) < size)
        table = self._reconstruction.estimate(Marginal(row.level, axes))[row.unit]
        estimate = float(table[np.ix_(*(row.positions[axis] for axis in axes))].sum())
        margin = compute_margin(sqrt(self._precisions.variance(row)))
        low, high = max(floor(estimate - margin), 0), max(ceil(estimate + margin), 0)
        return ModelledRow(float(count), min(low, count), max(high, count))


def model_frame(
    frame: Frame,
    reconstruction: Reconstruction,
    precisions: Precisions,
    counts: Mapping[Marginal, Counts],
    population: Mapping[str, int] | None,
) -> Model | None:
    """Return the model of a frame; None for frames it does not suit.

    A frame published at its top level alone has nothing to model, and one with too many cells for
    each unit would take too long.

    Args:
        frame: the public geometry.
        reconstruction: the released estimates.
        precisions: their exact covariance.
        counts: the published counts of every published table.
        population: public child population by leaf unit; a unit it does not name is pulled towards
            no population. None if there is no such list.
    """
    depth = max((marginal.level for marginal in counts), default=0)
    levels = frame.levels[: depth + 1]
    work = sum(len(level.keys) for level in levels) * prod(frame.sizes) ** 3
    if depth == 0 or work > MOST_WORK:
        return None
    tops = {axes: _sum_up(frame, counts, 0, axes)[0] for _, axes in sorted(counts)}
    evidence = tell_cells(frame, depth, reconstruction, precisions)
    totals = tell_totals(frame, depth, reconstruction, precisions)
    expected = choose_expectation(levels, totals, _list_population(levels[-1].keys, population))
    climb = fit_leaves(levels, evidence, expected, _compose(frame, tops))
    known = [_pin_top(frame, climb.tops[0], tops)]
    if depth > 1:
        spreads = [
            _find_total_variance(frame, precisions, 1, unit) for unit in range(len(levels[1].keys))
        ]
        totals_between = _sum_up(frame, counts, 1, ())
        known.append(_pin_totals(climb.tops[1], known[0], totals_between, np.array(spreads)))
    return Model(frame, reconstruction, precisions, climb.descend(known))


def _bound_belief(mean: float, variance: float) -> ModelledRow:
    """Return mean and quantiles of a belief's gamma law, moved out to whole numbers."""
    mean, scale = max(mean, 0.0), max(variance, _LEAST) / max(mean, _LEAST)
    shape = max(mean, _LEAST) / scale
    low, high = (scale * float(gammaincinv(shape, one)) for one in (_TAIL, 1 - _TAIL))
    return ModelledRow(mean, floor(min(low, mean)), ceil(max(high, mean)))


def _list_population(keys: Sequence[str], population: Mapping[str, int] | None) -> Numbers | None:
    """Return the population of each leaf, not a number where it has none; None if none has."""
    public = population or {}
    if not any(key in public for key in keys):
        return None
    return np.array([max(float(public[key]), 1.0) if key in public else np.nan for key in keys])


def _sum_up(frame: Frame, counts: Mapping[Marginal, Counts], level: int, axes: Axes) -> Counts:
    """Return counts of a coarser table than some published one; all that can give it agree."""
    finer = [one for one in counts if one.level >= level and set(one.axes) >= set(axes)]
    source = min(finer, key=lambda one: (len(one.axes), one.level))
    left_out = tuple(place + 1 for place, axis in enumerate(source.axes) if axis not in axes)
    table: Counts = counts[source].sum(axis=left_out)
    for finest in range(source.level, level, -1):
        above = np.zeros((len(frame.levels[finest - 1].keys), *table.shape[1:]), dtype=np.int64)
        np.add.at(above, np.array(frame.levels[finest].parents), table)
        table = above
    return table


def tell_cells(
    frame: Frame, depth: int, reconstruction: Reconstruction, precisions: Precisions
) -> Evidence:
    """Return the least-squares estimates as evidence about every cell of each unit.

    As measurements of each level they have the very likelihood of all measurements together.
    """
    cells = prod(frame.sizes)
    told = [np.zeros((len(level.keys), cells)) for level in frame.levels[: depth + 1]]
    precision = [np.zeros((cells, cells)) for _ in told]
    for space, by_level in precisions.state():
        projection = _project(frame.sizes, space)
        for level in range(depth + 1):
            if by_level[level] > 0:
                table = reconstruction.estimate(Marginal(level, space))
                told[level] += _lift(frame.sizes, space, table) @ projection
                precision[level] += by_level[level] * projection
    return Evidence(tuple(told), tuple(precision))


def tell_totals(
    frame: Frame, depth: int, reconstruction: Reconstruction, precisions: Precisions
) -> LeafTotals:
    """Return the same about totals alone, with the standard deviation of each leaf's."""
    by_level = dict(precisions.state())[()]
    told = [reconstruction.estimate(Marginal(level, ())) for level in range(depth + 1)]
    evidence = Evidence(
        tuple(totals[:, None] for totals in told),
        tuple(np.full((1, 1), one / prod(frame.sizes)) for one in by_level[: depth + 1]),
    )
    variances = [
        _find_total_variance(frame, precisions, depth, unit) for unit in range(len(told[-1]))
    ]
    return LeafTotals(evidence, told[-1], np.sqrt(variances))


def _find_total_variance(frame: Frame, precisions: Precisions, level: int, unit: int) -> float:
    return precisions.variance(Row(level, unit, tuple(tuple(range(size)) for size in frame.sizes)))


def _project(sizes: Sequence[int], space: Axes) -> Numbers:
    """Return the matrix that keeps, of all cells of a unit, what lies in a residual space."""
    projection = np.ones((1, 1))
    for axis, size in enumerate(sizes):
        mean = np.full((size, size), 1 / size)
        projection = np.kron(projection, np.eye(size) - mean if axis in space else mean)
    return projection


def _lift(sizes: Sequence[int], space: Axes, table: Numbers) -> Numbers:
    """Spread each cell of a table over axes evenly over all cells of its unit."""
    wide = [size if axis in space else 1 for axis, size in enumerate(sizes)]
    spread = np.broadcast_to(table.reshape(-1, *wide), (len(table), *sizes))
    return spread.reshape(len(table), -1) / count_leaves_per_cell(sizes, space)


def _compose(frame: Frame, tops: Mapping[Axes, Counts]) -> Numbers:
    """Return the share of each cell that has the published composition and is else even.

    Half a child is added to each published cell, so that no cell is thought impossible.
    """
    shares = np.ones(frame.sizes)
    for _ in range(_RAKES):
        for axes, table in tops.items():
            left_out = tuple(axis for axis in range(shares.ndim) if axis not in axes)
            wanted = np.expand_dims(table + 0.5, left_out)
            shares = shares * (wanted / wanted.sum()) / shares.sum(axis=left_out, keepdims=True)
    flat: Numbers = shares.reshape(-1) / shares.sum()
    return flat


def _pin_top(frame: Frame, belief: Belief, tops: Mapping[Axes, Counts]) -> Belief:
    """Return the belief about the top unit, moved to the published counts of its tables."""
    cells = np.eye(prod(frame.sizes)).reshape(*frame.sizes, -1)
    margins = np.vstack(
        [
            cells.sum(
                axis=tuple(axis for axis in range(len(frame.sizes)) if axis not in axes)
            ).reshape(table.size, -1)
            for axes, table in tops.items()
        ]
    )
    wanted = np.concatenate([table.reshape(-1) for table in tops.values()])
    spread = belief.covariance[0] @ margins.T
    gain = spread @ np.linalg.pinv(margins @ spread, rcond=1e-9, hermitian=True)
    mean = belief.mean[0] + gain @ (wanted - margins @ belief.mean[0])
    return Belief(mean[None], belief.covariance)


def _pin_totals(belief: Belief, top: Belief, totals: Counts, variances: Numbers) -> Belief:
    """Return beliefs about the units below the top whose cells add up to the top's.

    Their totals are the published ones, with the variance of their estimates; what the cells of
    the top lack is shared out in proportion to what is still open in each unit.
    """
    open_ = belief.covariance.sum(axis=2)
    gain = open_ / open_.sum(axis=1, keepdims=True)
    lacking = totals - belief.mean.sum(axis=1)
    mean = belief.mean + gain * lacking[:, None]
    within = belief.covariance - gain[:, :, None] * open_[:, None, :]
    whole = top.covariance[0].sum(axis=1)
    top_within = top.covariance[0] - np.outer(whole, whole) / whole.sum()
    share = within @ np.linalg.inv(within.sum(axis=0) + np.ones_like(top_within))
    mean = mean + (top.mean[0] - mean.sum(axis=0)) @ share.transpose(0, 2, 1)
    spread = share @ (top_within - within.sum(axis=0)) @ share.transpose(0, 2, 1)
    between = variances[:, None, None] * gain[:, :, None] * gain[:, None, :]
    return Belief(mean, within + spread + between)
