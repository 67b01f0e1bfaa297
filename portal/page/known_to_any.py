"""The least and the greatest number of children known to any of the three: bounds, no estimate.

The hotline is never linked (28 CFR 94.115), so nobody knows how many of its children the others
know as well. They may be all of the smaller number or none; the bounds follow from released numbers
and their margins, and cost nothing. Here: the two bounds and their words. Not here: how far missed
matches move a table of matches (``missed``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jurisdiction.state import read_state
from portal.page.missed import find_end, find_most_missed, find_same_rows
from portal.ranges import find_range
from portal.wording import say_range
from privacy.released import Release, ReleasedTable

MATCHED_TABLE, HOTLINE_TABLE = "children_by_agency", "hotline_children_four_quarters"
_MATCHED_ROW = "both"


@dataclass(frozen=True)
class KnownToAny:
    """Two ranges and what follows from them.

    Attributes:
        period: The year.
        sentence: The bounds in words.
        rows: What is meant, and its range in words: of the two agencies, of the hotline, of any.
    """

    period: str
    sentence: str
    rows: tuple[tuple[str, str], ...]


def bound_known_to_any(release: Release) -> KnownToAny | None:
    """Bound the children of a year whom Children's Division, police or the hotline know.

    At least as many as the lower end of the larger of two ranges, at most the two upper ends
    together. None where the release lacks a number for one of them.
    """
    tables = {one.name: one for one in release.tables}
    matched, hotline = tables.get(MATCHED_TABLE), tables.get(HOTLINE_TABLE)
    if matched is None or hotline is None or len(hotline.rows) != 1:
        return None
    in_hotline, in_both = find_range(hotline.rows[0]), _find_known_to_two(release, matched)
    if in_hotline is None or in_both is None:
        return None
    least, greatest = max(in_hotline[0], in_both[0]), in_hotline[1] + in_both[1]
    sentence = (
        f"At least {least:,} and at most {greatest:,} children became known to Children's "
        f"Division, to police or to the hotline in {matched.period}. These are bounds and no "
        "estimate: the hotline's children are never matched with anybody, so all or none of them "
        "may be known to the others as well."
    )
    known_to_two = "Known to Children's Division or to police, missed matches allowed for"
    say = read_state().say
    return KnownToAny(
        matched.period,
        say(sentence),
        (
            (say(known_to_two), say_range(*in_both)),
            ("In cases of the hotline", say_range(*in_hotline)),
            ("Known to any of the three: bounds", say_range(least, greatest)),
        ),
    )


def _find_known_to_two(release: Release, table: ReleasedTable) -> tuple[int, int] | None:
    """The range of all rows together; each match that was missed counts one child twice."""
    if any(find_range(row) is None for row in table.rows):
        return None
    missed = find_most_missed(release, table)
    share = missed / (10 - missed)
    fewer = [(1 - share if row.keys[0] == _MATCHED_ROW else 1.0, row) for row in table.rows]
    every = [(1.0, row) for row in table.rows]
    same = find_same_rows(release, table)
    low, high = find_end(fewer, same, -1), find_end(every, same, 1)
    return max(0, math.floor(low)), max(0, math.ceil(high))
