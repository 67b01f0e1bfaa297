"""Each rule on a NIBRS file, provoked once, and the forms that must change nothing."""

from typing import Any

import pytest
from sources_builders import SEGMENTS, incident, segment, text_of

from sources.nibrs import SEGMENT_TABLES

LEVELS = "123456"
COSTLY = [
    ("MS302", "segment_length", "4", "0128"),
    ("MS302", "segment_length", "1", "00X7"),
    ("MS304", "segment_action_type", "2", "X"),
    ("MS309", "ucr_offense_code_connection_1", "4", ""),
    ("MS309", "ucr_offense_code_connection_1", "4", "XXX"),
    ("MS310", "type_of_victim", "4", "X"),
    ("MS310", "type_of_victim", "4", ""),
    ("MS311", "incident_date", "1", "20250230"),
    ("MS311", "incident_date", "1", ""),
    ("MS312", "victim_sequence_number", "4", "1"),
    ("MS313", "age_of_victim", "4", "XX"),
    ("MS327", "incident_date", "1", "20250406"),
]
"""Code, field, level and value of what a figure rests on."""
HARMLESS = [
    ("MS305", "month_of_submission", "5", "13"),
    ("MS305", "year_of_submission", "5", "20 5"),
    ("MS314", "incident_hour", "1", "24"),
    ("MS326", "cleared_exceptionally", "1", "X"),
    ("MS326", "report_date_indicator", "1", "X"),
    ("MS326", "exceptional_clearance_date", "1", "20251301"),
    ("MS326", "offense_attempted_completed", "2", "X"),
    ("MS326", "location_type", "2", "99"),
    ("MS326", "type_criminal_activity_2", "2", "Z"),
    ("MS326", "type_property_loss", "3", "9"),
    ("MS326", "ucr_offense_code_connection_10", "4", "XXX"),
    ("MS326", "sex_of_victim", "4", "Q"),
    ("MS326", "offender_number_related_3", "4", "1"),
    ("MS326", "relationship_of_victim_to_offender_9", "4", "ZZ"),
    ("MS326", "age_of_offender", "5", "NN"),
    ("MS326", "sex_of_offender", "5", "Q"),
    ("MS326", "arrest_transaction_number", "6", ""),
    ("MS326", "arrest_date", "6", "01162025"),
    ("MS326", "arrest_date", "6", "20250406"),
    ("MS326", "type_of_arrest", "6", "X"),
    ("MS326", "multiple_arrestee_segments_indicator", "6", "X"),
    ("MS326", "ucr_arrest_offense_code", "6", "ABC"),
    ("MS326", "age_of_arrestee", "6", "BB"),
    ("MS326", "age_of_arrestee", "6", ""),
    ("MS326", "sex_of_arrestee", "6", "U"),
]
"""Code, field, level and value of what no figure needs."""
ALONE = [
    ("MS310", "ucr_offense_code", "2", "64C"),
    ("MS310", "ucr_offense_code", "2", ""),
    ("MS312", "offender_sequence_number", "5", "A1"),
    ("MS312", "arrestee_sequence_number", "6", "A1"),
]
"""Code, field, level and value in a segment that an incident can do without."""
OUTSIDE = [
    ("relationship_of_victim_to_offender", "FC", "2021"),
    ("relationship_of_victim_to_offender", "HR", "2025"),
    ("ucr_offense_code_connection", "64A", "2012"),
]
"""Field of a victim, code, and a year in which it was not in use."""
ZERO = [
    ("zero_report_month", "13"),
    ("zero_report_year", "25"),
    ("incident_number", "000000000001"),
]
"""Field of a zero report, and a value."""
LATER = ("CO", "FC", "FP", "XR")
AGES = ("15", "00", "99", "NN", "NB", "BB", "1417", "0102", "")
NO_AGES = ("7", " 7", "XX", "1714", "1515", "0017", "14 7", "141", "  15", "nn", "1-17")


def write_costly(code: str, field: str, level: str, value: str) -> list[str]:
    bad = incident("BAD", **{f"l{level}_{field}": value})
    if field == "segment_length":
        bad = [line if line[4] != level else value + line[4:] for line in incident("BAD")]
    return [*incident("GOOD1"), *bad, *incident("GOOD2")]


def write_harmless(code: str, field: str, level: str, value: str) -> list[str]:
    return [*incident("I1"), *incident("I2", **{f"l{level}_{field}": value}), *incident("I3")]


def write_alone(code: str, field: str, level: str, value: str) -> list[str]:
    lines = incident()
    lines.insert(1 if level == "2" else 6, segment(level, **{field: value}))
    return lines


def write_outside(field: str, code: str, year: str) -> list[str]:
    return incident(**{f"l4_{field}_2": code, "l4_year_of_submission": year})


@pytest.fixture(scope="module")
def together(read_together: Any) -> Any:
    """Each of the cases above, as if in a file of its own."""
    return read_together(
        {
            **{("costly", *case): write_costly(*case) for case in COSTLY},
            **{("harmless", *case): write_harmless(*case) for case in HARMLESS},
            **{("alone", *case): write_alone(*case) for case in ALONE},
            **{("outside", *case): write_outside(*case) for case in OUTSIDE},
            **{
                ("zero", *case): [segment("0"), segment("0", **dict([case])), segment("0")]
                for case in ZERO
            },
            **{
                ("later", code): incident(l4_relationship_of_victim_to_offender_1=code)
                for code in LATER
            },
            **{("age", age): incident(l4_age_of_victim=age) for age in (*AGES, *NO_AGES)},
        }
    )


def test_a_clean_incident_fills_every_table_but_that_of_property(bench: Any) -> None:
    lines = [*incident(), segment("7"), segment("0")]
    reading = bench.read("nibrs", text_of(lines))
    assert bench.problems() == []
    assert (reading.lines_read, reading.lines_stored, reading.lines_left_out) == (8, 7, 1)
    assert {table: len(bench.rows(table)) for table in SEGMENT_TABLES} == dict.fromkeys(
        SEGMENT_TABLES, 1
    )
    victim = bench.rows("victim")[0]
    assert (victim["ori"], victim["incident_number"]) == ("MO0100000", "INCIDENT1   ")
    assert (victim["age_of_victim"], victim["relationship_of_victim_to_offender_1"]) == (
        "15  ",
        "AQ",
    )
    assert bench.rows("group_b_arrest")[0]["arrest_transaction_number"] == "ARREST7     "


@pytest.mark.parametrize("level", sorted(set(SEGMENTS) - {"0", "3", "6", "7"}))
def test_the_longer_record_of_a_level_is_read_as_well(bench: Any, level: str) -> None:
    lines = incident(levels="1245")
    lines["1245".index(level)] = segment(level, longest=True)
    bench.read("nibrs", text_of(lines))
    assert bench.problems() == []


def test_segments_without_their_trailing_blanks_are_padded(bench: Any) -> None:
    stripped = [line.rstrip() for line in incident()]
    assert len(stripped[5]) == 76
    bench.read("nibrs", text_of(stripped))
    assert bench.problems() == []
    assert bench.rows("administrative")[0]["exceptional_clearance_date"] == " " * 8


def test_segments_of_other_states_and_every_action_type_are_legal(bench: Any) -> None:
    lines = [
        *incident("I1", "1245", **{f"l{n}_ori": "HI0020000" for n in "1245"}),
        segment("6", "W1", segment_action_type="W"),
        *incident("A1", "1245"),
        segment("4", "A1", segment_action_type="A"),
        segment("5", "A1", segment_action_type="M"),
        segment("1", "A1", segment_action_type="D", incident_date="", cleared_exceptionally=""),
        *incident("R1", "1245", **{f"l{n}_segment_action_type": "R" for n in "1245"}),
    ]
    bench.read("nibrs", text_of(lines))
    assert (bench.problems(), bench.notes()) == ([], [])


def test_an_incident_whose_only_offence_cannot_be_read_is_set_aside(bench: Any) -> None:
    bench.read("nibrs", text_of([*incident(l2_ucr_offense_code="ZZZ"), *incident("OTHER")]))
    assert bench.problems() == [
        ("MS310", "ucr_offense_code", (2,)),
        ("MS325", "", (3, 4, 5, 6)),
        ("MS329", "", (1,)),
    ]


def test_the_first_offence_of_a_victim_may_stand_in_any_of_its_ten_slots(bench: Any) -> None:
    lines = incident(l4_ucr_offense_code_connection_1="", l4_ucr_offense_code_connection_7="64A")
    bench.read("nibrs", text_of(lines))
    assert (bench.problems(), bench.notes()) == ([], [])


def test_sex_x_of_a_victim_costs_nothing(bench: Any) -> None:
    bench.read("nibrs", text_of(incident(l4_sex_of_victim="X")))
    assert (bench.problems(), bench.notes()) == ([], [])


def test_data_behind_the_length_of_a_segment_is_refused(bench: Any) -> None:
    lines = incident()
    lines[4] += "X"
    bench.read("nibrs", text_of(lines))
    assert bench.problems()[0] == ("MS303", "", (5,))


@pytest.mark.parametrize(("code", "field", "level", "value"), COSTLY)
def test_what_a_figure_rests_on_sets_its_whole_incident_aside_and_no_other(
    together: Any, code: str, field: str, level: str, value: str
) -> None:
    name = ("costly", code, field, level, value)
    number = 7 + LEVELS.index(level)
    rest = tuple(line for line in range(7, 13) if line != number)
    assert together.problems(name) == sorted([(code, field, (number,)), ("MS325", "", rest)])
    assert together.count_set_aside(name) == 6
    for table in set(SEGMENT_TABLES) - {"group_b_arrest", "zero_report"}:
        kept = [row["incident_number"].strip() for row in together.rows(name, table)]
        assert kept == ["GOOD1", "GOOD2"]


@pytest.mark.parametrize(("code", "field", "level", "value"), HARMLESS)
def test_a_field_that_no_figure_needs_is_left_blank_and_nothing_is_lost(
    together: Any, code: str, field: str, level: str, value: str
) -> None:
    name = ("harmless", code, field, level, value)
    assert together.problems(name) == []
    assert (code, field, (7 + LEVELS.index(level),)) in together.notes(name)
    for table, number in SEGMENT_TABLES.items():
        rows = together.rows(name, table)
        assert len(rows) == (0 if number in "07" else 3)
        if number == level:
            usual, blanked, _ = rows
            assert not blanked[field].strip()
            apart = {"line_number", "incident_number", field}
            assert {k: v for k, v in blanked.items() if k not in apart} == {
                k: v for k, v in usual.items() if k not in apart
            }


@pytest.mark.parametrize(("code", "field", "level", "value"), ALONE)
def test_a_segment_that_an_incident_can_do_without_is_set_aside_alone(
    together: Any, code: str, field: str, level: str, value: str
) -> None:
    name = ("alone", code, field, level, value)
    assert together.problems(name) == [(code, field, (2 if level == "2" else 7,))]
    assert len(together.rows(name, "victim")) == 1


@pytest.mark.parametrize("code", LATER)
def test_relationships_of_later_specifications_are_known(together: Any, code: str) -> None:
    name = ("later", code)
    assert (together.problems(name), together.notes(name)) == ([], [])


@pytest.mark.parametrize(("field", "code", "year"), OUTSIDE)
def test_a_code_outside_its_dates_is_kept_with_a_note(
    together: Any, field: str, code: str, year: str
) -> None:
    name = ("outside", field, code, year)
    assert together.problems(name) == []
    assert ("MS328", f"{field}_1", (4,)) in together.notes(name)
    assert together.rows(name, "victim")[0][f"{field}_2"] == code


@pytest.mark.parametrize("age", AGES)
def test_every_form_of_age_of_a_victim_is_legal(together: Any, age: str) -> None:
    assert together.problems(("age", age)) == []


@pytest.mark.parametrize("age", NO_AGES)
def test_any_other_age_of_a_victim_is_refused(together: Any, age: str) -> None:
    assert together.problems(("age", age))[0] == ("MS313", "age_of_victim", (4,))


@pytest.mark.parametrize(("field", "value"), ZERO)
def test_a_bad_zero_report_is_set_aside_alone(together: Any, field: str, value: str) -> None:
    assert together.problems(("zero", field, value)) == [("MS315", field, (2,))]
