"""What the lines of a NIBRS file mean together: reports, corrections and changes."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sources_builders import deliver, incident, make_zones, segment, text_of

from sources.ingest import ingest

QUARTER = "2025Q1"


def whole(number: str = "INCIDENT1", action: str = "I", **values: str) -> list[str]:
    """A report of levels 1, 2, 4 and 5."""
    actions = {f"l{level}_segment_action_type": action for level in "1245"}
    return incident(number, "1245", **(actions | values))


def deletion(number: str = "INCIDENT1") -> str:
    return segment("1", number, segment_action_type="D")


def numbers(bench: Any, table: str = "administrative") -> list[str]:
    return [row["incident_number"].strip() for row in bench.rows(table)]


def lines_of(bench: Any, table: str) -> list[int]:
    return [row["line_number"] for row in bench.rows(table)]


def numbers_of(together: Any, name: Any, table: str = "administrative") -> list[str]:
    return [row["incident_number"].strip() for row in together.rows(name, table)]


BROKEN: list[tuple[str, Callable[[str], str]]] = [
    ("MS131", lambda line: line.replace("INCIDENT1", "INCID\tNT1")),
    ("MS301", lambda line: line[:4] + "8" + line[5:]),
    ("MS306", lambda line: line.replace("MO0100000", "mo0100000")),
    ("MS307", lambda line: line[:25] + " INCIDENT1  " + line[37:]),
    ("MS307", lambda line: line[:25] + " " * 12 + line[37:]),
    ("MS308", lambda line: line.replace("INCIDENT1", "INC DENT1")),
    ("MS308", lambda line: line.replace("INCIDENT1", "INC/DENT1")),
    ("MS321", lambda line: line.replace("INCIDENT1", "INCIDENT2")),
]
"""What a line with a key that cannot be read is refused by, and how it comes about."""
REPEATED = range(1, 6)
AGAIN = (1, 4)
ONE_PERSON = {
    "4": ("victim_sequence_number", {"age_of_victim": "13"}),
    "5": ("offender_sequence_number", {"age_of_offender": "60"}),
    "6": ("arrestee_sequence_number", {"age_of_arrestee": "60"}),
}
CHANGES = [("1", "M"), *((level, action) for level in "24" for action in "AMRD")]
DELETED_PARTS = [("2", "ucr_offense_code", "13A"), ("4", "victim_sequence_number", "002")]


def with_line(lines: list[str], place: int, line: str) -> list[str]:
    return [*lines[:place], line, *lines[place:]]


def write_broken(change: Callable[[str], str]) -> list[str]:
    lines = incident()
    lines[4] = change(lines[4])
    return [*incident("BEFORE"), *lines, *incident("AFTER")]


def write_person(level: str, other: dict[str, str]) -> list[str]:
    place = "123456".index(level) + 1
    return [*with_line(incident(), place, segment(level, **other)), *incident("OTHER")]


def write_deleted(level: str, field: str, value: str) -> list[str]:
    nothing = segment(level, segment_action_type="D", **{field: value})
    return [*whole(), nothing, segment(level, segment_action_type="D")]


@pytest.fixture(scope="module")
def together(read_together: Any) -> Any:
    """Each of the cases above, as if in a file of its own."""
    usual, report = incident(), whole()
    repeated = {place: with_line(usual, place, usual[place]) for place in REPEATED}
    return read_together(
        {
            **{("broken", place): write_broken(how) for place, (_, how) in enumerate(BROKEN)},
            **{
                ("repeated", place): [*lines, *incident("OTHER")]
                for place, lines in repeated.items()
            },
            **{("again", place): with_line(report, place, report[0]) for place in AGAIN},
            **{("person", level): write_person(level, one[1]) for level, one in ONE_PERSON.items()},
            **{
                ("missing", one): [*incident("BARE", "1245".replace(one, "")), *whole("OTHER")]
                for one in "24"
            },
            **{
                ("change", level, act): [*whole("OTHER"), segment(level, segment_action_type=act)]
                for level, act in CHANGES
            },
            **{("deleted", *part): write_deleted(*part) for part in DELETED_PARTS},
        }
    )


@pytest.mark.parametrize("place", range(len(BROKEN)), ids=[code for code, _ in BROKEN])
def test_a_line_whose_key_cannot_be_read_takes_only_itself_with_it(
    together: Any, place: int
) -> None:
    name = ("broken", place)
    assert {item[2] for item in together.problems(name)} == {(11,)}
    assert BROKEN[place][0] in {item[0] for item in together.problems(name)}
    assert together.count_set_aside(name) == 1
    assert numbers_of(together, name) == ["BEFORE", "INCIDENT1", "AFTER"]


def test_an_incident_with_a_broken_key_costs_no_complete_incident_before_it(bench: Any) -> None:
    broken = [line.replace("MO0100000", "mo0100000") for line in whole("BROKEN")]
    bench.read("nibrs", text_of([*whole("BEFORE"), *broken, *whole("AFTER")]))
    assert bench.problems() == [("MS306", "ori", (5, 6, 7, 8))]
    assert numbers(bench) == ["BEFORE", "AFTER"]


def test_segments_without_their_administrative_segment_are_set_aside(bench: Any) -> None:
    bench.read("nibrs", text_of([*incident("WHOLE"), *incident("TORN", "2456")]))
    assert bench.problems() == [("MS321", "incident_number", (7, 8, 9, 10))]


def test_segments_before_their_administrative_segment_are_refused_by_number(bench: Any) -> None:
    first, *others = whole()
    bench.read("nibrs", text_of([*others, first, *whole("OTHER")]))
    assert bench.problems() == [("MS323", "segment_level", (1, 2, 3)), ("MS329", "", (4,))]
    assert numbers(bench, "victim") == ["OTHER"]


def test_the_order_of_the_segments_behind_the_first_does_not_matter(bench: Any) -> None:
    first, *others = whole()
    bench.read("nibrs", text_of([first, *reversed(others), *whole("OTHER")]))
    assert (bench.problems(), bench.notes()) == ([], [])


def test_incidents_whose_lines_are_mixed_are_told_apart_by_their_keys(bench: Any) -> None:
    pairs = zip(whole("I1"), whole("I2"), strict=True)
    bench.read("nibrs", text_of([line for pair in pairs for line in pair]))
    assert (bench.problems(), bench.notes()) == ([], [])
    assert numbers(bench, "victim") == ["I1", "I2"]


def test_the_later_report_of_an_incident_is_set_aside_and_the_first_kept(bench: Any) -> None:
    bench.read("nibrs", text_of([*whole(), *whole(l4_age_of_victim="13"), *whole("OTHER")]))
    assert bench.problems() == [("MS322", "incident_number", (5, 6, 7, 8))]
    assert lines_of(bench, "victim") == [3, 11]


def test_a_report_stands_where_the_one_before_it_cannot_be_read(bench: Any) -> None:
    bench.read("nibrs", text_of([*whole(l1_incident_date="20251301"), *whole()]))
    assert [item[0] for item in bench.problems()] == ["MS311", "MS325"]
    assert lines_of(bench, "victim") == [7]


def test_a_deletion_and_a_report_again_are_a_correction(bench: Any) -> None:
    lines = [*whole(), deletion(), *whole(), deletion(), *whole()]
    bench.read("nibrs", text_of(lines))
    assert (bench.problems(), bench.notes()) == ([], [])
    assert len(bench.rows("victim")) == 3


def test_a_deletion_waits_with_the_report_that_was_to_follow_it(bench: Any) -> None:
    lines = [*whole(), deletion(), *whole(l4_age_of_victim="XX")]
    bench.read("nibrs", text_of(lines))
    assert bench.problems() == [("MS313", "age_of_victim", (8,)), ("MS325", "", (5, 6, 7, 9))]
    assert lines_of(bench, "administrative") == [1]


def test_a_replacement_in_the_same_file_is_no_repetition(bench: Any) -> None:
    bench.read("nibrs", text_of([*whole(), *whole(action="R")]))
    assert (bench.problems(), bench.notes()) == ([], [])


def test_the_same_incident_number_of_another_agency_is_another_incident(bench: Any) -> None:
    other = [line.replace("MO0100000", "MO0200000") for line in incident()]
    bench.read("nibrs", text_of([*incident(), *other]))
    assert (bench.problems(), bench.notes()) == ([], [])


@pytest.mark.parametrize("place", REPEATED)
def test_a_line_that_repeats_another_of_its_report_is_dropped_with_a_note(
    together: Any, place: int
) -> None:
    name = ("repeated", place)
    assert together.problems(name) == []
    assert together.notes(name) == [("MS330", "", (place + 2,))]
    assert (together.count_set_aside(name), together.count_dropped(name)) == (0, 1)
    assert numbers_of(together, name, "victim") == ["INCIDENT1", "OTHER"]


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_line_repeated_at_the_end_of_its_report_is_found(bench: Any, place: int) -> None:
    bench.read("nibrs", text_of([*whole(), whole()[place]]))
    assert bench.notes() == [("MS330", "", (5,))]


def test_a_repeated_line_is_found_however_reports_are_mixed(bench: Any) -> None:
    lines: list[str] = []
    repeated: list[int] = []
    for seed in range(60):
        random = Random(seed)  # noqa: S311 - an order, no secret
        reports = [whole(f"{name}{seed:03d}") for name in "ABC"]
        first = [report.pop(0) for report in reports]
        parts = [part for report in reports for part in report]
        parts += random.sample(parts, seed % 4)
        random.shuffle(parts)
        lines += first
        for part in parts:
            if part in lines:
                repeated.append(len(lines) + 1)
            lines.append(part)
    bench.read("nibrs", text_of(lines))
    found = bench.connection.execute("SELECT line_number FROM problems WHERE code = 'MS330'")
    assert sorted(line for (line,) in found.fetchall()) == repeated
    assert len(bench.rows("victim")) == 180


@pytest.mark.parametrize("place", AGAIN)
def test_a_repeated_administrative_segment_costs_nothing(together: Any, place: int) -> None:
    name = ("again", place)
    assert [item[0] for item in together.problems(name) + together.notes(name)] == ["MS330"]
    assert len(together.rows(name, "victim")) == 1


@pytest.mark.parametrize("level", ONE_PERSON)
def test_of_two_segments_about_one_person_the_first_is_kept(together: Any, level: str) -> None:
    name = ("person", level)
    field, _ = ONE_PERSON[level]
    assert together.problems(name) == [("MS324", field, ("123456".index(level) + 2,))]
    assert numbers_of(together, name, "victim") == ["INCIDENT1", "OTHER"]


@pytest.mark.parametrize("missing", ["2", "4"])
def test_an_incident_without_offence_or_victim_is_named(together: Any, missing: str) -> None:
    found = together.problems(("missing", missing))
    assert found == [("MS325", "", (2, 3)), ("MS329", "", (1,))]


def test_a_victim_whose_offence_is_missing_is_named_and_kept(bench: Any) -> None:
    bench.read("nibrs", text_of(whole(l4_ucr_offense_code_connection_3="13A")))
    assert bench.problems() == []
    assert bench.notes() == [("MS333", "", (3,))]


@pytest.mark.parametrize(("levels", "named"), [("1245", []), ("12456", []), ("124", [7])])
def test_a_file_that_ends_inside_an_incident_is_named(
    bench: Any, levels: str, named: list[int]
) -> None:
    bench.read("nibrs", text_of([*whole("OTHER"), *incident(levels=levels)]))
    assert [item[2] for item in bench.notes() if item[0] == "MS334"] == [tuple(named)] * bool(named)
    assert numbers(bench, "victim") == ["OTHER", "INCIDENT1"]


@pytest.mark.parametrize(("level", "action"), CHANGES)
def test_a_change_of_an_incident_that_nobody_reported_is_refused_by_number(
    together: Any, level: str, action: str
) -> None:
    name = ("change", level, action)
    assert together.notes(name) == [("MS332", "incident_number", (5,))]
    assert together.count_dropped(name) == 1


def test_a_change_of_an_incident_deleted_before_is_refused_by_number(bench: Any) -> None:
    lines = [*whole(), deletion(), segment("4", segment_action_type="M")]
    bench.read("nibrs", text_of(lines))
    assert bench.notes() == [("MS332", "incident_number", (6,))]


def test_a_deletion_of_an_incident_that_nobody_reported_is_named(bench: Any) -> None:
    bench.read("nibrs", text_of([*whole("OTHER"), deletion()]))
    assert bench.notes() == [("MS339", "incident_number", (5,))]
    assert len(bench.rows("administrative")) == 2


@pytest.mark.parametrize(("level", "field", "value"), DELETED_PARTS)
def test_a_deletion_of_a_part_that_nobody_reported_is_named(
    together: Any, level: str, field: str, value: str
) -> None:
    name = ("deleted", level, field, value)
    assert together.problems(name) == []
    assert together.notes(name) == [("MS340", field, (5,))]
    assert together.count_dropped(name) == 0


def test_a_deletion_of_a_part_of_an_earlier_delivery_is_not_named(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(whole()))})
    ingest(zones, "mshp", QUARTER)
    known = [segment(level, segment_action_type="D") for level in "24"]
    nothing = segment("4", segment_action_type="D", victim_sequence_number="009")
    files = {"nibrs": ("nibrs.txt", text_of([*known, nothing]))}
    deliver(zones, "mshp", files, sequence=2, kind="delta")
    notes = [(note.code, note.lines) for note in ingest(zones, "mshp", QUARTER).problems]
    assert notes == [("MS340", (3,))]


def test_a_change_of_an_incident_of_an_earlier_delivery_is_taken(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of([*whole(), *whole("GONE")]))})
    ingest(zones, "mshp", QUARTER)
    lines = [
        segment("1", segment_action_type="M"),
        segment("4", segment_action_type="M"),
        deletion("GONE"),
    ]
    files = {"nibrs": ("nibrs.txt", text_of(lines))}
    deliver(zones, "mshp", files, sequence=2, kind="delta")
    assert ingest(zones, "mshp", QUARTER).problems == ()
    files = {"nibrs": ("nibrs.txt", text_of([segment("4", "GONE", segment_action_type="M")]))}
    deliver(zones, "mshp", files, sequence=3, kind="delta")
    assert [note.code for note in ingest(zones, "mshp", QUARTER).problems] == ["MS332"]
    deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(lines))}, sequence=4)
    assert [note.code for note in ingest(zones, "mshp", QUARTER).problems] == ["MS332", "MS339"]


def test_of_the_copies_of_a_group_b_report_the_last_stands(bench: Any) -> None:
    copies = [segment("7"), segment("7"), segment("7", age_of_arrestee="36")]
    same = segment("7", arrest_transaction_number="OTHER")
    reading = bench.read("nibrs", text_of([*copies, copies[2], same, segment("0")]))
    assert bench.problems() == []
    assert bench.notes() == [("MS330", "", (3,)), ("MS331", "", (1, 2))]
    assert (reading.lines_dropped, reading.lines_stored) == (3, 3)
    assert [row["age_of_arrestee"] for row in bench.rows("group_b_arrest")] == ["36  ", "35  "]


def test_a_bad_group_b_arrest_takes_only_itself_with_it(bench: Any) -> None:
    lines = [
        *incident("ARREST7"),
        segment("7", arrestee_sequence_number="01"),
        segment("7", arrestee_sequence_number="X1"),
    ]
    bench.read("nibrs", text_of(lines))
    assert bench.problems() == [("MS312", "arrestee_sequence_number", (8,))]
    assert (len(bench.rows("victim")), len(bench.rows("group_b_arrest"))) == (1, 1)
