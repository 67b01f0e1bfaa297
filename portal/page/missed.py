"""How far missed matches can move a table that is made from matches: its widened ranges.

If a share m of the true matches is missed, the matches found stand for 1 / (1 - m) times as many.
Each missed one stands in a row of the unmatched and belongs in one of the matched. Not here: the
range that noise alone gives (``ranges``), and how many are missed, which nobody knows.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from portal.ranges import find_range
from privacy.released import Release, ReleasedRow, ReleasedSameRows, ReleasedTable

MOST_MISSED = 5
"""Of ten true matches, how many the ranges allow to be missed.

2 are in simulated files, 4 where clerks slip twice as often, up to 5 in single years of those.
"""

MATCHED = {"children_by_agency": ("both",), "report_lag": ("same_day", "later")}
"""Tables made from matches, and the keys of their matched rows."""

_PER_MATCH = MOST_MISSED / (10 - MOST_MISSED)
_QUANTILE = NormalDist().inv_cdf(0.95)


def find_widened_ranges(
    release: Release, table: ReleasedTable
) -> tuple[tuple[int, int] | None, ...]:
    """The likely range of each row with up to MOST_MISSED of ten matches missed.

    The matched rows may hold all that were missed, the unmatched ones may lack them. None for each
    row of a table that is not made from matches, or has a row without a number.
    """
    keys = MATCHED.get(table.name)
    likely = [find_range(row) for row in table.rows]
    if keys is None or None in likely:
        return (None,) * len(likely)
    matched = [row for row in table.rows if row.keys[0] in keys]
    same = next((one.same_rows for one in release.frames if one.name == table.frame), None)
    return tuple(
        _widen_up(row, one, matched, same)
        if row in matched
        else _widen_down(row, one, matched, same)
        for row, one in zip(table.rows, likely, strict=True)
        if one is not None
    )


def _widen_up(
    row: ReleasedRow,
    likely: tuple[int, int],
    matched: list[ReleasedRow],
    same: ReleasedSameRows | None,
) -> tuple[int, int]:
    weighted = [(1 + _PER_MATCH if one is row else _PER_MATCH, one) for one in matched]
    return likely[0], max(likely[1], math.ceil(_find_end(weighted, same, 1)))


def _widen_down(
    row: ReleasedRow,
    likely: tuple[int, int],
    matched: list[ReleasedRow],
    same: ReleasedSameRows | None,
) -> tuple[int, int]:
    weighted = [(1.0, row), *((-_PER_MATCH, one) for one in matched)]
    return max(0, min(likely[0], math.floor(_find_end(weighted, same, -1)))), likely[1]


def _find_end(
    weighted: list[tuple[float, ReleasedRow]], same: ReleasedSameRows | None, side: int
) -> float:
    """The upper (1) or lower (-1) end of the interval of a sum of rows of a linked frame.

    Their noise is independent but for what the rows share that are another frame's too.
    """
    estimate = math.fsum(weight * (row.estimate or 0) for weight, row in weighted)
    variance = math.fsum((weight * (row.deviation or 0)) ** 2 for weight, row in weighted)
    if same is not None:
        shared = [weight for weight, row in weighted if row.keys[0] in same.cells]
        products = sum(shared) ** 2 - math.fsum(weight**2 for weight in shared)
        variance += same.covariance * products
    return round(estimate + side * _QUANTILE * math.sqrt(variance), 1)
