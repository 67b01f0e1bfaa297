"""The figures that the simulated world is fitted to, each with its standing.

`calibration.csv` holds published facts (status reported, quoted or computed) and, marked
`assumption`, what nobody has published. Children by county and age and the ORIs of police agencies
are the state's own lists (`jurisdiction`). Fitted to facts: children
and cases of the hotline, relationship to the trafficker and its unknown share, overlap of lists,
sex, age, reporters, time to close a report, months until police submit, the offence codes, their
clearance and the places that police data come from. Does not belong here: chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jurisdiction.folder import LISTS, list_counties, read_table

BUSIEST_COUNTY = "29189"
"""The county whose own police recorded a known share alone, in the state of the figures."""

_AGES = ("0_to_4", "5_to_13", "14_to_17")


@dataclass(frozen=True)
class Fact:
    """One figure.

    Attributes:
        value: A count a year, a share, or days; see the key.
        status: reported, quoted, computed (by us from published rows) or assumption.
    """

    value: float
    status: str


@dataclass(frozen=True)
class County:
    """A county with its children on 1 July 2019.

    Attributes:
        fips: Five digits.
        children: Persons of 0-4, 5-13 and 14-17 years.
    """

    fips: str
    name: str
    children: tuple[int, ...]


@cache
def load_facts() -> Mapping[str, Fact]:
    """Every figure by its key."""
    rows = read_table(Path(__file__).with_name("calibration.csv"))
    return MappingProxyType({row["key"]: Fact(float(row["value"]), row["status"]) for row in rows})


def figure(key: str) -> float:
    """The value of one figure; KeyError where there is none of that key."""
    return load_facts()[key].value


@cache
def load_counties() -> tuple[County, ...]:
    """The state's counties of today, and cities that lie in none."""
    return tuple(
        County(
            row["fips"],
            row["county"],
            tuple(int(row[f"child_population_{ages}_2019"]) for ages in _AGES),
        )
        for row in list_counties()
    )


@cache
def load_city_police() -> Mapping[str, tuple[str, ...]]:
    """ORIs of local police by county FIPS code, as far as they were seen; not the Patrol's."""
    known: dict[str, list[str]] = {}
    for row in read_table(LISTS / "police_agencies.csv"):
        if row["county_fips"]:
            known.setdefault(row["county_fips"], []).append(row["ori"])
    return MappingProxyType({fips: tuple(oris) for fips, oris in known.items()})


@cache
def load_county_forces() -> Mapping[str, str]:
    """The ORI of each county's own force: its sheriff, or the police of a city in no county."""
    prefixes: dict[str, list[str]] = {}
    for row in read_table(LISTS / "ori_county.csv"):
        prefixes.setdefault(row["fips"], []).append(row["ori_prefix"])
    return MappingProxyType({fips: f"{min(found)}0000" for fips, found in prefixes.items()})


@cache
def load_state_police() -> str:
    """The ORI of the police of the whole state."""
    agencies = read_table(LISTS / "police_agencies.csv")
    return next(row["ori"] for row in agencies if row["agency_type"] == "state_police")


def relationship_shares() -> Mapping[str, float]:
    """Shares of family, known and stranger among children whose trafficker's tie is known.

    Two facts fix them: 678 of 1,095 ties are not specified, and 30 % of the hotline's children are
    with family or someone known. Family to known is 192 to 171 (partner and friend).
    """
    specified = 1 - figure("recruiter_not_specified") / figure("recruiter_all")
    near = figure("hotline_share_family_or_known") / specified
    known = figure("recruiter_partner") + figure("recruiter_friend")
    family = near * figure("recruiter_family") / (figure("recruiter_family") + known)
    return {"family": family, "known": near - family, "stranger": 1 - near}


def hotline_cases_a_year() -> float:
    """Mean of the yearly case counts published for 2019 to 2024, children and adults."""
    years = [fact.value for key, fact in load_facts().items() if key.startswith("hotline_cases_")]
    return sum(years) / len(years)
