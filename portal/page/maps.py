"""Maps of a release: one for each table of places, shaded by number and by pattern.

Here: which tables are drawn, how dark a place is, and what is written on it. Not here: outlines
(``boundaries``) and how patterns look (``templates/release_maps.html``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.page.boundaries import LEVELS, Outline, read_outlines
from portal.page.rows import name_place, say_number
from portal.ranges import find_first
from portal.tables import name_geographies
from portal.wording import say_range
from privacy.released import ESTIMATED, Release, ReleasedRow, ReleasedTable

STEPS = 4
"""Shades of places that have a number; pale is a fifth, for the others."""
FEW_PLACES = 12
"""Up to so many places all are labelled; beyond, only those that have a number."""
SMALL = 1500.0
"""Area of a place, in steps of the drawing squared, below which its number stands beside it."""
MOST_MAPS = 2
"""Maps of one table at most; a table with more kinds of rows is left to its rows."""


@dataclass(frozen=True)
class PlaceView:
    """One place: the number of its outline, its shade (0 is pale), and what is written on it."""

    outline: int
    shade: int
    label: str
    x: int
    y: int
    is_beside: bool


@dataclass(frozen=True)
class MapView:
    """One map; `legend` holds each shade with its numbers in words, `elsewhere` unmapped places."""

    name: str
    title: str
    table: str
    table_title: str
    unit: str
    level: str
    places: tuple[PlaceView, ...]
    legend: tuple[tuple[int, str], ...]
    elsewhere: tuple[str, ...]
    pale_count: int
    is_of_counties: bool

    @property
    def is_fine(self) -> bool:
        """Whether the map has many places, and needs room."""
        return len(self.places) > FEW_PLACES


@dataclass(frozen=True)
class LevelOutlines:
    """Outlines of a level: paths of places by their number, and one path of all others."""

    level: str
    places: tuple[tuple[int, str], ...]
    rest: str


def list_maps(release: Release, state: str = "") -> tuple[MapView, ...]:
    """The maps of a release, in the order of its tables; of one state where its code is given."""
    return tuple(
        _draw_map(release, table, labels, rows, read_outlines(table.level, state))
        for table in release.tables
        if table.level in LEVELS
        for groups in [_group_rows(table)]
        if len(groups) <= MOST_MAPS
        and any(row.geography in read_outlines(table.level, state) for row in table.rows)
        for labels, rows in groups
    )


def list_outlines(maps: Sequence[MapView], state: str = "") -> tuple[LevelOutlines, ...]:
    """What maps need of each level, written down once: places that any map shades, and the rest."""
    shaded: dict[str, set[int]] = {}
    for one in maps:
        shaded.setdefault(one.level, set()).update(
            place.outline for place in one.places if place.shade
        )
    drawn = []
    for level, places in shaded.items():
        paths = [outline.path for outline in read_outlines(level, state).values()]
        rest = "".join(path for place, path in enumerate(paths) if place not in places)
        drawn.append(LevelOutlines(level, tuple((one, paths[one]) for one in sorted(places)), rest))
    return tuple(drawn)


def _group_rows(table: ReleasedTable) -> list[tuple[tuple[str, ...], list[ReleasedRow]]]:
    groups: dict[tuple[str, ...], list[ReleasedRow]] = {}
    for row in table.rows:
        groups.setdefault(row.labels, []).append(row)
    return list(groups.items())


def _draw_map(
    release: Release,
    table: ReleasedTable,
    labels: tuple[str, ...],
    rows: Sequence[ReleasedRow],
    outlines: Mapping[str, Outline],
) -> MapView:
    on_map = [row for row in rows if row.geography in outlines]
    known = [_find_number(row) for row in on_map if row.status == ESTIMATED]
    bounds = find_steps(max(known)) if known else ()
    order = {key: place for place, key in enumerate(outlines)}
    places = name_geographies(release)
    has_few = len(outlines) <= FEW_PLACES
    views = tuple(
        _draw_place(row, order[row.geography], outlines[row.geography], bounds, has_few=has_few)
        for row in on_map
    )
    title = table.title.removesuffix(f" ({table.unit})")
    suffix = f": {', '.join(labels).lower()}" if labels else ""
    return MapView(
        name="-".join(("map", table.name, *(label.lower().replace(" ", "-") for label in labels))),
        title=f"{title}{suffix}",
        table=table.name,
        table_title=table.title,
        unit=table.unit,
        level=table.level,
        places=views,
        legend=_describe_legend(bounds),
        elsewhere=tuple(
            f"{name_place(places, table, row)}: {_say(row)}"
            for row in rows
            if row.geography not in outlines
        ),
        pale_count=sum(view.shade == 0 for view in views),
        is_of_counties=table.level == "county",
    )


def find_steps(largest: int) -> tuple[int, ...]:
    """Upper ends of the shades: equal steps up to the largest number, fewer if it is small."""
    return tuple(dict.fromkeys(math.ceil(largest * step / STEPS) for step in range(1, STEPS + 1)))


def _find_shade(row: ReleasedRow, bounds: Sequence[int]) -> int:
    if row.status != ESTIMATED:
        return 0
    shown = _find_number(row)
    place = next(place for place, end in enumerate(bounds) if shown <= end)
    return STEPS - len(bounds) + place + 1


def _draw_place(
    row: ReleasedRow, number: int, outline: Outline, bounds: Sequence[int], *, has_few: bool
) -> PlaceView:
    shade = _find_shade(row, bounds)
    x, y = outline.middle
    is_beside = outline.area < SMALL and shade > 0
    label = _write_label(row) if shade or has_few else ""
    return PlaceView(number, shade, label, x, y, is_beside)


def _write_label(row: ReleasedRow) -> str:
    if row.status == ESTIMATED:
        return f"{_find_number(row):,}"
    first = find_first(row)
    return f"0–{first.high90:,}" if first else ""


def _find_number(row: ReleasedRow) -> int:
    """The whole number of a row on a map."""
    first = find_first(row)
    return round(first.number) if first else 0


def _describe_legend(bounds: Sequence[int]) -> tuple[tuple[int, str], ...]:
    first = STEPS - len(bounds) + 1
    lows = [1, *(end + 1 for end in bounds)][: len(bounds)]
    return tuple(
        (first + place, say_range(low, high) if low < high else f"{high:,}")
        for place, (low, high) in enumerate(zip(lows, bounds, strict=True))
    )


def _say(row: ReleasedRow) -> str:
    first = find_first(row)
    if first is None:
        return row.status
    return f"{say_number(row, first)}, likely {say_range(*first.range90)}"
