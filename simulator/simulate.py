"""Make the deliveries of all agencies for some quarters, and the truth behind them.

Folders under the given one:

* `prepared/<agency>/<quarter>/`: the files to deliver, in their real formats, without manifest;
* `agency_side/<agency>/roster_<quarter>.csv`: names and birth dates, for making tokens;
* `truth/`: which records are the same child.

Does not belong here: tokens (an agency makes them), manifests and inboxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jurisdiction.state import read_state
from simulator.calibration import figure, hotline_cases_a_year
from simulator.care import write_care_delivery
from simulator.counts import Tally
from simulator.courts import write_courts_delivery
from simulator.dss import write_dss_delivery
from simulator.hotline import write_hotline_delivery
from simulator.mshp import write_mshp_delivery
from simulator.police_roster import make_roster
from simulator.population import AGENCIES, Episode, Population, Scenario, as_of
from simulator.truth import TrueRecord, write_truth
from sources.agency_roster import RosterAgency
from sources.quarters import Quarter

_TOTALS = {"datapackage": "datapackage.json", "counts": "counts.csv"}
_FILES = {
    "dss": {"child_file": "child_file.txt"},
    "care": {"care": "care.xml"},
    "mshp": {"nibrs": "nibrs.txt"},
    "hotline": _TOTALS,
    "courts": _TOTALS,
}
"""The files of each agency that delivers, by their roles."""

_WITH_ROSTER = ("dss", "mshp")

NOTE = (
    "Simulated. Everything in this folder was made by a program; no person, report, incident or\n"
    "case in it exists. Deliver it only with a manifest that says so (simulated: true).\n"
)


@dataclass(frozen=True)
class PreparedDelivery:
    """The files of one delivery, ready for tokens and a manifest that says `simulated`.

    Attributes:
        folder: Holds the files.
        files: Role of each file in the contract, and its name.
        roster: What the agency makes tokens from; None of a delivery without tokens.
        as_of: Day on which the data were taken.
        agency_roster: Which police agencies reported; of the Patrol alone.
    """

    agency: str
    quarter: Quarter
    folder: Path
    files: dict[str, str]
    roster: Path | None
    as_of: date
    agency_roster: tuple[RosterAgency, ...] = ()


@dataclass(frozen=True)
class SimulatedTruth:
    """What a simulation made.

    Attributes:
        deliveries: In order of quarter and agency.
        children: Trafficked children with an episode in these quarters.
        children_by_agency: Of these, known to each agency, the reporting duty included.
        children_on_several_lists: Of these, known to more than one agency.
        folder: The truth's own folder.
    """

    deliveries: tuple[PreparedDelivery, ...]
    children: int
    children_by_agency: dict[str, int]
    children_on_several_lists: int
    folder: Path


def simulate(
    folder: Path,
    quarters: Sequence[Quarter],
    seed: int,
    *,
    children_per_year: float | None = None,
    dss_child_rows: int | None = None,
    police_victims: int | None = None,
    reporting_duty: float | None = None,
    children_in_care: int | None = None,
    scale: float = 1.0,
) -> SimulatedTruth:
    """Write prepared deliveries, rosters and truth; the same arguments give the same bytes.

    Args:
        folder: Where to write; files of an earlier simulation are replaced.
        quarters: Quarters to deliver, each once.
        seed: Any whole number.
        children_per_year: Trafficked children who become known, a year (400).
        dss_child_rows: Children in other reports to the Children's Division, a quarter (19,500).
        police_victims: Victim segments of other incidents, a quarter (4,000).
        reporting_duty: Probability that police report a child to the Division (0.6).
        children_in_care: Other children in care on a day (13,000).
        scale: Multiplies all of these counts but no probability.
    """
    scenario = Scenario(
        seed=seed,
        children_per_year=scale * _or_figure(children_per_year, "known_children_a_year"),
        dss_child_rows=round(scale * _or_figure(dss_child_rows, "dss_child_rows")),
        police_victims=round(scale * _or_figure(police_victims, "police_victims")),
        cases_per_year=scale * hotline_cases_a_year(),
        reporting_duty=_or_figure(reporting_duty, "reporting_duty"),
        children_in_care=round(scale * _or_figure(children_in_care, "children_in_care")),
    )
    population = Population(scenario)
    deliveries: list[PreparedDelivery] = []
    records: list[TrueRecord] = []
    tally = Tally()
    for quarter in sorted(quarters):
        for agency in _list_agencies(quarter):
            prepared = _prepare(folder, agency, quarter, seed)
            records += _write_delivery(population, prepared, tally)
            deliveries.append(prepared)
    episodes = [(str(q), episode) for q in sorted(quarters) for episode in population.episodes(q)]
    write_truth(folder / "truth", records, episodes, tally.counts())
    for part in ("prepared", "agency_side", "truth"):
        (folder / part / "README.txt").write_text(NOTE, encoding="utf-8", newline="\n")
    return _summarise(tuple(deliveries), [episode for _, episode in episodes], folder / "truth")


def _or_figure(value: float | None, key: str) -> float:
    return figure(key) if value is None else value


def _list_agencies(quarter: Quarter) -> list[str]:
    """Who delivers for a quarter."""
    rhythms = {one.key: one.rhythm for one in read_state().agencies}
    return [
        agency
        for agency in _FILES
        if (rhythm := rhythms[agency]) is None or quarter.number in rhythm.quarters
    ]


def _prepare(folder: Path, agency: str, quarter: Quarter, seed: int) -> PreparedDelivery:
    has_roster = agency in _WITH_ROSTER
    return PreparedDelivery(
        agency=agency,
        quarter=quarter,
        folder=folder / "prepared" / agency / str(quarter),
        files=_FILES[agency],
        roster=folder / "agency_side" / agency / f"roster_{quarter}.csv" if has_roster else None,
        as_of=as_of(quarter),
        agency_roster=make_roster(seed, quarter) if agency == "mshp" else (),
    )


def _write_delivery(
    population: Population, prepared: PreparedDelivery, tally: Tally
) -> list[TrueRecord]:
    if prepared.files is _TOTALS:
        totals = {"hotline": write_hotline_delivery, "courts": write_courts_delivery}
        totals[prepared.agency](population, prepared.quarter, prepared.folder)
        return []
    (name,) = prepared.files.values()
    if prepared.roster is None:
        write_care_delivery(population, prepared.quarter, prepared.folder / name)
        return []
    write = {"dss": write_dss_delivery, "mshp": write_mshp_delivery}[prepared.agency]
    return write(population, prepared.quarter, prepared.folder / name, prepared.roster, tally)


def _summarise(
    deliveries: tuple[PreparedDelivery, ...], episodes: list[Episode], folder: Path
) -> SimulatedTruth:
    lists: dict[str, frozenset[str]] = {}
    for episode in episodes:
        lists[episode.child.key] = lists.get(episode.child.key, frozenset()) | episode.lists
    return SimulatedTruth(
        deliveries=deliveries,
        children=len(lists),
        children_by_agency={
            agency: sum(agency in known for known in lists.values()) for agency in AGENCIES
        },
        children_on_several_lists=sum(len(known) > 1 for known in lists.values()),
        folder=folder,
    )
