"""What the Highway Patrol hands over: a NIBRS flat file, and its roster for tokens.

Does not belong here: what happens in an incident (`police`), and how often it is told (`history`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from simulator.calibration import figure
from simulator.chance import Chance, Wheel, make_identifier
from simulator.counts import Tally
from simulator.history import History, delivery_of, draw_history
from simulator.police import child_incidents, force_of, other_incidents
from simulator.police_roster import list_zero_reports
from simulator.population import Population, county_wheel, day_in
from simulator.roster import PATROL, Clerk, Enrol, open_roster
from simulator.segments import (
    Arrestee,
    Submission,
    write_group_b_arrest,
    write_zero_report,
)
from simulator.submission import go_back, submission_limit
from simulator.truth import TrueRecord
from sources.quarters import Quarter

_INCIDENTS_PER_GROUP_B_ARREST = 50
_QUARTERS_BACK = 9
"""An incident comes at most two years late, and a correction of it with the next delivery."""


def write_mshp_delivery(
    population: Population, quarter: Quarter, nibrs: Path, roster: Path, tally: Tally
) -> list[TrueRecord]:
    """Write one quarter's flat file and roster; give the trafficked children's records.

    Memory does not grow with the number of other incidents. `tally` counts what is delivered;
    quarters come in their order.
    """
    seed = population.scenario.seed
    clerk = Clerk(
        Chance(seed, "mshp roster", quarter),
        PATROL,
        surname_first=True,
    )
    truth: list[TrueRecord] = []
    last_lines: list[str] = []
    nibrs.parent.mkdir(parents=True, exist_ok=True)
    with (
        nibrs.open("w", encoding="ascii", newline="\n") as lines,
        open_roster(roster, clerk) as enrol,
    ):
        for history, is_first in _delivered(population, quarter):
            key = history.record.incident.key
            if is_first:
                lines.writelines(history.first_lines())
                last_lines += history.last_lines()
                tally.see_incident(quarter, key, history.first_version)
                truth += _as_truth(history, quarter)
            else:
                lines.writelines(history.later_lines(quarter))
                tally.see_incident(quarter, key, history.later_version)
            if is_first or history.later_version is not None:
                _enrol_victims(history, enrol)
        chance = Chance(seed, "other incidents", quarter)
        for record in other_incidents(population, quarter, chance):
            history = draw_history(record, seed, may_come_later=False)
            lines.writelines(history.first_lines())
            last_lines += history.last_lines()
            tally.add_other_incident(quarter, record.incident)
            _enrol_victims(history, enrol)
        lines.writelines(last_lines)
        lines.writelines(chain(_group_b_arrests(population, quarter), _zero_reports(seed, quarter)))
    return truth


def _enrol_victims(history: History, enrol: Enrol) -> None:
    for number, person in history.record.people:
        enrol(f"{history.record.incident.key}:{number:03d}", person)


def _delivered(population: Population, quarter: Quarter) -> Iterator[tuple[History, bool]]:
    """What a delivery says of trafficked children's incidents, and whether it brings them.

    It brings those of this quarter that were submitted in time and those of earlier ones that were
    submitted since the delivery before, and corrects some that the one before brought.
    """
    for back in range(_QUARTERS_BACK, -1, -1):
        for record in child_incidents(population, go_back(quarter, back)):
            brought = delivery_of(record)
            if brought in (quarter, quarter.previous()):
                history = draw_history(record, population.scenario.seed)
                if brought == quarter:
                    yield history, True
                elif history.comes_later:
                    yield history, False


def _as_truth(history: History, quarter: Quarter) -> Iterator[TrueRecord]:
    incident = history.record.incident
    for number, child in history.record.children:
        yield TrueRecord(
            child_key=child.key,
            agency="mshp",
            delivery_quarter=str(quarter),
            record_key=f"{incident.key}:{number:03d}",
            group_key=incident.key,
            event_date=incident.day,
            is_trafficking=True,
        )


def _group_b_arrests(population: Population, quarter: Quarter) -> Iterator[str]:
    """Group B arrest reports; some stand twice or more, up to eight times."""
    scenario = population.scenario
    chance = Chance(scenario.seed, "group b", quarter)
    repeated = figure("nibrs_group_b_repeated")
    weights = {2: 0.5 * repeated, 3: 0.13 * repeated, 8: 0.07 * repeated}
    copies = Wheel({1: 1 - sum(weights.values()), **weights})
    for number in range(scenario.police_victims // _INCIDENTS_PER_GROUP_B_ARREST):
        day = day_in(quarter, chance)
        submission = Submission(force_of(chance.spin(county_wheel()).fips), day.year, day.month)
        arrestee = Arrestee(1, day, "90D", 17 + chance.below(50), "M", "W")
        transaction = make_identifier(scenario.seed, "group b", quarter, number)
        line = write_group_b_arrest(submission, transaction, arrestee)
        yield line * chance.spin(copies)


def _zero_reports(seed: int, quarter: Quarter) -> Iterator[str]:
    year, month = submission_limit(quarter)
    for ori, reported in list_zero_reports(seed, quarter):
        yield write_zero_report(Submission(ori, year, month), quarter.year, reported)
