"""What the number of places costs, from the split of the budget to the page.

Run `python -m bench.states --counties 115 1000 3143`: the last is as many as all states have. Each
size is a made-up country of its own process: regions of about 60 counties, circuits of about 2.5,
areas of police of about 10, as many children in each county. It prints
seconds of processor and the most memory
so far after each step, and the bytes of the page. No row is read: the same noisy number stands in
every cell.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jurisdiction.folder import LISTS

STEPS = ("keys", "optimise", "plan", "publish", "page")
HEADER = ("key", "label", "description")
LEVELS = {"region": 60.0, "circuit": 2.5, "troop": 10.0}
"""Counties in a place of each level."""
OPEN, TODAY = "1900-01-01", "9999-12-31"
CHILDREN = 4000


def main() -> None:
    """Print the table, or measure one size in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=int, nargs="+", default=[115, 1000, 3143])
    parser.add_argument("--alone", type=int, help="One size, in this process, as JSON.")
    given = parser.parse_args()
    if given.alone:
        sys.stdout.write(json.dumps(measure(given.alone)))
        return
    table = Table(title="Seconds of processor of each step, and MB in use after it at most")
    for heading in ("counties", *STEPS, "page, KB"):
        table.add_column(heading, justify="right")
    for size in given.counties:
        command = [sys.executable, "-m", "bench.states", "--alone", str(size)]
        ended = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - this module
        told = json.loads(ended.stdout)
        cells = (f"{told[step][0]:.1f} s, {told[step][1]:.0f}" for step in STEPS)
        table.add_row(f"{size:,}", *cells, f"{told['bytes'] / 1000:,.0f}")
    Console().print(table)


def measure(size: int) -> dict[str, Any]:
    """Seconds and memory of each step for a country of so many counties."""
    from portal.page.description import describe_page
    from portal.page.rendering import render_page
    from privacy.plan import make_plan
    from privacy.policy.keys import load_keys
    from privacy.policy.optimise import optimise
    from privacy.policy.policy import load_policy
    from privacy.publishing.publisher import Publisher
    from privacy.publishing.recalled import read_release
    from privacy.released import Provenance

    told: dict[str, Any] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the step makes
        began = time.process_time()
        made = work()
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        told[name] = (time.process_time() - began, used)
        return made

    policy = load_policy()
    with tempfile.TemporaryDirectory() as folder:
        write_lists(Path(folder), size)
        keys = step("keys", lambda: load_keys(Path(folder), policy))
    strategy = step("optimise", lambda: optimise(policy, keys))
    plan = step("plan", lambda: make_plan("2025Q4", policy, keys, strategy, ""))
    drawn = {one.name: [9] * one.cell_count for frame in plan.frames for one in frame.measurements}
    sources = tuple((agency, "full") for agency in sorted(policy.sources))
    publisher = Publisher(plan)
    content = step(
        "publish", lambda: publisher.publish(drawn, Provenance(sources, is_simulated=True))
    )
    release = read_release({**content, "drawn_at": "2026-01-15T11:00:00Z", "ledger_head": "0" * 64})
    told["bytes"] = len(step("page", lambda: render_page(describe_page(release))))
    return told


def write_lists(folder: Path, size: int) -> None:
    """Write the public lists of a made-up country; dimensions are those of the state served."""
    for path in LISTS.glob("*.csv"):
        shutil.copy(path, folder)
    outside = list(list_ends())
    places = {
        level: [f"{level} {int(number / within)}" for number in range(size)]
        for level, within in LEVELS.items()
    }
    names = [f"County {number}" for number in range(size)]
    for level, listed in (*places.items(), ("county", names)):
        keys = dict.fromkeys(listed)
        write(folder / f"{level}.csv", [HEADER, *((key, key, key) for key in keys), *outside])
    head = ("fips", "county", *LEVELS, "child_population_2019", "valid_from", "valid_to")
    lines = [
        (f"{number:05d}", name, *(places[level][number] for level in LEVELS), CHILDREN, OPEN, TODAY)
        for number, name in enumerate(names)
    ]
    write(folder / "counties.csv", [head, *lines])


def list_ends() -> Iterator[tuple[str, ...]]:
    """The keys of what lies elsewhere and of what is unknown, as the state's list has them."""
    with (LISTS / "county.csv").open(encoding="utf-8", newline="") as file:
        yield from map(tuple, list(csv.reader(file))[-2:])


def write(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
