"""Numbers, quarters and cost in words.

Here: pure functions from a number to the words a reader sees. Not here: what a table means
(``codebook``) and where words stand on the page (``page``).
"""

from __future__ import annotations

import math
from datetime import date
from statistics import NormalDist

NOT_DISTINGUISHABLE = "not distinguishable from zero"
_MONTHS = ("January to March", "April to June", "July to September", "October to December")


def name_period(quarter_start: date) -> str:
    """The months of a quarter, for example ``January to March 2025``."""
    return f"{_MONTHS[(quarter_start.month - 1) // 3]} {quarter_start.year}"


def find_range(estimate: float, moe90: float) -> tuple[int, int]:
    """The whole numbers to display: floored, ceiled, and never below zero."""
    return max(0, math.floor(estimate - moe90)), max(0, math.ceil(estimate + moe90))


def say_number(number: float) -> str:
    """A whole number with commas, never below zero."""
    return f"{max(0, round(number)):,}"


def say_range(estimate: float, moe90: float) -> str:
    """The likely range, for example ``12 to 36``."""
    low, high = find_range(estimate, moe90)
    return f"{low:,} to {high:,}"


def say_likely(estimate: float, moe90: float) -> str:
    """The likely range in a sentence, for example ``likely between 12 and 36``."""
    low, high = find_range(estimate, moe90)
    if low == 0:
        return f"likely {high:,} or fewer"
    return f"likely between {low:,} and {high:,}"


def find_attacker_power(rho: float, false_alarm_rate: float = 0.01) -> float:
    """The best chance to detect one person, at a rate of false alarms.

    For Gaussian noise with zero-concentrated cost rho the two distributions lie sqrt(2 rho) standard
    deviations apart (Dong, Roth and Su, Gaussian Differential Privacy, 2022).
    """
    normal = NormalDist()
    return normal.cdf(normal.inv_cdf(false_alarm_rate) + math.sqrt(2 * rho))


def find_odds_factor(rho: float) -> float:
    """How far a typical released number moves the odds that one person is in the data.

    exp(mu) for mu = sqrt(2 rho): the likelihood ratio one standard deviation away from even.
    """
    return math.exp(math.sqrt(2 * rho))
