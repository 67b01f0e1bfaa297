"""What the Children's Division hands over: a Child File, and its roster for tokens.

Among many reports of abuse and neglect stand those of trafficked children. Does not belong here:
the form of a line (`child_file`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

from simulator.calibration import County, figure
from simulator.care_stays import find_afcars_number
from simulator.chance import Chance, Wheel, make_identifier
from simulator.child_file import ReportedChild, write_age, write_child
from simulator.counts import Tally
from simulator.names import make_family_name, make_given_name
from simulator.population import Child, Person, Population, as_of, county_wheel, day_in
from simulator.roster import DIVISION, Clerk, open_roster
from simulator.truth import TrueRecord
from sources.quarters import Quarter

_CHILDREN_IN_REPORT = Wheel({1: 0.7, 2: 0.2, 3: 0.08, 4: 0.02})
"""1.42 children a report, as 78,000 children in 55,000 reports."""

_QUARTERS_BACK = 2
"""Reports come at most 120 days after the episode, so from this many quarters earlier."""

_OTHER_REPORT = 0.2
_JOINT_REPORT = 0.1
_REPORTED_AGAIN = 0.05
_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class _Report:
    """A report to the Children's Division with one trafficked child in it."""

    child: Child
    report_id: str
    day: date
    incident_day: date
    is_trafficking: bool
    is_from_police: bool


def write_dss_delivery(
    population: Population, quarter: Quarter, child_file: Path, roster: Path, tally: Tally
) -> list[TrueRecord]:
    """Write one quarter's Child File and roster; give the trafficked children's records.

    Some of these stand first without the allegation and are corrected further down. Memory does
    not grow with the number of other children. `tally` counts what is delivered.
    """
    scenario = population.scenario
    chance = Chance(scenario.seed, "child file", quarter)
    reports = list(_reports_delivered(population, quarter))
    others = _other_children(population, quarter, Chance(scenario.seed, "other children", quarter))
    clerk = Clerk(
        Chance(scenario.seed, "dss roster", quarter),
        DIVISION,
        surname_first=False,
    )
    child_file.parent.mkdir(parents=True, exist_ok=True)
    with (
        child_file.open("w", encoding="ascii", newline="\n") as lines,
        open_roster(roster, clerk) as enrol,
    ):
        share = scenario.dss_child_rows // (len(reports) + 1)
        marked = _as_reported(reports, scenario.seed, chance)
        corrected: list[ReportedChild] = []
        for child, is_new in _spread(marked, others, share):
            first = child
            if child.tie is not None:
                if child.is_child:
                    tally.add_child_record(quarter, child.report_id, child.report_day)
                if chance.happens(figure("dss_corrected_in_file")):
                    first = replace(child, tie=None)
                    corrected.append(child)
            lines.write(write_child(first, as_of(quarter), chance))
            if is_new:
                enrol(child.child_id, child.person)
        lines.writelines(write_child(child, as_of(quarter), chance) for child in corrected)
    return [_as_truth(report, scenario.seed, quarter) for report in reports]


def _spread(
    few: Iterable[tuple[ReportedChild, bool]],
    many: Iterator[tuple[ReportedChild, bool]],
    share: int,
) -> Iterator[tuple[ReportedChild, bool]]:
    """Put each of the few behind its share of the many."""
    for one in few:
        yield from islice(many, share)
        yield one
    yield from many


def _reports_delivered(population: Population, quarter: Quarter) -> Iterator[_Report]:
    """Reports of this quarter that were entered in time, and the last quarter's late ones."""
    previous = quarter.previous()
    for report_quarter, is_late in ((previous, True), (quarter, False)):
        chance = Chance(population.scenario.seed, "late reports", report_quarter)
        late_ids: dict[str, bool] = {}
        for report in _reports_made(population, report_quarter):
            if report.report_id not in late_ids:
                late_ids[report.report_id] = chance.happens(figure("dss_entered_late"))
            if late_ids[report.report_id] is is_late:
                yield report


def _reports_made(population: Population, quarter: Quarter) -> Iterator[_Report]:
    """Reports whose day lies in the quarter; one in ten joins the report before it."""
    seed = population.scenario.seed
    chance = Chance(seed, "reports", quarter)
    last: _Report | None = None
    for report in sorted(
        _single_reports(population, quarter),
        key=lambda one: (one.child.person.county, one.report_id),
    ):
        joins = (
            last is not None
            and last.child.person.county == report.child.person.county
            and last.child.key != report.child.key
            and last.is_trafficking
            and report.is_trafficking
            and chance.happens(_JOINT_REPORT)
        )
        if last is not None and joins:
            yield _Report(
                child=report.child,
                report_id=last.report_id,
                day=last.day,
                incident_day=min(report.incident_day, last.day),
                is_trafficking=True,
                is_from_police=last.is_from_police,
            )
            last = None
        else:
            yield report
            last = report


def _single_reports(population: Population, quarter: Quarter) -> Iterator[_Report]:
    start = quarter
    for _ in range(_QUARTERS_BACK):
        start = start.previous()
    seed = population.scenario.seed
    while start <= quarter:
        for episode in population.episodes(start):
            days = [(day, True) for day in episode.report_days]
            chance = Chance(seed, "other report", episode.child.key, start)
            if episode.report_days and chance.happens(_OTHER_REPORT):
                days.append((day_in(start, chance), False))
            for number, (day, is_trafficking) in enumerate(days):
                if quarter.first_day <= day < quarter.next().first_day:
                    yield _Report(
                        child=episode.child,
                        report_id=make_identifier(seed, "report", episode.child.key, start, number),
                        day=day,
                        incident_day=episode.day if is_trafficking else day,
                        is_trafficking=is_trafficking,
                        is_from_police=is_trafficking and episode.is_reported_by_police,
                    )
        start = start.next()


def _child_id(child: Child, seed: int) -> str:
    return make_identifier(seed, "child", child.key)


def _as_reported(
    reports: Iterable[_Report], seed: int, chance: Chance
) -> Iterator[tuple[ReportedChild, bool]]:
    """How the Division writes trafficked children down, and whether each is the first time."""
    known: set[str] = set()
    ties_known = 1 - figure("recruiter_not_specified") / figure("recruiter_all")
    for report in reports:
        child = report.child
        tie = child.tie if chance.happens(ties_known) else "unknown"
        birth_date, age = write_age(child.person, report.day, chance)
        reported = ReportedChild(
            child_id=_child_id(child, seed),
            report_id=report.report_id,
            person=child.person,
            birth_date=birth_date,
            age=age,
            report_day=report.day,
            incident_day=_write_incident_day(report.incident_day, chance),
            tie=tie if report.is_trafficking else None,
            is_from_police=report.is_from_police,
            afcars_number=find_afcars_number(child, seed),
        )
        yield reported, child.key not in known
        known.add(child.key)


def _write_incident_day(day: date, chance: Chance) -> date | None:
    """Often left blank; now and then a slip puts it a year ahead, after the report."""
    share = chance.random()
    if share < 0.15:
        return None
    return day + timedelta(days=365) if share < 0.155 else day


def _as_truth(report: _Report, seed: int, quarter: Quarter) -> TrueRecord:
    return TrueRecord(
        child_key=report.child.key,
        agency="dss",
        delivery_quarter=str(quarter),
        record_key=_child_id(report.child, seed),
        group_key=report.report_id,
        event_date=report.day,
        is_trafficking=report.is_trafficking,
    )


def _other_children(
    population: Population, quarter: Quarter, chance: Chance
) -> Iterator[tuple[ReportedChild, bool]]:
    """Children in reports about something else; brothers and sisters share a report.

    Some come again in a later report of the same delivery. Reports entered late are the last
    quarter's.
    """
    seed, wanted = population.scenario.seed, population.scenario.dss_child_rows
    remembered: deque[ReportedChild] = deque(maxlen=_REMEMBERED)
    written = 0
    while written < wanted:
        is_late = chance.happens(figure("dss_entered_late"))
        day = day_in(quarter.previous() if is_late else quarter, chance)
        report_id = make_identifier(seed, "other report", quarter, written)
        county, family_name = chance.spin(county_wheel()), make_family_name(chance)
        if remembered and chance.happens(_REPORTED_AGAIN):
            yield _report_again(remembered.popleft(), report_id, day), False
            written += 1
            continue
        for _ in range(min(chance.spin(_CHILDREN_IN_REPORT), wanted - written)):
            child_id = make_identifier(seed, "other child", quarter, written)
            person = _make_person(county, family_name, day, chance)
            birth_date, age = write_age(person, day, chance)
            child = ReportedChild(
                child_id=child_id,
                report_id=report_id,
                person=person,
                birth_date=birth_date,
                age=age,
                report_day=day,
                incident_day=_write_incident_day(day, chance),
                tie=None,
                is_from_police=False,
            )
            remembered.append(child)
            yield child, True
            written += 1


def _report_again(child: ReportedChild, report_id: str, day: date) -> ReportedChild:
    return replace(
        child, report_id=report_id, report_day=max(day, child.report_day), incident_day=None
    )


@cache
def _ages(county: County) -> Wheel[int]:
    bands = (range(5), range(5, 14), range(14, 18))
    return Wheel(
        {
            age: count / len(band)
            for band, count in zip(bands, county.children, strict=True)
            for age in band
        }
    )


def _make_person(county: County, family_name: str, day: date, chance: Chance) -> Person:
    return Person(
        given_name=make_given_name(chance),
        family_name=family_name,
        birth_date=chance.birth_date(chance.spin(_ages(county)), day),
        sex="female" if chance.happens(0.5) else "male",
        county=county.fips,
    )
