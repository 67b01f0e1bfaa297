"""A NIBRS flat file said again as the FBI's XML, report for report.

One file is one submission of the IEPD 2019.1, with tabs as in the FBI's own samples. Does not
belong here: what is reported (`mshp`, `segments`), and reading either form (`sources`).

Source: FBI UCR, NIBRS IEPD 2019.1 and 4.2 (schemas and samples).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from sources.layout import load_nibrs_layout, load_nibrs_words

_OPENING = """<?xml version="1.0" encoding="UTF-8"?>
<nibrs:Submission xmlns:nibrs="http://fbi.gov/cjis/nibrs/2019" xmlns:cjis="http://fbi.gov/cjis/2.0"
\txmlns:j="http://release.niem.gov/niem/domains/jxdm/5.2/"
\txmlns:nc="http://release.niem.gov/niem/niem-core/3.0/"
\txmlns:s="http://release.niem.gov/niem/structures/3.0/">
\t<cjis:MessageMetadata>
\t\t<cjis:MessageDateTime>2025-01-01T00:00:00</cjis:MessageDateTime>
\t\t<cjis:MessageImplementationVersion>2019.1</cjis:MessageImplementationVersion>
\t</cjis:MessageMetadata>
"""
_CLOSING = "</nibrs:Submission>\n"
_CATEGORIES = {"0": "ZERO REPORT", "1": "GROUP A INCIDENT REPORT", "7": "GROUP B ARREST REPORT"}

_Segment = dict[str, str]


def write_xml_twin(flat: Path, xml: Path) -> None:
    """Write the twin of a flat file in which the segments of a report follow each other.

    A property segment that stands twice in its report is written once.
    """
    with (
        flat.open(encoding="ascii") as lines,
        xml.open("w", encoding="utf-8", newline="\n") as twin,
    ):
        twin.writelines(say_in_xml(lines))


def say_in_xml(lines: Iterable[str]) -> Iterator[str]:
    """The twin of the lines of a flat file, piece by piece."""
    yield _OPENING
    yield from map(_write_report, _iterate_reports(lines))
    yield _CLOSING


def _iterate_reports(lines: Iterable[str]) -> Iterator[list[_Segment]]:
    report: list[_Segment] = []
    for line in lines:
        segment = {name: line[start:end].strip() for name, start, end in _list_places(line[4])}
        if segment["segment_level"] in _CATEGORIES and report:
            yield report
            report = []
        if segment["segment_level"] != "3" or segment not in report:
            report.append(segment)
    if report:
        yield report


@cache
def _list_places(level: str) -> list[tuple[str, int, int]]:
    return [(field.name, field.start - 1, field.end) for field in load_nibrs_layout()[level].fields]


@cache
def _words() -> dict[tuple[str, str], str]:
    """Field and code -> the first word of the XML that stands for it."""
    words: dict[tuple[str, str], str] = {}
    for field, meanings in load_nibrs_words().items():
        for word, code in meanings.items():
            words.setdefault((field, code), word)
    return words


def _say(field: str, code: str) -> str:
    return _words().get((field, code), code)


def _write_report(segments: list[_Segment]) -> str:
    first = segments[0]
    parts = [_write_header(first)]
    if first["segment_level"] == "0":
        month = f"{first['zero_report_year']}-{first['zero_report_month']}"
        date = _put("nc:ActivityDate", _put("nc:YearMonthDate", month))
        parts.append(_put("nc:Incident", date))
    elif first["segment_level"] == "7":
        parts += _write_arrests(segments)
    else:
        parts += _write_group_a(segments)
    return _indent(_put("nibrs:Report", "".join(parts)))


def _write_header(first: _Segment) -> str:
    ori = _put("nc:IdentificationID", first["ori"])
    for above in ("j:OrganizationORIIdentification", "j:OrganizationAugmentation"):
        ori = _put(above, ori)
    month = f"{first['year_of_submission']}-{first['month_of_submission']}"
    return _put(
        "nibrs:ReportHeader",
        _put("nibrs:NIBRSReportCategoryCode", _CATEGORIES[first["segment_level"]])
        + _put("nibrs:ReportActionCategoryCode", first["segment_action_type"])
        + _put("nibrs:ReportDate", _put("nc:YearMonthDate", month))
        + _put("nibrs:ReportingAgency", ori),
    )


def _write_group_a(segments: list[_Segment]) -> Iterator[str]:
    by_level = {
        level: [one for one in segments if one["segment_level"] == level] for level in "23456"
    }
    yield _write_incident(segments[0])
    for number, offence in enumerate(by_level["2"]):
        yield _write_offence(number, offence)
    for number, offence in enumerate(by_level["2"]):
        place = _put("nibrs:LocationCategoryCode", offence["location_type"])
        yield _put("nc:Location", place, f"Location{number}")
    for lost in by_level["3"]:
        yield from _write_items(lost)
    yield from _write_people(by_level["4"], "victim", "j:Victim", _list_of_victim)
    yield from _write_people(by_level["5"], "offender", "j:Subject", _list_of_offender)
    yield from _write_arrests(by_level["6"])
    yield from _write_associations(by_level)


def _write_incident(first: _Segment) -> str:
    day, hour = _day(first["incident_date"]), first["incident_hour"]
    moment = _put("nc:DateTime", f"{day}T{hour}:00:00") if hour else _put("nc:Date", day)
    is_report_date = _say("report_date_indicator", first["report_date_indicator"])
    cleared = _put("nc:Date", _day(first["exceptional_clearance_date"]))
    return _put(
        "nc:Incident",
        _put("nc:ActivityIdentification", _put("nc:IdentificationID", first["incident_number"]))
        + _put("nc:ActivityDate", moment)
        + _put(
            "cjis:IncidentAugmentation",
            _put("cjis:IncidentReportDateIndicator", is_report_date)
            + _put("j:OffenseCargoTheftIndicator", _say("cargo_theft", first["cargo_theft"])),
        )
        + _put(
            "j:IncidentAugmentation",
            _put("j:IncidentExceptionalClearanceCode", first["cleared_exceptionally"])
            + _put("j:IncidentExceptionalClearanceDate", cleared),
        ),
    )


def _write_offence(number: int, offence: _Segment) -> str:
    activities = "".join(
        _put("nibrs:CriminalActivityCategoryCode", code)
        for code in _slots(offence, "type_criminal_activity")
    )
    biases = "".join(
        _put("j:OffenseFactorBiasMotivationCode", _say("bias_motivation", code))
        for code in _slots(offence, "bias_motivation")
    )
    factors = "".join(
        _put("j:OffenseFactor", _put("j:OffenseFactorCode", code))
        for code in _slots(offence, "offender_suspected_of_using")
    )
    forces = "".join(
        _put("j:OffenseForce", _put("j:ForceCategoryCode", code))
        for code in _weapons(offence, "type_weapon_force", "automatic_weapon_indicator")
    )
    entry = _put("j:PassagePointMethodCode", offence["method_of_entry"])
    attempted = _say("offense_attempted_completed", offence["offense_attempted_completed"])
    return _put(
        "j:Offense",
        _put("nibrs:OffenseUCRCode", offence["ucr_offense_code"])
        + activities
        + biases
        + _put("j:OffenseStructuresEnteredQuantity", offence["number_of_premises_entered"])
        + factors
        + _put("j:OffenseEntryPoint", entry)
        + forces
        + _put("j:OffenseAttemptedIndicator", attempted),
        f"Offense{number}",
    )


def _write_items(lost: _Segment) -> Iterator[str]:
    status = _say("type_property_loss", lost["type_property_loss"])
    opening = _put("nc:ItemStatus", _put("cjis:ItemStatusCode", status))
    vehicles = lost["number_of_stolen_motor_vehicles"] or lost["number_of_recovered_motor_vehicles"]
    things = [number for number in range(1, 11) if lost[f"property_description_{number}"]]
    drugs = [number for number in range(1, 4) if lost[f"suspected_drug_type_{number}"]]
    if not things:
        yield _put("nc:Item", opening)
    for number in things:
        day = _put("nc:Date", _day(lost[f"date_recovered_{number}"]))
        amount = _put("nc:Amount", lost[f"value_of_property_{number}"].lstrip("0"))
        item = (
            opening
            + _put(
                "nc:ItemValue", _put("nc:ItemValueAmount", amount) + _put("nc:ItemValueDate", day)
            )
            + _put(
                "j:ItemCategoryNIBRSPropertyCategoryCode", lost[f"property_description_{number}"]
            )
            + _put("nc:ItemQuantity", vehicles)
        )
        is_drug = lost[f"property_description_{number}"] == "10" and drugs
        for drug in drugs if is_drug else ():
            yield _put("nc:Substance", item + _write_drug(lost, drug))
        if not is_drug:
            yield _put("nc:Item", item)


def _write_drug(lost: _Segment, number: int) -> str:
    quantity = lost[f"estimated_drug_quantity_{number}"]
    value = f"{int(quantity[:9])}.{quantity[9:]}" if quantity else ""
    return _put("j:DrugCategoryCode", lost[f"suspected_drug_type_{number}"]) + _put(
        "nc:SubstanceQuantityMeasure",
        _put("nc:MeasureDecimalValue", value)
        + _put("j:SubstanceUnitCode", lost[f"type_drug_measurement_{number}"]),
    )


def _list_of_victim(victim: _Segment) -> str:
    return (
        _put("j:VictimSequenceNumberText", str(int(victim["victim_sequence_number"])))
        + "".join(
            _put("j:VictimInjury", _put("j:InjuryCategoryCode", code))
            for code in _slots(victim, "type_injury")
        )
        + _put("j:VictimCategoryCode", victim["type_of_victim"])
        + "".join(
            _put("j:VictimAggravatedAssaultHomicideFactorCode", code)
            for code in _slots(victim, "agg_assault_homicide_circumstances")
        )
        + _put(
            "j:VictimJustifiableHomicideFactorCode", victim["additional_justifiable_homicide_circ"]
        )
    )


def _list_of_offender(offender: _Segment) -> str:
    return _put("j:SubjectSequenceNumberText", str(int(offender["offender_sequence_number"])))


def _write_people(
    segments: list[_Segment], who: str, element: str, say: Callable[[_Segment], str]
) -> Iterator[str]:
    people = [_write_person(segment, who, number) for number, segment in enumerate(segments)]
    yield from people
    for number, segment in enumerate(segments):
        role = f'<nc:RoleOfPerson s:ref="Person{who}{number}"/>\n' if people[number] else ""
        yield _put(element, role + say(segment), f"{element[2:]}{number}")


def _write_person(segment: _Segment, who: str, number: int) -> str:
    age = segment[f"age_of_{who}"]
    if len(age) == 4:
        measure = _put(
            "nc:MeasureIntegerRange",
            _put("nc:RangeMaximumIntegerValue", age[2:])
            + _put("nc:RangeMinimumIntegerValue", age[:2]),
        )
    elif age.isdigit() and age != "00":
        measure = _put("nc:MeasureIntegerValue", age)
    else:
        measure = _put("nc:MeasureValueText", _say("age", age))
    return _put(
        "nc:Person",
        _put("nc:PersonAgeMeasure", measure)
        + _put("j:PersonEthnicityCode", segment[f"ethnicity_of_{who}"])
        + _put("j:PersonRaceNDExCode", segment[f"race_of_{who}"])
        + _put("j:PersonResidentCode", segment.get(f"resident_status_of_{who}", ""))
        + _put("j:PersonSexCode", segment[f"sex_of_{who}"]),
        f"Person{who}{number}",
    )


def _write_arrests(segments: list[_Segment]) -> Iterator[str]:
    yield from _write_people(segments, "arrestee", "j:Arrestee", _list_of_arrestee)
    for number, arrest in enumerate(segments):
        transaction = _put("nc:IdentificationID", arrest["arrest_transaction_number"])
        yield _put(
            "j:Arrest",
            _put("nc:ActivityIdentification", transaction)
            + _put("nc:ActivityDate", _put("nc:Date", _day(arrest["arrest_date"])))
            + _put("j:ArrestCharge", _put("nibrs:ChargeUCRCode", arrest["ucr_arrest_offense_code"]))
            + _put("j:ArrestCategoryCode", arrest["type_of_arrest"]),
            f"Arrest{number}",
        )
    for number in range(len(segments)):
        yield _tie(
            "j:ArrestSubjectAssociation",
            nc_Activity=f"Arrest{number}",
            j_Subject=f"Arrestee{number}",
        )


def _list_of_arrestee(arrestee: _Segment) -> str:
    return (
        _put("j:ArrestSequenceID", arrestee["arrestee_sequence_number"].lstrip("0"))
        + "".join(
            _put("j:ArresteeArmedWithCode", code)
            for code in _weapons(
                arrestee, "arrestee_armed_with", "arrestee_automatic_weapon_indicator"
            )
        )
        + _put("j:ArresteeJuvenileDispositionCode", arrestee["disposition_of_arrestee_under_18"])
        + _put("j:ArrestSubjectCountCode", arrestee.get("multiple_arrestee_segments_indicator", ""))
    )


def _write_associations(by_level: dict[str, list[_Segment]]) -> Iterator[str]:
    for number in range(len(by_level["2"])):
        yield _tie(
            "j:OffenseLocationAssociation",
            j_Offense=f"Offense{number}",
            nc_Location=f"Location{number}",
        )
    codes = [offence["ucr_offense_code"] for offence in by_level["2"]]
    numbers = [offender["offender_sequence_number"] for offender in by_level["5"]]
    for place, victim in enumerate(by_level["4"]):
        for code in _slots(victim, "ucr_offense_code_connection"):
            offence = f"Offense{codes.index(code)}"
            yield _tie("j:OffenseVictimAssociation", j_Offense=offence, j_Victim=f"Victim{place}")
    for place, victim in enumerate(by_level["4"]):
        for slot in range(1, 11):
            if other := victim[f"offender_number_related_{slot}"]:
                tie = _say(
                    "relationship_of_victim_to_offender",
                    victim[f"relationship_of_victim_to_offender_{slot}"],
                )
                yield _tie(
                    "j:SubjectVictimAssociation",
                    _put("nibrs:VictimToSubjectRelationshipCode", tie),
                    j_Subject=f"Subject{numbers.index(other)}",
                    j_Victim=f"Victim{place}",
                )


def _slots(segment: _Segment, family: str) -> Iterator[str]:
    for number in range(1, 11):
        if code := segment.get(f"{family}_{number}"):
            yield code


def _weapons(segment: _Segment, family: str, automatic: str) -> Iterator[str]:
    for number, code in enumerate(_slots(segment, family), 1):
        yield code + segment[f"{automatic}_{number}"]


def _day(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if digits else ""


def _put(element: str, content: str, identifier: str = "") -> str:
    """An element with text or with others in it; nothing where there is no content."""
    if not content:
        return ""
    attribute = f' s:id="{identifier}"' if identifier else ""
    inner = f"\n{content}" if content.startswith("<") else escape(content)
    return f"<{element}{attribute}>{inner}</{element}>\n"


def _tie(element: str, more: str = "", **ends: str) -> str:
    refs = "".join(f'<{name.replace("_", ":")} s:ref="{end}"/>\n' for name, end in ends.items())
    return _put(element, refs + more)


def _indent(text: str) -> str:
    depth, lines = 1, []
    for line in text.splitlines():
        depth -= line.startswith("</")
        lines.append("\t" * depth + line)
        depth += not line.startswith("</") and "</" not in line and not line.endswith("/>")
    return "\n".join(lines) + "\n"
