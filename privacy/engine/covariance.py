"""Exact variances and covariances of whatever is summed from the estimates of one frame.

They follow from the geometry and the noise scales alone, so they are known before anything is
drawn. Does not belong here: margins and cut-offs (privacy.engine.margins), and estimates.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from privacy.engine.frames import Axes, Frame, Marginal, Row
from privacy.engine.residuals import overlap_rows, sum_precisions
from privacy.engine.trees import Tree


@dataclass(frozen=True)
class KnownSum:
    """A row of a frame that was put in the place of what is known of it; the variance of that."""

    row: Row
    variance: float


class Precisions:
    """What all measurements of a frame tell together: each measured table and its noise scale.

    A row is within reach where every table it needs was measured, at its level or below; any other
    raises KeyError or IndexError. Where a sum is known better than these tell it, every estimate
    was moved by its share of what the sum was moved by.
    """

    def __init__(
        self,
        frame: Frame,
        measured: Iterable[tuple[Marginal, float]],
        known: KnownSum | None = None,
    ) -> None:
        self._known = known
        self._sizes = frame.sizes
        self._state = sum_precisions(frame, measured)
        self._trees = {space: Tree(frame.levels, one) for space, one in self._state.items()}

    def variance(self, row: Row) -> float:
        """Return the variance of the estimate of a row."""
        return self.covariance(row, row)

    def covariance(self, one: Row, other: Row) -> float:
        """Return the covariance of the estimates of two rows."""
        covariance = self._measure(one, other)
        if self._known is None:
            return covariance
        row = self._known.row
        before = self._measure(row, row)
        shares = self._measure(one, row) * self._measure(other, row) / before**2
        return covariance + shares * (self._known.variance - before)

    def _measure(self, one: Row, other: Row) -> float:
        """Return the covariance of two rows by the measurements of the frame alone."""
        nodes = (one.level, one.unit), (other.level, other.unit)
        return math.fsum(
            product * self._trees[space].find_covariance(*nodes)
            for space, product in overlap_rows(self._sizes, one, other).items()
        )

    def state(self) -> tuple[tuple[Axes, tuple[float, ...]], ...]:
        """Return the precision of each space at each level, for a release to publish."""
        return tuple(self._state.items())
