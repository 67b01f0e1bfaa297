"""One line of the NCANDS Child File, all 152 fields of it.

Fields that no count uses hold a legal code ("not collected") or blank. Does not belong here: which
children are reported when (`dss`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from jurisdiction.state import read_state
from simulator.calibration import figure
from simulator.chance import Chance, Wheel, age_on
from simulator.line_template import LineTemplate
from simulator.population import Person
from sources.layout import load_ncands_layout

ADULT = 18
OLDEST = 21
SEX_TRAFFICKING = "7"
MARK = "SIMULATED"

_NOT_COLLECTED = re.compile(
    r"chmil|chprior|maldeath|cd[a-z]+|fc(?!dchdt)[a-z]+|postserv|famsup|fampres|fostercr|juvpet|cochrep"
    r"|adopt|casemang|counsel|daycare|educatn|employ|famplan|health|homebase|housing|transliv"
    r"|inforef|legal|menthlth|pregpar|respite|ssdisabl|ssdelinq|subabuse|transprt|othersv"
)
_OTHER_MALTREATMENT = Wheel(
    {"2": 0.58, "1": 0.2, "4": 0.1, "5": 0.06, "3": 0.03, "8": 0.02, "6": 0.01}
)
_STAND_INS = "214538"
"""Maltreatments, of which one that a record does not have yet stands for one that it has."""

_FINDING = Wheel({"1": 0.16, "2": 0.02, "3": 0.08, "4": 0.3, "5": 0.41, "6": 0.01, "7": 0.02})
_TRAFFICKING_FINDING = Wheel(
    {"1": 0.35, "2": 0.05, "3": 0.06, "4": 0.06, "5": 0.42, "6": 0.01, "7": 0.05}
)
_TRAFFICKER = {
    "family": Wheel({"1": 0.6, "2": 0.3, "8": 0.1}),
    "known": Wheel({"10": 0.6, "7": 0.3, "9": 0.1}),
    "stranger": Wheel({"88": 1.0}),
    "unknown": Wheel({"99": 1.0}),
}
_ABUSER = Wheel({"1": 0.91, "2": 0.04, "7": 0.03, "88": 0.02})
_IMPOSSIBLE_BIRTH_DATES = ("00000000", "99999999", "02302010", "01011900", "12312099")
_RACES = ("chracai", "chracas", "chracbl", "chracnh", "chracwh", "chracud")
_RACE = Wheel({"chracwh": 0.74, "chracbl": 0.16, "chracud": 0.06, "chracas": 0.02, "chracai": 0.02})


@dataclass(frozen=True, slots=True)
class ReportedChild:
    """A child in a report.

    Attributes:
        child_id: CHID; report_id: RPTID; both 12 characters.
        birth_date: As it is written: eight characters, which may be no date, or none.
        age: As it is written.
        tie: Who traffics the child; None where the report is about something else.
        is_from_police: Police made the report.
        afcars_number: AFCARSID; "" for a child who never was in care.
    """

    child_id: str
    report_id: str
    person: Person
    birth_date: str
    age: str
    report_day: date
    incident_day: date | None
    tie: str | None
    is_from_police: bool
    afcars_number: str = ""

    @property
    def is_child(self) -> bool:
        """Whether the record shows somebody under 18 on the day of the event, or no age."""
        event = self.report_day
        if self.incident_day is not None and self.incident_day <= event:
            event = self.incident_day
        if self.birth_date == f"{self.person.birth_date:%m%d%Y}":
            return age_on(self.person.birth_date, event) < ADULT
        return self.age == "99" or int(self.age) < ADULT


@cache
def _template() -> LineTemplate:
    layout = load_ncands_layout()
    constants = {field.name: "9" for field in layout.fields if _NOT_COLLECTED.fullmatch(field.name)}
    constants |= {"staterr": read_state().postal_code, "notifs": "9", "chethn": "9", "chlvng": "99"}
    constants |= {"wrkrid": MARK, "suprvid": MARK}
    slots = [name for n in range(1, 5) for name in (f"chmal{n}", f"mal{n}lev", f"per1mal{n}")]
    varying = (
        *("subyr", "rptid", "chid", "rptcnty", "rptdt", "invdate", "rptsrc", "rptdisp"),
        *("rptdisdt", "chage", "chbdate", "chsex", "chcnty", "inciddt", "afcarsid"),
        *("per1id", "per1rel", "per1sex", *_RACES, *slots),
    )
    return LineTemplate(layout, constants, varying)


def draw_days_to_close(chance: Chance) -> int:
    """Days from a report to its disposition: most soon, some after many months.

    The mean is the published one, and so is about the share of open reports older than 45 days.
    """
    share, soon = figure("dss_closed_soon"), figure("dss_days_to_close_soon")
    late = (figure("dss_mean_days_to_close") - share * soon) / (1 - share)
    return 1 + int(chance.expovariate(1 / (soon if chance.happens(share) else late)))


def write_child(child: ReportedChild, as_of: date, chance: Chance) -> str:
    """One line of 338 characters and its end, as the agency's system holds it on a day."""
    person, day = child.person, child.report_day
    closed = day + timedelta(days=draw_days_to_close(chance))
    is_open = closed > as_of
    year_of = as_of if is_open else closed
    values = dict.fromkeys(_RACES, "2")
    values[chance.spin(_RACE)] = "1"
    worst = _write_maltreatments(values, child, chance, is_open=is_open)
    values |= {
        "subyr": str(year_of.year + (year_of.month >= 10)),
        "rptid": child.report_id,
        "chid": child.child_id,
        "rptcnty": "999" if chance.happens(0.005) else person.county[2:],
        "rptdt": f"{day:%m%d%Y}",
        "invdate": f"{day:%m%d%Y}",
        "rptsrc": "04" if child.is_from_police else chance.spin(_reporters()),
        "rptdisp": worst.zfill(2),
        "rptdisdt": "" if is_open else f"{closed:%m%d%Y}",
        "chage": child.age,
        "chbdate": child.birth_date,
        "chsex": "9" if chance.happens(0.01) else ("2" if person.sex == "female" else "1"),
        "chcnty": _write_residence(person, chance),
        "inciddt": f"{child.incident_day:%m%d%Y}" if child.incident_day else "",
        "afcarsid": child.afcars_number,
    }
    return _template().fill(values)


@cache
def _reporters() -> Wheel[str]:
    """Report sources by the published shares of mandated and permissive reporters."""
    mandated = {f"{code:02d}": figure("dss_mandated_reporter_share") / 7 for code in range(1, 8)}
    permissive = {
        f"{code:02d}": figure("dss_permissive_reporter_share") / 6 for code in range(8, 14)
    }
    others = 1 - sum(mandated.values()) - sum(permissive.values())
    return Wheel(mandated | permissive | {"88": others / 2, "99": others / 2})


def write_age(person: Person, day: date, chance: Chance) -> tuple[str, str]:
    """Birth date and age as they are written at a report; either may be unknown or impossible."""
    age = age_on(person.birth_date, day)
    is_impossible = age <= OLDEST and chance.happens(figure("dss_birth_date_impossible"))
    if is_impossible:
        return chance.one_of(_IMPOSSIBLE_BIRTH_DATES), f"{age:02d}"
    birth_date = "" if chance.happens(0.02) else f"{person.birth_date:%m%d%Y}"
    return birth_date, "99" if age > OLDEST or chance.happens(0.01) else f"{age:02d}"


def _write_residence(person: Person, chance: Chance) -> str:
    """County code; some are blank, unknown or of another state."""
    share = chance.random()
    if share < 0.03:
        return "" if share < 0.01 else "999" if share < 0.015 else "998"
    return person.county[2:]


def _write_maltreatments(
    values: dict[str, str], child: ReportedChild, chance: Chance, *, is_open: bool
) -> str:
    """Fill the four slots and the perpetrator; give the disposition of the report.

    Trafficking may stand in any slot; each slot has a level of its own. A perpetrator is named
    where a slot's level makes the child a victim (1 to 3).
    """
    filled = 1 + (chance.random() < 0.2) + (chance.random() < 0.05)
    trafficking_slot = 0
    if child.tie is not None:
        trafficking_slot = 1 + chance.below(4)
        filled = max(filled, trafficking_slot)
    levels: list[str] = []
    for slot in range(1, 5):
        kind = level = ""
        if slot <= filled:
            is_trafficking = slot == trafficking_slot
            kind = SEX_TRAFFICKING if is_trafficking else chance.spin(_OTHER_MALTREATMENT)
            given = {values[f"chmal{earlier}"] for earlier in range(1, slot)}
            if kind in given:
                kind = next(other for other in _STAND_INS if other not in given)
            level = chance.spin(_TRAFFICKING_FINDING if is_trafficking else _FINDING)
            level = "99" if is_open else "8" if kind == "6" else level
            levels.append(level)
        is_victim = level in ("1", "2", "3")
        values[f"chmal{slot}"] = kind
        values[f"mal{slot}lev"] = level.zfill(2) if level else ""
        values[f"per1mal{slot}"] = "1" if is_victim else ""
    is_victim = any(level in ("1", "2", "3") for level in levels)
    values["per1id"] = MARK if is_victim else ""
    values["per1sex"] = ("1" if chance.happens(0.6) else "2") if is_victim else ""
    relationship = chance.spin(_TRAFFICKER[child.tie] if child.tie else _ABUSER)
    values["per1rel"] = relationship.zfill(2) if is_victim else ""
    worst = min(levels, key=int)
    return "7" if worst == "8" else worst
