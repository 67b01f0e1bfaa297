"""A plain line chart as SVG, for figures that stand in a page of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

NAMES = "http://www.w3.org/2000/svg"
WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 20, 45
COLOURS = ("#1b1b1b", "#0b5394", "#b45f06", "#38761d", "#741b47", "#45818e", "#7f6000")


@dataclass(frozen=True)
class Line:
    """What was measured of one thing.

    Attributes:
        name: Stands at the end of its line.
        points: Place on the lower axis, and value from zero up.
    """

    name: str
    points: Sequence[tuple[float, float]]


def draw(path: Path, lines: Sequence[Line], below: str, beside: str) -> None:
    """Draw lines over two axes that begin at zero, and write the picture."""
    right = max(x for line in lines for x, _ in line.points)
    high = max(y for line in lines for _, y in line.points)
    along = (WIDTH - LEFT - RIGHT) / right
    up = (HEIGHT - TOP - BOTTOM) / high
    floor = HEIGHT - BOTTOM
    marks = sorted({x for line in lines for x, _ in line.points})
    parts = [
        f'<svg xmlns="{NAMES}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}" fill="none" stroke="#666"/>',
        *(_text(LEFT + x * along, floor + 16, f"{x:,.0f}", "middle") for x in marks),
        *(
            _text(LEFT - 6, floor - high * part * up + 4, f"{high * part:.3g}", "end")
            for part in (0, 0.5, 1)
        ),
        _text(LEFT, TOP - 6, beside, "start"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, below, "middle"),
    ]
    taken = -20.0
    for place, line in enumerate(sorted(lines, key=lambda one: -one.points[-1][1])):
        colour = COLOURS[place % len(COLOURS)]
        points = [(LEFT + x * along, floor - y * up) for x, y in line.points]
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="2"/>')
        taken = max(points[-1][1] + 4, taken + 14)
        parts.append(_text(points[-1][0] + 8, taken, line.name, "start", colour))
    path.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text font-size='12' {place}>{escape(text)}</text>"
