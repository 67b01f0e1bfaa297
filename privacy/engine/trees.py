"""Least squares on a tree of units: what each node tells, solved node by node without a matrix.

A tree is a geography with one precision for each level: every unit of the level was measured that
precisely. It holds for one residual space (privacy.engine.residuals) of one frame. Does not belong
here: axes, tables and noisy numbers of more than one space.

The upward and downward passes are those of Hay, Rastogi, Miklau, Suciu, "Boosting the accuracy of
differentially private histograms through consistency" (2010), for any precisions and any tree.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from privacy.engine.frames import Level

Numbers = NDArray[np.float64]
Node = tuple[int, int]
"""Place of a level from the top, and of a unit in it."""


class Tree:
    """A geography down to the deepest level that was measured.

    Precisions are per level, zero where nothing was measured, and not all zero. `variances` holds,
    for each level, the variance of the least-squares estimate of each unit from all levels;
    `inner_variances` the variance by what was measured in the unit and in those inside it alone.
    """

    def __init__(self, levels: Sequence[Level], precisions: Sequence[float]) -> None:
        self._depth = max(place for place, one in enumerate(precisions) if one > 0)
        self._precisions = tuple(precisions[: self._depth + 1])
        self._levels = levels
        self._parents = [np.array(level.parents, dtype=np.int64) for level in levels]
        self._climb(len(levels[self._depth].keys))
        self._descend()

    def solve(self, sums: Sequence[Numbers]) -> list[Numbers]:
        """Return the estimate of every unit of each level.

        Args:
            sums: for each level, each unit's measurements times their precision, with any number of
                columns; one zero where nothing was measured.
        """
        inner = [self.inner_variances[self._depth][:, None] * sums[self._depth]]
        children: list[Numbers] = []
        for level in range(self._depth - 1, -1, -1):
            children.insert(0, self._sum_children(level, inner[0]))
            told = children[0] / self._spread[level][:, None] + sums[level]
            inner.insert(0, self.inner_variances[level][:, None] * told)
        solved = [inner[0]]
        for level in range(1, self._depth + 1):
            lacking = (solved[-1] - children[level - 1])[self._parents[level]]
            solved.append(inner[level] + self._share[level][:, None] * lacking)
        return solved

    def find_covariance(self, one: Node, other: Node) -> float:
        """Return the covariance of the estimates of two units."""
        (level, unit), (other_level, other_unit) = max(one, other), min(one, other)
        factor = 1.0
        while level > other_level:
            factor *= self._share[level][unit]
            level, unit = level - 1, int(self._parents[level][unit])
        if unit == other_unit:
            return float(factor * self.variances[level][unit])
        while self._parents[level][unit] != self._parents[level][other_unit]:
            factor *= self._share[level][unit] * self._share[level][other_unit]
            parents = self._parents[level]
            level, unit, other_unit = level - 1, int(parents[unit]), int(parents[other_unit])
        above = self._parents[level][unit]
        shares = self._share[level][unit] * self._share[level][other_unit]
        between = self.variances[level - 1][above] - self._spread[level - 1][above]
        return float(factor * shares * between)

    def find_slopes(self, weights: Sequence[Numbers]) -> list[float]:
        """Return, for each level, how fast the weighted sum of all variances falls with precision.

        Args:
            weights: for each level down to the deepest measured one, the weight of each unit's
                variance, or one zero.
        """
        below: list[Numbers] = []
        share: list[Numbers] = []
        passed = np.zeros_like(self.inner_variances[-1])
        for level in range(self._depth, 0, -1):
            given = weights[level] + passed
            variances = self.variances[level - 1][self._parents[level]]
            share.insert(
                0, given * (2 * self._share[level] * variances - self.inner_variances[level])
            )
            below.insert(0, given * (1 - self._share[level]))
            passed = self._sum_children(level - 1, given * self._share[level] ** 2)
        below.insert(0, weights[0] + passed)
        slopes = []
        for level in range(self._depth):
            slopes.append(float(below[level] @ self.inner_variances[level] ** 2))
            spread = below[level] * (self.inner_variances[level] / self._spread[level]) ** 2
            taken = self._sum_children(level, share[level] * self._share[level + 1])
            spread -= taken / self._spread[level]
            above = self._parents[level + 1]
            below[level + 1] += share[level] / self._spread[level][above] + spread[above]
        slopes.append(float(below[-1] @ self.inner_variances[-1] ** 2))
        return slopes

    def _sum_children(self, level: int, numbers: Numbers) -> Numbers:
        """Return, for each unit of a level, the sum over its children."""
        sums = np.zeros((len(self._levels[level].keys), *numbers.shape[1:]))
        np.add.at(sums, self._parents[level + 1], numbers)
        return sums

    def _climb(self, units: int) -> None:
        """Find what each unit and all below it tell, and what its children tell together."""
        self.inner_variances: list[Numbers] = [np.full(units, 1 / self._precisions[-1])]
        self._spread: list[Numbers] = []
        for level in range(self._depth - 1, -1, -1):
            self._spread.insert(0, self._sum_children(level, self.inner_variances[0]))
            self.inner_variances.insert(0, 1 / (self._precisions[level] + 1 / self._spread[0]))

    def _descend(self) -> None:
        """Find the variance of each unit, and its share in what its parent lacks."""
        self.variances: list[Numbers] = [self.inner_variances[0]]
        self._share: list[Numbers] = [np.ones(len(self.inner_variances[0]))]
        for level in range(1, self._depth + 1):
            above = self._parents[level]
            share = self.inner_variances[level] / self._spread[level - 1][above]
            own = self.inner_variances[level] * (1 - share)
            self.variances.append(share**2 * self.variances[-1][above] + own)
            self._share.append(share)
