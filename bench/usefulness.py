"""What the default policy's tables are worth on simulated Missouri data.

`python bench/usefulness.py [POLICY]` prints, for each published table and some choices of weights,
the margin of error and the share of cells that are usable: the exact count is above the cut-off
(so the estimate usually is too), or its margin is less than half of it. Then the sums over four
quarters. No noise is drawn: margins are exact and the truth is the simulator's.
"""

import argparse
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jurisdiction.folder import LISTS
from missouri import Leaf, count_quarter, count_year, make_population
from privacy.engine.frames import Frame, Row
from privacy.engine.margins import compute_cut_off, compute_margin
from privacy.plan import Plan, PlannedFrame, YearSum, make_plan
from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.optimise import optimise
from privacy.policy.policy import REVIEWED_POLICY, Policy, load_policy
from privacy.policy.rows import list_rows, make_row
from privacy.policy.tables import TablePolicy
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.tables import EXPECTED_FALSE_ALARMS
from privacy.publishing.years import translate
from privacy.released import ANNUAL, FOUR_QUARTERS, QUARTERLY
from sources.quarters import Quarter

YEARS = (2023, 2024)
SEEDS_OF_CHANCE = (1, 2, 3)

Truth = Mapping[str, Sequence[Mapping[Leaf, int]]]


@dataclass(frozen=True)
class Cell:
    """One published row: deviation of its estimate, and its exact counts in all periods."""

    deviation: float
    counts: tuple[int, ...]


def simulate() -> Truth:
    """Exact counts of each frame, one entry for each period of each simulated state."""
    truth: dict[str, list[Mapping[Leaf, int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS_OF_CHANCE:
            population = make_population(seed)
            for year in YEARS:
                periods = [
                    count_quarter(population, Quarter(year, number), Path(folder))
                    for number in range(1, 5)
                ]
                for counts in (*periods, count_year(population, year)):
                    for name, counter in counts.items():
                        truth.setdefault(name, []).append(counter)
    return truth


def sum_row(frame: Frame, row: Row, counts: Mapping[Leaf, int]) -> int:
    """Exact count of a published row."""
    places = dict(zip(frame.levels[-1].keys, frame.units_of_leaf(row.level), strict=True))
    chosen = [
        {keys[position] for position in positions}
        for keys, positions in zip(frame.keys, row.positions, strict=True)
    ]
    return sum(
        count
        for leaf, count in counts.items()
        if places[leaf.unit] == row.unit
        and all(key in keys for key, keys in zip(leaf.keys, chosen, strict=True))
    )


def plan_year(policy: Policy, keys: PublicKeys) -> Plan:
    """The plan of a fourth quarter with the best split, its three quarters before released too."""
    plan = make_plan("2025Q4", policy, keys, optimise(policy, keys), "")
    planned = {one.frame.name: one for one in plan.frames}

    def inform(one: PlannedFrame) -> PlannedFrame:
        quarter = planned.get(str(one.policy.sums))
        if quarter is None:
            return one
        sums = tuple(
            YearSum(
                measured.name,
                translate(quarter.frame, measured.marginal, one.frame),
                (),
                2 * float(measured.scale),
            )
            for measured in quarter.measurements
        )
        return replace(one, year_sums=sums)

    return join_same_rows(replace(plan, frames=tuple(map(inform, plan.frames))))


def measure(policy: Policy, keys: PublicKeys, truth: Truth) -> dict[str, list[Cell]]:
    """Cells of each published table, with what a release knows from other frames and quarters."""
    planned = {one.frame.name: one for one in plan_year(policy, keys).frames}
    cells: dict[str, list[Cell]] = {}
    for table in policy.measured_tables:
        one = planned[str(table.frame)]
        level = one.frame.find_level(table.level)
        for shape in list_rows(policy, keys, table, one.frame.levels[level]):
            row = make_row(one.frame, level, table.dimensions, shape)
            counts = tuple(sum_row(one.frame, row, of) for of in truth[one.frame.name])
            cell = Cell(math.sqrt(one.precisions.variance(row)), counts)
            cells.setdefault(table.name, []).append(cell)
    return cells


def report(title: str, policy: Policy, cells: Mapping[str, Sequence[Cell]], quarters: int) -> Table:
    """A printed table: four-quarter sums where `quarters` is 4."""
    tested = {
        cadence: sum(len(cells[one.name]) for one in select(policy, cadence))
        for cadence in (QUARTERLY, ANNUAL)
    }
    shown = Table(title=title)
    for heading in ("table", "level", "cells", "weight", "mean count", "moe90", "above", "margin"):
        shown.add_column(heading)
    for cadence in (QUARTERLY, ANNUAL):
        if cadence == ANNUAL and quarters > 1:
            continue
        alarms = EXPECTED_FALSE_ALARMS[FOUR_QUARTERS if quarters > 1 else cadence]
        for table in select(policy, cadence):
            line = judge(cells[table.name], alarms / tested[cadence], quarters)
            size = str(len(cells[table.name]))
            shown.add_row(table.name, table.level, size, str(table.weight), *line)
    return shown


def select(policy: Policy, cadence: str) -> list[TablePolicy]:
    """Measured tables of one cadence."""
    return [
        one for one in policy.measured_tables if policy.frames[str(one.frame)].cadence == cadence
    ]


def judge(cells: Sequence[Cell], false_alarms: float, quarters: int) -> tuple[str, str, str, str]:
    """Mean count, margin, share of cells above the cut-off, share with a margin below half."""
    counts, above, within = [], [], []
    margins = []
    for cell in cells:
        deviation = cell.deviation * math.sqrt(quarters)
        margin, cut_off = compute_margin(deviation), compute_cut_off(deviation, false_alarms)
        margins.append(margin)
        sums = [
            sum(cell.counts[start : start + quarters])
            for start in range(0, len(cell.counts), quarters)
        ]
        counts += sums
        above += [count > cut_off for count in sums]
        within += [margin < count / 2 for count in sums]
    low, high = min(margins), max(margins)
    told = f"{low:.1f}" if high - low < 0.1 else f"{low:.1f}-{high:.1f}"
    return (
        f"{sum(counts) / len(counts):.1f}",
        told,
        f"{sum(above) / len(above):.0%}",
        f"{sum(within) / len(within):.0%}",
    )


def reweigh(policy: Policy, weigh: Callable[[TablePolicy], int]) -> Policy:
    """The policy with other weights."""
    tables = tuple(
        replace(table, weight=weigh(table)) if table.frame else table for table in policy.tables
    )
    return replace(policy, tables=tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("policy", type=Path, nargs="?", default=REVIEWED_POLICY)
    policy = load_policy(parser.parse_args().policy)
    keys = load_keys(LISTS, policy)
    truth = simulate()
    choices = {
        "weights of the policy": policy,
        "equal weights": reweigh(policy, lambda _: 1),
        "state totals four times": reweigh(
            policy, lambda table: 4 if table.level == "state" and not table.dimensions else 1
        ),
    }
    for title, chosen in choices.items():
        cells = measure(chosen, keys, truth)
        Console().print(report(title, chosen, cells, quarters=1))
        if chosen is policy:
            Console().print(report(f"{title}, four quarters", chosen, cells, quarters=4))
    totals: dict[str, Counter[str]] = {name: Counter() for name in truth}
    for name, periods in truth.items():
        for period in periods:
            totals[name]["rows"] += sum(period.values())
    means = {name: total["rows"] / len(truth[name]) for name, total in totals.items()}
    Console().print({name: round(mean, 1) for name, mean in means.items()})


if __name__ == "__main__":
    main()
