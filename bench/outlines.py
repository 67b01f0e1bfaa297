"""Outlines of a state's counties from public boundaries, in the form of a state's folder.

Run `python -m bench.outlines ATLAS FIPS COUNTIES FOLDER`: ATLAS is counties-10m.json of the npm
package us-atlas (ISC licence; the boundaries are the Census Bureau's, in the public domain), FIPS
the two digits of the state, COUNTIES its lists/counties.csv, and FOLDER takes lines.csv and
counties.csv. Lines are shared by the counties on their sides and simplified together, on a drawing
1000 wide.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WIDTH = 1000
TOLERANCE = 1.6
"""How far a point left out may lie from its line, in steps of the drawing."""

Point = tuple[int, int]


def main() -> None:
    """Write the two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("atlas", "fips", "counties", "folder"):
        parser.add_argument(name)
    given = parser.parse_args()
    with Path(given.counties).open(encoding="utf-8", newline="") as file:
        names = {row["fips"]: row["county"] for row in csv.DictReader(file)}
    own = {fips: name for fips, name in names.items() if fips[:2] == given.fips}
    write_outlines(json.loads(Path(given.atlas).read_bytes()), own, Path(given.folder))


def write_outlines(
    topology: dict[str, Any], names: Mapping[str, str], folder: Path, width: int = WIDTH
) -> None:
    """Write both files for the counties of these codes, on a drawing so many steps wide."""
    around = {
        names[shape["id"]]: [arc for ring in list_rings(shape) for arc in ring]
        for shape in topology["objects"]["counties"]["geometries"]
        if shape["id"] in names
    }
    used = sorted({max(arc, ~arc) for arcs in around.values() for arc in arcs})
    number = {arc: place for place, arc in enumerate(used)}
    lines = [simplify(line) for line in place_lines(topology, used, width)]
    write(folder / "lines.csv", ("line", "points"), list(enumerate(map(join_steps, lines))))
    write(
        folder / "counties.csv",
        ("county", "lines"),
        [
            (name, " ".join(str(number[a] if a >= 0 else ~number[~a]) for a in around[name]))
            for name in sorted(around)
        ],
    )


def list_rings(shape: dict[str, Any]) -> list[list[int]]:
    """The outer rings of a shape, as numbers of lines; ~n is line n, walked backwards."""
    arcs = shape["arcs"]
    return [arcs[0]] if shape["type"] == "Polygon" else [polygon[0] for polygon in arcs]


def place_lines(topology: dict[str, Any], used: Sequence[int], width: int) -> list[list[Point]]:
    """Lines on the drawing, north above; a degree of longitude is as wide as at the middle.

    What lies beyond the line of the date is drawn in the west.
    """
    (scale_x, scale_y), (move_x, move_y) = (
        topology["transform"][name] for name in ("scale", "translate")
    )
    degrees = []
    for arc in used:
        x = y = 0
        line = []
        for step_x, step_y in topology["arcs"][arc]:
            x, y = x + step_x, y + step_y
            east = x * scale_x + move_x
            line.append((east - 360 if east > 0 else east, y * scale_y + move_y))
        degrees.append(line)
    west, east = (f(x for line in degrees for x, _ in line) for f in (min, max))
    south, north = (f(y for line in degrees for _, y in line) for f in (min, max))
    unit = width / (east - west)
    stretch = 1 / math.cos(math.radians((south + north) / 2))
    return [
        [(round((x - west) * unit), round((north - y) * unit * stretch)) for x, y in line]
        for line in degrees
    ]


def simplify(line: Sequence[Point]) -> list[Point]:
    """A line with fewer points and the same ends (Douglas and Peucker, Cartographica 10, 1973)."""
    start, end = line[0], line[-1]
    length = math.dist(start, end)

    def measure(point: Point) -> float:
        if length == 0:
            return math.dist(start, point)
        along = (end[0] - start[0]) * (start[1] - point[1])
        across = (start[0] - point[0]) * (end[1] - start[1])
        return abs(along - across) / length

    farthest = max(range(len(line)), key=lambda place: measure(line[place]))
    if measure(line[farthest]) <= TOLERANCE:
        return [start] if start == end else [start, end]
    return [*simplify(line[: farthest + 1])[:-1], *simplify(line[farthest:])]


def join_steps(line: Sequence[Point]) -> str:
    """The first point and the steps from each to the next, as text."""
    before = ((0, 0), *line)
    steps = [(x - bx, y - by) for (x, y), (bx, by) in zip(line, before, strict=False)]
    return " ".join(f"{x} {y}" for x, y in steps)


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
