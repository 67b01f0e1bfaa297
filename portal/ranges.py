"""The likely range of a row in whole numbers, and the number that stands first.

Here: one rule for each, so that no reader meets two ranges or two first numbers of one thing, and
the status of a row in words. Not here: margins themselves, which come with the release, and the
words around a range (``wording``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from privacy.released import (
    DECLARED_PUBLIC,
    ESTIMATED,
    NOT_DISTINGUISHABLE,
    HistoryPoint,
    ReleasedRow,
)

COUNT, ESTIMATE, MODELLED = "count", "estimate", "modelled"
UNDER_CUT_OFF = f"{NOT_DISTINGUISHABLE} by the cut-off for the whole release"


@dataclass(frozen=True)
class First:
    """The number of a row that stands first, its likely range, and the column it comes from.

    `number` is whole but for a modelled one, which is in tenths; the range is in whole numbers.
    """

    number: float
    low90: int
    high90: int
    column: str

    @property
    def range90(self) -> tuple[int, int]:
        """Both ends of the likely range."""
        return self.low90, self.high90


def find_range(row: ReleasedRow | HistoryPoint) -> tuple[int, int] | None:
    """Lowest and highest likely number: the interval of the estimate, widened to whole numbers.

    Never below zero; from zero where zero cannot be excluded; and never without the count beside
    it, which adds up with other counts and may so, rarely, lie outside the interval of its
    estimate. Of a number that is declared public it is that number. None where the row has none.
    """
    if row.status == DECLARED_PUBLIC and row.count is not None:
        return row.count, row.count
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


def find_first(row: ReleasedRow | HistoryPoint) -> First | None:
    """The number nearest the truth, with the range that holds whatever the truth is.

    The modelled number where there is one, which errs least in places of every size; else the
    count; else the estimate. The range is that of the estimate, widened to hold the number: the
    bounds of the model may fail for a place unlike the others. Measured: docs/decisions/0208.
    """
    shown, likely = find_shown(row), find_range(row)
    if shown is None or likely is None:
        return None
    low, high = likely
    if row.modelled is None or row.modelled == row.count:
        return First(shown, low, high, ESTIMATE if row.count is None else COUNT)
    low, high = min(low, math.floor(row.modelled)), max(high, math.ceil(row.modelled))
    return First(row.modelled, low, high, MODELLED)


def say_status(row: ReleasedRow | HistoryPoint) -> str:
    """The status of a row in words.

    Where the row's own range excludes zero, the words say that the cut-off which it did not pass is
    for all cells of the release together, and what the range is by itself.
    """
    if row.status != NOT_DISTINGUISHABLE or row.estimate is None or row.moe90 is None:
        return row.status
    low = math.floor(round(row.estimate - row.moe90, 1))
    if low <= 0:
        return row.status
    high = math.ceil(round(row.estimate + row.moe90, 1))
    return f"{UNDER_CUT_OFF}; by itself {low:,} to {high:,}"
