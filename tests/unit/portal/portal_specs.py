"""What the example release counts: geographies, frames with their noise, and tables.

Here: public keys and made-up noise. Numbers are made in `portal_examples`.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal_frames import Column, DenseFrame, Measured

from jurisdiction.folder import list_counties
from privacy.released import ACTIVITY, COHORT, ReleasedLevel

KEYS = Path(__file__).resolve().parents[3] / "missouri" / "lists"
LEVEL_TITLES = {
    "state": "State",
    "region": "Children's Division region",
    "circuit": "Judicial circuit",
    "county": "County",
    "troop": "Highway Patrol troop",
}


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
def make_levels(names: tuple[str, ...]) -> tuple[ReleasedLevel, ...]:
    elsewhere = [dict.fromkeys(names, key) for key in ("Outside Missouri", "Unknown")]
    lines = [{**line, "state": "Missouri"} for line in (*list_counties(), *elsewhere)]
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
        children = Counter[str]()
        for line in lines:
            children[line[name]] += int(line.get("child_population_2019", 0))
        living = tuple(children[key] for key in keys)
        levels.append(ReleasedLevel(name, LEVEL_TITLES[name], keys, titled, parents, living, 2019))
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

STATE = make_levels(("state",))
REGIONS = make_levels(("state", "region"))
TROOPS = make_levels(("state", "troop"))
COUNTIES = make_levels(("state", "region", "circuit", "county"))
TROOP_COUNTIES = make_levels(("state", "troop", "county"))


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
