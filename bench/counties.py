"""How the split of a budget grows with places: `python -m bench.counties [--picture FILE]`.

For made-up states of 60 counties each, up to every county of the country: seconds of processor for
the least error there is (`bound_error`), and for the shares that come near it (`share_budget`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.drawing import Line, draw
from privacy.engine.frames import ROWS, Frame, Level, Marginal, Row
from privacy.engine.optimising import Demand, bound_error, share_budget

SIZES = (115, 460, 1257, 3143)
A_STATE = 60
WORKS: dict[str, Callable[[list[Demand]], object]] = {
    "bound_error": bound_error,
    "share_budget": share_budget,
}
AGES = ("0-4", "5-13", "14-17", "unknown")


def make_demands(counties: int) -> list[Demand]:
    """Give three tables: the country by age, states, and counties."""
    states = -(-counties // A_STATE)
    levels = (
        Level("country", ("all",), ()),
        Level("state", tuple(map(str, range(states))), (0,) * states),
        Level(
            "county", tuple(map(str, range(counties))), tuple(n // A_STATE for n in range(counties))
        ),
    )
    frame = Frame("children", ROWS, levels, ("age",), (AGES,), 1)
    marginals = (Marginal(0, (0,)), Marginal(1, ()), Marginal(2, ()))
    return [Demand(frame, one, _list_rows(frame, one), 1.0) for one in marginals]


def _list_rows(frame: Frame, marginal: Marginal) -> tuple[Row, ...]:
    every = tuple(range(len(AGES)))
    ages = [(age,) for age in every] if marginal.axes else [every]
    units = range(len(frame.levels[marginal.level].keys))
    return tuple(Row(marginal.level, unit, (age,)) for unit in units for age in ages)


def measure(work: Callable[[list[Demand]], object], demands: list[Demand]) -> float:
    """Give seconds of processor."""
    start = time.process_time()
    work(demands)
    return time.process_time() - start


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    words.add_argument("--picture", type=Path, help="Where to draw it, as SVG.")
    given = words.parse_args()
    table = Table("counties", *(f"{name}, s" for name in WORKS))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WORKS}
    for size in given.sizes:
        demands = make_demands(size)
        for name, work in WORKS.items():
            found[name].append((size, measure(work, demands)))
        table.add_row(f"{size:,}", *(f"{points[-1][1]:.2f}" for points in found.values()))
    if given.picture:
        lines = [Line(name, points) for name, points in found.items()]
        draw(given.picture, lines, "counties", "seconds of processor")
    Console().print(table)


if __name__ == "__main__":
    main()
