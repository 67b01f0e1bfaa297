"""Each rule on a NIBRS file, provoked once, and the forms that must change nothing."""

from typing import Any

import pytest
from sources_builders import SEGMENTS, incident, segment, text_of

from sources.nibrs import SEGMENT_TABLES


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
        *incident("I1", "124", **{f"l{n}_ori": "HI0020000" for n in "124"}),
        segment("6", "W1", segment_action_type="W"),
        segment("4", "A1", segment_action_type="A"),
        segment("5", "M1", segment_action_type="M"),
        segment("1", "D1", segment_action_type="D", incident_date="", cleared_exceptionally=""),
        *incident("R1", "124", **{f"l{n}_segment_action_type": "R" for n in "124"}),
    ]
    bench.read("nibrs", text_of(lines))
    assert bench.problems() == []


@pytest.mark.parametrize(
    ("code", "field", "level", "value"),
    [
        ("MS302", "segment_length", "4", "0128"),
        ("MS302", "segment_length", "1", "00X7"),
        ("MS304", "segment_action_type", "2", "X"),
        ("MS305", "month_of_submission", "5", "13"),
        ("MS305", "year_of_submission", "5", "20 5"),
        ("MS309", "arrest_transaction_number", "6", ""),
        ("MS310", "cleared_exceptionally", "1", "X"),
        ("MS310", "report_date_indicator", "1", "X"),
        ("MS310", "ucr_offense_code", "2", "64C"),
        ("MS310", "ucr_offense_code", "2", ""),
        ("MS310", "offense_attempted_completed", "2", "X"),
        ("MS310", "location_type", "2", "99"),
        ("MS310", "type_criminal_activity_2", "2", "Z"),
        ("MS310", "type_property_loss", "3", "9"),
        ("MS310", "ucr_offense_code_connection_10", "4", "XXX"),
        ("MS310", "type_of_victim", "4", "X"),
        ("MS310", "sex_of_victim", "4", "X"),
        ("MS310", "relationship_of_victim_to_offender_9", "4", "ZZ"),
        ("MS310", "sex_of_offender", "5", "X"),
        ("MS310", "type_of_arrest", "6", "X"),
        ("MS310", "multiple_arrestee_segments_indicator", "6", "X"),
        ("MS310", "ucr_arrest_offense_code", "6", "ABC"),
        ("MS310", "sex_of_arrestee", "6", "U"),
        ("MS311", "incident_date", "1", "20250230"),
        ("MS311", "incident_date", "1", ""),
        ("MS311", "exceptional_clearance_date", "1", "20251301"),
        ("MS311", "arrest_date", "6", "01162025"),
        ("MS312", "victim_sequence_number", "4", "1"),
        ("MS312", "offender_sequence_number", "5", "A1"),
        ("MS312", "offender_number_related_3", "4", "1"),
        ("MS314", "incident_hour", "1", "24"),
    ],
)
def test_a_bad_field_sets_its_whole_incident_aside_and_no_other(
    bench: Any, code: str, field: str, level: str, value: str
) -> None:
    bad = incident("BAD", **{f"l{level}_{field}": value})
    if field == "segment_length":
        bad = [line if line[4] != level else value + line[4:] for line in incident("BAD")]
    reading = bench.read("nibrs", text_of([*incident("GOOD1"), *bad, *incident("GOOD2")]))
    number = 7 + "123456".index(level)
    rest = tuple(line for line in range(7, 13) if line != number)
    assert bench.problems() == [(code, field, (number,)), ("MS325", "", rest)]
    assert (reading.lines_quarantined, reading.lines_left_out) == (6, 2)
    for table in set(SEGMENT_TABLES) - {"group_b_arrest", "zero_report"}:
        kept = [row["incident_number"].strip() for row in bench.rows(table)]
        assert kept == ["GOOD1", "GOOD2"]


@pytest.mark.parametrize("age", ["15", "00", "99", "NN", "NB", "BB", "1417", "0102", ""])
def test_every_form_of_age_of_a_victim_is_legal(bench: Any, age: str) -> None:
    bench.read("nibrs", text_of(incident(l4_age_of_victim=age)))
    assert bench.problems() == []


@pytest.mark.parametrize(
    "age", ["7", " 7", "XX", "1714", "1515", "0017", "14 7", "141", "  15", "nn", "1-17"]
)
def test_any_other_age_of_a_victim_is_refused(bench: Any, age: str) -> None:
    bench.read("nibrs", text_of(incident(l4_age_of_victim=age)))
    assert bench.problems()[0] == ("MS313", "age_of_victim", (4,))


@pytest.mark.parametrize(
    ("level", "field", "age"),
    [("5", "age_of_offender", "NN"), ("6", "age_of_arrestee", "BB"), ("6", "age_of_arrestee", "")],
)
def test_an_offender_or_arrestee_has_no_age_of_an_infant(
    bench: Any, level: str, field: str, age: str
) -> None:
    bench.read("nibrs", text_of(incident(**{f"l{level}_{field}": age})))
    assert bench.problems()[0][:2] == ("MS313", field)


def test_a_relationship_code_of_earlier_specifications_is_legal(bench: Any) -> None:
    bench.read("nibrs", text_of(incident(l4_relationship_of_victim_to_offender_1="HR")))
    assert bench.problems() == []


def test_data_behind_the_length_of_a_segment_is_refused(bench: Any) -> None:
    lines = incident()
    lines[4] += "X"
    bench.read("nibrs", text_of(lines))
    assert bench.problems()[0] == ("MS303", "", (5,))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("MS131", lambda line: line.replace("INCIDENT1", "INCID\tNT1")),
        ("MS301", lambda line: line[:4] + "8" + line[5:]),
        ("MS306", lambda line: line.replace("MO0100000", "MO 100000")),
        ("MS307", lambda line: line[:25] + " INCIDENT1  " + line[37:]),
        ("MS307", lambda line: line[:25] + " " * 12 + line[37:]),
        ("MS308", lambda line: line.replace("INCIDENT1", "INC DENT1")),
        ("MS308", lambda line: line.replace("INCIDENT1", "INC/DENT1")),
        ("MS321", lambda line: line.replace("INCIDENT1", "INCIDENT2")),
    ],
)
def test_a_segment_with_a_broken_key_takes_the_incident_around_it_with_it(
    bench: Any, code: str, change: Any
) -> None:
    lines = incident()
    lines[3] = change(lines[3])
    reading = bench.read("nibrs", text_of([*incident("BEFORE"), *lines, *incident("AFTER")]))
    assert (code, 10) in {(item[0], item[2][0]) for item in bench.problems()}
    assert reading.lines_quarantined == 6
    kept = [row["incident_number"].strip() for row in bench.rows("administrative")]
    assert kept == ["BEFORE", "AFTER"]


def test_segments_without_their_administrative_segment_are_set_aside(bench: Any) -> None:
    bench.read("nibrs", text_of([*incident("WHOLE"), *incident("TORN", "2456")]))
    assert ("MS321", "incident_number", (7, 8, 9, 10)) in bench.problems()


def test_the_later_report_of_an_incident_is_set_aside_and_the_first_kept(bench: Any) -> None:
    later = incident(l4_age_of_victim="XX")
    bench.read("nibrs", text_of([*incident(), *later, *incident("OTHER")]))
    assert bench.problems() == [
        ("MS313", "age_of_victim", (10,)),
        ("MS322", "incident_number", (7, 8, 9, 10, 11, 12)),
    ]
    assert [row["line_number"] for row in bench.rows("victim")] == [4, 16]


def test_a_replacement_in_the_same_file_is_no_repetition(bench: Any) -> None:
    again = incident(**{f"l{level}_segment_action_type": "R" for level in "123456"})
    bench.read("nibrs", text_of([*incident(), *again]))
    assert bench.problems() == []


def test_the_same_incident_number_of_another_agency_is_another_incident(bench: Any) -> None:
    other = [line.replace("MO0100000", "MO0200000") for line in incident()]
    bench.read("nibrs", text_of([*incident(), *other]))
    assert bench.problems() == []


def test_segments_out_of_order_set_their_incident_aside(bench: Any) -> None:
    first, second, *others = incident(levels="1245")
    bench.read("nibrs", text_of([first, others[0], second, others[1]]))
    assert bench.problems() == [("MS323", "segment_level", (3,)), ("MS325", "", (1, 2, 4))]


@pytest.mark.parametrize(
    ("level", "field"),
    [
        ("4", "victim_sequence_number"),
        ("5", "offender_sequence_number"),
        ("6", "arrestee_sequence_number"),
    ],
)
def test_a_person_counted_twice_sets_the_incident_aside(bench: Any, level: str, field: str) -> None:
    lines = incident()
    place = "123456".index(level)
    lines.insert(place, lines[place])
    bench.read("nibrs", text_of([*lines, *incident("OTHER")]))
    assert bench.problems()[0] == ("MS324", field, (place + 2,))
    assert [row["incident_number"].strip() for row in bench.rows("victim")] == ["OTHER"]


def test_a_bad_group_b_arrest_takes_only_its_own_report_with_it(bench: Any) -> None:
    same = "INCIDENT1"
    lines = [
        *incident(same),
        segment("7", arrest_transaction_number=same, arrestee_sequence_number="01"),
        segment("7", arrest_transaction_number=same, arrestee_sequence_number="01"),
        segment("7", arrest_transaction_number="OTHER"),
        segment("0"),
    ]
    bench.read("nibrs", text_of(lines))
    assert bench.problems() == [("MS324", "arrestee_sequence_number", (8,)), ("MS325", "", (7,))]
    assert len(bench.rows("victim")) == 1
    assert len(bench.rows("group_b_arrest")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zero_report_month", "13"),
        ("zero_report_year", "25"),
        ("incident_number", "000000000001"),
    ],
)
def test_a_bad_zero_report_is_set_aside_alone(bench: Any, field: str, value: str) -> None:
    bench.read("nibrs", text_of([segment("0"), segment("0", **{field: value}), segment("0")]))
    assert bench.problems() == [("MS315", field, (2,))]
