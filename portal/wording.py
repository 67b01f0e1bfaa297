"""Numbers and quarters in words.

Here: pure functions from a number to the words a reader sees. Not here: what a table means
(``codebook``) and where words stand on the page (``page``).
"""

from __future__ import annotations

from datetime import date

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
