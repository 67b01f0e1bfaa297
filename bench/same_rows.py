"""Frames about the same rows, drawn many times: what they share is right, and errs as it says.

`python -m bench.same_rows` draws a year of the reviewed policy through the real mechanisms, its
quarters too, from made-up rows of which both frames of each pair hold the same. Estimates and
counts come from the same calls as in a release. It prints, for each table, the margins without and
with the other frame, the largest bias of a row in standard errors, the mean square error over the
variance that is told, and how often intervals held the truth; then how often totals agreed.
"""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from privacy.engine.exact import ExactCells, ExactFrame, ExactRows
from privacy.engine.frames import LINKED, Coded, Frame, Places
from privacy.engine.noise import FrameMechanism
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.publishing.history import History
from privacy.publishing.numbers import FrameNumbers
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.tables import prepare_tables
from privacy.publishing.years import add_year_sums
from privacy.released import Provenance, Release, ReleasedTable

KEYS = Path(__file__).parents[1] / "missouri" / "lists"
DRAWS = 2000
QUARTER = "children_reported"
ROWS = {"children_reported_in_year": 280, "juvenile_victim_records_in_year": 124}
SHARES = {"children_by_agency_in_year": (170, 37, 110), "report_lag_in_year": (20, 26, 78)}
"""Made-up rows of each linked frame by its keys; those that are another frame's are as many."""
QUANTILE = NormalDist().inv_cdf(0.95)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """For each published table, its rows: exact, told deviation, estimates and counts by draw."""

    truth: Mapping[str, Numbers]
    before: Mapping[str, Numbers]
    deviations: Mapping[str, Numbers]
    margins: Mapping[str, Numbers]
    estimates: Mapping[str, Numbers]
    counts: Mapping[str, Numbers]


class Year:
    """The plan of a fourth quarter whose three quarters before were released, and its rows."""

    def __init__(self) -> None:
        policy = load_policy()
        keys, strategy = load_keys(KEYS, policy), load_strategy()
        *before, last = (
            make_plan(f"2025Q{number}", policy, keys, strategy, "") for number in range(1, 5)
        )
        history = History("2025Q4", [_publish_zeros(plan) for plan in before])
        self.alone = add_year_sums(last, history)
        self.plan = join_same_rows(self.alone)
        names = {*ROWS, *SHARES}
        self.frames = [one for one in self.plan.frames if one.frame.name in names]
        self.quarter = next(one for one in self.plan.frames if one.frame.name == QUARTER)
        self.blanks = [one for one in prepare_tables(self.plan) if one.table.frame in names]
        random = np.random.default_rng(8)
        self.leaves = {one.frame.name: _make_leaves(one.frame, random) for one in self.frames}

    def draw(self, draws: int) -> Iterator[dict[str, ReleasedTable]]:
        """Give the tables of each draw, by name."""
        mechanisms = {one.frame.name: _prepare(one) for one in self.frames}
        of_quarter = _prepare(self.quarter)
        exact = {
            one.frame.name: _hold(one.frame, self.leaves[one.frame.name]) for one in self.frames
        }
        quarters = [_hold(self.quarter.frame, leaves) for leaves in self._list_quarters()]
        for _ in range(draws):
            cells = {}
            for name, mechanism in mechanisms.items():
                cells |= mechanism.draw(exact[name])
            *earlier, newest = (of_quarter.draw(one) for one in quarters)
            yield self._publish(cells | newest, earlier)

    def _list_quarters(self) -> list[Places]:
        """Give the region of each child of each quarter."""
        name = "children_reported_in_year"
        frame = next(one.frame for one in self.frames if one.frame.name == name)
        counties = self.leaves[name] // math.prod(frame.sizes)
        regions = frame.units_of_leaf(frame.find_level("region"))[counties]
        return np.array_split(regions, 4)

    def _publish(
        self, drawn: Mapping[str, Sequence[int]], earlier: Sequence[Mapping[str, Sequence[int]]]
    ) -> dict[str, ReleasedTable]:
        numbers: dict[str, FrameNumbers] = {}
        for planned in self.frames:
            name = planned.frame.name
            known = [
                replace(
                    one, earlier=tuple(np.sum([of[one.base] for of in earlier], axis=0).tolist())
                )
                for one in planned.year_sums
            ]
            published = {
                one.table.name: one.marginal
                for one in self.blanks
                if one.marginal is not None and one.table.frame == name
            }
            informed = replace(planned, year_sums=tuple(known))
            numbers[name] = FrameNumbers(informed, published, drawn, numbers)
        return {
            one.table.name: numbers[str(one.table.frame)].fill(one.table) for one in self.blanks
        }


def sample(draws: int) -> Sample:
    """Draw the year so many times."""
    year = Year()
    drawn = list(year.draw(draws))
    alone = {one.table.name: one.table for one in prepare_tables(year.alone)}
    tables = {one.table.name: one.table for one in year.blanks}
    return Sample(
        truth={name: _count(year, table) for name, table in tables.items()},
        before={name: _collect(alone[name], "moe90") for name in tables},
        deviations={name: _collect(table, "deviation") for name, table in tables.items()},
        margins={name: _collect(table, "moe90") for name, table in tables.items()},
        estimates={
            name: np.array([_collect(one[name], "estimate") for one in drawn]) for name in tables
        },
        counts={name: np.array([_collect(one[name], "count") for one in drawn]) for name in tables},
    )


def find_totals(found: Mapping[str, Numbers]) -> list[tuple[Numbers, Numbers]]:
    """Return, for each pair of frames, the total of one and the sum of the other."""
    agency, lag = found["children_by_agency"], found["report_lag"]
    return [
        (found["children_reported_in_year"][:, 0], agency[:, 0] + agency[:, 2]),
        (found["victim_records_in_year"][:, 1], lag.sum(axis=1)),
    ]


def _publish_zeros(plan: Plan) -> Release:
    cells = {one.name: [0] * one.cell_count for of in plan.frames for one in of.measurements}
    content = Publisher(plan).publish(cells, Provenance((), is_simulated=True))
    return read_release({**content, "drawn_at": "", "ledger_head": ""})


def _prepare(planned: PlannedFrame) -> FrameMechanism:
    return FrameMechanism(planned.frame, planned.list_queries())


def _make_leaves(frame: Frame, random: np.random.Generator) -> Places:
    """Return the leaf of each row, uneven over places and keys."""
    if frame.kind == LINKED:
        return np.repeat(np.arange(frame.leaf_count), SHARES[frame.name])
    weights = random.permutation(1 / (1 + np.arange(frame.leaf_count)))
    leaves: Places = random.choice(frame.leaf_count, ROWS[frame.name], p=weights / weights.sum())
    return leaves


def _hold(frame: Frame, leaves: Places) -> ExactFrame:
    listed = (frame.levels[-1].keys, *frame.keys)
    places = np.unravel_index(leaves, tuple(map(len, listed)))
    names = (frame.leaf_column, *frame.columns)
    columns = {
        name: Coded(place, keys) for name, place, keys in zip(names, places, listed, strict=True)
    }
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, np.arange(1, len(leaves) + 1), columns)


def _count(year: Year, table: ReleasedTable) -> Numbers:
    """Return the exact count of each row."""
    (frame,) = (one.frame for one in year.frames if one.frame.name == table.frame)
    shape = (len(frame.levels[-1].keys), *frame.sizes)
    counts = np.bincount(year.leaves[frame.name], minlength=frame.leaf_count).reshape(shape)
    units = frame.units_of_leaf(frame.find_level(table.level))
    return np.array(
        [
            counts[np.ix_(np.flatnonzero(units == unit), *axes)].sum()
            for unit, axes in table.positions
        ],
        dtype=np.float64,
    )


def _collect(table: ReleasedTable, field: str) -> Numbers:
    return np.array([getattr(row, field) for row in table.rows], dtype=np.float64)


def _span(margins: Numbers) -> str:
    least, most = margins.min(), margins.max()
    return f"{most:.1f}" if least == most else f"{least:.1f} to {most:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--draws", type=int, default=DRAWS)
    draws = parser.parse_args().draws
    found = sample(draws)
    shown = Table(title=f"Frames about the same rows, {draws:,} draws")
    headings = ("table", "margin alone", "margin", "bias", "variance", "held", "least of a row")
    for heading in headings:
        shown.add_column(heading, justify="left" if heading == "table" else "right")
    for name, truth in found.truth.items():
        errors = found.estimates[name] - truth
        deviations, margins = found.deviations[name], found.margins[name]
        held = abs(errors) <= margins
        shown.add_row(
            name,
            _span(found.before[name]),
            _span(margins),
            f"{abs(errors.mean(axis=0) / deviations).max() * math.sqrt(draws):.1f}",
            f"{((errors / deviations) ** 2).mean():.3f}",
            f"{held.mean():.3f}",
            f"{held.mean(axis=0).min():.3f}",
        )
    console = Console(width=120)
    console.print(shown)
    for what, sums, room in (("counts", found.counts, 0.0), ("estimates", found.estimates, 0.2)):
        agree = [
            float((abs(one - other) <= room + 1e-9).mean()) for one, other in find_totals(sums)
        ]
        console.print(f"Totals of the two pairs agree in {what}: {agree[0]:.4f}, {agree[1]:.4f}")


if __name__ == "__main__":
    main()
