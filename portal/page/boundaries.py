"""Outlines of the state's counties, and of what they make together, as paths of a drawing.

Here: public boundaries (simplified to whole steps on a drawing 1000 wide), read from two of the
state's files: lines, each shared by the places on its sides, and the lines around each county.
Where the folder holds several states, one of them alone is drawn as wide. Not here: what is drawn
in a place (``maps``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from types import MappingProxyType

from jurisdiction.folder import OUTLINES, list_counties, read_table

LEVELS = ("county", "circuit", "region", "troop")
WIDTH = 1000
"""Steps of a drawing from its west to its east."""

Point = tuple[int, int]


@dataclass(frozen=True)
class Outline:
    """A place on the map: its path, and the middle of its largest part with that part's size."""

    path: str
    middle: Point
    area: float


@cache
def read_outlines(level: str, state: str = "") -> Mapping[str, Outline]:
    """Key to outline of every place of a level on the map, of all or of one state by its code."""
    lines = _place_lines(state)
    around: dict[str, list[int]] = {}
    place_of = {county["county"]: county[level] for county in list_counties()}
    for county, numbers in _list_lines(state):
        around.setdefault(place_of[county], []).extend(numbers)
    drawn = {key: _join(_keep_outer(numbers), lines) for key, numbers in around.items()}
    return MappingProxyType({key: _draw(rings) for key, rings in drawn.items() if rings})


def find_height(state: str = "") -> int:
    """How high the drawing of all or of one state is."""
    return max((y for line in _place_lines(state).values() for _, y in line), default=0)


def _list_lines(state: str) -> Iterator[tuple[str, list[int]]]:
    """The lines around each county, of all or of one state."""
    fips = {county["county"]: county["fips"] for county in list_counties()}
    for county in read_table(OUTLINES / "counties.csv"):
        if fips[county["county"]].startswith(state):
            yield county["county"], list(map(int, county["lines"].split()))


@cache
def _place_lines(state: str) -> Mapping[int, list[Point]]:
    """The lines of a drawing by their number, from its north-west corner and as wide as it is."""
    used = {number if number >= 0 else ~number for _, own in _list_lines(state) for number in own}
    lines = {number: line for number, line in enumerate(_read_lines()) if number in used}
    points = [point for line in lines.values() for point in line]
    if not points:
        return MappingProxyType({})
    (west, east), north = (f(x for x, _ in points) for f in (min, max)), min(y for _, y in points)
    scale = WIDTH / (east - west)
    return MappingProxyType(
        {
            number: _leave_out_repeated(
                [(round((x - west) * scale), round((y - north) * scale)) for x, y in line]
            )
            for number, line in lines.items()
        }
    )


def _leave_out_repeated(line: Sequence[Point]) -> list[Point]:
    return [point for point, _ in groupby(line)]


@cache
def _read_lines() -> list[list[Point]]:
    lines = []
    for entry in read_table(OUTLINES / "lines.csv"):
        numbers = [int(number) for number in entry["points"].split()]
        x, y = 0, 0
        points = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
        lines.append(points)
    return lines


def _keep_outer(numbers: Iterable[int]) -> list[int]:
    """Lines with another place on their other side; ~n is line n, walked backwards."""
    walked = Counter(numbers)
    return list((walked - Counter({~number: times for number, times in walked.items()})).elements())


def _join(numbers: Sequence[int], lines: Mapping[int, Sequence[Point]]) -> list[list[Point]]:
    """Closed rings of lines that follow one another."""
    rest = [lines[n] if n >= 0 else lines[~n][::-1] for n in numbers]
    rest = [line for line in rest if len(line) > 1]
    rings = []
    while rest:
        ring = list(rest.pop(0))
        while ring[-1] != ring[0]:
            following = next(place for place, line in enumerate(rest) if line[0] == ring[-1])
            ring += rest.pop(following)[1:]
        rings.append(ring[:-1])
    return [ring for ring in rings if _measure_twice(ring)]


def _draw(rings: Sequence[Sequence[Point]]) -> Outline:
    largest = max(rings, key=lambda ring: abs(_measure(ring)[0]))
    area, middle = _measure(largest)
    return Outline("".join(map(_draw_ring, rings)), middle, abs(area))


def _measure_twice(ring: Sequence[Point]) -> int:
    """Twice the signed area of a ring; 0 where it is too small to be drawn."""
    return sum(
        ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True)
    )


def _draw_ring(ring: Sequence[Point]) -> str:
    steps = (f"{to[0] - start[0]} {to[1] - start[1]}" for start, to in pairwise(ring))
    return f"M{ring[0][0]} {ring[0][1]}l{' '.join(steps)}z".replace(" -", "-")


def _measure(ring: Sequence[Point]) -> tuple[float, Point]:
    """Signed area and centroid of a ring."""
    area, x, y = _measure_twice(ring) / 2, 0.0, 0.0
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = ax * by - bx * ay
        x += (ax + bx) * cross / 6
        y += (ay + by) * cross / 6
    return area, (round(x / area), round(y / area))
