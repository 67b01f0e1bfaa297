"""How a budget is shared over measurements so that the published error is least.

The error is the weighted mean, over published tables, of the root mean square error of their rows.
It is convex in the shares and looks at no data. Frames do not share measurements, so each is solved
on its own and the budget is then shared over frames, which has a closed form. Does not belong here:
rounding to noise scales and the cost that OpenDP maps (privacy.plan), and the algebra of the bound
that no mechanism can pass (privacy.engine.bound).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np

from privacy.engine.bound import bound_frame
from privacy.engine.frames import LINKED, Axes, Frame, Marginal, Row
from privacy.engine.residuals import count_leaves_per_cell, list_subsets, overlap_rows
from privacy.engine.trees import Numbers, Tree

Candidate = tuple[str, Marginal]

WORTHLESS = 1e-4
_ROUGH, _FINE = 1e-5, 1e-10
_ROUNDS = 2_000
_GRID = 10_000_000


@dataclass(frozen=True)
class Demand:
    """One published table: its frame, its cells, the rows it publishes of them, its importance."""

    frame: Frame
    marginal: Marginal
    rows: tuple[Row, ...]
    weight: float


def share_budget(demands: Sequence[Demand]) -> dict[Candidate, Fraction]:
    """Return the share of the budget of each table to be measured; together at most 1.

    Candidates are the demanded tables and all coarser ones, by level and by axes (for linked frames
    only the whole frame, because its distance holds for no part). Those that improve the error of
    their frame by less than one part in ten thousand together are not measured.
    """
    solutions = {name: _solve_frame(own) for name, own in _split_by_frame(demands).items()}
    budgets = _share_over_frames({name: solution.error for name, solution in solutions.items()})
    return {
        (name, marginal): Fraction(math.floor(budgets[name] * share * _GRID), _GRID)
        for name, solution in solutions.items()
        for marginal, share in solution.shares.items()
    }


def compute_error(demands: Sequence[Demand], shares: Mapping[Candidate, Fraction]) -> float:
    """Return the error of these shares of a budget of rho 1."""
    errors = []
    for name, own in _split_by_frame(demands).items():
        spent = {marginal: share for (frame, marginal), share in shares.items() if frame == name}
        problem = _Problem(own, list(spent))
        errors.append(problem.evaluate(np.array([float(share) for share in spent.values()]))[0])
    return math.fsum(errors) / math.fsum(demand.weight for demand in demands)


def bound_error(demands: Sequence[Demand]) -> float:
    """Return the error below which no unbiased Gaussian mechanism comes with a budget of rho 1."""
    errors = {}
    for name, own in _split_by_frame(demands).items():
        tables = [(demand.weight, demand.rows) for demand in own]
        errors[name] = bound_frame(own[0].frame, tables)
    budgets = _share_over_frames(errors)
    total = math.fsum(errors[name] / math.sqrt(budget) for name, budget in budgets.items())
    return total / math.fsum(demand.weight for demand in demands)


def measure_gap(demands: Sequence[Demand], shares: Mapping[Candidate, Fraction]) -> float:
    """Return by what part the error of these shares is above the bound; 0.01 is one per cent."""
    return compute_error(demands, shares) / bound_error(demands) - 1


def _split_by_frame(demands: Sequence[Demand]) -> dict[str, list[Demand]]:
    ordered = sorted(demands, key=lambda demand: demand.frame.name)
    return {name: list(own) for name, own in groupby(ordered, lambda demand: demand.frame.name)}


def _share_over_frames(errors: Mapping[str, float]) -> dict[str, float]:
    """Return the budgets that make the sum of the errors least.

    An error falls as the square root of its budget, so the best budgets go as its power of 2/3.
    """
    powers = {name: error ** (2 / 3) for name, error in errors.items()}
    total = math.fsum(powers.values())
    return {name: power / total for name, power in powers.items()}


@dataclass(frozen=True)
class _Solution:
    shares: dict[Marginal, float]
    error: float


class _Problem:
    """The weighted error of one frame, and its slopes, as functions of its candidates' shares."""

    def __init__(self, demands: Sequence[Demand], candidates: Sequence[Marginal]) -> None:
        frame = demands[0].frame
        self._levels = frame.levels
        self._tables = [
            (demand.weight, demand.marginal.level, _average_rows(demand)) for demand in demands
        ]
        self._spaces = sorted({space for _, _, lengths in self._tables for space in lengths})
        gains = [
            2 * count_leaves_per_cell(frame.sizes, axes) / frame.distance**2
            for _, axes in candidates
        ]
        shape = (len(self._spaces), len(frame.levels), len(candidates))
        self._gains = np.zeros(shape)
        for number, (level, axes) in enumerate(candidates):
            for place, space in enumerate(self._spaces):
                if set(space) <= set(axes):
                    self._gains[place, level, number] = gains[number]

    def evaluate(self, shares: Numbers) -> tuple[float, Numbers]:
        """Return the error, and for each candidate how fast it falls with its share."""
        precisions = self._gains @ shares
        trees = {
            space: Tree(self._levels, one)
            for space, one in zip(self._spaces, precisions, strict=True)
        }
        weights = {space: [np.zeros(1) for _ in self._levels] for space in self._spaces}
        errors = []
        for weight, level, lengths in self._tables:
            root = math.sqrt(
                math.fsum(
                    float(length @ trees[space].variances[level])
                    for space, length in lengths.items()
                )
            )
            errors.append(weight * root)
            for space, length in lengths.items():
                weights[space][level] = weights[space][level] + weight / (2 * root) * length
        slopes = np.zeros(len(shares))
        for place, space in enumerate(self._spaces):
            falls = trees[space].find_slopes(weights[space])
            slopes += np.array(falls) @ self._gains[place, : len(falls)]
        return math.fsum(errors), slopes


def _average_rows(demand: Demand) -> dict[Axes, Numbers]:
    """Return, for each space and unit, the mean over a table's rows of their squared lengths."""
    units = len(demand.frame.levels[demand.marginal.level].keys)
    lengths: dict[Axes, Numbers] = {}
    products: dict[tuple[tuple[int, ...], ...], dict[Axes, float]] = {}
    for row in demand.rows:
        if row.positions not in products:
            products[row.positions] = overlap_rows(demand.frame.sizes, row, row)
        for space, product in products[row.positions].items():
            length = lengths.setdefault(space, np.zeros(units))
            length[row.unit] += product / len(demand.rows)
    return lengths


def _solve_frame(demands: Sequence[Demand]) -> _Solution:
    """Return the best shares of one frame's budget over the candidates that are worth measuring."""
    candidates = _list_candidates(demands)
    found = _solve(demands, dict.fromkeys(candidates, 1.0), _ROUGH)
    limit = found.error * (1 + WORTHLESS)
    for candidate in sorted(candidates, key=lambda one: found.shares[one]):
        fewer = {one: share for one, share in found.shares.items() if one != candidate}
        if _cover(candidate, fewer):
            without = _solve(demands, fewer, _ROUGH, limit)
            if without.error <= limit:
                found = without
    return _solve(demands, found.shares, _FINE)


def _list_candidates(demands: Sequence[Demand]) -> list[Marginal]:
    frame = demands[0].frame
    if frame.kind == LINKED:
        return [frame.whole]
    coarser = {
        Marginal(level, axes)
        for demand in demands
        for level in range(demand.marginal.level + 1)
        for axes in list_subsets(demand.marginal.axes)
    }
    return sorted(coarser)


def _cover(candidate: Marginal, others: Mapping[Marginal, float]) -> bool:
    """Whether another candidate gives this table too."""
    return any(
        other.level >= candidate.level and set(candidate.axes) <= set(other.axes)
        for other in others
    )


def _solve(
    demands: Sequence[Demand],
    start: Mapping[Marginal, float],
    tolerance: float,
    limit: float = math.inf,
) -> _Solution:
    """Return shares whose error is within `tolerance`, relatively, of the least.

    It is found by the multiplicative algorithm of optimal design (Yu, "Monotonic convergence of a
    general algorithm for computing optimal designs", 2010). The error is convex and falls as the
    square root of the budget, so the largest slope over the mean slope bounds how far from the
    least it can be; the search ends too where the least is above `limit`.
    """
    problem = _Problem(demands, list(start))
    shares = np.array(list(start.values()))
    for _ in range(_ROUNDS):
        shares /= shares.sum()
        error, slopes = problem.evaluate(shares)
        mean = shares @ slopes
        gap = (slopes.max() / mean - 1) / 2
        if gap <= tolerance or error * (1 - gap) > limit:
            break
        shares *= (slopes / mean) ** (2 / 3)
    return _Solution(dict(zip(start, shares.tolist(), strict=True)), error)
