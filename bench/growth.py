"""What a quarter costs as the vault fills: `python -m bench.growth [4 16 40] [--picture FILE]`.

For each number of quarters: all their simulated deliveries are taken in, none of them is released,
and the last quarter is built twice in one process. Printed are seconds of processor of the second
time, by part, this process and dbt's together, and the ratio to the smallest vault. Parsing dbt's
project and importing it are in the first time alone; Dagster and the drawing of the release, which
know nothing of earlier quarters' records, are in neither.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.drawing import Line, draw
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.dbt_process import KEPT
from orchestration.steps.dbt_steps import CORE, RELEASE_INPUT, STAGING, run_dbt_step
from orchestration.steps.linking import link_quarter
from orchestration.steps.quality import record_quality
from orchestration.steps.simulated import deliver_simulated
from sources.ingest import ingest
from sources.quarters import Quarter

LAST = Quarter(2025, 4)
SIZES = (4, 16, 40)
SEED = 7


def list_quarters(count: int) -> list[Quarter]:
    """Give so many quarters, of which `LAST` is the last, earliest first."""
    ends = 4 * LAST.year + LAST.number
    return [Quarter(*divmod_from_one(place)) for place in range(ends - count + 1, ends + 1)]


def divmod_from_one(place: int) -> tuple[int, int]:
    """Give year and number of a quarter by its place among all."""
    year, number = divmod(place - 1, 4)
    return year, number + 1


def used() -> float:
    """Seconds of processor of this process and of dbt's, so far."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    seconds = own.ru_utime + own.ru_stime
    child = KEPT.process_number
    if child is not None:
        told = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()
        seconds += (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def list_parts(settings: Settings) -> dict[str, Callable[[], object]]:
    """What is done for the last quarter, after its deliveries were taken in."""
    return {
        "staging": lambda: run_dbt_step(STAGING, LAST, settings),
        "linking": lambda: link_quarter(LAST, settings),
        "core": lambda: run_dbt_step(CORE, LAST, settings),
        "release input": lambda: run_dbt_step(RELEASE_INPUT, LAST, settings),
        "quality": lambda: record_quality(LAST, settings),
    }


def measure(count: int, scale: float, home: Path) -> dict[str, float]:
    """Fill a vault with so many quarters, and give the cost of its last one by part, seconds."""
    settings = Settings(home)
    prepare_process(settings)
    quarters = list_quarters(count)
    delivered = deliver_simulated(settings, quarters, seed=SEED, scale=scale)
    start = used()
    for folder in delivered:
        ingest(settings.zones, folder.parent.name, folder.name)
    seconds = {"taking in": (used() - start) / count}
    parts = list_parts(settings)
    for work in parts.values():
        work()
    for name, work in parts.items():
        start = used()
        work()
        seconds[name] = used() - start
    KEPT.stop()
    return seconds


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("sizes", nargs="*", type=int, default=SIZES)
    words.add_argument(
        "--scale", type=float, default=1.0, help="Size of the state, 1 for Missouri."
    )
    words.add_argument("--picture", type=Path, help="Where to draw it, as SVG.")
    given = words.parse_args()
    found = {}
    for count in given.sizes:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found[count] = measure(count, given.scale, Path(folder) / "home")
        Console().log(f"{count} quarters ({time.perf_counter() - start:.0f} s)")
    show(found)
    if given.picture:
        lines = [
            Line(part, [(count, costs[part]) for count, costs in found.items()])
            for part in found[given.sizes[0]]
        ]
        total = Line("all", [(count, sum(costs.values())) for count, costs in found.items()])
        draw(given.picture, [total, *lines], "quarters in the vault", "seconds of processor")


def show(found: dict[int, dict[str, float]]) -> None:
    """Print one column for each vault, and the ratio of the last to the first."""
    first, last = next(iter(found.values())), list(found.values())[-1]
    table = Table("seconds of processor", *(f"{count} quarters" for count in found), "ratio")
    for part, seconds in first.items():
        cells = [f"{costs[part]:.2f}" for costs in found.values()]
        table.add_row(part, *cells, f"{last[part] / max(seconds, 0.01):.2f}")
    totals = [sum(costs.values()) for costs in found.values()]
    table.add_row("all", *(f"{one:.2f}" for one in totals), f"{totals[-1] / totals[0]:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
