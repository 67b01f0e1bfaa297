"""Numbers and quarters in words.

Here: pure functions from a number to the words a reader sees. Not here: what a table means
(``codebook``) and where words stand on the page (``page``).
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

_MONTHS = ("January to March", "April to June", "July to September", "October to December")


def name_period(quarter_start: date) -> str:
    """The months of a quarter, for example ``January to March 2025``."""
    return f"{_MONTHS[(quarter_start.month - 1) // 3]} {quarter_start.year}"


def say_range(low: int, high: int) -> str:
    """A likely range, for example ``12 to 36``."""
    return f"{low:,} to {high:,}"


def say_likely(low: int, high: int) -> str:
    """A likely range in a sentence, for example ``likely 12 to 36``."""
    return f"likely {say_range(low, high)}" if low > 0 else f"likely {high:,} or fewer"


def say_unit(unit: str, number: int | None) -> str:
    """A unit of the policy beside a number: ``cases filed``, and ``case filed`` beside 1."""
    if number != 1:
        return unit
    if unit == "children":
        return "child"
    return re.sub(r"s\b", "", unit, count=1)


def name_signer(name: str) -> str:
    """An officer by name and role: ``jane_doe-privacy_officer`` is Jane's key as officer."""
    return name.replace("-", ", ").replace("_", " ")


def say_epsilon(epsilon: float, composed: float | None) -> str:
    """An epsilon as the bound it is, and that of the noise itself where it was told."""
    bound = f"epsilon {epsilon:.2f} at most, as for any mechanism of this rho"
    return bound if composed is None else f"{bound}, and {composed:.2f} for this noise exactly"


def say_ahead(cap: Fraction, ahead: Fraction | None) -> str:
    """What a lifetime's worst case comes to, as further sentences; "" where it is not told."""
    if ahead is None:
        return ""
    percent = round(100 * ahead / cap)
    if ahead > cap:
        return (
            f". Twenty more years of releases like this would come to {percent} %; none is made "
            "that passes 100 %"
        )
    return (
        ". It is no clock that runs out: each table counts one child only so many times in a "
        f"lifetime, so after twenty more years of releases like this it is {percent} %"
    )
