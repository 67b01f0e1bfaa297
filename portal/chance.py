"""How often noise alone, and noise and chance together, make so large a difference.

Noise is that of the release, known exactly. Chance is how much counts differ though nothing behind
them did: the counts of two like periods are taken to be over-dispersed Poisson numbers of one mean.
Their variance is `dispersion` times their mean, as where events bring one or several children at
once (a compound Poisson law: Feller, An Introduction to Probability Theory and Its Applications,
vol. 1, ch. XII); how many come at once no release tells, so the prior `DISPERSION` is stated and
averaged over. Not here: many differences at once (``changed``).
"""

from __future__ import annotations

import math
from statistics import NormalDist

DISPERSION: tuple[tuple[float, float], ...] = ((1.0, 0.25), (1.5, 0.5), (2.5, 0.25))
"""Variance of a count over its mean, and how likely that is: 1 where each child comes alone."""

SURE, LIKELY, UNCLEAR = 0.01, 0.05, 0.2
"""Up to which probability a difference is called very probably real, probably, or unclear."""

_NORMAL = NormalDist()


def find_noise_probability(difference: float, variance: float) -> float:
    """How often noise alone makes a larger difference, either way, between two equal numbers.

    Args:
        difference: of the two estimates.
        variance: of the noise of that difference.
    """
    return 2 * _NORMAL.cdf(-abs(difference) / math.sqrt(variance))


def find_chance_probability(difference: float, variance: float, total: float) -> float:
    """The same of noise and chance together.

    Args:
        difference: of the two estimates.
        variance: of the noise of that difference.
        total: the sum of the two estimates, which tells how much chance moves; below zero it counts
            as zero.
    """
    return sum(
        weight * find_noise_probability(difference, variance + dispersion * max(total, 0.0))
        for dispersion, weight in DISPERSION
    )


def judge(probability: float) -> str:
    """A verdict in words, from the probability of noise and chance together."""
    if probability < SURE:
        return "Very probably a real change"
    if probability < LIKELY:
        return "Probably a real change"
    if probability < UNCLEAR:
        return "It cannot be told whether anything changed"
    return "No sign of a change"


def say_probability(probability: float) -> str:
    """How often something happens, in words: about 3 of 100 times."""
    for draws in (100, 1000, 10000):
        times = round(probability * draws)
        if times >= draws:
            return "nearly every time"
        if times >= 2 or (times >= 1 and draws == 10000):
            return f"about {times} of {draws:,} times"
    return "less than once in 10,000 times"
