"""The latent children and the times at which they come to an agency's notice.

Everything about a quarter follows from the scenario and that quarter alone, so a delivery is the
same whichever other quarters are simulated beside it. Does not belong here: what an agency writes
down about a child (`dss`, `mshp`, `hotline`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

from simulator.calibration import (
    BUSIEST_COUNTY,
    County,
    figure,
    load_counties,
    relationship_shares,
)
from simulator.chance import Chance, Wheel, age_on
from simulator.names import make_family_name, make_given_name
from sources.quarters import Quarter

AGENCIES = ("dss", "mshp", "hotline")

_DAYS_TO_REPORT = {"same_day": (0, 0), "few_days": (1, 3), "weeks": (4, 30), "late": (31, 90)}
_OWN_REPORT = Wheel({"same_day": 0.3, "few_days": 0.25, "weeks": 0.3, "late": 0.15})
_DUTY_REPORT = Wheel({"same_day": 0.45, "few_days": 0.25, "weeks": 0.2, "late": 0.1})
_OLDER_TEENS = {14: 0.13, 15: 0.19, 16: 0.22, 17: 0.18}


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    Attributes:
        seed: The same seed and figures give the same bytes.
        children_per_year: Trafficked children who become known to at least one agency for the
            first time, a year.
        dss_child_rows: Children in other reports to the Children's Division, a quarter.
        police_victims: Victim segments of other police incidents, a quarter.
        cases_per_year: Hotline cases, of children and adults, a year.
        reporting_duty: Probability that a child whom only police know is reported to the
            Children's Division (RSMo 210.1500); 0 is the world before the duty.
        children_in_care: Other children in out-of-home care on a day.
    """

    seed: int
    children_per_year: float
    dss_child_rows: int
    police_victims: int
    cases_per_year: float
    reporting_duty: float
    children_in_care: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person; county is a FIPS code, sex is female or male."""

    given_name: str
    family_name: str
    birth_date: date
    sex: str
    county: str


@dataclass(frozen=True, slots=True)
class Child:
    """A trafficked child.

    Attributes:
        key: The truth's name for this child; in no delivery.
        tie: family, known or stranger: who traffics the child.
        lists: Agencies that know the child without the reporting duty.
    """

    key: str
    person: Person
    tie: str
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that a child comes to notice.

    Attributes:
        day: First day; it lies in the quarter, and so do the police days.
        police_days: Days of police incidents.
        report_days: Days of reports to the Children's Division, up to 120 days later.
        is_reported_by_police: The reports are there because of the reporting duty.
    """

    child: Child
    day: date
    police_days: tuple[date, ...]
    report_days: tuple[date, ...]
    is_reported_by_police: bool

    @property
    def lists(self) -> frozenset[str]:
        """Agencies that know the child, the reporting duty included."""
        return self.child.lists | ({"dss"} if self.report_days else set())


def last_day(quarter: Quarter) -> date:
    """The last day of a quarter."""
    return quarter.next().first_day - timedelta(days=1)


def as_of(quarter: Quarter) -> date:
    """The day on which agencies take the data of a quarter from their systems."""
    return last_day(quarter) + timedelta(days=10)


def day_in(quarter: Quarter, chance: Chance) -> date:
    """A day of the quarter, each as likely as another."""
    length = (quarter.next().first_day - quarter.first_day).days
    return quarter.first_day + timedelta(days=chance.below(length))


@cache
def county_wheel() -> Wheel[County]:
    """Counties by their children."""
    return Wheel({county: sum(county.children) for county in load_counties()})


@cache
def police_county_wheel() -> Wheel[County]:
    """Counties as police data show them: one county's police alone may have 0.419 of them."""
    others = {c: float(sum(c.children)) for c in load_counties() if c.fips != BUSIEST_COUNTY}
    share = figure("police_share_st_louis_county")
    busiest = [county for county in load_counties() if county.fips == BUSIEST_COUNTY]
    return Wheel({one: share * sum(others.values()) / (1 - share) for one in busiest} | others)


@cache
def _age_wheel() -> Wheel[int]:
    older = figure("dss_older_teens_share")
    weights = {age: older * weight / 0.72 for age, weight in _OLDER_TEENS.items()}
    bands = ((range(6), 0.04), (range(6, 12), 0.08), (range(12, 14), 0.16))
    for ages, weight in bands:
        weights |= {age: (1 - older) * weight / 0.28 / len(ages) for age in ages}
    return Wheel(weights)


@cache
def _list_wheel() -> Wheel[frozenset[str]]:
    shared = {
        frozenset(AGENCIES): figure("share_on_all_three"),
        frozenset({"dss", "mshp"}): figure("share_on_dss_and_mshp_only"),
        frozenset({"dss", "hotline"}): figure("share_on_dss_and_hotline_only"),
        frozenset({"mshp", "hotline"}): figure("share_on_mshp_and_hotline_only"),
    }
    alone = {
        frozenset({agency}): figure(f"share_on_{agency}")
        - sum(share for lists, share in shared.items() if agency in lists)
        for agency in AGENCIES
    }
    return Wheel(shared | alone)


class Population:
    """The trafficked children of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._episodes: dict[Quarter, tuple[Episode, ...]] = {}

    @cached_property
    def _female_share(self) -> float:
        return (figure("dss_female_share") + figure("hotline_female_share")) / 2

    def new_children(self, quarter: Quarter) -> Iterator[Child]:
        """Children who become known in this quarter, in a fixed order."""
        scenario = self.scenario
        chance = Chance(scenario.seed, "children", quarter)
        ties = Wheel(relationship_shares())
        for number in range(chance.poisson(scenario.children_per_year / 4)):
            lists = chance.spin(_list_wheel())
            counties = police_county_wheel() if "mshp" in lists else county_wheel()
            person = Person(
                given_name=make_given_name(chance),
                family_name=make_family_name(chance),
                birth_date=chance.birth_date(chance.spin(_age_wheel()), quarter.first_day),
                sex="female" if chance.happens(self._female_share) else "male",
                county=chance.spin(counties).fips,
            )
            yield Child(f"{quarter}-{number:06d}", person, chance.spin(ties), lists)

    def episodes(self, quarter: Quarter) -> tuple[Episode, ...]:
        """Episodes that begin in this quarter: of new children, and of some of the last quarter."""
        if quarter not in self._episodes:
            again = figure("known_again_next_quarter")
            chance = Chance(self.scenario.seed, "again", quarter)
            returning = (
                child
                for child in self.new_children(quarter.previous())
                if chance.happens(again) and age_on(child.person.birth_date, last_day(quarter)) < 18
            )
            self._episodes[quarter] = tuple(
                self._make_episode(child, quarter)
                for children in (self.new_children(quarter), returning)
                for child in children
            )
        return self._episodes[quarter]

    def _make_episode(self, child: Child, quarter: Quarter) -> Episode:
        chance = Chance(self.scenario.seed, "episode", child.key, quarter)
        day = day_in(quarter, chance)
        eighteenth = child.person.birth_date.replace(
            year=child.person.birth_date.year + 18, day=min(child.person.birth_date.day, 28)
        )
        day = max(quarter.first_day, min(day, eighteenth - timedelta(days=1)))
        police_days = _draw_police_days(day, quarter, chance) if "mshp" in child.lists else ()
        by_police = (
            "dss" not in child.lists
            and bool(police_days)
            and chance.happens(self.scenario.reporting_duty)
        )
        report_days: tuple[date, ...] = ()
        if by_police:
            report_days = _draw_report_days(day, _DUTY_REPORT, chance)
        elif "dss" in child.lists:
            start = day
            if police_days and chance.happens(0.1):
                start = max(quarter.first_day, day - timedelta(days=chance.below(20)))
            report_days = _draw_report_days(start, _OWN_REPORT, chance)
        return Episode(child, day, police_days, report_days, by_police)


def _draw_police_days(day: date, quarter: Quarter, chance: Chance) -> tuple[date, ...]:
    """Mostly one incident; one child in ten is a victim in two, one in fifty in three."""
    days = [day]
    for probability in (0.1, 0.2):
        if not chance.happens(probability):
            break
        days.append(min(day + timedelta(days=1 + chance.below(14)), last_day(quarter)))
    return tuple(days)


def _draw_report_days(day: date, delays: Wheel[str], chance: Chance) -> tuple[date, ...]:
    """One report, or two for one child in eight."""
    shortest, longest = _DAYS_TO_REPORT[chance.spin(delays)]
    first = day + timedelta(days=shortest + chance.below(longest - shortest + 1))
    if chance.happens(0.12):
        return first, first + timedelta(days=1 + chance.below(30))
    return (first,)
