"""Which rule each field of a NIBRS segment must keep.

Belongs here: the structural rules of single segments, as checks built from the layout and the
FBI's code lists. Does not belong here: rules between segments (`nibrs`), nor the FBI's semantic
edits (which offence allows which property and the like): they are the FBI's to enforce.
Source: FBI UCR, 2019.1 NIBRS Technical Specification, and its numbered edit rules.
"""

import re
from collections.abc import Iterator, Sequence

from sources.layout import Field, RecordLayout, load_nibrs_codes
from sources.record_rules import is_blank, is_no_date, is_not_listed, is_not_numeric
from sources.workbench import Check, quote

HEADER = (
    "segment_length",
    "segment_action_type",
    "month_of_submission",
    "year_of_submission",
    "ori",
)
ACTION_TYPES = ("I", "A", "M", "R", "D", "W")

_MONTHS = [f"{month:02d}" for month in range(1, 13)]
_HOURS = [f"{hour:02d}" for hour in range(24)]
_SEQUENCE = re.compile(r"(victim|offender|arrestee)_sequence_number|offender_number_related_\d+")
_DATES = frozenset({"incident_date", "exceptional_clearance_date", "arrest_date"})
_CODE_LISTS = {
    "cleared_exceptionally": "ClearedExceptionallyCode",
    "ucr_offense_code": "OffenseCode",
    "ucr_arrest_offense_code": "OffenseCode",
    "ucr_offense_code_connection": "OffenseCode",
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


def key_field_of(level: str) -> str:
    """Name of the field at position 26, the key of a report within its ORI."""
    return "arrest_transaction_number" if level == "7" else "incident_number"


def list_segment_checks(level: str, layout: RecordLayout, kept: Sequence[str]) -> Iterator[Check]:
    """Every check of one segment level over the columns raw, width and the cut fields."""
    yield Check("MS131", "", "raw IS NOT NULL")
    yield from _list_header_checks(level, layout)
    for name in kept:
        if name in HEADER or (name == key_field_of(level) and level != "0"):
            continue
        check = _check_field(layout.field(name))
        if check:
            yield Check(check.code, name, f"segment_action_type <> 'D' AND {check.fails}")


def _list_header_checks(level: str, layout: RecordLayout) -> Iterator[Check]:
    lengths = [f"{length:04d}" for length in layout.lengths]
    wrong_length = is_not_listed("segment_length", lengths, may_be_blank=False)
    yield Check("MS302", "segment_length", wrong_length)
    yield Check("MS303", "", "width > try_cast(segment_length AS INTEGER)")
    unknown_action = is_not_listed("segment_action_type", ACTION_TYPES, may_be_blank=False)
    yield Check("MS304", "segment_action_type", unknown_action)
    wrong_month = is_not_listed("month_of_submission", _MONTHS, may_be_blank=False)
    yield Check("MS305", "month_of_submission", wrong_month)
    wrong_year = is_not_numeric("year_of_submission", may_be_blank=False)
    yield Check("MS305", "year_of_submission", wrong_year)
    yield Check("MS306", "ori", "NOT regexp_full_match(ori, '[A-Z0-9]{9}')")
    key = key_field_of(level)
    yield Check("MS307", key, f"{key}[1] = ' '")
    malformed = f"NOT regexp_full_match(trim({key}), '[A-Z0-9-]*')"
    yield Check("MS308", key, malformed)


def _check_field(field: Field) -> Check | None:
    name = field.name
    optional = not field.mandatory
    family = re.sub(r"_\d+$", "", name)
    if name.startswith("zero_report") or name == "incident_number":
        return Check("MS315", name, _is_no_zero_report_field(name))
    if name == "incident_hour":
        return Check("MS314", name, is_not_listed(name, _HOURS, may_be_blank=True))
    if name == "report_date_indicator":
        return Check("MS310", name, is_not_listed(name, ["R"], may_be_blank=True))
    if name.startswith("age_of_"):
        return Check("MS313", name, _is_no_age(name, may_be_blank=optional))
    if name in _DATES:
        return Check("MS311", name, is_no_date(name, "yyyymmdd", may_be_blank=optional))
    if _SEQUENCE.fullmatch(name):
        return Check("MS312", name, is_not_numeric(name, may_be_blank=optional))
    if family in _CODE_LISTS:
        codes = load_nibrs_codes()[_CODE_LISTS[family]]
        return Check("MS310", name, is_not_listed(name, codes, may_be_blank=optional))
    if field.mandatory:
        return Check("MS309", name, is_blank(name))
    return None


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
