"""An incident as NIBRS segments, in the longest record length of each level.

Levels 1 administrative (0088), 2 offence (0071), 3 property (0307), 4 victim (0141), 5 offender
(0046), 6 arrestee (0110), 7 Group B arrest (0066), 0 zero report (0043). Does not belong here:
what happens in Missouri (`mshp`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from simulator.line_template import LineTemplate
from sources.layout import load_nibrs_layout

UNKNOWN_OFFENDER = "00"

_HEADER = ("segment_action_type", "month_of_submission", "year_of_submission", "ori")
_NO_BIAS = "88"


class Submission(NamedTuple):
    """When and by whom an incident is submitted."""

    ori: str
    year: int
    month: int


class Offence(NamedTuple):
    """An offence segment; activity and weapon only where the offence asks for them."""

    code: str
    location: str
    activity: str = ""
    weapon: str = ""


class Property(NamedTuple):
    """A property segment: loss 6 seized (a drug) or 7 stolen, description and whole dollars."""

    loss: str
    description: str
    value: int | None


class Victim(NamedTuple):
    """A victim segment; ties are pairs of offender number and relationship."""

    number: int
    kind: str
    offences: tuple[str, ...]
    age: str = ""
    sex: str = ""
    race: str = ""
    injury: str = ""
    ties: tuple[tuple[str, str], ...] = ()


class Offender(NamedTuple):
    """An offender segment; number 00 means that nothing is known."""

    number: str
    age: str = ""
    sex: str = ""
    race: str = ""


class Arrestee(NamedTuple):
    """An arrestee segment."""

    number: int
    day: date
    offence: str
    age: int
    sex: str
    race: str
    multiple: str = "N"


class Incident(NamedTuple):
    """A Group A incident."""

    submission: Submission
    number: str
    day: date
    hour: int
    offences: tuple[Offence, ...]
    property_lost: Property | None
    victims: tuple[Victim, ...]
    offenders: tuple[Offender, ...]
    arrestees: tuple[Arrestee, ...]

    @property
    def key(self) -> str:
        """The name of the incident at the hub: ori:incident number."""
        return f"{self.submission.ori}:{self.number}"


@cache
def _template(level: str, *varying: str) -> LineTemplate:
    layout = load_nibrs_layout()[level]
    constants = {
        "segment_length": f"{layout.width:04d}",
        "segment_level": level,
    }
    return LineTemplate(layout, constants, (*_HEADER, *varying))


def _header(submission: Submission, action: str) -> dict[str, str]:
    return {
        "segment_action_type": action,
        "month_of_submission": f"{submission.month:02d}",
        "year_of_submission": f"{submission.year}",
        "ori": submission.ori,
    }


def write_incident(incident: Incident, action: str = "I") -> Iterator[str]:
    """The lines of an incident, levels rising as FBI rule 050 wants it.

    The action is I for a report, or R for one that replaces an earlier one.
    """
    header = _header(incident.submission, action) | {"incident_number": incident.number}
    yield _write_administrative(header, incident, "N")
    for offence in incident.offences:
        yield _write_offence(header, offence)
    if incident.property_lost:
        yield _write_property(header, incident.property_lost)
    for victim in incident.victims:
        yield _write_victim(header, victim)
    for offender in incident.offenders:
        yield _write_offender(header, offender)
    for arrestee in incident.arrestees:
        yield _write_arrestee(header, arrestee)


def write_deletion(incident: Incident) -> str:
    """The line that takes an incident back, alone or before it is reported anew: level 1."""
    header = _header(incident.submission, "D") | {"incident_number": incident.number}
    return _write_administrative(header, incident, "N")


def write_clearance(incident: Incident, day: date) -> str:
    """The line that changes nothing but the clearance of an incident: level 1, action M."""
    header = _header(incident.submission, "M") | {"incident_number": incident.number}
    return _write_administrative(header, incident, "B", f"{day:%Y%m%d}")


def _write_administrative(
    header: dict[str, str], incident: Incident, clearance: str, cleared_on: str = ""
) -> str:
    template = _template(
        "1",
        *("incident_number", "incident_date", "incident_hour"),
        *("cleared_exceptionally", "exceptional_clearance_date", "cargo_theft"),
    )
    return template.fill(
        header
        | {
            "incident_date": f"{incident.day:%Y%m%d}",
            "incident_hour": f"{incident.hour:02d}",
            "cleared_exceptionally": clearance,
            "exceptional_clearance_date": cleared_on,
            "cargo_theft": "N",
        }
    )


def _write_offence(header: dict[str, str], offence: Offence) -> str:
    template = _template(
        "2",
        *("incident_number", "ucr_offense_code", "offense_attempted_completed"),
        *("offender_suspected_of_using_1", "location_type", "type_criminal_activity_1"),
        *("type_weapon_force_1", "bias_motivation_1"),
    )
    return template.fill(
        header
        | {
            "ucr_offense_code": offence.code,
            "offense_attempted_completed": "C",
            "offender_suspected_of_using_1": "N",
            "location_type": offence.location,
            "type_criminal_activity_1": offence.activity,
            "type_weapon_force_1": offence.weapon,
            "bias_motivation_1": _NO_BIAS,
        }
    )


def _write_property(header: dict[str, str], lost: Property) -> str:
    template = _template(
        "3",
        *("incident_number", "type_property_loss", "property_description_1", "value_of_property_1"),
        *("suspected_drug_type_1", "estimated_drug_quantity_1", "type_drug_measurement_1"),
    )
    is_drug = lost.loss == "6"
    return template.fill(
        header
        | {
            "type_property_loss": lost.loss,
            "property_description_1": lost.description,
            "value_of_property_1": "" if lost.value is None else f"{lost.value:09d}",
            "suspected_drug_type_1": "E" if is_drug else "",
            "estimated_drug_quantity_1": "000000001000" if is_drug else "",
            "type_drug_measurement_1": "GM" if is_drug else "",
        }
    )


def _write_victim(header: dict[str, str], victim: Victim) -> str:
    template = _template(
        "4",
        *("incident_number", "victim_sequence_number", "type_of_victim", "age_of_victim"),
        *("ucr_offense_code_connection_1", "ucr_offense_code_connection_2"),
        *("sex_of_victim", "race_of_victim", "ethnicity_of_victim", "resident_status_of_victim"),
        *("type_injury_1", "offender_number_related_1", "relationship_of_victim_to_offender_1"),
        *("offender_number_related_2", "relationship_of_victim_to_offender_2"),
    )
    (first, tie), (second, other_tie) = (*victim.ties, ("", ""), ("", ""))[:2]
    is_person = victim.kind == "I"
    return template.fill(
        header
        | {
            "victim_sequence_number": f"{victim.number:03d}",
            "type_of_victim": victim.kind,
            "age_of_victim": victim.age,
            "ucr_offense_code_connection_1": victim.offences[0],
            "ucr_offense_code_connection_2": "".join(victim.offences[1:2]),
            "sex_of_victim": victim.sex,
            "race_of_victim": victim.race,
            "ethnicity_of_victim": "U" if is_person else "",
            "resident_status_of_victim": "U" if is_person else "",
            "type_injury_1": victim.injury,
            "offender_number_related_1": first,
            "relationship_of_victim_to_offender_1": tie,
            "offender_number_related_2": second,
            "relationship_of_victim_to_offender_2": other_tie,
        }
    )


def _write_offender(header: dict[str, str], offender: Offender) -> str:
    template = _template(
        "5",
        *("incident_number", "offender_sequence_number", "age_of_offender", "sex_of_offender"),
        *("race_of_offender", "ethnicity_of_offender"),
    )
    return template.fill(
        header
        | {
            "offender_sequence_number": offender.number,
            "age_of_offender": offender.age,
            "sex_of_offender": offender.sex,
            "race_of_offender": offender.race,
            "ethnicity_of_offender": "" if offender.number == UNKNOWN_OFFENDER else "U",
        }
    )


def _arrest_values(arrestee: Arrestee) -> dict[str, str]:
    return {
        "arrestee_sequence_number": f"{arrestee.number:02d}",
        "arrest_date": f"{arrestee.day:%Y%m%d}",
        "type_of_arrest": "T",
        "ucr_arrest_offense_code": arrestee.offence,
        "arrestee_armed_with_1": "01",
        "age_of_arrestee": f"{arrestee.age:02d}",
        "sex_of_arrestee": arrestee.sex,
        "race_of_arrestee": arrestee.race,
        "disposition_of_arrestee_under_18": "R" if arrestee.age < 18 else "",
    }


_ARREST_FIELDS = (
    *("arrestee_sequence_number", "arrest_date", "type_of_arrest", "ucr_arrest_offense_code"),
    *("arrestee_armed_with_1", "age_of_arrestee", "sex_of_arrestee", "race_of_arrestee"),
    *("disposition_of_arrestee_under_18", "arrest_transaction_number"),
)


def _write_arrestee(header: dict[str, str], arrestee: Arrestee) -> str:
    more = ("incident_number", "multiple_arrestee_segments_indicator")
    return _template("6", *more, *_ARREST_FIELDS).fill(
        header
        | _arrest_values(arrestee)
        | {
            "arrest_transaction_number": header["incident_number"],
            "multiple_arrestee_segments_indicator": arrestee.multiple,
        }
    )


def write_group_b_arrest(submission: Submission, transaction: str, arrestee: Arrestee) -> str:
    """A Group B arrest report: one line, level 7."""
    return _template("7", *_ARREST_FIELDS).fill(
        _header(submission, "A")
        | _arrest_values(arrestee)
        | {"arrest_transaction_number": transaction}
    )


def write_zero_report(submission: Submission, year: int, month: int) -> str:
    """An agency's statement that a month had nothing to report: one line, level 0."""
    template = _template("0", "incident_number", "zero_report_month", "zero_report_year")
    return template.fill(
        _header(submission, "A")
        | {
            "incident_number": "0" * 12,
            "zero_report_month": f"{month:02d}",
            "zero_report_year": f"{year}",
        }
    )
