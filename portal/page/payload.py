"""The numbers of a release as the page's scripts read them: small, and all of them released.

Here: rows with their positions, precisions of frames, and earlier quarters, as one JSON value. Not
here: what scripts make of them (``templates/release_*.js``). Numbers in tenths are whole here.

Form: ``geographies``: parents of each level, levels from the top. ``frames``: its geography, sizes,
precisions, the frames whose quarters it sums, and the frame, places and covariance of cells that
are another frame's rows. ``noises``: deviation and margin. ``columns``: of a data file before and
after the dimensions of its table, and of modelled numbers. ``tables``: a
row is [place, unit, kind, estimate, count, status, noise, modelled...]; place, status and noise are
numbers of lists, kind one of the table's kinds of rows (labels, and which keys it sums).
``earlier``: periods of a table, and ``past``: for each of its rows, by those periods, lists of
estimates, counts, statuses, noises and, where there are any, modelled numbers; a status or noise
that is the same in all of them stands alone. ``dispersion``: of counts, as ``portal.chance`` has
it. ``looks`` and ``cutOff``: how many changes of the release are looked at, and up to which
probability they are called real.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from portal.chance import DISPERSION
from portal.changed import Changes
from portal.page.rows import list_labels
from portal.tables import MEASURES, MODELLED, WHERE, has_modelled, name_geographies
from privacy.released import (
    ANNUAL,
    FOUR_QUARTERS,
    QUARTERLY,
    HistoryPoint,
    Release,
    ReleasedFrame,
    ReleasedRow,
    ReleasedSameRows,
    ReleasedTable,
)

MOST_EARLIER = {QUARTERLY: 7, ANNUAL: 2}
"""Earlier periods with which a row can be compared, the latest."""
DIGITS = 6
"""Significant digits of precisions and deviations."""

Item = TypeVar("Item")
Number = int | float | str | None


class _Register(list[Item]):
    """A list that gives each thing one number; things are equal where they are written equally."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[str, int] = {}

    def number(self, item: Item) -> int:
        number = self._numbers.setdefault(repr(item), len(self))
        if number == len(self):
            self.append(item)
        return number


class _Lists:
    """What is said once and then called by its number."""

    def __init__(self) -> None:
        self.geographies: _Register[list[list[int]]] = _Register()
        self.noises: _Register[list[float | None]] = _Register()
        self.places: _Register[str] = _Register()
        self.statuses: _Register[str] = _Register()

    def number_noise(self, row: ReleasedRow | HistoryPoint) -> int:
        """The number of a row's deviation and margin."""
        return self.noises.number([_shorten(row.deviation), _count_tenths(row.moe90)])


def write_payload(release: Release, changes: Changes) -> str:
    """The JSON text of a release for its page, safe inside a script element."""
    text = json.dumps(describe_payload(release, changes), separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")


def describe_payload(release: Release, changes: Changes) -> dict[str, Any]:
    """The value that the scripts read."""
    lists = _Lists()
    return {
        "release": release.release_id,
        "dispersion": DISPERSION,
        "looks": len(changes.changes),
        "cutOff": changes.cut_off,
        "frames": [_describe_frame(release, frame, lists) for frame in release.frames],
        "tables": [_describe_table(release, table, lists) for table in release.tables],
        "geographies": lists.geographies,
        "noises": lists.noises,
        "columns": [list(WHERE), list(MEASURES), list(MODELLED)],
        "places": lists.places,
        "statuses": lists.statuses,
    }


def _describe_frame(release: Release, frame: ReleasedFrame, lists: _Lists) -> dict[str, Any]:
    bases = {one.frame for one in frame.year_sums}
    return {
        "geography": lists.geographies.number([list(level.parents) for level in frame.levels]),
        "sizes": list(frame.sizes),
        "precisions": [
            [list(space), [_shorten(value) for value in values]]
            for space, values in frame.precisions
        ],
        "summed": [place for place, one in enumerate(release.frames) if one.name in bases],
        "same": _describe_same_rows(release, frame.same_rows),
    }


def _describe_same_rows(release: Release, same: ReleasedSameRows | None) -> list[Any] | None:
    if same is None:
        return None
    place = [one.name for one in release.frames].index(same.frame)
    return [place, list(same.places), _shorten(same.covariance)]


def _describe_table(release: Release, table: ReleasedTable, lists: _Lists) -> dict[str, Any]:
    names = name_geographies(release)
    kinds: _Register[list[Any]] = _Register()
    positions = table.positions or ((0, ()),) * len(table.rows)
    rows: list[list[Number]] = []
    for row, (unit, axes) in zip(table.rows, positions, strict=True):
        place = names.get((table.level, row.geography), row.geography)
        kind = kinds.number([list(row.labels), [list(axis) for axis in axes]])
        numbers = (_count_tenths(row.estimate), row.count, lists.statuses.number(row.status))
        modelled = _list_modelled(row) if has_modelled(table) else ()
        where = (lists.places.number(place), unit, kind)
        rows.append([*where, *numbers, lists.number_noise(row), *modelled])
    frame, level = _find_frame(release, table)
    return {
        "name": table.name,
        "title": table.title,
        "unit": table.unit,
        "period": table.period,
        "dimensions": list(table.dimensions),
        "isPlaced": len(list_labels(release, table, table.rows[0])) > len(table.dimensions),
        "frame": frame,
        "level": level,
        "kinds": kinds,
        "rows": rows,
        **_describe_past(release, table, lists),
    }


def _find_frame(release: Release, table: ReleasedTable) -> tuple[int, int]:
    """Numbers of the frame and of the level of a table, -1 where no covariance is known."""
    if table.cadence == FOUR_QUARTERS or not table.positions:
        return -1, -1
    number = [frame.name for frame in release.frames].index(str(table.frame))
    levels = [level.name for level in release.frames[number].levels]
    return number, levels.index(table.level)


def _list_modelled(row: ReleasedRow) -> Sequence[float | None]:
    return [getattr(row, name) for name in MODELLED]


def _describe_past(release: Release, table: ReleasedTable, lists: _Lists) -> dict[str, Any]:
    """Earlier periods of the rows of a table."""
    points: dict[tuple[str, tuple[str, ...]], dict[str, HistoryPoint]] = {}
    for point in release.history:
        if point.table == table.name and point.estimate is not None:
            points.setdefault((point.geography, point.keys), {})[point.period] = point
    periods = sorted({period for found in points.values() for period in found})
    periods = periods[-MOST_EARLIER.get(table.cadence, 0) :]
    if not periods:
        return {"earlier": [], "past": []}
    past = [
        _list_moments([found.get(period) for period in periods], lists)
        for row in table.rows
        for found in [points.get((row.geography, row.keys), {})]
    ]
    return {"earlier": periods, "past": past}


def _list_moments(
    points: Sequence[HistoryPoint | None], lists: _Lists
) -> list[list[Number] | Number]:
    moments: list[tuple[Number, ...]] = [
        (None,) * 5
        if point is None
        else (
            _count_tenths(point.estimate),
            point.count,
            lists.statuses.number(point.status),
            lists.number_noise(point),
            point.modelled,
        )
        for point in points
    ]
    estimates, counts, statuses, noises, modelled = (
        list(column) for column in zip(*moments, strict=True)
    )
    columns = [estimates, counts, _say_once(statuses), _say_once(noises)]
    return [*columns, modelled] if any(one is not None for one in modelled) else columns


def _say_once(column: list[Number]) -> list[Number] | Number:
    return column[0] if len(set(column)) == 1 else column


def _count_tenths(number: float | None) -> int | None:
    return None if number is None else round(10 * number)


def _shorten(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.{DIGITS}g}")
