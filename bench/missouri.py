"""Exact counts of every frame of the default policy, from the simulator's own truth.

Each child is one identity here and no record is missed or linked wrongly, so the counts are those
that perfect deliveries would give. Does not belong here: noise.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from jurisdiction.folder import list_counties
from simulator.calibration import figure, hotline_cases_a_year
from simulator.care_stays import MISSING, RUNAWAY, Stay, list_children
from simulator.chance import Chance, age_on
from simulator.hotline import write_hotline_delivery
from simulator.police import PoliceRecord, child_incidents, other_incidents
from simulator.population import Child, Population, Scenario
from sources.quarters import Quarter

AGE_BANDS = ((6, "under_6"), (12, "6_to_11"), (15, "12_to_14"), (18, "15_to_17"))
STRICT = {"64A", "64B"}
PATROL = "MOMHP0000"
ANNUAL_FRAMES = (
    "children_reported_in_year",
    "juvenile_victim_records_in_year",
    "children_by_agency_in_year",
    "report_lag_in_year",
    "children_in_care_in_year",
)


class Leaf(NamedTuple):
    """Where a record is counted: unit of the finest level, and one key of each dimension."""

    unit: str
    keys: tuple[str, ...]


Counts = dict[str, Counter[Leaf]]


def make_population(seed: int) -> Population:
    """The simulated Missouri of the demo."""
    return Population(
        Scenario(
            seed=seed,
            children_per_year=figure("known_children_a_year"),
            dss_child_rows=round(figure("dss_child_rows")),
            police_victims=round(figure("police_victims")),
            cases_per_year=hotline_cases_a_year(),
            reporting_duty=figure("reporting_duty"),
            children_in_care=round(figure("children_in_care")),
        )
    )


def count_quarter(population: Population, quarter: Quarter, folder: Path) -> Counts:
    """Exact counts of the quarterly frames; `folder` is scratch space."""
    children: Counter[Leaf] = Counter()
    incidents: Counter[Leaf] = Counter()
    region_of, troop_of = _find_units("region"), _find_units("troop")
    for child, _ in _list_first_reports(population, quarter):
        children[Leaf(region_of[child.person.county], ())] += 1
    police = list(child_incidents(population, quarter))
    for record in police:
        unit = _find_unit(record, troop_of[record.children[0][1].person.county])
        incidents[Leaf(unit, (_find_definition(record),))] += 1
    cases, callers = _count_hotline(population, quarter, folder)
    return {
        "reports_to_childrens_division": _put_in_state(_count_reports(population, quarter)),
        "children_reported": children,
        "hotline_cases": _put_in_state(cases),
        "hotline_children": _put_in_state(callers),
        "incidents_known_to_police": incidents,
        "arrests": _put_in_state(_count_arrests(population, quarter, police)),
    }


def count_year(population: Population, year: int) -> Counts:
    """Exact counts of the annual frames, with links that miss nothing."""
    counts: Counts = {name: Counter() for name in ANNUAL_FRAMES}
    children, records, patterns, lags, care = counts.values()
    care.update(_list_children_in_care(population, year))
    county_of = _find_units("county")
    for quarter in (Quarter(year, number) for number in range(1, 5)):
        reported = _find_first_days(population, quarter)
        on_police = set()
        for record in child_incidents(population, quarter):
            for _, child in record.children:
                on_police.add(child.key)
                unit = _find_unit(record, county_of[child.person.county])
                records[Leaf(unit, (_find_definition(record), _find_tie(record, child)))] += 1
                lags[Leaf("Missouri", (_find_lag(record, reported.get(child.key)),))] += 1
        for child, day in _list_first_reports(population, quarter):
            keys = (_find_age_band(child, day), child.person.sex)
            children[Leaf(county_of[child.person.county], keys)] += 1
            key = "both" if child.key in on_police else "dss_only"
            patterns[Leaf("Missouri", (key,))] += 1
        patterns[Leaf("Missouri", ("mshp_only",))] += len(on_police - reported.keys())
    return counts


def _put_in_state(count: int) -> Counter[Leaf]:
    return Counter({Leaf("Missouri", ()): count})


def _find_units(level: str) -> dict[str, str]:
    """Unit of a level by FIPS code of the county."""
    return {line["fips"]: line[level] for line in list_counties()}


def _list_first_reports(population: Population, quarter: Quarter) -> Iterator[tuple[Child, date]]:
    """Children whose first report lies in the quarter, and its day."""
    for start in (quarter.previous().previous(), quarter.previous(), quarter):
        for episode in population.episodes(start):
            if not episode.report_days or not episode.child.key.startswith(str(start)):
                continue
            first = min(episode.report_days)
            if quarter.first_day <= first < quarter.next().first_day:
                yield episode.child, first


def _find_first_days(population: Population, quarter: Quarter) -> dict[str, date]:
    """Day of the first report of each child who is reported by the quarter's end."""
    return {
        episode.child.key: min(episode.report_days)
        for start in (quarter.previous(), quarter)
        for episode in population.episodes(start)
        if episode.report_days and min(episode.report_days) < quarter.next().first_day
    }


def _list_children_in_care(population: Population, year: int) -> Iterator[Leaf]:
    """The cell of each child in care in the federal year that ends in a year's September."""
    first, last = Quarter(year - 1, 4), Quarter(year, 3)
    last_day = last.next().first_day - timedelta(days=1)
    for child in list_children(population, first, last):
        is_trafficked = child.trafficked_before or (child.trafficked_on or last_day) < last_day
        is_absent = any(_was_absent(stay, first.first_day, last_day) for stay in child.stays)
        reported = "reported" if min(child.report_days, default=date.max) <= last_day else ""
        absence = "absent_trafficked" if is_trafficked else "absent_other"
        keys = (
            absence if is_absent else "never_absent",
            (reported or "not_reported") if is_trafficked else "not_trafficked",
        )
        yield Leaf("Missouri", keys)


def _was_absent(stay: Stay, first_day: date, last_day: date) -> bool:
    """Whether a child lived nowhere known on a day between two, or left care so."""
    ends = (*(day for day, _ in stay.settings[1:]), stay.left)
    return (stay.reason == "6" and first_day <= stay.left <= last_day) or any(
        code in (RUNAWAY, MISSING) and day <= last_day and end > first_day
        for (day, code), end in zip(stay.settings, ends, strict=True)
    )


def _count_reports(population: Population, quarter: Quarter) -> int:
    return sum(
        quarter.first_day <= day < quarter.next().first_day
        for start in (quarter.previous(), quarter)
        for episode in population.episodes(start)
        for day in episode.report_days
    )


def _count_hotline(population: Population, quarter: Quarter, folder: Path) -> tuple[int, int]:
    write_hotline_delivery(population, quarter, folder)
    counts: Counter[str] = Counter()
    with (folder / "counts.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            counts[line["measure"]] += int(line["count"])
    return counts["cases"], counts["children"]


def _count_arrests(population: Population, quarter: Quarter, police: list[PoliceRecord]) -> int:
    chance = Chance(population.scenario.seed, "other incidents", quarter)
    records = (*police, *other_incidents(population, quarter, chance))
    return sum(one.offence in STRICT for record in records for one in record.incident.arrestees)


def _find_definition(record: PoliceRecord) -> str:
    codes = {offence.code for offence in record.incident.offences}
    return "strict" if codes & STRICT else "broad_only"


def _find_unit(record: PoliceRecord, unit: str) -> str:
    return "Unknown" if record.incident.submission.ori == PATROL else unit


def _find_tie(record: PoliceRecord, child: Child) -> str:
    ties = {code for _, code in record.incident.victims[0].ties}
    return "unknown" if ties <= {"", "RU"} else child.tie


def _find_lag(record: PoliceRecord, reported: date | None) -> str:
    if reported is None:
        return "none_found"
    return "same_day" if reported <= record.incident.day else "later"


def _find_age_band(child: Child, day: date) -> str:
    age = age_on(child.person.birth_date, day)
    return next((band for below, band in AGE_BANDS if age < below), "unknown")
