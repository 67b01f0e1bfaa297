"""Which police agencies report to the Patrol, month by month.

Forces that write incidents down report every month. Beside them stand made-up small agencies, one a
county: most report, if only that there was nothing; some do not, and nothing of theirs is in any
file. Does not belong here: incidents (`police`) and the lines of a zero report (`segments`).
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.calibration import figure, load_counties
from simulator.chance import Chance
from simulator.police import force_of, has_sheriff, list_forces
from sources.agency_roster import RosterAgency
from sources.quarters import Quarter


def make_roster(seed: int, quarter: Quarter) -> tuple[RosterAgency, ...]:
    """The Patrol's list of who takes part, with each month of the quarter."""
    whole = dict.fromkeys(quarter.months, True)
    forces = [RosterAgency(ori=ori, reporting=whole) for ori in list_forces()]
    return (*forces, *_small_agencies(seed, quarter))


def list_zero_reports(seed: int, quarter: Quarter) -> Iterator[tuple[str, int]]:
    """ORI and month of each statement that there was nothing to report."""
    for agency in _small_agencies(seed, quarter):
        for month, is_reporting in agency.reporting.items():
            if is_reporting:
                yield agency.ori, int(month[5:])


def _small_agencies(seed: int, quarter: Quarter) -> Iterator[RosterAgency]:
    silent, irregular = figure("police_agency_silent"), figure("police_agency_irregular")
    for county in load_counties():
        if not has_sheriff(county.fips):
            continue
        ori = f"{force_of(county.fips)[:5]}9900"
        share = Chance(seed, "taking part", ori).random()
        chance = Chance(seed, "months reported", ori, quarter)
        yield RosterAgency(
            ori=ori,
            reporting={
                month: share >= silent + irregular or (share >= silent and chance.happens(0.5))
                for month in quarter.months
            },
        )
