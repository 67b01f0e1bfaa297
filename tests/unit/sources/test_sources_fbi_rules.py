"""The committed list of the FBI's rules, against the code and small files that break them."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sources_builders import incident, segment, text_of
from sources_fbi_cases import CASES, DRUGS, OFFICER, PROPERTY, THEFT

from sources.contracts import PoliceAgency, current_contract
from sources.errors import ERRORS
from sources.fbi_rules import load_fbi_rules
from sources.layout import load_nibrs_layout
from sources.nibrs import SEGMENT_TABLES
from sources.nibrs_rules import list_segment_checks
from sources.rule_language import list_names, write_condition

SOURCES = Path(__file__).parents[3] / "sources"
CLEAN = "12456"
ZERO_REPORTS = [
    ("001", {"zero_report_month": ""}),
    ("015", {"incident_number": "000000 00000"}),
    ("016", {"incident_number": " 00000000000"}),
    ("017", {"incident_number": "00000000*000"}),
    ("090", {"zero_report_month": "13"}),
    ("091", {"zero_report_year": "20X5"}),
    ("092", {"incident_number": "000000000001"}),
    ("093", {"zero_report_year": "2022"}),
    ("094", {"zero_report_month": "03"}),
]
"""Rules of zero reports, and what breaks each."""
ARRESTS_OF_GROUP_B = [
    ("701", {"arrestee_armed_with_1": ""}),
    ("704", {"race_of_arrestee": "X"}),
    ("705", {"arrest_date": "20250301"}),
    ("720", {"arrest_date": "20230101"}),
    ("752", {"age_of_arrestee": "17"}),
    ("758", {"sex_of_arrestee": "U"}),
    ("760", {"ucr_arrest_offense_code": "13A"}),
    ("761", {"ucr_arrest_offense_code": "90I"}),
    ("797", {"segment_action_type": "D", "arrest_date": ""}),
    ("708", {"age_of_arrestee": " 5"}),
    ("709", {"age_of_arrestee": "15A"}),
    ("710", {"age_of_arrestee": "2520"}),
    ("722", {"age_of_arrestee": "0020"}),
    ("757", {"age_of_arrestee": "5"}),
]
"""Rules of Group B arrest reports, and what breaks each."""


def test_the_list_has_every_number_once_with_a_sentence_or_a_reason() -> None:
    rules = load_fbi_rules()
    assert len(rules) == 265
    assert all(re.fullmatch(r"\d{3}", number) for number in rules)
    for rule in rules.values():
        is_checked = bool(rule.checks or rule.codes)
        assert is_checked == bool(rule.says) != bool(rule.why_not), rule.number
        assert not rule.says.endswith("."), rule.number


def test_the_list_and_the_code_name_the_same_numbers() -> None:
    """Every number is raised by a condition of the list, or under the codes that the list names."""
    raised: dict[str, set[str]] = {}
    tables = current_contract("mshp").file_of("nibrs").tables
    kept = {level: tables[table] for table, level in SEGMENT_TABLES.items()}
    for level, layout in load_nibrs_layout().items():
        names = kept.get(level, ("type_property_loss",))
        for check in list_segment_checks(level, layout, names, date(2025, 4, 5)):
            raised.setdefault(check.rule, set()).add(check.code)
    named = "".join(path.read_text("utf-8") for path in SOURCES.glob("nibrs*.py"))
    rules = load_fbi_rules()
    for number in raised:
        assert not number or rules[number].says, number
    for rule in rules.values():
        assert set(rule.codes) <= set(ERRORS), rule.number
        if rule.says:
            is_named = f'"{rule.number}"' in named
            assert rule.checks or rule.number in raised or is_named, rule.number


def test_every_condition_names_fields_of_its_segment_or_facts() -> None:
    for rule in load_fbi_rules().values():
        for check in rule.checks:
            layout = load_nibrs_layout().get(check.segment)
            condition = write_condition(check.fails, layout)
            assert not re.search(r"[#$]", condition), rule.number
            if layout and check.reach == "segment":
                names = {field.name for field in layout.fields}
                assert {check.field, f"{check.field}_1"} & names, (rule.number, check.field)
                assert list_names(condition)


def write_case(base: Mapping[str, str], change: Mapping[str, str]) -> list[str]:
    values = {**base, **change}
    levels = "123456" if any(name.startswith("l3_") for name in values) else CLEAN
    lines = incident("I1", levels, **values)
    for level, names in (("1", ("l1_cargo_theft",)), ("4", tuple(OFFICER))):
        if set(names) & set(values):
            longest = {key[3:]: text for key, text in values.items() if key[:2] == f"l{level}"}
            lines[levels.index(level)] = segment(level, "I1", longest=True, **longest)
    return lines


@pytest.fixture(scope="module")
def together(read_together: Any) -> Any:
    """Each case, zero report and arrest report, as if in a file of its own."""
    cases = {number: write_case(base, change) for number, (_, _, base, change) in enumerate(CASES)}
    zeros = {rule: [segment("0", **values)] for rule, values in ZERO_REPORTS}
    arrests = {rule: [segment("7", **values)] for rule, values in ARRESTS_OF_GROUP_B}
    return read_together({**cases, **zeros, **arrests})


def broken(bench: Any, lines: list[str]) -> set[tuple[str, str]]:
    bench.read("nibrs", text_of(lines))
    return {(rule, segment) for rule, segment, _, _ in bench.rules()}


def test_a_clean_incident_breaks_no_rule(bench: Any) -> None:
    assert (
        broken(bench, [*incident("I1", CLEAN), segment("7"), segment("0", zero_report_month="02")])
        == set()
    )


@pytest.mark.parametrize("base", [PROPERTY, DRUGS, THEFT])
def test_a_clean_incident_with_property_breaks_no_rule(bench: Any, base: Mapping[str, str]) -> None:
    assert broken(bench, incident("I1", "123456", **base)) == set()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_each_rule_is_raised_where_it_is_broken(together: Any, number: int) -> None:
    rule, place, _, _ = CASES[number]
    assert (rule, place) in together.rules(number)


def test_what_whole_incidents_break_is_raised(bench: Any) -> None:
    victim, offender = (segment(n, "I1") for n in "45")
    lines = [
        *incident("I1", "12"),
        segment("2", "I1", ucr_offense_code="09C"),
        victim,
        segment("4", "I1", victim_sequence_number="002"),
        offender,
        segment("5", "I1", offender_sequence_number="02"),
        segment("5", "I1", offender_sequence_number="00"),
    ]
    assert {("085", ""), ("266", ""), ("555", ""), ("065", "")} <= broken(bench, lines)


def test_incidents_without_offender_or_with_needless_property_are_named(bench: Any) -> None:
    lines = [*incident("I1", "124"), *incident("I2", "12345"), *incident("I3", "1245", **PROPERTY)]
    assert {("075", ""), ("076", ""), ("074", "")} <= broken(bench, lines)


def test_a_crime_against_society_has_one_victim(bench: Any) -> None:
    lines = incident("I1", "123456", **DRUGS)
    second = {key[3:]: value for key, value in DRUGS.items() if key.startswith("l4_")}
    lines.insert(4, segment("4", "I1", **second | {"victim_sequence_number": "002"}))
    assert broken(bench, lines) == {("080", "")}


def test_two_victims_cannot_be_the_same_offender_or_spouses_of_one(bench: Any) -> None:
    def two(number: str, relationship: str) -> list[str]:
        lines = incident(number, "1245", l4_relationship_of_victim_to_offender_1=relationship)
        other = {
            "victim_sequence_number": "002",
            "relationship_of_victim_to_offender_1": relationship,
        }
        return [*lines[:3], segment("4", number, **other), lines[3]]

    assert {("474", "4"), ("476", "4")} <= broken(bench, [*two("I1", "VO"), *two("I2", "SE")])


def test_parts_that_stand_twice_are_named(bench: Any) -> None:
    lines = incident("I1", "123456", **PROPERTY)
    offence, loss = (
        {key[3:]: value for key, value in PROPERTY.items() if key.startswith(f"l{level}_")}
        for level in "23"
    )
    lines.insert(2, segment("2", "I1", **offence | {"offense_attempted_completed": "A"}))
    lines.insert(4, segment("3", "I1", **loss | {"value_of_property_1": "000000007"}))
    assert {("262", "2"), ("376", "3")} <= broken(bench, lines)


def test_property_is_recovered_at_no_more_than_its_value(bench: Any) -> None:
    lines = incident("I1", "123456", **PROPERTY)
    loss = {key[3:]: value for key, value in PROPERTY.items() if key.startswith("l3_")}
    more = {"type_property_loss": "5", "date_recovered_1": "20250120"}
    lines.insert(3, segment("3", "I1", **loss | more | {"value_of_property_1": "000000101"}))
    assert broken(bench, lines) == {("084", "")}


def test_lines_of_different_reports_are_compared(bench: Any) -> None:
    first, offence, victim, offender, arrest = incident("I1", CLEAN)
    lines = [
        *(first, offence, offender, victim, arrest),
        segment("0"),
        segment("0", zero_report_month="02"),
        segment("7", arrest_transaction_number="I1", arrest_date="20250210"),
        segment("7", ori="KS0100000"),
    ]
    expected = {("050", ""), ("028", "0"), ("029", "0"), ("088", ""), ("059", "")}
    assert broken(bench, lines) == expected


@pytest.mark.parametrize("rule", [rule for rule, _ in ZERO_REPORTS])
def test_each_rule_of_a_zero_report_is_raised(together: Any, rule: str) -> None:
    assert rule in {found for found, _ in together.rules(rule)}


@pytest.mark.parametrize("rule", [rule for rule, _ in ARRESTS_OF_GROUP_B])
def test_each_rule_of_a_group_b_report_is_raised(together: Any, rule: str) -> None:
    assert rule in {found for found, _ in together.rules(rule)}


def test_the_rules_about_an_agency_need_the_table_of_the_contract(bench: Any) -> None:
    lines = [
        *incident("I1", CLEAN),
        *incident("I2", CLEAN, **{f"l{n}_ori": "MO0200000" for n in CLEAN}),
    ]
    agencies = {"MO0100000": PoliceAgency(first_day=date(2025, 2, 1), last_day=date(2025, 1, 16))}
    bench.circumstances = type(bench.circumstances)(
        bench.circumstances.quarter, bench.circumstances.as_of, agencies=agencies
    )
    assert broken(bench, lines) == {("173", "1"), ("618", "6"), ("052", "")}


def test_a_rule_is_named_beside_what_sets_its_line_aside(bench: Any) -> None:
    lines = incident(
        "I1", CLEAN, l4_age_of_victim="8", l4_race_of_victim="X", l5_age_of_offender="7"
    )
    assert {("404", "4"), ("556", "5")} <= broken(bench, lines)
    assert bench.problems() == [("MS313", "age_of_victim", (3,)), ("MS325", "", (1, 2, 4, 5))]


def test_nothing_is_lost_by_a_rule_that_only_notes(bench: Any) -> None:
    bench.read(
        "nibrs", text_of(incident("I1", CLEAN, l4_type_of_victim="B", l4_race_of_victim="X"))
    )
    assert bench.problems() == []
    assert len(bench.rows("victim")) == 1
