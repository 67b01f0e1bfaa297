"""NIBRS XML becomes the rows of the flat file, whatever its version, prefixes and order."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Bench
from lxml import etree
from sources_builders import incident, segment, text_of, xml_of

from sources.layout import load_nibrs_layout
from sources.nibrs import SEGMENT_TABLES
from sources.nibrs_xml import XmlLines
from sources.workbench import open_workbench

Rows = dict[str, list[dict[str, object]]]

FLAT = [
    *incident("I1"),
    segment("1", "I2"),
    segment("2", "I2"),
    segment("2", "I2", ucr_offense_code="11A", location_type="20", type_weapon_force_1="11",
            automatic_weapon_indicator_1="A", type_criminal_activity_1=""),
    segment("4", "I2", ucr_offense_code_connection_2="11A", type_injury_1="M", type_injury_2="B",
            offender_number_related_2="02", relationship_of_victim_to_offender_2="SE"),
    segment("4", "I2", victim_sequence_number="002", type_of_victim="S", age_of_victim="",
            sex_of_victim="", race_of_victim="", ucr_offense_code_connection_1="11A",
            offender_number_related_1="", relationship_of_victim_to_offender_1=""),
    segment("5", "I2", age_of_offender="1825"),
    segment("5", "I2", offender_sequence_number="02", age_of_offender="00", sex_of_offender="U"),
    segment("1", "I3", segment_action_type="D", incident_hour=""),
    segment("1", "I4", segment_action_type="M", cleared_exceptionally="B",
            exceptional_clearance_date="20250120"),
    *[
        segment(level, "I5", segment_action_type="R", report_date_indicator="R")
        if level == "1" else segment(level, "I5", segment_action_type="R") for level in "1245"
    ],
    segment("7"),
    segment("7", segment_action_type="D", arrest_transaction_number="ARREST8"),
    segment("0", zero_report_month="02"),
]  # fmt: skip


def rows_of(bench: Bench) -> Rows:
    """Rows of every table without their line numbers."""
    return {
        table: [
            {name: value for name, value in row.items() if name != "line_number"}
            for row in bench.rows(table)
        ]
        for table in SEGMENT_TABLES
    }


@pytest.fixture
def read(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Rows]:
    def read_anew(content: bytes) -> Rows:
        other = Bench(tmp_path_factory.mktemp("other"))
        other.read("nibrs", content)
        rows = rows_of(other)
        other.connection.close()
        return rows

    return read_anew


def change(content: bytes, *pairs: tuple[str, str]) -> bytes:
    for old, new in pairs:
        assert old.encode() in content, old
        content = content.replace(old.encode(), new.encode())
    return content


def test_xml_gives_the_rows_of_its_flat_twin(bench: Bench, read: Callable[[bytes], Rows]) -> None:
    reading = bench.read("nibrs", xml_of(FLAT))
    assert rows_of(bench) == read(text_of(FLAT))
    assert (reading.lines_read, reading.reports_read) == (len(FLAT), 8)


def test_the_fbis_rules_find_the_same_in_both_forms(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [
        *incident("I1", l5_sex_of_offender="", l5_age_of_offender="00"),
        *incident("I2", l4_relationship_of_victim_to_offender_1="SE", l4_age_of_victim="08"),
        *incident("I3", l6_arrest_date="20250101"),
    ]
    other = Bench(tmp_path_factory.mktemp("other"))
    other.read("nibrs", text_of(lines))
    bench.read("nibrs", xml_of(lines))
    found = [[rule[:3] for rule in one.rules()] for one in (bench, other)]
    other.connection.close()
    assert found[0] == found[1] != []


VERSIONS = {
    "4.2": [("nibrs/2019", "nibrs/4.2"), ("cjis/2.0", "cjis/1.0")],
    "4.0": [("nibrs/2019", "nibrs/4.0"), ("cjis/2.0", "cjis/1.0"), ("jxdm/5.2/", "jxdm/5.1/")],
    "2019.2": [("nibrs/2019", "nibrs/2019.2")],
    "2023": [
        ("nibrs/2019", "nibrs/2023.0"),
        ("cjis/2.0", "cjis/4.0"),
        ("jxdm/5.2/", "jxdm/7.2/"),
        ("niem-core/3.0/", "niem-core/5.0/"),
        ("structures/3.0/", "structures/5.0/"),
    ],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_told_by_what_their_namespaces_are_of(
    version: str, read: Callable[[bytes], Rows]
) -> None:
    assert read(change(xml_of(FLAT), *VERSIONS[version])) == read(xml_of(FLAT))


def test_prefixes_order_comments_and_line_ends_change_nothing(
    read: Callable[[bytes], Rows],
) -> None:
    content = xml_of(FLAT)
    renamed = change(content, ("nibrs:", "a:"), ("xmlns:nibrs=", "xmlns:a="), ("nc:", "b:"),
                     ("xmlns:nc=", "xmlns:b="))  # fmt: skip
    document = etree.fromstring(content)
    for report in document.iter("{*}Report"):
        for part in reversed(list(report)):
            report.append(part)
    said = change(content, ("<nibrs:OffenseUCRCode>64", "<nibrs:OffenseUCRCode>\n <!--x-->6<?p?>4"))
    one_line = content.replace(b"\n", b" ").replace(b"\t", b"")
    expected = read(content)
    assert read(renamed) == expected
    assert read(said) == expected
    assert read(one_line) == expected
    assert read(content.replace(b"\n", b"\r\n")) == expected
    assert read(b"\xef\xbb\xbf" + content) == expected
    turned = {
        table: sorted(map(str, rows)) for table, rows in read(etree.tostring(document)).items()
    }
    for table in ("administrative", "group_b_arrest", "zero_report"):
        assert turned[table] == sorted(map(str, expected[table]))


def test_several_submissions_may_lie_in_one_element(read: Callable[[bytes], Rows]) -> None:
    opening, closing = b"<?xml version='1.0'?>\n<batch>", b"</batch>"
    declared = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    pieces = [xml_of(incident(f"I{number}")).removeprefix(declared) for number in range(3)]
    together = [line for number in range(3) for line in incident(f"I{number}")]
    assert read(opening + b"".join(pieces) + closing) == read(text_of(together))


def fields_of(tmp_path: Path, content: bytes) -> list[dict[str, str]]:
    """The fields of each segment, before any rule is asked."""
    path = tmp_path / "nibrs.xml"
    path.write_bytes(content)
    connection = open_workbench(tmp_path)
    lines = [line for batch in XmlLines(connection, path) for line in batch["line"].to_pylist()]
    connection.close()
    return [
        {
            field.name: line[field.start - 1 : field.end].strip()
            for field in load_nibrs_layout()[line[4]].fields
        }
        for line in lines
    ]


AGE, TIE = "<nc:MeasureIntegerValue>15<", ">Acquaintance<"
WHEN, WHOLE = "2025-01-15T14:00:00", "MeasureIntegerValue>15</nc:MeasureIntegerValue"
NUMBER = "<j:VictimSequenceNumberText>1<"
RANGE = (
    "MeasureIntegerRange><nc:RangeMaximumIntegerValue>{1}</nc:RangeMaximumIntegerValue>"
    "<nc:RangeMinimumIntegerValue>{0}</nc:RangeMinimumIntegerValue></nc:MeasureIntegerRange"
)


@pytest.mark.parametrize(
    ("old", "new", "level", "field", "value"),
    [
        (WHEN, "2025-01-15T00:30:00.5", "1", "incident_hour", "00"),
        (WHEN, " 2025-01-15T14:00:00\n", "1", "incident_date", "20250115"),
        (f"DateTime>{WHEN}</nc:DateTime", "Date>2025-01-14</nc:Date", "1", "incident_hour", ""),
        (AGE, "<nc:MeasureIntegerValue> 7 <", "4", "age_of_victim", "07"),
        (AGE, "<nc:MeasureIntegerValue>103<", "4", "age_of_victim", "99"),
        (AGE, "<nc:MeasureIntegerValue>0<", "4", "age_of_victim", "00"),
        (WHOLE, "MeasureValueText>NEONATAL</nc:MeasureValueText", "4", "age_of_victim", "NN"),
        (WHOLE, "MeasureValueText>BB</nc:MeasureValueText", "4", "age_of_victim", "BB"),
        (WHOLE, RANGE.format(14, 17), "4", "age_of_victim", "1417"),
        (WHOLE, RANGE.format(9, 12), "4", "age_of_victim", "0912"),
        (WHOLE, RANGE.format(29, 29), "4", "age_of_victim", "29"),
        (
            *(TIE, "> Family Member_Spouse_Common\n\t Law <"),
            *("4", "relationship_of_victim_to_offender_1", "CS"),
        ),
        (TIE, ">Girlfriend<", "4", "relationship_of_victim_to_offender_1", "BG"),
        (TIE, ">RU<", "4", "relationship_of_victim_to_offender_1", "RU"),
        (">false</j:OffenseAtt", ">1</j:OffenseAtt", "2", "offense_attempted_completed", "A"),
        (NUMBER, "<j:VictimSequenceNumberText>+007<", "4", "victim_sequence_number", "007"),
        (">I</nibrs:ReportAction", ">A</nibrs:ReportAction", "2", "segment_action_type", "I"),
        (WHEN, "2025-01-15 14:00", "1", "incident_date", "?" * 8),
        (AGE, "<nc:MeasureIntegerValue>-1<", "4", "age_of_victim", "-1"),
        (NUMBER, "<j:VictimSequenceNumberText>1000<", "4", "victim_sequence_number", "???"),
        (">INCIDENT1<", ">INCIDENT1-LONG<", "2", "incident_number", "?" * 12),
        (">2025-02<", ">02/2025<", "5", "year_of_submission", "????"),
    ],
)
def test_a_value_is_read_by_what_it_means_and_never_cut_short(
    tmp_path: Path, old: str, new: str, level: str, field: str, value: str
) -> None:
    found = fields_of(tmp_path, change(xml_of(incident()), (old, new)))
    segment_of_level = next(one for one in found if one["segment_level"] == level)
    assert segment_of_level[field] == value


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        (f">{WHEN}<", ">15.01.2025<", "MS311", "incident_date"),
        (AGE, "<nc:MeasureIntegerValue>fifteen<", "MS313", "age_of_victim"),
        (">I</j:VictimCat", ">Individual</j:VictimCat", "MS310", "type_of_victim"),
        (NUMBER, "<j:VictimSequenceNumberText>1000<", "MS312", "victim_sequence_number"),
        (">I1<", ">I1-AND-TOO-LONG<", "MS308", "incident_number"),
        (">F</j:PersonSexCode", ">\u00c9</j:PersonSexCode", "MS131", ""),
    ],
)
def test_what_does_not_fit_breaks_the_rule_of_its_field_and_costs_its_report_alone(
    bench: Bench, old: str, new: str, code: str, field: str
) -> None:
    content = xml_of([*incident("I1"), *incident("I2")])
    first, second = content.split(b"</nibrs:Report>", 1)
    bench.read("nibrs", change(first, (old, new)) + b"</nibrs:Report>" + second)
    assert (code, field) in {problem[:2] for problem in bench.problems()}
    assert [row["incident_number"] for row in bench.rows("victim")] == ["I2          "]


def test_a_word_that_stands_for_no_code_leaves_its_field_blank(bench: Bench) -> None:
    bench.read("nibrs", change(xml_of(incident()), (">Acquaintance<", ">Client<")))
    assert [note[:2] for note in bench.notes()] == [
        ("MS326", "relationship_of_victim_to_offender_1")
    ]
    assert bench.rows("victim")[0]["relationship_of_victim_to_offender_1"] == "  "


OWN = "<x:Own xmlns:x='urn:own'><nc:Date>2020-01-01</nc:Date></x:Own>"
ELEVEN = "".join(
    f"<j:OffenseVictimAssociation><j:Offense s:ref='Offense0'/><j:Victim s:ref='Victim0'/>"
    f"</j:OffenseVictimAssociation><!-- {number} -->"
    for number in range(10)
)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<nc:Person ", OWN + "<nc:Person ", "MS346"),
        ("<j:PersonSexCode>", "<nc:PersonName/><j:PersonSexCode>", "MS346"),
        ("<j:PersonSexCode>", "<PersonSexCode>M</PersonSexCode><j:PersonSexCode>", "MS346"),
        ("s:ref=\"Location0\"", "s:ref=\"Location9\"", "MS347"),
        ("<j:OffenseVictimAssociation>", ELEVEN + "<j:OffenseVictimAssociation>", "MS348"),
        ("</nc:DateTime>", "</nc:DateTime><nc:Date>2025-01-16</nc:Date>", "MS349"),
        ("T14:00:00<", "T14:00:00-06:00<", "MS350"),
    ],
)  # fmt: skip
def test_what_is_odd_about_a_report_is_noted_and_the_report_kept(
    bench: Bench, old: str, new: str, code: str
) -> None:
    bench.read("nibrs", change(xml_of(incident()), (old, new)))
    assert code in {note[0] for note in bench.notes()}
    row = bench.rows("administrative")[0]
    assert (row["incident_date"], row["incident_hour"]) == ("20250115", "14")
    assert bench.rows("victim")[0]["sex_of_victim"] == "F"


@pytest.mark.parametrize("new", ["", "GROUP C REPORT", "\u00c9"])
def test_a_report_of_no_category_is_set_aside_alone(bench: Bench, new: str) -> None:
    content = change(xml_of(incident("I1")), ("GROUP A INCIDENT REPORT", new))
    good = xml_of(incident("I2")).split(b"</cjis:MessageMetadata>")[1]
    bench.read("nibrs", content.replace(b"</nibrs:Submission>\n", b"") + good)
    assert [problem[0] for problem in bench.problems()] == ["MS351" if new.isascii() else "MS131"]
    assert [row["incident_number"] for row in bench.rows("victim")] == ["I2          "]


def test_a_problem_is_told_at_the_line_where_its_part_begins(bench: Bench) -> None:
    content = xml_of([*incident("I1"), *incident("I2", l4_age_of_victim="1?")])
    bench.read("nibrs", content)
    place = content.index(b"<j:Victim ", content.index(b">I2<"))
    line = content[:place].count(b"\n") + 1
    assert ("MS313", "age_of_victim", (line,)) in bench.problems()


def test_lines_are_right_far_down_a_long_file(bench: Bench) -> None:
    content = xml_of([*incident("I1"), *incident("I2", l4_age_of_victim="1?")])
    content = content.replace(b"\t<nibrs:Report>", b"\n" * 70_000 + b"\t<nibrs:Report>", 1)
    bench.read("nibrs", content)
    place = content.index(b"<j:Victim ", content.index(b">I2<"))
    line = content[:place].count(b"\n") + 1
    assert ("MS313", "age_of_victim", (line,)) in bench.problems()


def test_arrests_of_group_b_share_a_transaction_and_one_without_a_person_stands_alone(
    bench: Bench,
) -> None:
    content = xml_of([segment("7")])
    second = (
        "<j:Arrestee s:id='A2'><j:ArrestSequenceID>2</j:ArrestSequenceID></j:Arrestee>"
        "<j:ArrestSubjectAssociation><nc:Activity s:ref='Arrest0'/><j:Subject s:ref='A2'/>"
        "</j:ArrestSubjectAssociation><j:Arrest s:id='B'><nc:ActivityIdentification>"
        "<nc:IdentificationID>ALONE</nc:IdentificationID></nc:ActivityIdentification></j:Arrest>"
    )
    bench.read("nibrs", change(content, ("</nibrs:Report>", second + "</nibrs:Report>"),
                               (">A</nibrs:ReportAction", ">D</nibrs:ReportAction")))  # fmt: skip
    assert [
        (row["arrest_transaction_number"].strip(), row["arrestee_sequence_number"])
        for row in bench.rows("group_b_arrest")
    ] == [("ARREST7", "01"), ("ARREST7", "02"), ("ALONE", "  ")]


def test_property_is_one_segment_for_each_loss(bench: Bench) -> None:
    lines = [
        *incident("I1", "12"),
        segment("3", "I1", type_property_loss="7", property_description_1="03",
                value_of_property_1="000012000", property_description_2="06",
                value_of_property_2="000000100", number_of_stolen_motor_vehicles="02"),
        segment("3", "I1", type_property_loss="6", property_description_1="10",
                suspected_drug_type_1="E", estimated_drug_quantity_1="000000001500",
                type_drug_measurement_1="GM", suspected_drug_type_2="D",
                estimated_drug_quantity_2="000000000500", type_drug_measurement_2="GM"),
        *incident("I1", "456"),
    ]  # fmt: skip
    content = change(xml_of(lines), ("<nc:ItemQuantity>02<", "<nc:ItemQuantity>2<"))
    reading = bench.read("nibrs", content)
    assert reading.lines_left_out == 2
    found = bench.connection.sql("SELECT line FROM lines_nibrs WHERE level = '3' ORDER BY 1")
    assert [row[0][4:].rstrip() for row in found.fetchall()] == sorted(
        line[4:].rstrip() for line in lines if line[4] == "3"
    )
