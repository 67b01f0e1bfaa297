"""How the budget of a quarter is shared over measurements so that the published error is least.

The error is the weighted mean, over published tables, of the root mean square error of their rows.
It is convex in the shares and looks at no data. Does not belong here: rounding to noise scales and
the cost that OpenDP maps (privacy.plan).

Shares are found by the multiplicative algorithm of optimal design (Yu, "Monotonic convergence of a
general algorithm for computing optimal designs", 2010). It needs only the operations whose results
IEEE 754 fixes to the last bit, and sums by `math.fsum`, so every machine finds the same shares.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from privacy.frames import LINKED, Axes, Frame
from privacy.residuals import count_leaves_per_cell, list_subsets

Candidate = tuple[str, Axes]

WORTHLESS = 1e-4
_ROUGH, _FINE = 1e-6, 1e-10
_ROUNDS = 20_000
_GRID = 10_000_000


@dataclass(frozen=True)
class Demand:
    """One published table: frame, axes, importance, and its mean row split by `average_rows`."""

    frame: Frame
    axes: Axes
    weight: int
    lengths: Mapping[Axes, Fraction]


def share_budget(demands: Sequence[Demand]) -> dict[Candidate, Fraction]:
    """Return the share of the budget of each table to be measured; together at most 1.

    Candidates are the demanded tables and all their margins (for linked frames only the whole
    frame, because its distance holds for no margin). A margin whose own measurement improves the
    error by less than one part in ten thousand is not measured.
    """
    candidates = _list_candidates(demands)
    found = _solve(demands, candidates, _ROUGH)
    for candidate in sorted(candidates, key=lambda one: found.shares[one]):
        if _is_covered(candidate, candidates):
            fewer = [other for other in candidates if other != candidate]
            without = _solve(demands, fewer, _ROUGH)
            if without.error <= found.error * (1 + WORTHLESS):
                candidates = fewer
    best = _solve(demands, candidates, _FINE).shares
    return {one: Fraction(math.floor(best[one] * _GRID), _GRID) for one in candidates}


def compute_error(demands: Sequence[Demand], shares: Mapping[Candidate, Fraction]) -> float:
    """Return the error of these shares of a budget of rho 1."""
    candidates = list(shares)
    problem = _Problem(demands, candidates)
    return problem.evaluate([float(shares[one]) for one in candidates])[0]


def _list_candidates(demands: Sequence[Demand]) -> list[Candidate]:
    found: dict[Candidate, None] = {}
    for demand in demands:
        is_linked = demand.frame.kind == LINKED
        margins = [demand.axes] if is_linked else list_subsets(demand.axes)
        found |= dict.fromkeys((demand.frame.name, axes) for axes in margins)
    return list(found)


def _is_covered(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Whether another candidate of the frame gives this table too."""
    frame, axes = candidate
    return any(other == frame and set(axes) < set(wider) for other, wider in candidates)


@dataclass(frozen=True)
class _Solution:
    shares: dict[Candidate, float]
    error: float


class _Problem:
    """The error and its slope as functions of the shares of fixed candidates."""

    def __init__(self, demands: Sequence[Demand], candidates: Sequence[Candidate]) -> None:
        frames = {demand.frame.name: demand.frame for demand in demands}
        spaces = {
            (demand.frame.name, space): None for demand in demands for space in demand.lengths
        }
        number_of = {space: number for number, space in enumerate(spaces)}
        self._space_count = len(spaces)
        self._gains = [
            2 * count_leaves_per_cell(frame.sizes, axes) / (frame.distance * frame.distance)
            for frame, axes in ((frames[name], axes) for name, axes in candidates)
        ]
        self._reach = [
            [number_of[name, space] for space in list_subsets(axes)] for name, axes in candidates
        ]
        total = sum(demand.weight for demand in demands)
        self._tables = [
            (
                demand.weight / total,
                [
                    (number_of[demand.frame.name, space], float(length))
                    for space, length in demand.lengths.items()
                ],
            )
            for demand in demands
        ]

    def evaluate(self, shares: Sequence[float]) -> tuple[float, list[float]]:
        """Return the error, and for each candidate how fast it falls with its share."""
        precisions = [0.0] * self._space_count
        for share, gain, reach in zip(shares, self._gains, self._reach, strict=True):
            for space in reach:
                precisions[space] += share * gain
        errors, falls = [], [0.0] * self._space_count
        for weight, lengths in self._tables:
            root = math.sqrt(math.fsum(length / precisions[space] for space, length in lengths))
            errors.append(weight * root)
            for space, length in lengths:
                falls[space] += weight * length / (2 * root * precisions[space] * precisions[space])
        slopes = [
            gain * math.fsum(falls[space] for space in reach)
            for gain, reach in zip(self._gains, self._reach, strict=True)
        ]
        return math.fsum(errors), slopes


def _solve(
    demands: Sequence[Demand], candidates: Sequence[Candidate], tolerance: float
) -> _Solution:
    """Return shares whose error is within `tolerance`, relatively, of the least.

    The error is convex and falls as the square root of the budget, so the largest slope over the
    mean slope bounds how far from the least it can be.
    """
    problem = _Problem(demands, candidates)
    shares = [1 / len(candidates)] * len(candidates)
    for _ in range(_ROUNDS):
        error, slopes = problem.evaluate(shares)
        mean = math.fsum(share * slope for share, slope in zip(shares, slopes, strict=True))
        if max(slopes) <= mean * (1 + tolerance):
            break
        grown = [
            share * math.sqrt(slope / mean) for share, slope in zip(shares, slopes, strict=True)
        ]
        total = math.fsum(grown)
        shares = [share / total for share in grown]
    return _Solution(dict(zip(candidates, shares, strict=True)), error)
