"""Which rule each field of a NIBRS segment must keep, and what it costs to break it.

Belongs here: the structural rules of single segments, as checks built from the layout and the
FBI's code lists. Does not belong here: rules between segments (`nibrs_incidents`), nor the FBI's
semantic edits (which offence allows which property and the like): they are the FBI's to enforce.
Source: FBI UCR, 2019.1 NIBRS Technical Specification, and its numbered edit rules.

Only what a figure rests on costs an incident: its form, date, victims, their offences and ages. A
field that no figure needs is left blank with a note. See decision 0015.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from sources.layout import Field, RecordLayout, load_nibrs_code_dates, load_nibrs_codes
from sources.record_rules import (
    is_blank,
    is_no_date,
    is_not_listed,
    is_not_numeric,
    is_out_of_use,
)
from sources.workbench import Check, quote

HEADER = (
    "segment_length",
    "segment_action_type",
    "month_of_submission",
    "year_of_submission",
    "ori",
)
ACTION_TYPES = ("I", "A", "M", "R", "D", "W")
KEY_CODES = ("MS301", "MS306", "MS307", "MS308")
"""A line with one of these belongs to no incident that can be named."""

_MONTHS = [f"{month:02d}" for month in range(1, 13)]
_HOURS = [f"{hour:02d}" for hour in range(24)]
_SEQUENCE = re.compile(r"(victim|offender|arrestee)_sequence_number")
_NUMBERS = [f"{number:02d}" for number in range(100)]
_CONNECTION = "ucr_offense_code_connection"
_DATES = frozenset({"incident_date", "exceptional_clearance_date", "arrest_date"})
_CODE_LISTS = {
    "cleared_exceptionally": "ClearedExceptionallyCode",
    "ucr_offense_code": "OffenseCode",
    "ucr_arrest_offense_code": "OffenseCode",
    _CONNECTION: "OffenseCode",
    "offense_attempted_completed": "OffenseAttemptedCompletedCode",
    "location_type": "LocationTypeCode",
    "type_criminal_activity": "TypeOfCriminalActivityCode",
    "type_property_loss": "TypeOfPropertyLossCode",
    "type_of_victim": "TypeOfVictimCode",
    "sex_of_victim": "SexCode",
    "sex_of_offender": "SexOfOffenderCode",
    "sex_of_arrestee": "SexOfArresteeCode",
    "relationship_of_victim_to_offender": "RelationshipOfVictimToOffenderCode",
    "type_of_arrest": "TypeOfArrestCode",
    "multiple_arrestee_segments_indicator": "MultipleArresteeSegmentsIndicator",
}
_COUNTED_LEVELS = frozenset("124")
_COSTS_RECORD = frozenset(
    {"incident_date", "victim_sequence_number", "type_of_victim", "age_of_victim"}
)
_COSTS_LINE = frozenset(
    {"ucr_offense_code", "offender_sequence_number", "arrestee_sequence_number"}
)


def key_field_of(level: str) -> str:
    """Name of the field at position 26, the key of a report within its ORI."""
    return "arrest_transaction_number" if level == "7" else "incident_number"


def list_segment_checks(
    level: str, layout: RecordLayout, kept: Sequence[str], as_of: date
) -> Iterator[Check]:
    """Every check of one segment level over the columns raw, width and the cut fields."""
    yield from _list_header_checks(level, layout)
    for name in kept:
        if name in HEADER or (name == key_field_of(level) and level != "0"):
            continue
        for check in _check_field(layout.field(name), as_of):
            fails = f"segment_action_type <> 'D' AND {check.fails}"
            yield Check(check.code, name, fails, check.costs)
    yield from _list_checks_of_slots(kept)
    yield from _list_checks_of_dates(kept)


def _list_header_checks(level: str, layout: RecordLayout) -> Iterator[Check]:
    costs: Literal["record", "line"] = "record" if level in _COUNTED_LEVELS else "line"
    yield Check("MS131", "", "raw IS NOT NULL", costs)
    lengths = [f"{length:04d}" for length in layout.lengths]
    wrong_length = is_not_listed("segment_length", lengths, may_be_blank=False)
    yield Check("MS302", "segment_length", wrong_length, costs)
    yield Check("MS303", "", "width > try_cast(segment_length AS INTEGER)", costs)
    unknown_action = is_not_listed("segment_action_type", ACTION_TYPES, may_be_blank=False)
    yield Check("MS304", "segment_action_type", unknown_action, costs)
    wrong_month = is_not_listed("month_of_submission", _MONTHS, may_be_blank=False)
    yield Check("MS305", "month_of_submission", wrong_month, "field")
    wrong_year = is_not_numeric("year_of_submission", may_be_blank=False)
    yield Check("MS305", "year_of_submission", wrong_year, "field")
    yield Check("MS306", "ori", "NOT regexp_full_match(ori, '[A-Z0-9]{9}')", "line")
    key = key_field_of(level)
    yield Check("MS307", key, f"{key}[1] = ' '", "line")
    malformed = f"NOT regexp_full_match(trim({key}), '[A-Z0-9-]*')"
    yield Check("MS308", key, malformed, "line")


def _check_field(field: Field, as_of: date) -> Iterator[Check]:
    """The checks of one field; what no figure needs costs the field alone."""
    name = field.name
    code, fails = _find_rule(field)
    after = f"{name} > '{as_of:%Y%m%d}'"
    if not code:
        return
    if name in _COSTS_RECORD:
        yield Check(code, name, fails)
    elif name in _COSTS_LINE or code == "MS315":
        yield Check(code, name, fails, "line")
    elif name == "arrest_date":
        yield Check("MS326", name, f"({fails} OR {after})", "field")
    else:
        yield Check(code if code == "MS314" else "MS326", name, fails, "field")
    if name == "incident_date":
        yield Check("MS327", name, f"({after} AND NOT {fails})")


def _find_rule(field: Field) -> tuple[str, str]:
    """The number of a field's rule and its condition; two empty texts where there is none."""
    name = field.name
    optional = not field.mandatory
    family = re.sub(r"_\d+$", "", name)
    if name.startswith("zero_report") or name == "incident_number":
        return "MS315", _is_no_zero_report_field(name)
    if name == "incident_hour":
        return "MS314", is_not_listed(name, _HOURS, may_be_blank=True)
    if name == "report_date_indicator":
        return "MS310", is_not_listed(name, ["R"], may_be_blank=True)
    if name.startswith("age_of_"):
        return "MS313", _is_no_age(name, may_be_blank=optional)
    if name in _DATES:
        return "MS311", is_no_date(name, "yyyymmdd", may_be_blank=optional)
    if _SEQUENCE.fullmatch(name):
        return "MS312", is_not_numeric(name, may_be_blank=optional)
    if family == "offender_number_related":
        return "MS312", is_not_listed(name, _NUMBERS, may_be_blank=True)
    if family in _CODE_LISTS:
        codes = load_nibrs_codes()[_CODE_LISTS[family]]
        optional = optional or family == _CONNECTION
        return "MS310", is_not_listed(name, codes, may_be_blank=optional)
    if field.mandatory:
        return "MS309", is_blank(name)
    return "", ""


def _list_checks_of_slots(kept: Sequence[str]) -> Iterator[Check]:
    """A victim has an offence in at least one of its ten slots, whichever."""
    slots = [name for name in kept if name.startswith(_CONNECTION)]
    if slots:
        codes = load_nibrs_codes()["OffenseCode"]
        none = " AND ".join(is_not_listed(name, codes, may_be_blank=False) for name in slots)
        yield Check("MS309", slots[0], f"segment_action_type <> 'D' AND {none}")


def _list_checks_of_dates(kept: Sequence[str]) -> Iterator[Check]:
    """A code that was not in use in the year of submission is kept with a note."""
    families: dict[str, list[str]] = {}
    for name in kept:
        families.setdefault(re.sub(r"_\d+$", "", name), []).append(name)
    for family, names in families.items():
        dates = load_nibrs_code_dates().get(_CODE_LISTS.get(family, ""), {})
        fails = is_out_of_use(names, dates, "year_of_submission")
        if fails:
            yield Check("MS328", names[0], fails, "nothing")


def _is_no_zero_report_field(name: str) -> str:
    if name == "zero_report_month":
        return is_not_listed(name, _MONTHS, may_be_blank=False)
    if name == "zero_report_year":
        return is_not_numeric(name, may_be_blank=False)
    return is_not_listed(name, ["0" * 12], may_be_blank=False)


def _is_no_age(name: str, *, may_be_blank: bool) -> str:
    forms = ["[0-9]{4}", "[0-9]{2}  "]
    if name == "age_of_victim":
        forms += [f"{code}  " for code in load_nibrs_codes()["AgeOfVictimCode"] if code.isalpha()]
    if may_be_blank:
        forms.append(" {4}")
    lower, upper = f"substr({name}, 1, 2)", f"substr({name}, 3, 2)"
    return (
        f"(NOT regexp_full_match({name}, {quote('|'.join(sorted(forms)))}) "
        f"OR ({upper} <> '  ' AND ({lower} >= {upper} OR {lower} = '00')))"
    )
