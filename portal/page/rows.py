"""Tables of the page: every row in words, with its likely range drawn.

Here: what a reader sees of a table. Not here: the order of tables on the page (``description``) and
the form of a row (``templates/release_tables.html``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.codebook import AGENCIES, list_caveats
from portal.page.missed import find_widened_ranges, say_allowance
from portal.ranges import First, find_first, say_status
from portal.tables import has_modelled, name_geographies
from portal.wording import say_range
from privacy.released import (
    DECLARED_PUBLIC,
    ESTIMATED,
    HistoryPoint,
    Release,
    ReleasedRow,
    ReleasedTable,
)

EARLIER = "Earlier quarters, as delivered by now"
DRAWN_WIDTH = 200
"""Steps across the drawing of a range; its height is 9."""
_NUMBERS = (ESTIMATED, DECLARED_PUBLIC)
"""Status words of rows that are shown as a number."""
STATE = "state"
LONG = 40
"""Rows from which a table is folded away until it is opened."""
LONGEST = 300
"""Rows from which a table is left to its files, so that the page stays small."""
NO_RANGE = "no range"
NO_NOISE = "no noise, declared public"


@dataclass(frozen=True)
class RowView:
    """One row as shown; never an empty cell. `drawing` is a path, "" where there is no number.

    `extra` stands in the last column of a table that has one.
    """

    labels: tuple[str, ...]
    count: str
    range: str
    drawing: str
    is_estimated: bool
    extra: str = ""


@dataclass(frozen=True)
class TableView:
    """One table as shown; `largest` is the number at the right end of its drawings.

    `extra_header` is that of a last column: modelled numbers, or ranges that allow for missed
    matches; "" where there is none.
    """

    name: str
    title: str
    definition: str
    unit: str
    source: str
    period: str
    caveats: tuple[str, ...]
    headers: tuple[str, ...]
    rows: tuple[RowView, ...]
    largest: int
    extra_header: str

    @property
    def is_long(self) -> bool:
        """Whether the table is folded away at first."""
        return len(self.rows) >= LONG

    @property
    def is_shown(self) -> bool:
        """Whether the page holds the rows at all."""
        return len(self.rows) <= LONGEST


def describe_table(release: Release, table: ReleasedTable) -> TableView:
    """What the page shows of a table."""
    largest = max((one.high90 for row in table.rows if (one := find_first(row))), default=0)
    header, extras = _list_extras(release, table)
    return TableView(
        name=table.name,
        title=table.title,
        definition=table.definition,
        unit=table.unit,
        source=" and ".join(AGENCIES[source] for source in table.sources) or "none",
        period=table.period,
        caveats=tuple(list_caveats(table, release.tables)),
        headers=(*list_place_header(release, table), *table.dimension_titles),
        rows=tuple(
            _describe_row(row, list_labels(release, table, row), largest, extra)
            for row, extra in zip(table.rows, extras, strict=True)
        ),
        largest=largest,
        extra_header=header,
    )


def list_place_header(release: Release, table: ReleasedTable) -> tuple[str, ...]:
    """The title of the level of a table, unless dimensions alone tell its rows apart."""
    if table.level == STATE and table.dimensions:
        return ()
    titles = {level.name: level.title for frame in release.frames for level in frame.levels}
    return (titles.get(table.level, "Place"),)


def list_labels(release: Release, table: ReleasedTable, row: ReleasedRow) -> tuple[str, ...]:
    """The labels that tell a row of a table from the others."""
    if not list_place_header(release, table):
        return row.labels
    return (name_place(name_geographies(release), table, row), *row.labels)


def name_place(
    places: Mapping[tuple[str, str], str], table: ReleasedTable, row: ReleasedRow
) -> str:
    """The label of the place of a row."""
    return places.get((table.level, row.geography), row.geography)


def _describe_row(row: ReleasedRow, labels: tuple[str, ...], largest: int, extra: str) -> RowView:
    first = find_first(row)
    if first is None:
        return RowView(labels, row.status, NO_RANGE, "", is_estimated=False)
    return RowView(
        labels,
        say_number(row, first),
        say_spread(row, first),
        draw_range(first.range90, round(first.number), largest, row.status),
        is_estimated=row.status in _NUMBERS,
        extra=extra,
    )


def say_number(row: ReleasedRow | HistoryPoint, first: First) -> str:
    """``about 24``, ``24`` where it is public, or the status of a row without a number."""
    if row.status == DECLARED_PUBLIC:
        return f"{first.number:,}"
    return f"about {round(first.number):,}" if row.status == ESTIMATED else say_status(row)


def say_spread(row: ReleasedRow | HistoryPoint, first: First) -> str:
    """The likely range of a row, or that it has none because it is public."""
    return NO_NOISE if row.status == DECLARED_PUBLIC else say_range(*first.range90)


def draw_range(likely: tuple[int, int], shown: int, largest: int, status: str) -> str:
    """A path: the range as a line, and the number, where there is one, as a mark across it."""
    low, high = (round(DRAWN_WIDTH * number / max(1, largest)) for number in likely)
    line = f"M{low} 4h{max(1, high - low)}"
    if status not in _NUMBERS:
        return line
    middle = round(DRAWN_WIDTH * shown / max(1, largest))
    return f"{line}M{min(max(middle, 1), DRAWN_WIDTH - 1)} 0v9"


def _list_extras(release: Release, table: ReleasedTable) -> tuple[str, tuple[str, ...]]:
    """The header of the last column of a table, and what stands in it for each row."""
    if has_modelled(table):
        return "Modelled; whole count", tuple(map(_say_modelled, table.rows))
    if table.declared:
        earlier = tuple(_say_earlier(release, table, row) for row in table.rows)
        return EARLIER if any(earlier) else "", earlier
    ranges = find_widened_ranges(release, table)
    widened = tuple("" if one is None else say_range(*one) for one in ranges)
    return say_allowance(release, table) if any(widened) else "", widened


def _say_earlier(release: Release, table: ReleasedTable, row: ReleasedRow) -> str:
    """The row in earlier quarters, as they are delivered by now."""
    return "; ".join(
        f"{point.period}: {point.count:,}"
        for point in release.history
        if (point.table, point.geography, point.keys) == (table.name, row.geography, row.keys)
    )


def _say_modelled(row: ReleasedRow) -> str:
    if row.modelled is None:
        return "no model"
    return f"{row.modelled:,.1f}; {row.count:,}"
