"""What a quarter costs: `python -m bench.quarter [--beside CHECKOUT] [--pairs 3]`.

Seconds of processor and of the clock, of this checkout and, alternately in one go, of another one
that is installed: a lone quarter with its steps, four quarters in one process (the demo), and the
commands that everybody waits for. Numbers of two checkouts are comparable, whatever else runs.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parents[1]
STEP = re.compile(r"done (\S+) \(([0-9.]+) s\)")
APPROVE = """
import importlib, pathlib, sys
def find(*names):
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            pass
approving = find("orchestration.steps.approving", "orchestration.approving")
settings = find("orchestration.hub.settings", "orchestration.settings")
from sources.quarters import Quarter
approving.approve_for_demo(Quarter(2025, 1), settings.Settings(pathlib.Path(sys.argv[1])))
"""

Costs = dict[str, tuple[float, float]]
"""Seconds of processor and of the clock, by what was done."""


def call(checkout: Path, home: Path, program: str, *words: str) -> tuple[str, float, float]:
    """Run a program of a checkout; gives what it told, and seconds of processor and clock."""
    with tempfile.TemporaryFile("w+") as told:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [str(checkout / ".venv" / "bin" / program), *words],
            env={**os.environ, "MOSHARE_HOME": str(home)},
            cwd=checkout,
            stdout=subprocess.DEVNULL,
            stderr=told,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        told.seek(0)
        text = told.read()
    if status:
        raise RuntimeError(text)
    return text, usage.ru_utime + usage.ru_stime, seconds


def measure_quarter(checkout: Path, home: Path) -> Costs:
    """Measure a lone quarter; of its steps only the clock is known."""
    call(checkout, home, "moshare", "simulate", "2025Q1")
    call(checkout, home, "python", "-c", APPROVE, str(home))
    told, processor, clock = call(checkout, home, "moshare", "run", "--quarter", "2025Q1")
    steps = {f"  {step}": (float("nan"), float(took)) for step, took in STEP.findall(told)}
    costs = {"lone quarter": (processor, clock), **steps}
    shown = home / "releases"
    for name, words in {
        "moshare --help": ["--help"],
        "moshare verify": ["verify", str(shown / "2025Q1"), "--key", str(shown / "moshare.pub")],
    }.items():
        _, processor, clock = call(checkout, home, "moshare", *words)
        costs[name] = (processor, clock)
    return costs


def measure_demo(checkout: Path, home: Path) -> Costs:
    """Measure four quarters in one process."""
    _, processor, clock = call(checkout, home, "moshare", "demo")
    return {"demo, four quarters": (processor, clock)}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--beside", type=Path, help="Another checkout with a .venv.")
    words.add_argument("--pairs", type=int, default=1)
    words.add_argument("--demo", action="store_true", help="Measure the demo too.")
    given = words.parse_args()
    console = Console(width=120)
    checkouts = {"now": HERE} | ({"before": given.beside.resolve()} if given.beside else {})
    found: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for pair in range(given.pairs):
        for name, checkout in checkouts.items():
            console.log(f"pair {pair + 1} of {given.pairs}: {name}")
            with tempfile.TemporaryDirectory() as folder:
                costs = measure_quarter(checkout, Path(folder) / "home")
                if given.demo:
                    costs |= measure_demo(checkout, Path(folder) / "demo")
            for what, cost in costs.items():
                found[what][name].append(cost)
    console.print(_tabulate(found, list(checkouts)))


def _tabulate(found: dict[str, dict[str, list[tuple[float, float]]]], names: list[str]) -> Table:
    heads = [f"{name}, {kind}" for kind in ("processor s", "clock s") for name in names]
    table = Table("", *heads, *(["ratio"] if len(names) > 1 else []))
    for what, by_name in found.items():
        cells, medians = [], []
        for kind in (0, 1):
            for name in names:
                seconds = [cost[kind] for cost in by_name.get(name, [])]
                cells.append(" ".join("-" if s != s else f"{s:.1f}" for s in seconds))
                medians.append(statistics.median(seconds) if seconds else float("nan"))
        ratio = medians[0] / medians[1] if len(names) > 1 else float("nan")
        table.add_row(what, *cells, *([f"{ratio:.2f}"] if len(names) > 1 else []))
    return table


if __name__ == "__main__":
    sys.exit(main())
