"""Margins of error and cut-offs from the exact standard deviation of an estimate.

The law is the Gaussian one: an estimate is a sum of independent discrete Gaussians of scale 1 or
more, whose variance is never above the square of their scale. Does not belong here: the variance
itself (privacy.engine.residuals).
"""

import math
from statistics import NormalDist

CONFIDENCE = 0.9
_QUANTILE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def compute_margin(deviation: float) -> float:
    """Return the 90 % margin of an estimate, rounded up to tenths."""
    return math.ceil(10 * _QUANTILE * deviation) / 10


def compute_cut_off(deviation: float, false_alarms: float) -> int:
    """Return the least whole number from zero that an estimate of zero passes this rarely.

    Whole, so that it holds for estimates that are whole numbers too.
    """
    return max(0, math.ceil(NormalDist(sigma=deviation).inv_cdf(1 - false_alarms)))
