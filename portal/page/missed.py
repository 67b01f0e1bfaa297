"""How far missed and false matches can move a table made from matches: its widened ranges.

If a share m of the true matches is missed, the matches found stand for 1 / (1 - m) times as many.
Each missed one stands in a row of the unmatched and belongs in one of the matched, and of those
found a share may be false and belong there. Not here: the range that noise alone gives
(``ranges``), and how many are missed, which nobody knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from portal.ranges import find_range
from privacy.released import Release, ReleasedRow, ReleasedSameRows, ReleasedTable

MOST_MISSED_BY_TOKEN = 5
"""Of ten true matches, how many the ranges allow to be missed where one token must be equal.

3 are in made-up files, 4 where clerks slip twice as often, up to 5 in single years of those.
"""

MOST_MISSED = 2
"""The same where children were matched one to one by several tokens: 1 in both kinds of files."""

MOST_FALSE = 1
"""Of ten matches that were made, how many the ranges allow to be false: less than 1 in either."""

_ONE_TO_ONE_BOUND = 7
"""Squared bound of tables so matched; those of earlier releases have another one."""

MATCHED = {"children_by_agency": ("both",), "report_lag": ("same_day", "later")}
"""Tables made from matches, and the keys of their matched rows."""

_QUANTILE = NormalDist().inv_cdf(0.95)


def find_widened_ranges(
    release: Release, table: ReleasedTable
) -> tuple[tuple[int, int] | None, ...]:
    """The likely range of each row with up to `find_most_missed` of ten matches missed.

    The matched rows may hold all that were missed, the unmatched ones may lack them; and up to
    MOST_FALSE of ten matches may be false. None for each row of a table that is not made from
    matches, or has a row without a number.
    """
    keys = MATCHED.get(table.name)
    likely = [find_range(row) for row in table.rows]
    if keys is None or None in likely:
        return (None,) * len(likely)
    matched = [row for row in table.rows if row.keys[0] in keys]
    same = find_same_rows(release, table)
    missed = find_most_missed(release, table)
    share = missed / (10 - missed)
    return tuple(
        _widen_matched(row, one, _Widening(matched, same, share))
        if row in matched
        else _widen_unmatched(row, one, _Widening(matched, same, share))
        for row, one in zip(table.rows, likely, strict=True)
        if one is not None
    )


def find_most_missed(release: Release, table: ReleasedTable) -> int:
    """Of ten true matches, how many the ranges allow to be missed; 0 for other tables."""
    if table.name not in MATCHED:
        return 0
    bounds = (
        2 * one.rho * one.sigma**2 for one in release.measurements if one.frame == table.frame
    )
    is_one_to_one = any(round(bound) == _ONE_TO_ONE_BOUND for bound in bounds)
    return MOST_MISSED if is_one_to_one else MOST_MISSED_BY_TOKEN


def find_same_rows(release: Release, table: ReleasedTable) -> ReleasedSameRows | None:
    """What the rows of a table's frame share with those of another one, if they do."""
    return next((one.same_rows for one in release.frames if one.name == table.frame), None)


def say_allowance(release: Release, table: ReleasedTable) -> str:
    """What the widened ranges of a table allow for, as the header of a column."""
    missed = find_most_missed(release, table)
    return f"With up to {missed} of 10 matches missed and {MOST_FALSE} of 10 false"


@dataclass(frozen=True)
class _Widening:
    """The matched rows of a table, what they share, and how many are missed for each one found."""

    matched: list[ReleasedRow]
    same: ReleasedSameRows | None
    share: float


def _widen_matched(row: ReleasedRow, likely: tuple[int, int], allow: _Widening) -> tuple[int, int]:
    weighted = [(1 + allow.share if one is row else allow.share, one) for one in allow.matched]
    low = math.floor(likely[0] * (1 - MOST_FALSE / 10))
    return low, max(likely[1], math.ceil(find_end(weighted, allow.same, 1)))


def _widen_unmatched(
    row: ReleasedRow, likely: tuple[int, int], allow: _Widening
) -> tuple[int, int]:
    fewer = [(1.0, row), *((-allow.share, one) for one in allow.matched)]
    more = [(1.0, row), *((MOST_FALSE / 10, one) for one in allow.matched)]
    low = max(0, min(likely[0], math.floor(find_end(fewer, allow.same, -1))))
    return low, max(likely[1], math.ceil(find_end(more, allow.same, 1)))


def find_end(
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
