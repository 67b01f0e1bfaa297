"""Which quarters' late records the quarter being built counts.

A rule by which rows are made, so its hash stands in the plan (see `rules`). Does not belong here:
how dbt is told (see `dbt_steps`).
"""

from __future__ import annotations

from collections.abc import Collection

from sources.quarters import Quarter


def find_first_counted(quarter: Quarter, kept: Collection[Quarter]) -> Quarter:
    """Give the first of the quarters before this one that were released one after the other.

    What came late for those is counted now; a quarter that was not released can still be built.
    """
    first = quarter
    while first.previous() in kept:
        first = first.previous()
    return first
