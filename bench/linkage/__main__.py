"""Print all tables; see the package.

Example: python -m bench.linkage --years 40
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.linkage.misses import compare_misses
from bench.linkage.names import FEW, MANY, Names
from bench.linkage.people import POPULATIONS, Population, write_people
from bench.linkage.quarters import compare_quarters
from bench.linkage.rules import PEERS, RULES, measure
from portal.page.missed import MOST_FALSE, MOST_MISSED
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy

FRAME = "children_by_agency_in_year"
SIGMA_BEFORE = 10.310
"""Noise of a cell of the table at commit 8a32042, by its bound of 5."""

ALLOWED_BEFORE = (0.5, 0.0)
"""Missed and false matches that its ranges allowed for."""

YEAR_OF_CHILDREN = 230
"""Children of a year, of whom about 88 are known to both."""

NINETY = 1.645


@dataclass(frozen=True)
class Size:
    """How many people there are, and how their names are drawn."""

    people: int
    names: Names


SIZES = {"3,000 children": Size(3_000, FEW), "1,000,000 records": Size(645_000, MANY)}
"""Children and records together are a million in the second one; so many bear a state's names."""

MEASURES = ("precision", "recall", "F1", "F1 named", "F1 children", "s", "processor s", "MiB")
"""Of records; F1 of those with a name in both files; and F1 of children known to both."""


def compare_rules(console: Console, sizes: Sequence[str], minutes: float) -> None:
    """Precision, recall, F1, time and memory of each rule on each population."""
    has_splink = find_spec("splink") is not None
    if not has_splink:
        console.print("Splink is not installed here, so its lines are left out.")
    for size in sizes:
        shown = Table(title=f"Records linked to the right child, {size}")
        for heading in ("population", "rule", *MEASURES):
            shown.add_column(heading, justify="left" if heading == "rule" else "right")
        for population in POPULATIONS:
            with tempfile.TemporaryDirectory() as folder:
                of_size = SIZES[size]
                write_people(Path(folder), population, of_size.people, 1, of_size.names)
                for rule in RULES:
                    if rule not in PEERS or has_splink:
                        told = _run(rule, Path(folder), minutes)
                        console.print(population.name, rule, *told, style="dim")
                        shown.add_row(population.name, rule, *told)
        console.print(shown)


def _run(rule: str, folder: Path, minutes: float) -> list[str]:
    """What one rule found, or that it was not done in time, in the order of `MEASURES`."""
    command = [sys.executable, "-m", "bench.linkage.rules", rule, str(folder)]
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        made = subprocess.run(  # noqa: S603 - our own module
            command,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            text=True,
            timeout=60 * minutes,
        )
    except subprocess.TimeoutExpired:
        return [f"not finished in {minutes:g} min"]
    if made.returncode:
        return [f"ended with {made.returncode}"]
    return tell(json.loads(made.stdout.splitlines()[-1]))


def tell(found: dict[str, float]) -> list[str]:
    """Write the measures of one rule, in the order of `MEASURES`."""
    right = found["right"]
    shares = (
        right / found["linked"],
        right / found["true"],
        2 * right / (found["linked"] + found["true"]),
        2 * right / (found["linked"] + found["named"]),
        2 * found["found_rightly"] / (found["found"] + found["both"]),
    )
    return [
        *(f"{share:.3f}" for share in shares),
        f"{found['seconds']:.1f}",
        f"{found['processor']:.1f}",
        f"{found['peak']:,.0f}",
    ]


def compare_overlap(console: Console, years: int, draws: int) -> None:
    """How far each rule's number of children known to both is from the truth, with its noise."""
    sigma = find_sigma()
    after = (MOST_MISSED / 10, MOST_FALSE / 10)
    rules = {
        "exact": (SIGMA_BEFORE, ALLOWED_BEFORE),
        "sound": (SIGMA_BEFORE, ALLOWED_BEFORE),
        "matching": (sigma, after),
    }
    shown = Table(title=f"Children known to both, {years} simulated years, with {draws} draws each")
    for heading in ("population", "rule", "true", "found", "error", "noise", "range held", "width"):
        shown.add_column(heading, justify="left" if heading == "rule" else "right")
    for population in POPULATIONS:
        for rule, found in _count_years(population, list(rules), years).items():
            shown.add_row(population.name, rule, *_judge(found, *rules[rule], draws))
    console.print(shown)


def find_sigma() -> float:
    """Noise of a cell of the table by the reviewed policy: sqrt(bound / (2 rho))."""
    policy = load_policy()
    share = sum(one.share for one in load_strategy().find_shares(FRAME))
    return math.sqrt(policy.frames[FRAME].bound / (2 * float(share * policy.budget.annual)))


def _count_years(
    population: Population, rules: Sequence[str], years: int
) -> dict[str, list[tuple[float, float]]]:
    """True and found number of children known to both, of each year, by rule."""
    found: dict[str, list[tuple[float, float]]] = {rule: [] for rule in rules}
    for seed in range(years):
        with tempfile.TemporaryDirectory() as folder:
            write_people(Path(folder), population, YEAR_OF_CHILDREN, seed)
            for rule in rules:
                measured = measure(rule, Path(folder))
                found[rule].append((measured["both"], measured["found"]))
    return found


def _judge(
    found: list[tuple[float, float]], sigma: float, allowed: tuple[float, float], draws: int
) -> list[str]:
    truth, counted = np.array(found).T
    random = np.random.default_rng(1)
    drawn = counted[:, None] + random.normal(0, sigma, (len(counted), draws))
    missed, false = allowed
    low = np.maximum(0, drawn - NINETY * sigma) * (1 - false)
    high = (drawn + NINETY * sigma) / (1 - missed)
    held = (low <= truth[:, None]) & (truth[:, None] <= high)
    error = math.sqrt(float(np.mean((drawn - truth[:, None]) ** 2)))
    return [
        f"{truth.mean():.0f}",
        f"{counted.mean():.1f}",
        f"{error:.1f}",
        f"{sigma:.1f}",
        f"{held.mean():.3f}",
        f"{(high - low).mean():.0f}",
    ]


def main() -> None:
    """Compare rules and overlaps, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=40)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--minutes", type=float, default=20, help="time that one rule is given")
    options = parser.parse_args()
    console = Console(width=125)
    compare_overlap(console, options.years, options.draws)
    compare_quarters(console)
    compare_misses(console)
    compare_rules(console, options.sizes, options.minutes)


if __name__ == "__main__":
    main()
