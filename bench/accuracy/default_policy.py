"""The default policy on simulated Missouri data: every published table, beside even splits.

A fourth quarter is drawn as a release draws it, so that what is scored is what is published. The
peers spend evenly over the published tables: of each cadence the same budget, or over a life what
one identity can lose at most from all releases. Errors are means over tables of root mean square
errors, weighted as the policy weighs them, because that is what its split makes least. Does not
belong here: the truth (bench.missouri).
"""

import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from opendp import domains, measurements, metrics, mod
from rich.console import Console
from rich.table import Table

from bench.missouri import Leaf, count_quarter, count_year, make_population
from jurisdiction.folder import LISTS
from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Coded, Frame
from privacy.engine.noise import FrameMechanism, convert_to_epsilon
from privacy.engine.optimising import bound_error
from privacy.plan import Plan, make_plan
from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.optimise import list_demands
from privacy.policy.policy import Policy, load_policy
from privacy.policy.strategy import load_strategy, make_frames
from privacy.publishing.publisher import Publisher
from privacy.publishing.tables import Blank, prepare_tables
from privacy.released import ANNUAL, QUARTERLY, Provenance
from sources.quarters import Quarter

QUARTER = Quarter(2024, 4)
SEEDS_OF_CHANCE = (1, 2, 3, 4)
METHODS = (
    "Laplace even, one release",
    "Laplace even, for life",
    "Gaussian even, one release",
    "this engine: estimate",
    "count",
    "modelled",
)
LINKED_DISTANCE = 5
"""Sum of the absolute changes of the counts of either linked frame, from the policy's reasons."""

Cells = NDArray[np.int64]
Numbers = NDArray[np.float64]
Rows = dict[str, Numbers]
"""One number for each published row, by table."""


@dataclass(frozen=True)
class Errors:
    """Mean square error of each table under each method, and mean exact count of its rows."""

    squares: Mapping[str, Mapping[str, float]]
    means: Mapping[str, float]
    draws: int


class Setting:
    """The policy's plan of a fourth quarter, and the places of its published rows."""

    def __init__(self) -> None:
        self.policy: Policy = load_policy()
        self.keys: PublicKeys = load_keys(LISTS, self.policy)
        self.plan: Plan = make_plan(str(QUARTER), self.policy, self.keys, load_strategy(), "")
        self.blanks = [one for one in prepare_tables(self.plan) if one.marginal is not None]
        self.publisher = Publisher(self.plan)
        self.mechanisms = {
            one.frame.name: FrameMechanism(one.frame, one.list_queries())
            for one in self.plan.frames
        }

    def budget(self, cadence: str) -> Fraction:
        """Return the budget of the tables of one cadence."""
        return self.policy.budget.annual if cadence == ANNUAL else self.policy.budget.quarterly

    def tables(self, cadence: str) -> list[Blank]:
        """Return the published tables of one cadence."""
        return [blank for blank in self.blanks if blank.table.cadence == cadence]

    def draw_ours(self, exact: Mapping[str, Cells]) -> tuple[Rows, Rows, Rows]:
        """Return one release: estimates, counts, and modelled numbers (or counts where none)."""
        drawn: dict[str, list[int]] = {}
        for planned in self.plan.frames:
            hidden = hide(planned.frame, exact[planned.frame.name])
            drawn |= self.mechanisms[planned.frame.name].draw(hidden)
        content = self.publisher.publish(drawn, Provenance((), is_simulated=True))
        told: tuple[Rows, Rows, Rows] = ({}, {}, {})
        names = {blank.table.name for blank in self.blanks}
        for table in content["tables"]:
            if table["name"] in names:
                rows = table["rows"]
                told[0][table["name"]] = np.array([float(row["estimate"]) for row in rows])
                told[1][table["name"]] = np.array([float(row["count"]) for row in rows])
                modelled = [row["modelled"] for row in rows]
                told[2][table["name"]] = np.array(
                    [
                        float(row["count"] if model is None else model)
                        for row, model in zip(rows, modelled, strict=True)
                    ]
                )
        return told

    def draw_laplace(self, exact: Mapping[str, Cells], parts: Mapping[str, float]) -> Rows:
        """Return one release with Laplace noise; `parts` is the epsilon of each published table."""
        told = {}
        for blank in self.blanks:
            frame = self.plan.frame(str(blank.table.frame))
            distance = LINKED_DISTANCE if frame.kind == LINKED else frame.bound
            cells = tabulate(frame, blank, exact[frame.name])
            told[blank.table.name] = sum_rows(
                blank, add_laplace(cells, distance / parts[blank.table.name])
            )
        return told

    def draw_gaussian(self, exact: Mapping[str, Cells]) -> Rows:
        """Return one release in which every published table gets the same part of its budget."""
        told = {}
        for blank in self.blanks:
            frame = self.plan.frame(str(blank.table.frame))
            cadence = blank.table.cadence
            part = self.budget(cadence) / len(self.tables(cadence))
            cells = tabulate(frame, blank, exact[frame.name])
            scale = frame.distance / math.sqrt(2 * part)
            told[blank.table.name] = sum_rows(blank, add_gaussian(cells, scale))
        return told

    def split_release(self) -> dict[str, float]:
        """Return an even split, of the epsilon that the tables of each cadence have together."""
        return {
            blank.table.name: convert_to_epsilon(self.budget(cadence), self.policy.delta)
            / len(self.tables(cadence))
            for cadence in (QUARTERLY, ANNUAL)
            for blank in self.tables(cadence)
        }

    def split_life(self) -> dict[str, float]:
        """Return an even split of what one identity can lose ever, by the policy's own account."""
        times = {one.frame.name: one.policy.quarters for one in self.plan.frames}
        if None in times.values():
            raise ValueError("a frame counts an identity without limit")
        rho = sum(one.rho * (one.policy.quarters or 0) for one in self.plan.frames)
        counted = sum(times[str(blank.table.frame)] or 0 for blank in self.blanks)
        part = convert_to_epsilon(Fraction(rho), self.policy.delta) / counted
        return {blank.table.name: part for blank in self.blanks}


def hide(frame: Frame, cells: Cells) -> ExactFrame:
    """Return exact counts of a frame as the rows or totals that an agency would deliver."""
    places = np.argwhere(cells >= (0 if frame.kind == AGGREGATE else 1))
    counts = cells[tuple(places.T)]
    if frame.kind != AGGREGATE:
        places = np.repeat(places, counts, axis=0)
    names = (frame.leaf_column, *frame.columns)
    keys = (frame.levels[-1].keys, *frame.keys)
    columns = {
        name: Coded(places[:, number], listed)
        for number, (name, listed) in enumerate(zip(names, keys, strict=True))
    }
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, columns, [int(count) for count in counts])
    kind = {ROWS: ExactRows, LINKED: ExactCells}[frame.kind]
    return kind(frame, np.arange(1, len(places) + 1), columns)


def tabulate(frame: Frame, blank: Blank, cells: Cells) -> Cells:
    """Sum the exact counts of a frame into the cells of one table."""
    marginal = blank.marginal
    if marginal is None:
        raise ValueError("a silent table has no cells")
    summed = np.zeros(frame.count_cells(marginal), dtype=np.int64)
    np.add.at(summed, frame.find_cell_of_leaf(marginal), cells.reshape(-1))
    return summed.reshape(frame.find_shape(marginal))


def sum_rows(blank: Blank, cells: Cells) -> Numbers:
    """Return the published rows of a table from its cells."""
    axes = blank.marginal.axes if blank.marginal else ()
    chosen = (
        np.ix_([unit], *(positions[axis] for axis in axes))
        for unit, positions in blank.table.positions
    )
    return np.array([float(cells[place].sum()) for place in chosen])


def add_laplace(cells: Cells, scale: float) -> Cells:
    """Return cells with OpenDP's Laplace noise."""
    space = domains.vector_domain(domains.atom_domain(T=int)), metrics.l1_distance(T=int)
    drawn = measurements.make_laplace(*space, scale)(cells.ravel().tolist())
    return np.array(drawn).reshape(cells.shape)


def add_gaussian(cells: Cells, scale: float) -> Cells:
    """Return cells with OpenDP's Gaussian noise."""
    space = domains.vector_domain(domains.atom_domain(T=int)), metrics.l2_distance(T=float)
    drawn = measurements.make_gaussian(*space, scale)(cells.ravel().tolist())
    return np.array(drawn).reshape(cells.shape)


def simulate(setting: Setting) -> list[dict[str, Cells]]:
    """Return the exact counts of every frame, for each simulated state."""
    truths = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS_OF_CHANCE:
            population = make_population(seed)
            counted = count_quarter(population, QUARTER, Path(folder))
            counted |= count_year(population, QUARTER.year)
            frames = (planned.frame for planned in setting.plan.frames)
            truths.append({one.name: _place(one, counted[one.name]) for one in frames})
    return truths


def _place(frame: Frame, counted: Mapping[Leaf, int]) -> Cells:
    cells = np.zeros((len(frame.levels[-1].keys), *frame.sizes), dtype=np.int64)
    for leaf, count in counted.items():
        unit = frame.levels[-1].keys.index(leaf.unit)
        keys = [listed.index(key) for listed, key in zip(frame.keys, leaf.keys, strict=True)]
        cells[(unit, *keys)] += count
    return cells


def measure(setting: Setting, draws: int) -> Errors:
    """Draw going round the simulated states, and compare each published row with the truth."""
    mod.enable_features("contrib")
    truths = simulate(setting)
    squares: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    means: dict[str, list[float]] = defaultdict(list)
    for number in range(draws):
        exact = truths[number % len(truths)]
        true = {
            blank.table.name: sum_rows(
                blank,
                tabulate(
                    setting.plan.frame(str(blank.table.frame)), blank, exact[str(blank.table.frame)]
                ),
            )
            for blank in setting.blanks
        }
        for method, rows in zip(METHODS, _draw_all(setting, exact), strict=True):
            for table, told in rows.items():
                squares[table][method].append(float(np.mean((told - true[table]) ** 2)))
        for table, rows in true.items():
            means[table].append(float(rows.mean()))
    return Errors(
        {
            table: {method: float(np.mean(all_draws)) for method, all_draws in by_method.items()}
            for table, by_method in squares.items()
        },
        {table: float(np.mean(values)) for table, values in means.items()},
        draws,
    )


def _draw_all(setting: Setting, exact: Mapping[str, Cells]) -> Iterator[Rows]:
    yield setting.draw_laplace(exact, setting.split_release())
    yield setting.draw_laplace(exact, setting.split_life())
    yield setting.draw_gaussian(exact)
    yield from setting.draw_ours(exact)


def report(setting: Setting, errors: Errors, cadence: str) -> Table:
    """Return one printed table: a line per published table, then means by level and of all."""
    rho = setting.budget(cadence)
    shown = Table(
        title=f"Default policy, {cadence} tables of {QUARTER}: root mean square error, rho "
        f"{float(rho)}, epsilon {convert_to_epsilon(rho, setting.policy.delta):.2f} at delta "
        f"{setting.policy.delta:.0e}, {errors.draws} draws"
    )
    shown.add_column("table", no_wrap=True)
    for heading in ("rows", "weight", "mean count", *METHODS):
        shown.add_column(heading, justify="right")
    names = [blank.table.name for blank in setting.tables(cadence)]
    weights = {one.name: one.weight for one in setting.policy.measured_tables}
    for blank in setting.tables(cadence):
        name = blank.table.name
        figures = _list_roots(errors, [name], weights)
        size = str(len(blank.table.rows))
        shown.add_row(name, size, str(weights[name]), f"{errors.means[name]:.1f}", *figures)
    shown.add_section()
    for level in dict.fromkeys(blank.table.level for blank in setting.tables(cadence)):
        of_level = [one.table.name for one in setting.tables(cadence) if one.table.level == level]
        shown.add_row(f"mean at {level}", "", "", "", *_list_roots(errors, of_level, weights))
    shown.add_row("weighted mean", "", "", "", *_list_roots(errors, names, weights))
    bound = f"{_bound(setting, cadence):.2f}"
    shown.add_row("SVD bound of that mean", *[""] * 6, bound, "", "")
    return shown


def _list_roots(errors: Errors, names: Sequence[str], weights: Mapping[str, int]) -> list[str]:
    shares = [weights[name] for name in names]
    means = []
    for method in METHODS:
        roots = [math.sqrt(errors.squares[name][method]) for name in names]
        means.append(f"{np.average(roots, weights=shares):.2f}")
    return means


def _bound(setting: Setting, cadence: str) -> float:
    frames = make_frames(setting.policy, setting.keys)
    demands = list_demands(setting.policy, setting.keys, frames, cadence)
    return bound_error(demands) / math.sqrt(setting.budget(cadence))


def print_default_policy(console: Console, draws: int) -> None:
    """Measure and print both cadences."""
    setting = Setting()
    errors = measure(setting, draws)
    for cadence in (QUARTERLY, ANNUAL):
        console.print(report(setting, errors, cadence))
