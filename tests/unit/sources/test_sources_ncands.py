"""Each rule on a Child File, provoked once, and the forms that must change nothing."""

from typing import Any

import pytest
from sources_builders import child_line, child_lines, text_of


def test_a_clean_child_file_is_cut_by_the_layout(bench: Any) -> None:
    reading = bench.read("child_file", text_of([child_line(chsex="1"), *child_lines(1)]))
    assert (reading.lines_read, reading.lines_stored, reading.lines_quarantined) == (2, 2, 0)
    first, second = bench.rows("child_file")
    assert (first["line_number"], first["chid"], first["chsex"]) == (1, "CHILD0000001", "1")
    assert (second["rptid"], second["mal1lev"], second["chmal2"]) == ("REPORT000000", "01", " ")
    assert first["inciddt"] == "01022025"
    assert bench.problems() == []


@pytest.mark.parametrize("width", [312, 338, 330])
def test_records_of_the_older_layout_are_read_with_later_fields_blank(
    bench: Any, width: int
) -> None:
    bench.read("child_file", text_of([child_line(width)]))
    assert [row["inciddt"] for row in bench.rows("child_file")] == ["01022025"]


def test_a_child_record_without_its_trailing_blanks_keeps_the_width_of_its_fields(
    bench: Any,
) -> None:
    bench.read("child_file", text_of([child_line(inciddt="", cararef="").rstrip()]))
    row = bench.rows("child_file")[0]
    assert (row["inciddt"], row["per3mal4"], row["per1mal1"]) == (" " * 8, " ", "1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rptdisdt", ""),
        ("rptdisp", ""),
        ("chbdate", ""),
        ("inciddt", ""),
        ("chsex", ""),
        ("chsex", "9"),
        ("chcnty", ""),
        ("chcnty", "999"),
        ("rptcnty", "998"),
        ("chage", "77"),
        ("chage", " 7"),
        ("chage", "7 "),
        ("chage", ""),
        ("mal1lev", " 1"),
        ("mal1lev", "1 "),
        ("mal1lev", "88"),
        ("per1rel", "33"),
    ],
)
def test_blank_and_listed_codes_are_kept_in_every_spelling(
    bench: Any, field: str, value: str
) -> None:
    bench.read("child_file", text_of([child_line(**{field: value})]))
    assert bench.problems() == []
    assert bench.rows("child_file")[0][field].strip() == value.strip()


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [
        ("MS202", "staterr", "KS"),
        ("MS202", "staterr", ""),
        ("MS203", "rptid", ""),
        ("MS203", "chid", ""),
        ("MS204", "rptdt", ""),
        ("MS204", "rptdt", "02302025"),
        ("MS204", "rptdt", "2025011 "),
        ("MS206", "chmal4", "0"),
        ("MS206", "mal1lev", "10"),
    ],
)
def test_a_child_record_that_breaks_a_rule_is_set_aside_alone(
    bench: Any, code: str, field: str, value: str
) -> None:
    reading = bench.read("child_file", text_of([*child_lines(2), child_line(**{field: value})]))
    assert bench.problems() == [(code, field, (3,))]
    assert reading.lines_quarantined == 1
    assert [row["line_number"] for row in bench.rows("child_file")] == [1, 2]


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [
        ("MS205", "rptdisdt", "13012025"),
        ("MS205", "chbdate", "01150210"),
        ("MS205", "chbdate", "02302010"),
        ("MS205", "chbdate", "99999999"),
        ("MS205", "inciddt", "0102025"),
        ("MS208", "subyr", "20 5"),
        ("MS208", "rptcnty", "511"),
        ("MS208", "chcnty", "000"),
        ("MS208", "chage", "22"),
        ("MS208", "chsex", "3"),
        ("MS208", "rptdisp", "9"),
        ("MS208", "per3rel", "11"),
        ("MS208", "per2mal3", "4"),
        ("MS209", "chbdate", "01011900"),
        ("MS209", "chbdate", "01152003"),
        ("MS209", "chbdate", "01162025"),
    ],
)
def test_a_field_that_no_figure_rests_on_is_left_blank_and_the_child_kept(
    bench: Any, code: str, field: str, value: str
) -> None:
    reading = bench.read("child_file", text_of([*child_lines(1), child_line(**{field: value})]))
    assert (bench.problems(), bench.notes()) == ([], [(code, field, (2,))])
    assert (reading.lines_stored, reading.lines_quarantined) == (2, 0)
    whole, blanked = bench.rows("child_file")
    assert blanked[field].strip() == ""
    expected = {
        **whole, "line_number": 2, "rptid": "REPORT000001", "chid": "CHILD0000001",
        field: blanked[field],
    }  # fmt: skip
    assert blanked == expected


@pytest.mark.parametrize(
    ("birth_date", "age", "codes"),
    [
        ("", "15", []),
        ("", "", []),
        ("", "22", ["MS206"]),
        ("99999999", "22", ["MS206"]),
        ("99999999", "", ["MS205"]),
        ("99999999", "99", ["MS205"]),
        ("01152003", "21", ["MS209"]),
        ("01162003", "21", []),
        ("01011900", "99", []),
        ("02012025", "77", []),
        ("01152025", "00", []),
    ],
)
def test_an_age_and_a_birth_date_stand_in_for_one_another(
    bench: Any, birth_date: str, age: str, codes: list[str]
) -> None:
    bench.read("child_file", text_of([child_line(chbdate=birth_date, chage=age)]))
    assert [code for code, _, _ in bench.problems() + bench.notes()] == codes


def test_an_unreadable_child_record_is_set_aside_alone(bench: Any) -> None:
    broken = child_line().encode().replace(b"REPORT000001", b"REPORT\xff00001")
    bench.read("child_file", broken + b"\n" + text_of(child_lines(1)))
    assert bench.problems() == [("MS131", "", (1,))]
    record = bench.connection.execute("SELECT record FROM set_aside").fetchall()[0][0]
    assert record == broken


def test_a_child_record_beyond_the_layout_is_set_aside(bench: Any) -> None:
    bench.read("child_file", text_of([child_line() + "X", child_lines(1)[0] + "   "]))
    assert bench.problems() == [("MS201", "", (1,))]


def test_a_correction_further_down_a_file_replaces_the_first(bench: Any) -> None:
    again = child_line(chsex="1")
    lines = [child_line(chmal1="0"), child_line(), again, child_lines(1)[0], again]
    reading = bench.read("child_file", text_of(lines))
    assert bench.problems() == [("MS206", "chmal1", (1,))]
    assert bench.notes() == [("MS207", "chid", (2, 3))]
    assert [row["line_number"] for row in bench.rows("child_file")] == [4, 5]
    assert (reading.lines_stored, reading.lines_quarantined, reading.lines_dropped) == (2, 1, 2)


def test_a_correction_that_cannot_be_used_leaves_the_first(bench: Any) -> None:
    reading = bench.read("child_file", text_of([child_line(), child_line(mal1lev="10")]))
    assert bench.problems() == [("MS206", "mal1lev", (2,))]
    assert [row["line_number"] for row in bench.rows("child_file")] == [1]
    assert (reading.lines_stored, reading.lines_quarantined, reading.lines_dropped) == (1, 1, 0)


def test_one_report_with_two_children_is_two_records(bench: Any) -> None:
    bench.read("child_file", text_of([child_line(), child_line(chid="CHILD0000002")]))
    assert bench.problems() == []


def test_every_problem_of_a_record_is_listed(bench: Any) -> None:
    reading = bench.read("child_file", text_of([child_line(staterr="KS", chmal1="x", rptdt="")]))
    assert [item[:2] for item in bench.problems()] == [
        ("MS202", "staterr"),
        ("MS204", "rptdt"),
        ("MS206", "chmal1"),
    ]
    assert reading.lines_quarantined == 1


@pytest.mark.parametrize(
    ("code", "field", "values"),
    [
        ("MS210", "notifs", {"notifs": "5"}),
        ("MS211", "inciddt", {"inciddt": "01162025"}),
        ("MS211", "invdate", {"invdate": "01142025"}),
        ("MS211", "rptdisdt", {"rptdisdt": "01142025"}),
        ("MS211", "deathdt", {"deathdt": "01142010"}),
        ("MS212", "subyr", {"rptdisdt": "10012025"}),
        ("MS213", "rptdisp", {"rptdisp": "05"}),
        ("MS214", "mal1lev", {"mal1lev": ""}),
        ("MS214", "mal2lev", {"mal2lev": "01"}),
        ("MS215", "per1rel", {"per1rel": "", "per1mal1": ""}),
        ("MS216", "per1mal1", {"per1mal2": "1"}),
        ("MS216", "per2rel", {"per2mal1": "1"}),
        ("MS217", "chmal1", {"chmal2": "7", "mal2lev": "05"}),
        ("MS217", "per1id", {"per1id": "P1", "per2id": "P1"}),
        ("MS218", "rptcnty", {"rptcnty": "002"}),
        ("MS218", "chcnty", {"chcnty": "004"}),
        ("MS219", "chage", {"chage": "13"}),
    ],
)
def test_what_a_record_says_twice_is_compared_and_nothing_is_lost(
    bench: Any, code: str, field: str, values: dict[str, str]
) -> None:
    bench.read("child_file", text_of([*child_lines(1), child_line(**values)]))
    assert (bench.problems(), bench.notes()) == ([], [(code, field, (2,))])
    kept = bench.rows("child_file")[1]
    assert all(kept[name].strip() == value for name, value in values.items() if name in kept)


def test_a_child_born_on_29_february_is_read_like_any_other(bench: Any) -> None:
    bench.read("child_file", text_of([child_line(chbdate="02292012", chage="12")]))
    assert (bench.problems(), bench.notes()) == ([], [])
