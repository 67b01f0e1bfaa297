"""Which children are in out-of-home care when, where they live meanwhile, and who was trafficked.

A stay follows from the seed and the quarter in which the child enters care, so that each half-year
retells it. Does not belong here: the file (`care`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from simulator.calibration import figure
from simulator.chance import Chance, Wheel, make_identifier
from simulator.names import make_family_name, make_given_name
from simulator.population import Child, Episode, Person, Population, county_wheel, day_in
from sources.quarters import Quarter

RUNAWAY, MISSING = "12", "13"
FORMER_UNTIL = date(2022, 10, 1)
"""A stay that ended before is told by its days alone (45 CFR 1355.43(b)(3))."""

_QUARTERS_BACK = 24
_DAYS_OF_A_QUARTER = 365.25 / 4
_AGES = Wheel({0: 0.19, 2: 0.14, 4: 0.12, 7: 0.16, 10: 0.13, 13: 0.14, 15: 0.09, 16: 0.03})
_SETTINGS = Wheel({"": 0.72, "2": 0.06, "4": 0.1, "5": 0.02, "8": 0.02, "14": 0.08})
_REASONS = Wheel({"1": 0.5, "2": 0.04, "3": 0.2, "4": 0.06, "5": 0.15, "6": 0.02, "8": 0.03})


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in care.

    Attributes:
        removed: First day.
        left: Last day, which may lie in the future.
        reason: Of the exit.
        settings: First day and code of each living arrangement; "" is a foster family home.
        is_because_of_trafficking: Whether that is among the circumstances of the removal.
    """

    removed: date
    left: date
    reason: str
    settings: tuple[tuple[date, str], ...]
    is_because_of_trafficking: bool = False

    def is_open_on(self, day: date) -> bool:
        """Whether the child is still in care at the end of a day."""
        return self.left > day


@dataclass(frozen=True, slots=True)
class CareChild:
    """A child in care at some time.

    Attributes:
        number: E4, twelve characters.
        stays: In order of time.
        trafficked_before: Whether the child was trafficked before it came into care.
        trafficked_on: First day on which that is known to have happened in care; None if never.
        report_days: Days on which police were told.
    """

    number: str
    person: Person
    stays: tuple[Stay, ...]
    trafficked_before: bool = False
    trafficked_on: date | None = None
    report_days: tuple[date, ...] = ()


def find_afcars_number(child: Child, seed: int) -> str:
    """The number in care of a trafficked child; "" for one that never comes into care."""
    chance = Chance(seed, "in care", child.key)
    if not chance.happens(figure("care_of_trafficked")):
        return ""
    return make_identifier(seed, "afcars", child.key)


def list_children(population: Population, first: Quarter, last: Quarter) -> Iterator[CareChild]:
    """The children who are in care on any day of some quarters, trafficked or not."""
    first_day, last_day = first.first_day, last.next().first_day - timedelta(days=1)
    quarter = last
    for _ in range(_QUARTERS_BACK):
        for child in (*_list_others(population, quarter), *_list_trafficked(population, quarter)):
            newest = child.stays[-1]
            if newest.removed <= last_day and newest.left >= first_day:
                yield child
        quarter = quarter.previous()


def _list_others(population: Population, quarter: Quarter) -> Iterator[CareChild]:
    seed = population.scenario.seed
    chance = Chance(seed, "care", quarter)
    stock = population.scenario.children_in_care
    for number in range(round(stock * _DAYS_OF_A_QUARTER / figure("care_mean_days"))):
        person = Person(
            given_name=make_given_name(chance),
            family_name=make_family_name(chance),
            birth_date=chance.birth_date(chance.spin(_AGES), quarter.first_day),
            sex="female" if chance.happens(0.5) else "male",
            county=chance.spin(county_wheel()).fips,
        )
        stay = _make_stay(day_in(quarter, chance), chance, figure("care_absent"))
        stays = (*_list_former(stay, person, chance), stay)
        yield CareChild(make_identifier(seed, "care", quarter, number), person, stays)


def _list_trafficked(population: Population, quarter: Quarter) -> Iterator[CareChild]:
    """Of the trafficked children who became known in a quarter, those that come into care."""
    seed = population.scenario.seed
    for episode in population.episodes(quarter):
        child = episode.child
        is_new = child.key.startswith(f"{quarter}-")
        number = find_afcars_number(child, seed) if is_new and episode.report_days else ""
        if number:
            yield _make_trafficked(episode, number, Chance(seed, "trafficked in care", child.key))


def _make_trafficked(episode: Episode, number: str, chance: Chance) -> CareChild:
    """Removed after the report, or trafficked while in care already."""
    person, reported = episode.child.person, min(episode.report_days)
    is_before = chance.happens(0.5)
    days = chance.below(20) if is_before else -30 - chance.below(300)
    removed = max(reported + timedelta(days=days), person.birth_date + timedelta(days=1))
    stay = _make_stay(removed, chance, 0.6, at_least=abs(days) + 30)
    is_because = is_before and chance.happens(0.6)
    told: tuple[date, ...] = (
        () if not chance.happens(figure("care_reported_to_police")) else (reported,)
    )
    if told and chance.happens(0.2):
        told = (*told, reported + timedelta(days=1 + chance.below(40)))
    return CareChild(
        number,
        person,
        (Stay(stay.removed, stay.left, stay.reason, stay.settings, is_because),),
        trafficked_before=is_before,
        trafficked_on=None if is_before else max(episode.day, removed),
        report_days=told,
    )


def _make_stay(removed: date, chance: Chance, absent: float, at_least: int = 0) -> Stay:
    """A stay with some living arrangements, and an absence or two among them."""
    days = at_least + 1 + int(chance.expovariate(1 / figure("care_mean_days")))
    left = removed + timedelta(days=days)
    settings = [(removed, chance.spin(_SETTINGS))]
    day = removed
    while chance.happens(0.5):
        day += timedelta(days=10 + chance.below(200))
        settings.append((day, chance.spin(_SETTINGS)))
    if chance.happens(absent):
        day = removed + timedelta(days=1 + chance.below(max(days - 10, 1)))
        settings.append((day, RUNAWAY if chance.happens(0.8) else MISSING))
        if chance.happens(0.15):
            settings.append((day + timedelta(days=2), MISSING))
        if chance.happens(0.9):
            settings.append((day + timedelta(days=3 + chance.below(40)), "2"))
    lived = tuple(sorted(one for one in dict(settings).items() if one[0] <= left))
    is_away = lived[-1][1] in (RUNAWAY, MISSING)
    return Stay(removed, left, "6" if is_away else chance.spin(_REASONS), lived)


def _list_former(stay: Stay, person: Person, chance: Chance) -> Iterator[Stay]:
    """An earlier stay of a child who came back; it ends before the newer one begins."""
    if not chance.happens(figure("care_back_again")):
        return
    left = stay.removed - timedelta(days=30 + chance.below(900))
    removed = left - timedelta(days=5 + chance.below(500))
    if removed > person.birth_date:
        yield Stay(removed, left, "1", ((removed, ""),))
