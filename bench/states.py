"""What the number of places costs: plan, split of the budget, reconstruction, publishing, pages.

Run `python -m bench.states --counties 115 1000 3143 [--atlas ATLAS] [--pages FOLDER] [--picture
FILE]`: the last is as many as all states have. Each size is a made-up country in a process of its
own, whose states differ in size; ATLAS is counties-10m.json of the npm package us-atlas (ISC
licence; the Census Bureau's, in the public domain), which gives names and boundaries. It prints for
each step the seconds of processor, and the most memory that Python took for it (tracemalloc, in a
run of its own, because it slows). No row is read: the same noisy number stands in every cell.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, cycle
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.drawing import Line, draw
from bench.outlines import write_outlines
from jurisdiction.folder import FOLDER, LISTS
from jurisdiction.state import read_state

STEPS = ("keys", "plan", "optimise", "reconstruct", "publish", "pages")
HEADER = ("key", "label", "description")
OPEN, TODAY = "1900-01-01", "9999-12-31"
CHILDREN = 4000
STATES = (3, 15, 30, 60, 67, 90, 120, 160)
"""Counties of made-up states, in turn."""
CIRCUITS, TROOPS = (1, 2, 3, 4), (7, 10, 13)
"""Counties of made-up circuits and areas of police, in turn, within a state."""
DETAIL = 20_000
"""Steps of the country's drawing from its west to its east."""
NOT_STATES = "60"
"""Codes from here on are of areas that are no states."""


class County(NamedTuple):
    """Its code, its name and the name of its state."""

    fips: str
    name: str
    state: str


def main() -> None:
    """Print the table, or measure one size in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=int, nargs="+", default=[115, 1000, 3143])
    parser.add_argument("--atlas", type=Path, help="Names and boundaries; made up without it.")
    parser.add_argument("--pages", type=Path, help="Where to write the pages of the last size.")
    parser.add_argument("--picture", type=Path, help="Where to draw it, as SVG.")
    parser.add_argument("--alone", choices=("time", "memory"), help="Here, as JSON.")
    given = parser.parse_args()
    if given.alone:
        sys.stdout.write(json.dumps(measure(given.alone, given.pages)))
        return
    found = {size: measure_size(size, given) for size in given.counties}
    Console().print(list_costs(found))
    if given.picture:
        lines = [
            Line(step, [(size, told["time"][step]) for size, told in found.items()])
            for step in STEPS
        ]
        draw(given.picture, lines, "counties", "seconds of processor")


def list_costs(found: dict[int, Any]) -> Table:
    """Make the table: seconds and MB of each step, and of a county of the last beside the first."""
    first, last = min(found), max(found)
    table = Table("step", *(f"{size:,} counties" for size in found), "a county, last to first")
    for step in STEPS:
        cells = [
            f"{told['time'][step]:.3f} s, {told['memory'][step]:.1f} MB" for told in found.values()
        ]
        factors = (
            found[last][what][step] / last / (found[first][what][step] / first)
            for what in ("time", "memory")
        )
        table.add_row(step, *cells, "s {:.2f}, MB {:.2f}".format(*factors))
    sizes = [told["bytes"].values() for told in found.values()]
    table.add_row("pages, number", *(f"{len(one)}" for one in sizes), "")
    table.add_row("largest, KB", *(f"{max(one) / 1000:.0f}" for one in sizes), "")
    return table


def measure_size(size: int, given: argparse.Namespace) -> dict[str, Any]:
    """Run each step of one size for its time, and again for its memory, each in a new process."""
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_room(Path(folder), list_counties(size, given.atlas), given.atlas)
        for what in ("time", "memory"):
            command = [sys.executable, "-m", "bench.states", "--alone", what]
            if given.pages and size == given.counties[-1]:
                command += ["--pages", str(given.pages)]
            ended = subprocess.run(  # noqa: S603 - this module
                command,
                check=True,
                stdout=subprocess.PIPE,
                env={**os.environ, "MOSHARE_STATE": folder, "OMP_NUM_THREADS": "1"},
            )
            told |= json.loads(ended.stdout)
    return told


def measure(what: str, pages: Path | None) -> dict[str, Any]:
    """Seconds or MB of each step for the state served, and the bytes of each page."""
    from portal.page.description import describe_pages
    from portal.page.rendering import render_page
    from privacy.engine.reconstruction import NoisyTable, Reconstruction
    from privacy.plan import Plan, make_plan
    from privacy.policy.keys import load_keys
    from privacy.policy.optimise import optimise
    from privacy.policy.policy import load_policy
    from privacy.publishing.publisher import Publisher
    from privacy.publishing.recalled import read_release
    from privacy.released import Provenance

    costs: dict[str, float] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the step makes
        if what == "memory":
            tracemalloc.start()
        began = time.process_time()
        made = work()
        costs[name] = time.process_time() - began
        if what == "memory":
            costs[name] = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
        return made

    def reconstruct(plan: Plan) -> None:
        for frame in plan.frames:
            tables = [
                NoisyTable(one.marginal, float(one.scale), drawn[one.name])
                for one in frame.measurements
            ]
            if tables:
                made = Reconstruction(frame.frame, tables)
                for one in frame.measurements:
                    made.estimate(one.marginal)

    policy = load_policy()
    keys = step("keys", lambda: load_keys(LISTS, policy))
    strategy = step("optimise", lambda: optimise(policy, keys))
    plan = step("plan", lambda: make_plan("2025Q4", policy, keys, strategy, ""))
    drawn = {one.name: [9] * one.cell_count for frame in plan.frames for one in frame.measurements}
    step("reconstruct", lambda: reconstruct(plan))
    sources = tuple((agency, "full") for agency in sorted(policy.sources))
    publisher = Publisher(plan)
    content = step(
        "publish", lambda: publisher.publish(drawn, Provenance(sources, is_simulated=True))
    )
    release = read_release({**content, "drawn_at": "2026-01-15T11:00:00Z", "ledger_head": "0" * 64})
    files = step(
        "pages", lambda: {path: render_page(page) for path, page in describe_pages(release)}
    )
    if pages:
        pages.mkdir(parents=True, exist_ok=True)
        for path, page in files.items():
            (pages / path).write_bytes(page)
    ordered = {name: costs[name] for name in STEPS}
    return {what: ordered, "bytes": {path: len(page) for path, page in files.items()}}


def list_counties(size: int, atlas: Path | None) -> list[County]:
    """The first counties of the atlas by their codes, or made-up ones."""
    if atlas:
        objects = json.loads(atlas.read_bytes())["objects"]
        states = {one["id"]: one["properties"]["name"] for one in objects["states"]["geometries"]}
        counties = sorted(
            (one["id"], one["properties"]["name"])
            for one in objects["counties"]["geometries"]
            if one["id"] < NOT_STATES
        )
        return [
            County(fips, f"{name}, {states[fips[:2]]} ({fips})", states[fips[:2]])
            for fips, name in counties[:size]
        ]
    numbers = list(group(size, STATES))
    within = list(accumulate_within(numbers))
    return [
        County(f"{state:02d}{place:03d}", f"County {number}", f"State {state}")
        for number, (state, place) in enumerate(zip(numbers, within, strict=True))
    ]


def group(size: int, sizes: Sequence[int]) -> Iterator[int]:
    """The number of the group of each of so many things, whose sizes come in turn."""
    ends = list(accumulate(one for one, _ in zip(cycle(sizes), range(size), strict=False)))
    number = 0
    for place in range(size):
        number += place >= ends[number]
        yield number


def accumulate_within(groups: Sequence[int]) -> Iterator[int]:
    """The place of each thing in its group."""
    seen: dict[int, int] = {}
    for one in groups:
        yield seen.setdefault(one, 0)
        seen[one] += 1


def write_room(folder: Path, counties: Sequence[County], atlas: Path | None) -> None:
    """Write the folder of a made-up country; what is no place is that of the state served."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    (folder / "strategy.json").unlink(missing_ok=True)
    states = dict.fromkeys((one.fips[:2], one.state) for one in counties)
    for path in (folder / "state.toml", folder / "lists" / "state.csv"):
        path.write_text(path.read_text("utf-8").replace(read_state().name, "All states"), "utf-8")
    with (folder / "state.toml").open("a", encoding="utf-8") as file:
        file.write("\n[states]\n")
        file.writelines(f'"{code}" = "{name}"\n' for code, name in states)
    places: dict[str, list[str]] = {"region": [], "circuit": [], "troop": [], "county": []}
    for _, state in states:
        own = [one for one in counties if one.state == state]
        places["region"] += [state] * len(own)
        places["county"] += [one.name for one in own]
        for level, sizes in (("circuit", CIRCUITS), ("troop", TROOPS)):
            places[level] += [f"{level} {one} of {state}" for one in group(len(own), sizes)]
    outside = list(list_ends())
    for level, listed in places.items():
        keys = dict.fromkeys(listed)
        lines = [HEADER, *((key, key, key) for key in keys), *outside]
        write(folder / "lists" / f"{level}.csv", lines)
    levels = ("region", "circuit", "troop")
    lines = [("fips", "county", *levels, "child_population_2019", "valid_from", "valid_to")]
    for number, one in enumerate(counties):
        above = (places[level][number] for level in levels)
        lines.append((one.fips, one.name, *above, str(CHILDREN), OPEN, TODAY))
    write(folder / "lists" / "counties.csv", lines)
    if atlas:
        names = {one.fips: one.name for one in counties}
        write_outlines(json.loads(atlas.read_bytes()), names, folder / "outlines", DETAIL)
    else:
        write(folder / "outlines" / "counties.csv", [("county", "lines")])


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
