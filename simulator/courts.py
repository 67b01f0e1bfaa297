"""What the courts hand over: totals of prosecutions for trafficking, never a case.

A case follows from an incident of the same population in which police arrested somebody for
trafficking; it ends in a later quarter. Does not belong here: the incidents (`police`), and sealed
and juvenile cases, which are in no total by contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jurisdiction.state import read_state
from simulator.chance import Chance
from simulator.police import child_incidents
from simulator.population import Population, as_of
from sources.contracts import find_contract
from sources.quarters import Quarter
from sources.totals_package import write_totals

_TRAFFICKING = ("64A", "64B")
_FILED, _OF_A_CHILD, _CONVICTED = 0.7, 0.75, 0.6
_MOST_TO_FILE, _LEAST_TO_END, _MOST_TO_END = 1, 2, 5
"""Quarters from the incident to the case, and from the case to its end; all are assumed."""


@dataclass(frozen=True)
class _Case:
    """Its group in the totals, and how many quarters after the incident it was filed and ended."""

    group: str
    filed: int
    ended: int
    is_convicted: bool


def write_courts_delivery(population: Population, quarter: Quarter, folder: Path) -> None:
    """Write counts.csv and datapackage.json of the totals of one quarter, as courts/1 has them.

    Those of a quarter follow from it and the quarters before alone, so a case that ended was filed
    in the totals of an earlier quarter, whichever quarters are simulated.
    """
    contract = find_contract("courts/1", "courts")
    cells = {(measure, group): 0 for measure, groups in contract.cells.items() for group in groups}
    of_incident = quarter
    for ago in range(_MOST_TO_FILE + _MOST_TO_END + 1):
        for case in _bring_cases(population, of_incident):
            cells["cases_filed", case.group] += case.filed == ago
            cells["dispositions", case.group] += case.ended == ago
            cells["convictions", case.group] += case.ended == ago and case.is_convicted
        of_incident = of_incident.previous()
    about = {
        "title": f"Simulated totals of prosecutions for {read_state().name}, {quarter}",
        "name": "simulated-court-totals",
        "description": "Simulated: no case counted here exists.",
        "simulated": True,
        "created": f"{as_of(quarter).isoformat()}T00:00:00Z",
    }
    write_totals(folder, quarter, cells, contract, about)


def _bring_cases(population: Population, quarter: Quarter) -> Iterator[_Case]:
    """The cases that follow from the arrests of a quarter's incidents."""
    for record in child_incidents(population, quarter):
        incident = record.incident
        chance = Chance(population.scenario.seed, "case", incident.number)
        is_arrested = any(one.offence in _TRAFFICKING for one in incident.arrestees)
        if is_arrested and chance.happens(_FILED):
            filed = chance.below(_MOST_TO_FILE + 1)
            took = _LEAST_TO_END + chance.below(_MOST_TO_END - _LEAST_TO_END + 1)
            group = "of_a_child" if chance.happens(_OF_A_CHILD) else "other"
            yield _Case(group, filed, filed + took, chance.happens(_CONVICTED))
