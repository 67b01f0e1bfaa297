"""What happens between police and trafficked children, and what else police write down.

Gives incidents; a child's incidents carry the children in them. Does not belong here: the files
(`mshp`) and the form of a segment (`segments`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from simulator.calibration import (
    BUSIEST_COUNTY,
    figure,
    load_city_police,
    load_counties,
    load_county_forces,
    load_state_police,
)
from simulator.chance import Chance, Wheel, age_on, make_identifier
from simulator.names import make_family_name, make_given_name
from simulator.population import Child, Person, Population, county_wheel, day_in
from simulator.segments import (
    UNKNOWN_OFFENDER,
    Arrestee,
    Incident,
    Offence,
    Offender,
    Property,
    Submission,
    Victim,
)
from simulator.submission import (
    go_back,
    quarters_late,
    submission_limit,
    submit,
    submit_within,
)
from sources.quarters import Quarter

_CITY_FORCE_SHARE = 0.5

_LOCATION = Wheel({"14": 0.35, "20": 0.35, "13": 0.1, "58": 0.1, "25": 0.1})
_SOCIETY = Wheel({"40B": 0.45, "40A": 0.25, "40C": 0.15, "370": 0.15})
_AGAINST_CHILD = Wheel({"36B": 0.5, "11D": 0.3, "13B": 0.2})
_TIE = {
    "family": Wheel({"CH": 0.4, "OF": 0.25, "SC": 0.25, "SB": 0.1}),
    "known": Wheel({"AQ": 0.45, "BG": 0.25, "FR": 0.15, "OK": 0.15}),
    "stranger": Wheel({"ST": 1.0}),
    "unknown": Wheel({"RU": 1.0}),
}
_RACE = Wheel({"W": 0.7, "B": 0.2, "U": 0.1})
_MULTIPLE = Wheel({"N": 0.9, "C": 0.05, "M": 0.05})
_NEVER_ONLINE = frozenset({"11D", "13A", "13B", "23D", "36B"})
"""Offences whose place cannot be cyberspace (FBI rule 205)."""

_AGAINST_PROPERTY = frozenset({"23D"})
"""Offences whose victim is connected to no offender (FBI rule 459)."""

_WEAPON = {"64A": "95", "64B": "95", "11D": "40", "13B": "40"}
_ACTIVITY = {"370": "E", "11D": "N", "13B": "N", "35A": "P"}
_TWO_CHILDREN = 0.12
_NEAR = timedelta(days=14)
_ADULT_TOO = 0.2
_OffendersAndTies = tuple[tuple[Offender, ...], tuple[tuple[str, str], ...]]
_NOBODY: _OffendersAndTies = ((Offender(UNKNOWN_OFFENDER),), ((UNKNOWN_OFFENDER, ""),))
_OTHER_INCIDENTS = Wheel({"13B": 0.36, "23D": 0.35, "35A": 0.22, "40A": 0.06, "64A": 0.01})


class _Visit(NamedTuple):
    """A child who is a victim on a day; orders by county and day, never by the child itself."""

    county: str
    day: date
    child_key: str
    number: int
    child: Child

    def may_be_shared_with(self, other: _Visit) -> bool:
        """Whether both may stand in one incident."""
        near = other.day - self.day <= _NEAR
        return near and other.county == self.county and other.child_key != self.child_key


@dataclass(frozen=True, slots=True)
class PoliceRecord:
    """An incident, and who its individual victims are.

    Attributes:
        people: Victim number and person of each individual.
        children: Victim number and trafficked child, where the victim is one.
    """

    incident: Incident
    people: tuple[tuple[int, Person], ...]
    children: tuple[tuple[int, Child], ...]


def _choose_force(county: str, chance: Chance) -> str:
    """The ORI of the force that deals with an incident in a county."""
    if county == BUSIEST_COUNTY or not has_sheriff(county):
        return force_of(county)
    patrol = (
        figure("police_recorded_by_patrol") / 160 / (1 - figure("police_share_st_louis_county"))
    )
    if chance.happens(patrol):
        return load_state_police()
    cities = load_city_police().get(county)
    if cities and chance.happens(_CITY_FORCE_SHARE):
        return chance.one_of(cities)
    return force_of(county)


def list_forces() -> tuple[str, ...]:
    """ORIs of every force that writes incidents down."""
    counties = [county.fips for county in load_counties()]
    forces = {force_of(county) for county in counties}
    cities = {ori for oris in load_city_police().values() for ori in oris}
    return tuple(sorted(forces | cities | {load_state_police()}))


def force_of(county: str) -> str:
    """The ORI of a county's own force: a sheriff, or the police of a city in no county."""
    return load_county_forces()[county]


def has_sheriff(county: str) -> bool:
    """Whether a county's own force is numbered like a county's, and not named like a city's."""
    return force_of(county)[2:5].isdigit()


def child_incidents(population: Population, quarter: Quarter) -> Iterator[PoliceRecord]:
    """Incidents of the quarter with trafficked children among the victims, in a fixed order."""
    seed = population.scenario.seed
    visits = sorted(
        _Visit(episode.child.person.county, day, episode.child.key, number, episode.child)
        for episode in population.episodes(quarter)
        for number, day in enumerate(episode.police_days)
    )
    pairing = Chance(seed, "incidents", quarter)
    waiting = deque(visits)
    while waiting:
        visit = waiting.popleft()
        children = [visit.child]
        if pairing.happens(_TWO_CHILDREN) and waiting and visit.may_be_shared_with(waiting[0]):
            children.append(waiting.popleft().child)
        chance = Chance(seed, "incident", visit.child_key, quarter, visit.number)
        number = make_identifier(seed, "incident", visit.child_key, quarter, visit.number)
        yield _make_child_incident(number, children, visit.day, chance)


def _make_child_incident(
    number: str, children: list[Child], day: date, chance: Chance
) -> PoliceRecord:
    submission = submit(_choose_force(children[0].person.county, chance), day, chance)
    offences, against_victim = _code_offences(chance)
    nobody = 0.4 * figure("police_relationship_unknown")
    offenders, ties = _draw_offenders(children[0].tie, nobody, chance)
    people: list[tuple[int, Person]] = [(n, child.person) for n, child in enumerate(children, 1)]
    if chance.happens(_ADULT_TOO) and against_victim != "36B":
        people.append((len(people) + 1, _make_stranger(chance, day, 18 + chance.below(12))))
    victims = [_make_victim(n, against_victim, person, day, ties, chance) for n, person in people]
    against_society = [
        offence.code for offence in offences if offence.code in ("40A", "40B", "40C", "370")
    ]
    if against_society:
        victims.append(Victim(len(victims) + 1, "S", tuple(against_society)))
    arrestees = _draw_arrests(offences[0].code, offenders, nobody, day, submission, chance)
    incident = Incident(
        submission=submission,
        number=number,
        day=day,
        hour=chance.below(24),
        offences=offences,
        property_lost=None,
        victims=tuple(victims),
        offenders=_hide_ages(offenders, submission.ori, chance),
        arrestees=arrestees,
    )
    return PoliceRecord(incident, tuple(people), tuple(enumerate(children, 1)))


def _code_offences(chance: Chance) -> tuple[tuple[Offence, ...], str]:
    """Offences, and the one that the children are victims of.

    Police call it trafficking (64A, 64B) or something else: then an offence against society
    stands beside one against the child, because offences against society have no individual
    victim (FBI rule 465).
    """
    location = chance.spin(_LOCATION)
    if chance.happens(figure("police_codes_otherwise")):
        society, against = chance.spin(_SOCIETY), chance.spin(_AGAINST_CHILD)
        return (_offence(society, location), _offence(against, location)), against
    commercial = figure("police_64a_2013_2020")
    is_commercial = chance.happens(commercial / (commercial + figure("police_64b_2013_2020")))
    code = "64A" if is_commercial else "64B"
    if chance.happens(0.25):
        return (_offence(code, location), _offence("40B", location)), code
    return (_offence(code, location),), code


def _offence(code: str, location: str) -> Offence:
    location = "20" if location == "58" and code in _NEVER_ONLINE else location
    return Offence(code, location, _ACTIVITY.get(code, ""), _WEAPON.get(code, ""))


def _draw_offenders(tie: str, nobody: float, chance: Chance) -> _OffendersAndTies:
    """Offenders, and the victims' ties to them; of an unknown offender no tie is written.

    `nobody` is the share of incidents of which no offender is known, number 00.
    """
    if chance.happens(nobody):
        return _NOBODY
    is_unknown = chance.happens(0.6 * figure("police_relationship_unknown") / (1 - nobody))
    count = 1 + chance.happens(0.2)
    offenders = tuple(
        Offender(
            f"{number:02d}",
            f"{19 + chance.below(40):02d}",
            "M" if chance.happens(0.75) else "F",
            chance.spin(_RACE),
        )
        for number in range(1, count + 1)
    )
    ties = tuple(
        (offender.number, chance.spin(_TIE["unknown" if is_unknown or place else tie]))
        for place, offender in enumerate(offenders)
    )
    return offenders, ties


def _hide_ages(offenders: tuple[Offender, ...], ori: str, chance: Chance) -> tuple[Offender, ...]:
    """The offenders as the force writes them down, which knows their ages well or badly."""
    return tuple(
        offender._replace(age="00")
        if offender.age and chance.happens(_share_without_age(ori))
        else offender
        for offender in offenders
    )


@cache
def _share_without_age(ori: str) -> float:
    is_bad = Chance("ages of offenders", ori).happens(figure("nibrs_agency_without_ages"))
    return figure("nibrs_ages_often_unknown" if is_bad else "nibrs_ages_rarely_unknown")


def is_juvenile(victim: Victim) -> bool:
    """Whether a victim is a person under 18 by the age as it is written."""
    age = victim.age
    return victim.kind == "I" and age != "00" and (age == "BB" or int(age[-2:]) < 18)


def _make_victim(
    number: int,
    offence: str,
    person: Person,
    day: date,
    ties: tuple[tuple[str, str], ...],
    chance: Chance,
) -> Victim:
    sex = "F" if person.sex == "female" else "M"
    may_be_unknown = offence != "36B"
    return Victim(
        number=number,
        kind="I",
        offences=("", offence) if chance.happens(figure("nibrs_first_slot_empty")) else (offence,),
        age=_write_age(age_on(person.birth_date, day), chance, is_exact=not may_be_unknown),
        sex="U" if may_be_unknown and chance.happens(0.02) else sex,
        race=chance.spin(_RACE),
        injury="" if offence in ("36B", "23D") else "N",
        ties=() if offence in _AGAINST_PROPERTY else ties,
    )


def _write_age(age: int, chance: Chance, *, is_exact: bool) -> str:
    """Two digits; or 00 for unknown; or a range of four digits, which may pass 18."""
    share = 1.0 if is_exact else chance.random()
    if share < 0.03:
        return "00"
    if age == 0:
        return "BB"
    if share < 0.09 and 1 < age < 97:
        return f"{age - 1:02d}{age + 1:02d}"
    return f"{age:02d}"


def _draw_arrests(
    offence: str,
    offenders: tuple[Offender, ...],
    nobody: float,
    day: date,
    submission: Submission,
    chance: Chance,
) -> tuple[Arrestee, ...]:
    """Mostly none: 65 of Missouri's 142 offences of 64A were cleared."""
    known = tuple(offender for offender in offenders if offender.number != UNKNOWN_OFFENDER)
    cleared = figure("police_64a_cleared_2013_2020") / figure("police_64a_2013_2020")
    if not known or not chance.happens(cleared / (1 - nobody)):
        return ()
    latest = date(submission.year, submission.month, 9)
    return tuple(
        Arrestee(
            number=number,
            day=max(day, min(day + timedelta(days=chance.below(45)), latest)),
            offence=offence,
            age=int(offender.age),
            sex=offender.sex,
            race=offender.race,
            multiple=chance.spin(_MULTIPLE),
        )
        for number, offender in enumerate(known, 1)
    )


def _make_stranger(chance: Chance, day: date, age: int, county: str = "") -> Person:
    return Person(
        given_name=make_given_name(chance),
        family_name=make_family_name(chance),
        birth_date=chance.birth_date(age, day),
        sex="female" if chance.happens(0.52) else "male",
        county=county,
    )


def other_incidents(
    population: Population, quarter: Quarter, chance: Chance
) -> Iterator[PoliceRecord]:
    """Incidents without a trafficked child: assault, theft, drugs, adults in prostitution.

    One victim segment each; offences against society and drugs have no individual victim. Some
    are of earlier quarters, up to two years before.
    """
    seed = population.scenario.seed
    for number in range(population.scenario.police_victims):
        code = chance.spin(_OTHER_INCIDENTS)
        back = quarters_late(chance)
        day = day_in(go_back(quarter, back), chance)
        county = chance.spin(county_wheel()).fips
        nobody = figure("nibrs_offender_unknown")
        offenders, ties = _draw_offenders("known", nobody, chance)
        people: tuple[tuple[int, Person], ...] = ()
        if code in ("35A", "40A"):
            victim = Victim(1, "S", (code,))
        else:
            is_child = code != "64A" and chance.happens(0.15)
            age = chance.below(18) if is_child else 18 + chance.below(60)
            person = _make_stranger(chance, day, age, county)
            people = ((1, person),)
            victim = _make_victim(1, code, person, day, ties, chance)
        force = _choose_force(county, chance)
        submission = submit_within(quarter, submit(force, day, chance))
        if back:
            submission = Submission(force, *submission_limit(quarter))
        arrestees = _draw_arrests(code, offenders, nobody, day, submission, chance)
        incident = Incident(
            submission=submission,
            number=make_identifier(seed, "other incident", quarter, number),
            day=day,
            hour=chance.below(24),
            offences=(_offence(code, chance.spin(_LOCATION)),),
            property_lost=_lose_property(code, chance),
            victims=(victim,),
            offenders=_hide_ages(offenders, force, chance),
            arrestees=arrestees,
        )
        yield PoliceRecord(incident, people, ())


def _lose_property(code: str, chance: Chance) -> Property | None:
    if code == "23D":
        return Property("7", "20", 1 + chance.below(900))
    return Property("6", "10", None) if code == "35A" else None
