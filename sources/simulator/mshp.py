"""What the Highway Patrol hands over: a NIBRS flat file, and its roster for tokens.

Does not belong here: what happens in an incident (`police`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sources.quarters import Quarter
from sources.simulator.chance import Chance, make_identifier
from sources.simulator.police import (
    PoliceRecord,
    child_incidents,
    other_incidents,
    sheriff_of,
    submission_limit,
)
from sources.simulator.population import Population, county_wheel, day_in
from sources.simulator.roster import Clerk, open_roster
from sources.simulator.segments import (
    Arrestee,
    Submission,
    write_group_b_arrest,
    write_incident,
    write_zero_report,
)
from sources.simulator.truth import TrueRecord

_INCIDENTS_PER_GROUP_B_ARREST = 50
_SILENT_COUNTIES = ("29227", "29197", "29103")
"""Worth, Schuyler and Knox: few people, so their sheriffs send zero reports."""


def write_mshp_delivery(
    population: Population, quarter: Quarter, nibrs: Path, roster: Path
) -> list[TrueRecord]:
    """Write one quarter's flat file and roster; give the trafficked children's records.

    Memory does not grow with the number of other incidents.
    """
    scenario = population.scenario
    clerk = Clerk(
        Chance(scenario.seed, "mshp roster", quarter),
        surname_first=True,
        misspelt=0.08,
        nameless=0.03,
        dateless=0.07,
    )
    truth: list[TrueRecord] = []
    nibrs.parent.mkdir(parents=True, exist_ok=True)
    with (
        nibrs.open("w", encoding="ascii", newline="\n") as lines,
        open_roster(roster, clerk) as enrol,
    ):
        for record in _delivered(population, quarter):
            lines.writelines(write_incident(record.incident))
            for number, person in record.people:
                enrol(f"{record.incident.key}:{number:03d}", person)
            truth += _as_truth(record, quarter)
        lines.writelines(_group_b_arrests(population, quarter))
        lines.writelines(_zero_reports(quarter))
    return truth


def _delivered(population: Population, quarter: Quarter) -> Iterator[PoliceRecord]:
    """Last quarter's incidents submitted late, this quarter's in time, and other incidents."""
    previous = quarter.previous()
    for record in child_incidents(population, previous):
        if record.incident.submission[1:] > submission_limit(previous):
            yield record
    for record in child_incidents(population, quarter):
        if record.incident.submission[1:] <= submission_limit(quarter):
            yield record
    chance = Chance(population.scenario.seed, "other incidents", quarter)
    yield from other_incidents(population, quarter, chance)


def _as_truth(record: PoliceRecord, quarter: Quarter) -> Iterator[TrueRecord]:
    for number, child in record.children:
        yield TrueRecord(
            child_key=child.key,
            agency="mshp",
            delivery_quarter=str(quarter),
            record_key=f"{record.incident.key}:{number:03d}",
            group_key=record.incident.key,
            event_date=record.incident.day,
            is_trafficking=True,
        )


def _group_b_arrests(population: Population, quarter: Quarter) -> Iterator[str]:
    scenario = population.scenario
    chance = Chance(scenario.seed, "group b", quarter)
    for number in range(scenario.police_victims // _INCIDENTS_PER_GROUP_B_ARREST):
        day = day_in(quarter, chance)
        submission = Submission(sheriff_of(chance.spin(county_wheel()).fips), day.year, day.month)
        arrestee = Arrestee(1, day, "90D", 17 + chance.below(50), "M", "W")
        transaction = make_identifier(scenario.seed, "group b", quarter, number)
        yield write_group_b_arrest(submission, transaction, arrestee)


def _zero_reports(quarter: Quarter) -> Iterator[str]:
    year, month = submission_limit(quarter)
    first = quarter.first_day
    for county in _SILENT_COUNTIES:
        submission = Submission(sheriff_of(county), year, month)
        for reported in range(first.month, first.month + 3):
            yield write_zero_report(submission, first.year, reported)
