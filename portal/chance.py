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
_SPACE = "\N{NO-BREAK SPACE}"


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


def judge(probability: float, *, is_held: bool) -> str:
    """A verdict in words.

    Args:
        probability: of noise and chance together.
        is_held: whether the difference is called real after all that were looked at.
    """
    if probability >= UNCLEAR:
        return "No sign of a change"
    if probability >= LIKELY:
        return "It cannot be told whether anything changed"
    if not is_held:
        return "Perhaps a change, perhaps luck among many looks"
    return "Very probably a real change" if probability < SURE else "Probably a real change"


def say_both(noise: float, both: float) -> str:
    """How often noise alone, and noise and chance, make a larger difference: 1 %, 8 %."""
    return f"by noise alone {say_share(noise)}, with chance {say_share(both)}"


def say_share(probability: float) -> str:
    """A probability in percent, to two digits below 1 %: 52 %, 0.93 %, under 0.01 %."""
    percent = 100 * probability
    if percent < 0.01:
        return f"under 0.01{_SPACE}%"
    return f"{percent:.2f}{_SPACE}%" if percent < 1 else f"{percent:.0f}{_SPACE}%"
