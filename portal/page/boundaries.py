"""Outlines of the state's counties, and of what they make together, as paths of a drawing.

Here: public boundaries (simplified to whole steps on a drawing 1000 wide), read from two of the
state's files: lines, each shared by the places on its sides, and the lines around each county. Not
here: what is drawn in a place (``maps``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from jurisdiction.folder import OUTLINES, list_counties, read_table

LEVELS = ("county", "circuit", "region", "troop")

Point = tuple[int, int]


@dataclass(frozen=True)
class Outline:
    """A place on the map: its path, and the middle of its largest part with that part's size."""

    path: str
    middle: Point
    area: float


@cache
def read_outlines(level: str) -> Mapping[str, Outline]:
    """Key to outline of every place of a level that is on the map."""
    lines = _read_lines()
    around: dict[str, list[int]] = {}
    place_of = {county["county"]: county[level] for county in list_counties()}
    for county in read_table(OUTLINES / "counties.csv"):
        place = place_of[county["county"]]
        around.setdefault(place, []).extend(map(int, county["lines"].split()))
    return MappingProxyType(
        {key: _draw(_join(_keep_outer(numbers), lines)) for key, numbers in around.items()}
    )


def find_height() -> int:
    """How high the drawing of the state is."""
    return max((y for line in _read_lines() for _, y in line), default=0)


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
    listed = list(numbers)
    used = Counter(number if number >= 0 else ~number for number in listed)
    return [number for number in listed if used[number if number >= 0 else ~number] == 1]


def _join(numbers: Sequence[int], lines: Sequence[Sequence[Point]]) -> list[list[Point]]:
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
    return rings


def _draw(rings: Sequence[Sequence[Point]]) -> Outline:
    largest = max(rings, key=lambda ring: abs(_measure(ring)[0]))
    area, middle = _measure(largest)
    return Outline("".join(map(_draw_ring, rings)), middle, abs(area))


def _draw_ring(ring: Sequence[Point]) -> str:
    steps = (f"{to[0] - start[0]} {to[1] - start[1]}" for start, to in pairwise(ring))
    return f"M{ring[0][0]} {ring[0][1]}l{' '.join(steps)}z".replace(" -", "-")


def _measure(ring: Sequence[Point]) -> tuple[float, Point]:
    """Signed area and centroid of a ring."""
    area = x = y = 0.0
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = ax * by - bx * ay
        area += cross / 2
        x += (ax + bx) * cross / 6
        y += (ay + by) * cross / 6
    return area, (round(x / area), round(y / area))
