"""The likely range of a row in whole numbers, as the files and the page both state it.

Here: one rule, so that no reader meets two ranges of one number. Not here: margins themselves,
which come with the release, and the words around a range (``wording``).
"""

from __future__ import annotations

import math

from privacy.released import ESTIMATED, HistoryPoint, ReleasedRow


def find_range(row: ReleasedRow | HistoryPoint) -> tuple[int, int] | None:
    """Lowest and highest likely number: the interval of the estimate, widened to whole numbers.

    Never below zero; from zero where zero cannot be excluded; and never without the count beside
    it, which adds up with other counts and may so, rarely, lie outside the interval of its
    estimate. None where the row has no number.
    """
    if row.estimate is None or row.moe90 is None:
        return None
    low = math.floor(round(row.estimate - row.moe90, 1)) if row.status == ESTIMATED else 0
    high = math.ceil(round(row.estimate + row.moe90, 1))
    if row.count is not None:
        low, high = min(low, row.count), max(high, row.count)
    return max(0, low), max(0, high)


def find_shown(row: ReleasedRow | HistoryPoint) -> int | None:
    """The whole number to show for a row: its count, or its rounded estimate if it has no count."""
    if row.count is not None or row.estimate is None:
        return row.count
    return max(0, round(row.estimate))
