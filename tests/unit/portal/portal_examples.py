"""A release as large as a real one, with deviations that are true for its frames.

Here: made-up numbers with noise of the law that the release states. Nobody real is behind them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
from portal_frames import DenseFrame, Floats, Position
from portal_plain_tables import make_declared, make_silent, make_withheld
from portal_specs import (
    ANNUAL_FRAMES,
    ANNUAL_TABLES,
    DEFINITION,
    QUARTERLY_FRAMES,
    QUARTERLY_TABLES,
    TOTALS,
    Spec,
)
from privacy_examples import PROVENANCE

from privacy.released import (
    ANNUAL,
    ESTIMATED,
    FOUR_QUARTERS,
    NOT_DISTINGUISHABLE,
    QUARTERLY,
    ApprovalFacts,
    GroupFacts,
    HistoryPoint,
    MeasuredCell,
    PlanFacts,
    PreviousRelease,
    PrivacyFacts,
    Release,
    ReleasedMeasurement,
    ReleasedRow,
    ReleasedTable,
    SpendingFacts,
)

DELIVERED = replace(
    PROVENANCE, deliveries=tuple(sorted((*PROVENANCE.deliveries, ("courts", "full"))))
)
QUANTILE = 1.6448536269514722
SUMMED = ("reports", "children_reported", "juvenile_victim_records")
DEFINITIONS = {
    "children": "Different children under 18 named in reports with a sex trafficking allegation.",
    "reports": "Reports received in the quarter that name a child under 18 with a sex trafficking "
    "allegation.",
}


LARGE = {"St. Louis": 0.3, "Kansas City": 0.2, "Southwest": 0.16, "A": 0.25, "C": 0.33, "D": 0.14}
LARGE |= {"Jackson County": 0.17, "St. Louis city": 0.15, "St. Louis County": 0.14}
LARGE |= {"Greene County": 0.1, "Boone County": 0.06, "Jasper County": 0.05}


def weigh_places(frame: DenseFrame) -> Floats:
    """Uneven over places, as real counts are, and the same in every quarter."""
    keys = frame.levels[-1].keys
    rest = (1 - sum(LARGE.get(key, 0) for key in keys)) / len(keys)
    return np.array([LARGE.get(key, 0) + rest for key in keys])


def draw_truth(frame: DenseFrame, random: np.random.Generator) -> Floats:
    """Made-up exact counts of a frame."""
    weights = weigh_places(frame)
    for size in frame.sizes:
        share = np.linspace(3, 1, size)
        weights = np.multiply.outer(weights, share / share.sum())
    return random.poisson(TOTALS[frame.name] * weights).astype(float).ravel()


def draw_noise(frame: DenseFrame, random: np.random.Generator, times: int = 1) -> Floats:
    """Noise of every measured cell, `times` times: discrete Gaussian, as the release states."""
    noise = np.empty((times, len(frame.sigmas)))
    for sigma in np.unique(frame.sigmas):
        whole = np.arange(-math.ceil(8 * sigma), math.ceil(8 * sigma) + 1)
        law = np.exp(-((whole / sigma) ** 2) / 2)
        where = frame.sigmas == sigma
        size = (times, int(where.sum()))
        noise[:, where] = random.choice(whole, size=size, p=law / law.sum())
    return noise


@dataclass(frozen=True)
class Drawn:
    """One frame of one period, measured and reconstructed."""

    frame: DenseFrame
    noisy: Floats

    def estimate(self, rows: Floats) -> Floats:
        return self.frame.solve(rows) @ self.noisy


def draw(frame: DenseFrame, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    exact = frame.design @ draw_truth(frame, random)
    return Drawn(frame, exact + draw_noise(frame, random)[0])


def list_rows(
    frame: DenseFrame, spec: Spec
) -> list[tuple[str, tuple[str, ...], tuple[str, ...], Position]]:
    """Geography, keys, labels and position of every row; broad contains strict."""
    level = frame.levels[[one.name for one in frame.levels].index(spec.level)]
    choices = []
    for column in frame.columns:
        if column.name not in spec.dimensions:
            choices.append([((), (), tuple(range(len(column.keys))))])
        elif column is DEFINITION:
            choices.append([(("strict",), ("Strict",), (0,)), (("broad",), ("Broad",), (0, 1))])
        else:
            choices.append(
                [
                    ((key,), (label,), (place,))
                    for place, (key, label) in enumerate(
                        zip(column.keys, column.labels, strict=True)
                    )
                ]
            )
    return [
        (
            geography,
            tuple(key for keys, _, _ in chosen for key in keys),
            tuple(label for _, labels, _ in chosen for label in labels),
            (unit, tuple(places for _, _, places in chosen)),
        )
        for unit, geography in enumerate(level.keys)
        for chosen in product(*choices)
    ]


def make_row(geography, keys, labels, estimate: float, deviation: float, modelled: bool):
    margin = math.ceil(QUANTILE * deviation * 10) / 10
    cut_off = math.ceil(2.8 * deviation)
    rounded = round(float(estimate), 1) + 0.0
    row = ReleasedRow(
        geography,
        keys,
        labels,
        max(0, round(rounded)),
        rounded,
        margin,
        cut_off,
        ESTIMATED if rounded > cut_off else NOT_DISTINGUISHABLE,
        float(deviation),
    )
    if not modelled:
        return row
    middle = round(max(0.4, 0.6 * max(rounded, 0) + 0.8), 1)
    return replace(
        row,
        modelled=middle,
        modelled_low90=round(max(0.0, middle - 0.6 * margin), 1),
        modelled_high90=round(middle + 0.6 * margin, 1),
    )


def make_table(spec: Spec, drawn: Drawn, period: str, cadence: str) -> ReleasedTable:
    frame = drawn.frame
    listed = list_rows(frame, spec)
    level = [one.name for one in frame.levels].index(spec.level)
    marks = np.array([frame.mark(level, position) for _, _, _, position in listed])
    numbers = zip(drawn.estimate(marks), frame.deviate(marks), strict=True)
    titles = {column.name: column.title for column in frame.columns}
    return ReleasedTable(
        name=spec.name,
        title=f"{spec.title} ({spec.unit})",
        unit=spec.unit,
        definition=DEFINITIONS.get(spec.unit, f"{spec.title}, as the agencies recorded them."),
        sources=spec.sources,
        kind=spec.kind,
        cadence=cadence,
        period=period,
        level=spec.level,
        dimensions=spec.dimensions,
        dimension_titles=tuple(titles[name] for name in spec.dimensions),
        rows=tuple(
            make_row(geography, keys, labels, *pair, spec.modelled)
            for (geography, keys, labels, _), pair in zip(listed, numbers, strict=True)
        ),
        bound="One identity is one row, in one cell.",
        frame=frame.name,
        positions=tuple(position for _, _, _, position in listed),
    )


def sum_over_quarters(table: ReleasedTable, earlier: Sequence[ReleasedTable], first: str):
    """The rolling sum of four quarters of a table, with its own margin and no count."""
    rows = []
    for place, row in enumerate(table.rows):
        parts = [row, *(other.rows[place] for other in earlier)]
        deviation = math.sqrt(sum((part.deviation or 0) ** 2 for part in parts))
        total = sum(part.estimate or 0 for part in parts)
        rows.append(
            replace(
                make_row(row.geography, row.keys, row.labels, total, deviation, False), count=None
            )
        )
    return replace(
        table,
        name=f"{table.name}_four_quarters",
        title=f"{table.title.split(' (')[0]}, sum of four quarters ({table.unit})",
        cadence=FOUR_QUARTERS,
        period=f"{first} to {table.period}",
        rows=tuple(rows),
        positions=(),
    )


def state_history(table: ReleasedTable) -> list[HistoryPoint]:
    return [
        HistoryPoint(
            table.name,
            table.period,
            row.geography,
            row.keys,
            row.count,
            row.estimate,
            row.moe90,
            row.status,
            row.deviation,
        )
        for row in table.rows
    ]


def state_measurements(drawn: Drawn) -> list[ReleasedMeasurement]:
    frame, start, measured = drawn.frame, 0, []
    for table in frame.measured:
        level = frame.levels[table.level]
        columns = [frame.columns[axis] for axis in table.axes]
        cells = [
            MeasuredCell(
                level.keys[unit],
                tuple(c.keys[p] for c, p in zip(columns, places, strict=True)),
                tuple(c.labels[p] for c, p in zip(columns, places, strict=True)),
                0,
            )
            for unit in range(len(level.keys))
            for places in product(*(range(len(column.keys)) for column in columns))
        ]
        values = drawn.noisy[start : start + len(cells)]
        start += len(cells)
        dimensions = tuple(column.name for column in columns)
        measured.append(
            ReleasedMeasurement(
                "_".join((frame.name, level.name, *dimensions)),
                frame.name,
                level.name,
                dimensions,
                table.sigma,
                Fraction(1, 2) / Fraction(table.sigma) ** 2,
                tuple(
                    replace(cell, noisy_count=int(value))
                    for cell, value in zip(cells, values, strict=True)
                ),
            )
        )
    return measured


def make_privacy() -> PrivacyFacts:
    eighth = Fraction(1, 8)
    return PrivacyFacts(
        unit="One identity: a child with everything Children's Division holds under one child "
        "number, together with at most one juvenile victim record. Two data sets are neighbours "
        "when one of them is the other with one identity added or removed.",
        rho=eighth,
        rho_decimal="0.125",
        delta=0.000001,
        epsilon=2.42,
        mu=0.5,
        power=0.034,
        groups=tuple(
            GroupFacts(size, eighth * size**2, epsilon)
            for size, epsilon in ((1, 2.42), (2, 5.22), (3, 8.4))
        ),
        spending=(
            SpendingFacts("quarter", eighth, eighth),
            SpendingFacts("annual", eighth, eighth),
            SpendingFacts("year", Fraction(3, 8), Fraction(1, 2)),
            SpendingFacts("three_years", Fraction(5, 8), Fraction(1)),
            SpendingFacts("lifetime", Fraction(5, 8), Fraction(3, 2)),
        ),
        unprotected=("which agencies delivered", "the policy, the plan and the public key lists"),
    )


def name_quarter(number: int) -> str:
    return f"{number // 4}Q{number % 4 + 1}"


def draw_all(frames: Sequence[DenseFrame], seed: int) -> dict[str, Drawn]:
    return {frame.name: draw(frame, 100 * seed + place) for place, frame in enumerate(frames)}


def make_tables(
    specs: Sequence[Spec], drawn: dict[str, Drawn], period: str, cadence: str
) -> list[ReleasedTable]:
    return [make_table(spec, drawn[spec.frame], period, cadence) for spec in specs]


def add_quarters(made: Sequence[list[ReleasedTable]], first: str) -> list[ReleasedTable]:
    """Rolling sums of the tables of the last of four quarters."""
    return [
        sum_over_quarters(table, [earlier[place] for earlier in made[:-1]], first)
        for place, table in enumerate(made[-1])
        if table.name in SUMMED
    ]


@cache
def make_example(quarter: str = "2025Q4", earlier: int = 8) -> Release:
    """The release of a quarter, after `earlier` others; with annual tables in a fourth one."""
    number = int(quarter[:4]) * 4 + int(quarter[5]) - 1
    periods = [name_quarter(number - back) for back in range(earlier, -1, -1)]
    drawn = [draw_all(QUARTERLY_FRAMES, seed) for seed in range(len(periods))]
    made = [
        make_tables(QUARTERLY_TABLES, one, period, QUARTERLY)
        for one, period in zip(drawn, periods, strict=True)
    ]
    tables = list(made[-1])
    past = [table for one in made[:-1] for table in one]
    if earlier >= 3:
        tables += add_quarters(made[-4:], periods[-4])
    year = quarter[:4]
    yearly: dict[str, Drawn] = {}
    if quarter.endswith("Q4"):
        yearly = draw_all(ANNUAL_FRAMES, 50)
        tables += make_tables(ANNUAL_TABLES, yearly, year, ANNUAL)
        for back in range(earlier // 4, 0, -1):
            before = draw_all(ANNUAL_FRAMES, 50 + back)
            past += make_tables(ANNUAL_TABLES, before, str(int(year) - back), ANNUAL)
    tables += [make_silent(quarter), make_declared(quarter), make_withheld(quarter)]
    past += [make_declared(period) for period in periods[-8:-1]]
    current = {**drawn[-1], **yearly}
    return Release(
        release_id=quarter,
        quarter_start=date(number // 4, number % 4 * 3 + 1, 1),
        tables=tuple(tables),
        frames=tuple(
            one.frame.release(year if name in yearly else quarter) for name, one in current.items()
        ),
        measurements=tuple(table for one in current.values() for table in state_measurements(one)),
        history=tuple(point for table in past for point in state_history(table)),
        synthetic=(),
        plan=PlanFacts("a" * 64, 3, "b" * 64, "2026-11-22", "c" * 64),
        approvals=(ApprovalFacts("officer", "0123456789ABCDEF", "2026-01-14T09:30:00Z"),),
        privacy=make_privacy(),
        provenance=DELIVERED,
        previous=PreviousRelease(periods[-2], "d" * 64) if earlier else None,
        versions=(("opendp", "0.16.0"), ("python", "3.11.7")),
        drawn_at="2026-01-15T11:00:00Z",
        ledger_head="f" * 64,
    )
