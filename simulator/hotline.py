"""What the hotline hands over: counts of cases and of children, never a record.

Programmes under VOCA and VAWA may give totals only (28 CFR 94.115, 34 USC 12291(b)(2)). Does not
belong here: who is on the other agencies' lists too; the hotline does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jurisdiction.state import read_state
from simulator.calibration import figure
from simulator.chance import Chance, Wheel, age_on
from simulator.population import Episode, Population, as_of
from sources.contracts import find_contract
from sources.hotline_totals import name_band
from sources.quarters import Quarter
from sources.totals_package import write_totals

_NOT_KNOWN = 0.1
_EXPLOITATION = Wheel({"sexual": 58.0, "labour": 4.0, "sexual_and_labour": 1.0, "other": 1.0})
"""Weights by the hotline's cases of Missouri in 2015; nothing is published of other kinds."""


def write_hotline_delivery(population: Population, quarter: Quarter, folder: Path) -> None:
    """Write counts.csv and datapackage.json for one quarter, as hotline/2 has them.

    A case holds one child, sometimes two; a child is in one case, and in one cell of each table.
    The tie to the trafficker stays unspecified as often as in the hotline's own published rows.
    """
    scenario = population.scenario
    chance = Chance(scenario.seed, "hotline", quarter)
    unknown = figure("recruiter_not_specified") / figure("recruiter_all")
    contract = find_contract("hotline/2", "hotline")
    cells = {(measure, group): 0 for measure, groups in contract.cells.items() for group in groups}
    cases = 0
    joins_last_case = False
    for episode in population.episodes(quarter):
        if "hotline" not in episode.child.lists:
            continue
        tie = "unknown" if chance.happens(unknown) else episode.child.tie
        for cell in (("children", tie), *_describe_child(episode, quarter)):
            cells[cell] += 1
        joins_last_case = cases > 0 and not joins_last_case and chance.happens(0.15)
        cases += not joins_last_case
    children_cases = scenario.children_per_year / 4 * figure("share_on_hotline") / 1.15
    cases += chance.poisson(max(0.0, scenario.cases_per_year / 4 - children_cases))
    cells["cases", "all"] = cases
    about = {
        "title": f"Simulated hotline counts for {read_state().name}, {quarter}",
        "name": "simulated-hotline-counts",
        "description": "Simulated: no case and no child counted here exists.",
        "simulated": True,
        "created": f"{as_of(quarter).isoformat()}T00:00:00Z",
    }
    write_totals(folder, quarter, cells, contract, about)


def _describe_child(episode: Episode, quarter: Quarter) -> Iterator[tuple[str, str]]:
    """The child's cells by age, sex and exploitation; one in ten of each is not known."""
    chance = Chance("hotline child", episode.child.key, quarter)
    person = episode.child.person
    known = {
        "children_by_age_band": name_band(age_on(person.birth_date, quarter.first_day)),
        "children_by_sex": person.sex,
        "children_by_exploitation": chance.spin(_EXPLOITATION),
    }
    for measure, group in known.items():
        yield measure, "unknown" if chance.happens(_NOT_KNOWN) else group
