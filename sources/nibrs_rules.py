"""Which rule each field of a NIBRS segment must keep, and what it costs to break it.

Belongs here: the rules of single segments that cost something, as checks built from the layout and
the FBI's code lists, each with the FBI's own number. Does not belong here: rules between segments
(`nibrs_incidents`), and those that only note (`nibrs_edits`).
Source: FBI UCR, 2019.1 NIBRS Technical Specification, and its numbered edit rules.

Only what a figure rests on costs an incident: its form, date, victims, their offences and ages. A
field that no figure needs is left blank with a note. See decision 0015.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
_RULES_OF_LENGTHS = {"1": "178", "2": "284", "4": "484", "5": "584"}
_RULES_OF_AGES = {"4": "404", "5": "556", "6": "664", "7": "757"}
_RULES_OF_CODES = {
    ("2", "offense_attempted_completed"): "251",
    ("6", "sex_of_arrestee"): "667",
    ("7", "sex_of_arrestee"): "758",
}
_MAY_BE_BLANK = frozenset({f"{_CONNECTION}_1"})
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
        for check in _check_field(level, layout.field(name), as_of):
            yield replace(check, fails=f"segment_action_type <> 'D' AND {check.fails}")
    yield from _list_checks_of_slots(kept)
    yield from _list_checks_of_dates(level, kept)


def _list_header_checks(level: str, layout: RecordLayout) -> Iterator[Check]:
    costs: Literal["record", "line"] = "record" if level in _COUNTED_LEVELS else "line"
    yield Check("MS131", "", "raw IS NOT NULL", costs)
    lengths = [f"{length:04d}" for length in layout.lengths]
    wrong_length = is_not_listed("segment_length", lengths, may_be_blank=False)
    rule = _RULES_OF_LENGTHS.get(level, "")
    yield Check("MS302", "segment_length", wrong_length, costs, rule, level)
    too_long = "width > try_cast(segment_length AS INTEGER)"
    yield Check("MS303", "", too_long, costs)
    unknown_action = is_not_listed("segment_action_type", ACTION_TYPES, may_be_blank=False)
    yield Check("MS304", "segment_action_type", unknown_action, costs)
    wrong_month = is_not_listed("month_of_submission", _MONTHS, may_be_blank=False)
    whose = ("175", "1") if level == "1" else ("", "")
    yield Check("MS305", "month_of_submission", wrong_month, "field", *whose)
    wrong_year = is_not_numeric("year_of_submission", may_be_blank=False)
    yield Check("MS305", "year_of_submission", wrong_year, "field", *whose)
    no_ori = "NOT regexp_full_match(ori, '[A-Z0-9]{9}')"
    yield Check("MS306", "ori", no_ori, "line", "052")
    key = key_field_of(level)
    blank, indented = is_blank(key), f"({key}[1] = ' ' AND NOT {is_blank(key)})"
    yield Check("MS307", key, blank, "line", f"{level}01", level)
    yield Check("MS307", key, indented, "line", f"{level}16", level)
    malformed = f"NOT regexp_full_match(trim({key}), '[A-Z0-9-]*')"
    parted = f"trim({key}) LIKE '% %'"
    yield Check("MS308", key, f"({malformed} AND {parted})", "line", f"{level}15", level)
    yield Check("MS308", key, f"({malformed} AND NOT {parted})", "line", f"{level}17", level)


def _check_field(level: str, field: Field, as_of: date) -> Iterator[Check]:
    """The checks of one field; what no figure needs costs the field alone."""
    name = field.name
    code, rules = _find_rules(level, field)
    after = f"({name} > '{as_of:%Y%m%d}')"
    if name == "arrest_date":
        rules[f"{level}05"] = f"({rules[f'{level}05']} OR {after})"
    for rule, fails in rules.items():
        if name in _COSTS_RECORD:
            yield Check(code, name, fails, "record", rule, level)
        elif name in _COSTS_LINE or code == "MS315":
            yield Check(code, name, fails, "line", rule, level)
        else:
            yield Check(code if code == "MS314" else "MS326", name, fails, "field", rule, level)
    if name == "incident_date":
        fails = f"({after} AND NOT {rules['105']})"
        yield Check("MS327", name, fails, "record", "105", level)


def _find_rules(level: str, field: Field) -> tuple[str, dict[str, str]]:
    """The number of a field's rule, and its conditions by the FBI's number; none where none is."""
    name = field.name
    if name.startswith("zero_report") or name == "incident_number":
        return "MS315", _check_zero_report(name)
    code, rules = _find_rules_of_content(level, field)
    if not field.mandatory or name in _MAY_BE_BLANK:
        return code, rules
    code = code or "MS309"
    return code, {f"{level}01": is_blank(name)} | rules


def _find_rules_of_content(level: str, field: Field) -> tuple[str, dict[str, str]]:
    name = field.name
    family = re.sub(r"_\d+$", "", name)
    if name == "incident_hour":
        return "MS314", {"152": is_not_listed(name, _HOURS, may_be_blank=True)}
    if name == "report_date_indicator":
        return "MS310", {"151": is_not_listed(name, ["R"], may_be_blank=True)}
    if name.startswith("age_of_"):
        return "MS313", _check_age(level, name)
    if name in _DATES:
        return "MS311", {f"{level}05": is_no_date(name, "yyyymmdd", may_be_blank=True)}
    if _SEQUENCE.fullmatch(name):
        return "MS312", {f"{level}02": is_not_numeric(name, may_be_blank=True)}
    if family == "offender_number_related":
        return "MS312", {"402": is_not_listed(name, _NUMBERS, may_be_blank=True)}
    if family in _CODE_LISTS:
        codes = load_nibrs_codes()[_CODE_LISTS[family]]
        rule = _RULES_OF_CODES.get((level, name), f"{level}04")
        return "MS310", {rule: is_not_listed(name, codes, may_be_blank=True)}
    return "", {}


def _list_checks_of_slots(kept: Sequence[str]) -> Iterator[Check]:
    """A victim has an offence in at least one of its ten slots, whichever."""
    slots = [name for name in kept if name.startswith(_CONNECTION)]
    if slots:
        codes = load_nibrs_codes()["OffenseCode"]
        none = " AND ".join(is_not_listed(name, codes, may_be_blank=False) for name in slots)
        fails = f"segment_action_type <> 'D' AND {none}"
        yield Check("MS309", slots[0], fails, "record", "401", "4")


def _list_checks_of_dates(level: str, kept: Sequence[str]) -> Iterator[Check]:
    """A code that was not in use in the year of submission is kept with a note."""
    families: dict[str, list[str]] = {}
    for name in kept:
        families.setdefault(re.sub(r"_\d+$", "", name), []).append(name)
    for family, names in families.items():
        dates = load_nibrs_code_dates().get(_CODE_LISTS.get(family, ""), {})
        fails = is_out_of_use(names, dates, "year_of_submission")
        if fails:
            yield Check("MS328", names[0], fails, "nothing", f"{level}04", level)


def _check_zero_report(name: str) -> dict[str, str]:
    if name == "zero_report_month":
        unlisted = is_not_listed(name, _MONTHS, may_be_blank=True)
        return {"001": is_blank(name), "090": unlisted}
    if name == "zero_report_year":
        return {"001": is_blank(name), "091": is_not_numeric(name, may_be_blank=True)}
    other = f"NOT {is_blank(name)} AND {name} <> '{'0' * 12}'"
    return {
        "001": is_blank(name),
        "016": f"({other} AND {name}[1] = ' ')",
        "015": f"({other} AND {name}[1] <> ' ' AND trim({name}) LIKE '% %')",
        "017": f"({other} AND trim({name}) NOT LIKE '% %' AND NOT "
        f"regexp_full_match(trim({name}), '[A-Z0-9-]*') AND {name}[1] <> ' ')",
        "092": f"({other} AND {name}[1] <> ' ' AND regexp_full_match(trim({name}), '[A-Z0-9-]*'))",
    }


def _check_age(level: str, name: str) -> dict[str, str]:
    """An age is two digits, a range four; of a victim also one of three codes."""
    text = f"rtrim({name})"
    lower, upper = f"substr({name}, 1, 2)", f"substr({name}, 3, 2)"
    is_range = f"regexp_full_match({name}, '[0-9]{{4}}')"
    forms = ["[0-9]{2}"]
    if name == "age_of_victim":
        forms += [code for code in load_nibrs_codes()["AgeOfVictimCode"] if code.isalpha()]
    whole = f"regexp_full_match({text}, {quote('|'.join(sorted(forms)))})"
    begins = f"{name}[1] <> ' '"
    return {
        f"{level}08": f"({text} <> '' AND {name}[1] = ' ')",
        f"{level}09": f"({begins} AND length({text}) > 2 AND NOT {is_range})",
        f"{level}10": f"({is_range} AND {lower} <> '00' AND {lower} >= {upper})",
        f"{level}22": f"({is_range} AND {lower} = '00')",
        _RULES_OF_AGES[
            level
        ]: f"({text} <> '' AND {begins} AND length({text}) <= 2 AND NOT {whole})",
    }
