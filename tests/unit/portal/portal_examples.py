"""A release as large as a real one, with deviations that are true for its frames.

Here: made-up numbers with noise of the law that the release states. Nobody real is behind them.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from portal_frames import Column, DenseFrame, Floats, Measured, Position

from privacy.released import (
    ACTIVITY,
    ANNUAL,
    COHORT,
    ESTIMATED,
    FOUR_QUARTERS,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    QUARTERLY,
    ApprovalFacts,
    GroupFacts,
    HistoryPoint,
    MeasuredCell,
    PlanFacts,
    PreviousRelease,
    PrivacyFacts,
    Provenance,
    Release,
    ReleasedLevel,
    ReleasedMeasurement,
    ReleasedRow,
    ReleasedTable,
    SpendingFacts,
)

KEYS = Path(__file__).resolve().parents[3] / "dbt_project" / "seeds" / "keys"
LEVEL_TITLES = {
    "state": "State",
    "region": "Children's Division region",
    "circuit": "Judicial circuit",
    "county": "County",
    "troop": "Highway Patrol troop",
}
QUANTILE = 1.6448536269514722


@dataclass(frozen=True)
class Spec:
    """A published table of the example: its frame, level and dimensions."""

    name: str
    title: str
    unit: str
    sources: tuple[str, ...]
    frame: str
    level: str = "state"
    dimensions: tuple[str, ...] = ()
    kind: str = ACTIVITY
    modelled: bool = False


def read_keys(name: str) -> list[dict[str, str]]:
    with (KEYS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def make_levels(tree: str, names: tuple[str, ...]) -> tuple[ReleasedLevel, ...]:
    lines = read_keys(f"tree_{tree}")
    levels: list[ReleasedLevel] = []
    above: dict[str, int] = {}
    for depth, name in enumerate(names):
        paths = list(
            dict.fromkeys(tuple(line[part] for part in names[: depth + 1]) for line in lines)
        )
        labels = {entry["key"]: entry["label"] for entry in read_keys(name)}
        parents = tuple(above[path[:-1]] for path in paths) if depth else ()
        keys = tuple(path[-1] for path in paths)
        titled = tuple(labels[key] for key in keys)
        levels.append(ReleasedLevel(name, LEVEL_TITLES[name], keys, titled, parents))
        above = {path: place for place, path in enumerate(paths)}  # type: ignore[misc]
    return tuple(levels)


def make_column(name: str, title: str) -> Column:
    entries = read_keys(name)
    return Column(name, title, tuple(e["key"] for e in entries), tuple(e["label"] for e in entries))


AGE = make_column("age_band", "Age band")
SEX = make_column("sex_group", "Sex")
RELATIONSHIP = make_column("relationship_group", "Relationship")
DEFINITION = make_column("definition", "Definition")
OFFENCE = make_column("offence_group", "Offence")
PATTERN = make_column("agency_pattern", "Known to")
LAG = make_column("lag_group", "Time until the report")

STATE = make_levels("dss", ("state",))
REGIONS = make_levels("dss", ("state", "region"))
TROOPS = make_levels("police", ("state", "troop"))
COUNTIES = make_levels("dss", ("state", "region", "circuit", "county"))
TROOP_COUNTIES = make_levels("police", ("state", "troop", "county"))


def _frame(name: str, levels, columns, *measured: tuple[int, tuple[int, ...], float]) -> DenseFrame:
    return DenseFrame(name, levels, columns, tuple(Measured(*table) for table in measured))


QUARTERLY_FRAMES = (
    _frame("reports_to_childrens_division", STATE, (), (0, (), 6.2)),
    _frame(
        "children_reported",
        REGIONS,
        (AGE, SEX),
        (0, (), 6.4),
        (1, (), 7.1),
        (0, (0,), 7.9),
        (0, (1,), 7.2),
    ),
    _frame("hotline_cases", STATE, (), (0, (), 5.1)),
    _frame("hotline_children", STATE, (RELATIONSHIP,), (0, (), 6.9), (0, (0,), 6.6)),
    _frame("incidents_known_to_police", TROOPS, (DEFINITION,), (0, (0,), 5.8), (1, (0,), 7.7)),
    _frame(
        "juvenile_victim_records",
        TROOPS,
        (DEFINITION, RELATIONSHIP),
        (0, (0,), 6.1),
        (1, (0,), 8.3),
        (0, (0, 1), 8.8),
    ),
    _frame("arrests", STATE, (OFFENCE,), (0, (0,), 5.5)),
    _frame("children_by_agency", STATE, (PATTERN,), (0, (0,), 9.7)),
    _frame("report_lag", STATE, (LAG,), (0, (0,), 11.9)),
)
ANNUAL_FRAMES = (
    _frame(
        "children_reported_in_year",
        COUNTIES,
        (SEX,),
        (0, (0,), 5.2),
        (1, (0,), 6.4),
        (2, (), 4.2),
        (3, (), 4.4),
    ),
    _frame(
        "juvenile_victim_records_in_year",
        TROOP_COUNTIES,
        (DEFINITION,),
        (0, (0,), 6.1),
        (1, (0,), 6.8),
        (2, (0,), 5.3),
    ),
)
DSS, POLICE, HOTLINE, BOTH = ("dss",), ("mshp",), ("hotline",), ("dss", "mshp")
FIRST = "Children first reported to Children's Division"
CHILDREN = ("children", DSS, "children_reported")
VICTIMS = "Juvenile victim records of the police"
RECORDS = ("victim records", POLICE)
IN_YEAR = ("children", DSS, "children_reported_in_year")
QUARTERLY_TABLES = (
    Spec(
        "reports",
        "Reports to Children's Division",
        "reports",
        DSS,
        "reports_to_childrens_division",
    ),
    Spec("children_reported", FIRST, *CHILDREN, kind=COHORT),
    Spec(
        "children_by_age_band",
        f"{FIRST}, by age band",
        *CHILDREN,
        dimensions=("age_band",),
        kind=COHORT,
    ),
    Spec("children_by_sex", f"{FIRST}, by sex", *CHILDREN, dimensions=("sex_group",), kind=COHORT),
    Spec("children_by_region", f"{FIRST}, by region", *CHILDREN, "region", kind=COHORT),
    Spec("hotline_cases", "Hotline cases with a child", "cases", HOTLINE, "hotline_cases"),
    Spec("hotline_children", "Children in hotline cases", "children", HOTLINE, "hotline_children"),
    Spec(
        "hotline_children_by_relationship",
        "Children in hotline cases, by relationship",
        "children",
        HOTLINE,
        "hotline_children",
        dimensions=("relationship_group",),
    ),
    Spec(
        "incidents_known_to_police",
        "Incidents known to police with a child victim",
        "incidents",
        POLICE,
        "incidents_known_to_police",
        dimensions=("definition",),
    ),
    Spec(
        "incidents_by_troop",
        "Incidents known to police with a child victim, by troop",
        "incidents",
        POLICE,
        "incidents_known_to_police",
        "troop",
        ("definition",),
    ),
    Spec(
        "juvenile_victim_records",
        VICTIMS,
        *RECORDS,
        "juvenile_victim_records",
        dimensions=("definition",),
    ),
    Spec(
        "juvenile_victim_records_by_relationship",
        f"{VICTIMS}, by relationship to the offender",
        *RECORDS,
        "juvenile_victim_records",
        dimensions=("definition", "relationship_group"),
    ),
    Spec(
        "arrests",
        "Arrests for trafficking",
        "arrests",
        POLICE,
        "arrests",
        "state",
        ("offence_group",),
    ),
    Spec(
        "children_by_agency",
        "Children known to Children's Division, to police, or to both",
        "children and victim records",
        BOTH,
        "children_by_agency",
        dimensions=("agency_pattern",),
        kind=COHORT,
    ),
    Spec(
        "report_lag",
        "Time from police contact to the report to Children's Division",
        "victim records",
        BOTH,
        "report_lag",
        dimensions=("lag_group",),
    ),
)
ANNUAL_TABLES = (
    Spec(
        "children_in_year_by_region",
        "Children reported in the year, by region",
        *IN_YEAR,
        "region",
        (),
        COHORT,
    ),
    Spec(
        "children_in_year_by_circuit",
        "Children reported in the year, by circuit",
        *IN_YEAR,
        "circuit",
        (),
        COHORT,
    ),
    Spec(
        "children_in_year_by_county",
        "Children reported in the year, by county",
        *IN_YEAR,
        "county",
        (),
        COHORT,
        modelled=True,
    ),
    Spec(
        "victim_records_in_year_by_county",
        "Juvenile victim records of the police in the year, by county",
        "victim records",
        POLICE,
        "juvenile_victim_records_in_year",
        "county",
        ("definition",),
    ),
)
TOTALS = {
    "reports_to_childrens_division": 104,
    "children_reported": 96,
    "hotline_cases": 58,
    "hotline_children": 71,
    "incidents_known_to_police": 47,
    "juvenile_victim_records": 55,
    "arrests": 31,
    "children_by_agency": 128,
    "report_lag": 55,
    "children_reported_in_year": 391,
    "juvenile_victim_records_in_year": 214,
}
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
    """Whole-number noise of every measured cell, `times` times."""
    return np.rint(random.normal(0.0, frame.sigmas, (times, len(frame.sigmas))))


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


def make_silent(period: str) -> ReleasedTable:
    row = ReleasedRow("Missouri", (), (), None, None, None, None, NOT_COLLECTED)
    return ReleasedTable(
        name="prosecutions",
        title="Prosecutions (cases filed)",
        unit="cases filed",
        definition="No body that delivers to this release collects prosecutions. This is not zero.",
        sources=(),
        kind=ACTIVITY,
        cadence=QUARTERLY,
        period=period,
        level="state",
        dimensions=(),
        dimension_titles=(),
        rows=(row,),
        bound=None,
        frame=None,
    )


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


@cache
def make_example(quarter: str = "2025Q4", earlier: int = 8) -> Release:
    """The release of a quarter, after `earlier` others; with annual tables in a fourth one."""
    number = int(quarter[:4]) * 4 + int(quarter[5]) - 1
    frames = {frame.name: frame for frame in QUARTERLY_FRAMES}
    periods = [name_quarter(number - back) for back in range(earlier, -1, -1)]
    drawn = {
        period: {
            name: draw(frame, place * 100 + order)
            for order, (name, frame) in enumerate(frames.items())
        }
        for place, period in enumerate(periods)
    }
    made = {
        period: [
            make_table(spec, drawn[period][spec.frame], period, QUARTERLY)
            for spec in QUARTERLY_TABLES
        ]
        for period in periods
    }
    tables = list(made[quarter])
    if earlier >= 3:
        for place, table in enumerate(made[quarter]):
            if table.name in SUMMED:
                before = [made[period][place] for period in periods[-4:-1]]
                tables.append(sum_over_quarters(table, before, periods[-4]))
    yearly = []
    if quarter.endswith("Q4"):
        yearly = [draw(frame, 7) for frame in ANNUAL_FRAMES]
        by_name = {one.frame.name: one for one in yearly}
        tables += [
            make_table(spec, by_name[spec.frame], quarter[:4], ANNUAL) for spec in ANNUAL_TABLES
        ]
    tables.append(make_silent(quarter))
    current = [*drawn[quarter].values(), *yearly]
    return Release(
        release_id=quarter,
        quarter_start=date(number // 4, number % 4 * 3 + 1, 1),
        tables=tuple(tables),
        frames=tuple(
            one.frame.release(quarter[:4] if one in yearly else quarter) for one in current
        ),
        measurements=tuple(table for one in current for table in state_measurements(one)),
        history=tuple(
            point
            for period in periods[:-1]
            for table in made[period]
            for point in state_history(table)
        ),
        synthetic=(),
        plan=PlanFacts("a" * 64, 3, "b" * 64, "2026-11-22", "c" * 64),
        approvals=(ApprovalFacts("officer", "0123456789ABCDEF", "2026-01-14T09:30:00Z"),),
        privacy=make_privacy(),
        provenance=Provenance((("dss", "full"), ("hotline", "nil"), ("mshp", "delta")), True),
        previous=PreviousRelease(periods[-2], "d" * 64) if earlier else None,
        versions=(("opendp", "0.16.0"), ("python", "3.11.7")),
        drawn_at="2026-01-15T11:00:00Z",
        ledger_head="f" * 64,
    )
