"""What a quarter costs: `python -m bench.quarter [--beside CHECKOUT] [--pairs 3] [--demo]`.

Seconds of processor and of the clock, of this checkout and, alternately in one go, of another one
that is installed: a lone quarter with its steps, the commands that everybody waits for, and the
demo with each quarter in its one process. Numbers of two checkouts are comparable, whatever else
runs; of the clock only on a machine that does nothing else. What is aimed at stands beside.
"""

from __future__ import annotations

import argparse
import math
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
_FIND = """
import importlib
def find(*names):
    for name in names:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            pass
"""
"""A module by its name of now, or that of an earlier checkout."""

APPROVE = f"""{_FIND}
import pathlib, sys
approving = find("orchestration.steps.approving", "orchestration.approving")
settings = find("orchestration.hub.settings", "orchestration.settings")
from sources.quarters import Quarter
approving.approve_for_demo(Quarter(2025, 1), settings.Settings(pathlib.Path(sys.argv[1])))
"""

MARKED_DEMO = (
    _FIND
    + """
import os, pathlib, resource, sys, time
def use(number):
    told = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    started = [
        int(child)
        for listed in pathlib.Path(f"/proc/{number}/task").glob("*/children")
        for child in listed.read_text().split()
    ]
    return sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(use, started))
def mark():
    print("mark", use(os.getpid()), time.time(), file=sys.stderr, flush=True)
approving = find("orchestration.steps.approving", "orchestration.approving")
approve = approving.approve_for_demo
def approve_marked(*given):
    mark()
    return approve(*given)
approving.approve_for_demo = approve_marked
from orchestration.cli import hub
hub.demo()
mark()
"""
)
"""The demo, that tells what it used by the beginning of each quarter and by its end."""

MARK = re.compile(r"^mark (\S+) (\S+)$", re.MULTILINE)

Costs = dict[str, tuple[float, float]]
"""Seconds of processor and of the clock, by what was done."""

LONE, HELP, VERIFY = "lone quarter", "moshare --help", "moshare verify"
DEMO, RUNS, FURTHER = "demo", "  its four runs", "  each further quarter"
PROCESSOR, CLOCK = 0, 1
AIMS = {LONE: (PROCESSOR, 0.5), FURTHER: (PROCESSOR, 0.35), DEMO: (CLOCK, 0.4), RUNS: (CLOCK, 0.4)}
"""At most so much of what another checkout takes, of processor or clock."""
QUICK = 0.5
"""Seconds of processor that a quick command may take."""


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
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        told.seek(0)
        text = told.read()
    if process.returncode:
        raise RuntimeError(text)
    return text, usage.ru_utime + usage.ru_stime, seconds


def measure_quarter(checkout: Path, home: Path) -> Costs:
    """Measure a lone quarter; of its steps only the clock is known."""
    call(checkout, home, "moshare", "simulate", "2025Q1")
    call(checkout, home, "python", "-c", APPROVE, str(home))
    told, processor, clock = call(checkout, home, "moshare", "run", "--quarter", "2025Q1")
    steps = {f"  {step}": (float("nan"), float(took)) for step, took in STEP.findall(told)}
    costs = {LONE: (processor, clock), **steps}
    shown = home / "releases"
    for name, words in {
        HELP: ["--help"],
        VERIFY: ["verify", str(shown / "2025Q1"), "--key", str(shown / "moshare.pub")],
    }.items():
        _, processor, clock = call(checkout, home, "moshare", *words)
        costs[name] = (processor, clock)
    return costs


def measure_demo(checkout: Path, home: Path) -> Costs:
    """Measure four quarters in one process, and its parts."""
    told, processor, clock = call(checkout, home, "python", "-c", MARKED_DEMO)
    marks = [(float(used), float(when)) for used, when in MARK.findall(told)]
    return {
        DEMO: (processor, clock),
        RUNS: _take(marks[-1], marks[0]),
        "  its first quarter": _take(marks[1], marks[0]),
        FURTHER: _take(marks[-1], marks[1], len(marks) - 2),
    }


def _take(end: tuple[float, float], start: tuple[float, float], by: int = 1) -> tuple[float, float]:
    return (end[0] - start[0]) / by, (end[1] - start[1]) / by


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--beside", type=Path, help="Another checkout with a .venv.")
    words.add_argument("--pairs", type=int, default=1)
    words.add_argument("--demo", action="store_true", help="Measure the demo too.")
    given = words.parse_args()
    console = Console(width=160)
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
    table = Table("")
    for kind in ("processor s", "clock s"):
        for head in (*names, *(["ratio"] if len(names) > 1 else [])):
            table.add_column(f"{kind}, {head}")
    table.add_column("aim")
    for what, by_name in found.items():
        cells, medians = [], []
        for kind in (PROCESSOR, CLOCK):
            seconds = [[cost[kind] for cost in by_name.get(name, [])] for name in names]
            cells += [" ".join("-" if s != s else f"{s:.1f}" for s in of_one) for of_one in seconds]
            medians.append([statistics.median(of_one or [math.nan]) for of_one in seconds])
            if len(names) > 1:
                ratio = medians[-1][0] / medians[-1][1]
                cells.append("" if math.isnan(ratio) else f"{ratio:.2f}")
        table.add_row(what, *cells, _judge(what, medians))
    return table


def _judge(what: str, medians: list[list[float]]) -> str:
    """Say what is aimed at, and whether the medians are within it."""
    if what in (HELP, VERIFY):
        is_met, aim = medians[PROCESSOR][0] < QUICK, f"under {QUICK} s of processor"
    elif what in AIMS and len(medians[PROCESSOR]) > 1:
        kind, most = AIMS[what]
        is_met = medians[kind][0] / medians[kind][1] <= most
        aim = f"{most} of {'the clock' if kind == CLOCK else 'processor'}"
    else:
        return ""
    return f"{aim}: {'met' if is_met else 'not met'}"


if __name__ == "__main__":
    sys.exit(main())
