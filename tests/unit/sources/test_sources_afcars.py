"""An AFCARS file is read by the names of its elements, and as little as can be is set aside."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from care_files import (
    CHILD,
    before,
    care_xml,
    during,
    former,
    many,
    number_of,
    record,
    removal,
    say,
    setting,
)
from sources_builders import QUARTER, deliver, make_zones, refuse

from sources import contracts
from sources.errors import ERRORS, LineProblem, SourcesError
from sources.ingest import ingest
from sources.layout import load_afcars_layout
from sources.receipts import Receipt
from sources.zones import Zones

TABLES = (
    "children",
    "removals",
    "former_removals",
    "living_arrangements",
    "reports_before_care",
    "reports_in_care",
)


def take(zones: Zones, content: bytes, quarter: str = QUARTER, name: str = "care.xml") -> Receipt:
    deliver(zones, "care", {"care": (name, content)}, quarter=quarter)
    return ingest(zones, "care", quarter)


def find_rows(zones: Zones, table: str, quarter: str = QUARTER) -> list[tuple[str, ...]]:
    """Rows of a raw table without where they come from."""
    path: Path = zones.vault.raw("care", quarter) / "0001" / f"{table}.parquet"
    kept = pq.read_table(path)
    return [tuple(row.values())[5:] for row in kept.to_pylist()]


def name_problems(receipt: Receipt) -> set[tuple[str, str]]:
    found: tuple[LineProblem, ...] = receipt.problems
    return {(one.code, one.field.partition("_")[0].upper()) for one in found}


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


@pytest.fixture
def of_a_tribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A jurisdiction whose agency has the code of a tribe's."""
    copy = tmp_path / "contracts"
    shutil.copytree(contracts.CONTRACTS, copy)
    path = copy / "care-1.toml"
    text = path.read_text("utf-8")
    assert 'title_iv_agency = "29"' in text
    path.write_text(text.replace('title_iv_agency = "29"', 'title_iv_agency = "208"'), "utf-8")
    monkeypatch.setattr(contracts, "CONTRACTS", copy)
    contracts._read_contract.cache_clear()
    yield
    contracts._read_contract.cache_clear()


CASE = care_xml(
    record(
        before(E107="0", E108=""),
        during(E110="0", E111=""),
        E4="TEST00000001",
        E5="20150909",
        E6="1",
        E106="1",
        E109="1",
        stays=(
            removal(setting(E112="20220414"), E69="20220414", E3="53999"),
            former(E69="20200120", E153="20200201", E155="1"),
            former(),
        ),
    ),
    agency="208",
    period="202303",
)
"""Of a tribe's agency and another state, with all kinds of parts that a record has."""


def test_a_file_of_another_agency_is_refused_in_a_sentence(zones: Zones) -> None:
    deliver(zones, "care", {"care": ("care.xml", CASE)}, quarter="2023Q1")
    with pytest.raises(SourcesError, match=r"MS220.*E1 must be 29.*Send the state's own file"):
        ingest(zones, "care", "2023Q1")


@pytest.mark.usefixtures("of_a_tribe")
def test_the_rows_of_a_case_are_those_that_a_person_reads_in_it(zones: Zones) -> None:
    receipt = take(zones, CASE, "2023Q1")
    assert {name: find_rows(zones, name, "2023Q1") for name in TABLES} == {
        "children": [("TEST00000001", "20150909", "1", "1", "1", "yes")],
        "removals": [("TEST00000001", "20220414", "53999", "0", "0", "0", "", "9")],
        "former_removals": [
            ("TEST00000001", "20200120", "20200201"),
            ("TEST00000001", "20180120", "20180301"),
        ],
        "living_arrangements": [("TEST00000001", "20220414", "20220414", "")],
        "reports_before_care": [("TEST00000001", "0", "")],
        "reports_in_care": [("TEST00000001", "0", "")],
    }
    assert name_problems(receipt) == {("MS237", "E3")}
    assert receipt.is_clean


AWAY = {"E113": "0", "E120": "12", "E121": "4"}
WELL = {
    "a child": record(),
    "no removal": record(stays=()),
    "no living arrangement": record(stays=(removal("<living_arrangement/>"),)).replace(
        "<living_arrangement/>", ""
    ),
    "an absence": record(stays=(removal(setting(**AWAY)),)),
    "reports on several days": record(
        before(E107="1", E108="20250111").replace(
            "</E107_E108", f"{say(E108='20250112')}</E107_E108"
        ),
        E106="1",
    ),
    "reports in several blocks": record(
        during(E110="1", E111="20250111"), during(E110="1", E111="20250112"), E109="1"
    ),
    "empty blocks": record(
        "<E107_E108_prior_victim_sex_trafficking_reporting/>", during(E110="", E111="")
    ),
    "an exit and a return": record(
        stays=(removal(E69="20250201"), removal(E69="20241101", E153="20241201"))
    ),
    "a petition on no day": record(
        "<E63_E68_termination_of_parental_rights><tpr_second_parent>"
        f"{say(E66='66666666')}</tpr_second_parent></E63_E68_termination_of_parental_rights>"
    ),
    "removed because of trafficking and not a victim": record(stays=(removal(E99="1"),)),
}


@pytest.mark.parametrize("told", WELL)
def test_what_may_stand_in_a_file_is_taken_without_a_word(zones: Zones, told: str) -> None:
    receipt = take(zones, care_xml(WELL[told]))
    assert name_problems(receipt) == set()
    assert receipt.is_clean


NOTED = {
    ("MS225", "E4"): record(E4=number_of("many", 3)),
    ("MS224", "E4"): record(E4="CHILD1"),
    ("MS226", "E5"): record(E5="66666666"),
    ("MS227", "LINE"): record("<E999_new>1</E999_new>"),
    ("MS228", "E6"): record(E6="3"),
    ("MS228", "E106"): record(E106="9"),
    ("MS228", "E99"): record(stays=(removal(E99="2"),)),
    ("MS228", "E120"): record(stays=(removal(setting(E113="0", E120="0")),)),
    ("MS230", "E108"): record(before(E107="1", E108="99999999"), E106="1"),
    ("MS230", "E111"): record(during(E110="1", E111="66666666"), E109="1"),
    ("MS231", "E153"): record(stays=(removal(E153="20250401"),)),
    ("MS231", "E69"): record(stays=(removal(E69="20250401"),)),
    ("MS231", "E108"): record(before(E107="1", E108="20250401"), E106="1"),
    ("MS232", "E69"): record(stays=(removal(setting(), E69="20250230"),)),
    ("MS233", "E153"): record(stays=(removal(E153="99999999"),)),
    ("MS234", "E69"): record(stays=(removal(), removal(E3="29189"))),
    ("MS235", "E107"): record(E106="1"),
    ("MS235", "E108"): record(before(E107="1", E108=""), E106="1"),
    ("MS235", "E73"): record(stays=(removal(E72="1", E73="1"),)),
    ("MS235", "E155"): record(stays=(removal(E153="20250201", E155="9"),)),
    ("MS235", "E121"): record(stays=(removal(setting(E113="0", E120="13")),)),
    ("MS235", "E113"): record(stays=(removal(setting(E120="4")),)),
    ("MS236", "E69"): record(E5="20250201"),
    ("MS236", "E108"): record(before(E107="1", E108="20091231"), E106="1"),
    ("MS236", "E112"): record(stays=(removal(setting(E112="20250101")),)),
    ("MS237", "E3"): record(stays=(removal(E3="29999"),)),
    ("MS238", "E111"): record(during(E110="1", E111="20250101"), E109="1"),
    ("MS239", "E112"): record(stays=(removal(setting(), setting()),)),
    ("MS240", "E153"): record(stays=(former(E153="20221001"),)),
    ("MS241", "E112"): record(stays=(removal(setting(), setting(E112="")),)),
}


@pytest.mark.parametrize(("code", "field"), NOTED)
def test_each_number_is_told_with_its_field_and_costs_no_more_than_it_must(
    zones: Zones, code: str, field: str
) -> None:
    receipt = take(zones, care_xml(*many(), NOTED[code, field]))
    told = {one for one in name_problems(receipt) if one[0] != "MS229"}
    assert (code, field if field != "LINE" else "") in told
    assert (
        len(told - {("MS236", "E112"), ("MS231", "E112"), ("MS236", "E69")} - {(code, field)}) <= 1
    )
    (file,) = receipt.files
    is_lost = ERRORS[code].fate == "set aside"
    assert bool(file.lines_quarantined) == is_lost
    children = {row[0] for row in find_rows(zones, "children")}
    assert (CHILD in children) == (code not in {"MS224", "MS225"})
    assert len(children) == 30 + (CHILD in children)


def test_a_bad_removal_is_set_aside_with_its_settings_and_the_child_is_not_whole(
    zones: Zones,
) -> None:
    bad = removal(setting(E112="20241101"), E69="20241101", E153="20249999")
    receipt = take(zones, care_xml(*many(), record(stays=(bad, removal()))))
    assert name_problems(receipt) == {("MS233", "E153"), ("MS229", "")}
    assert [one.code for one in receipt.fix_first] == ["MS233"]
    stays = [row for row in find_rows(zones, "removals") if row[0] == CHILD]
    assert [row[1] for row in stays] == ["20250110"]
    settings = [row for row in find_rows(zones, "living_arrangements") if row[0] == CHILD]
    assert [row[1] for row in settings] == ["20250110"]
    whole = {row[0]: row[-1] for row in find_rows(zones, "children")}
    assert whole[CHILD] == "no"
    assert set(whole.values()) == {"yes", "no"}


def test_a_child_of_two_records_is_not_whole_for_the_second_is_set_aside(zones: Zones) -> None:
    stays = (removal(E69="20240110", E153="20240301"),)
    take(zones, care_xml(*many(30), record(), record(stays=stays)))
    told = [row for row in find_rows(zones, "children") if row[0] == CHILD]
    assert told == [(CHILD, "20100115", "2", "0", "0", "no")]


@pytest.mark.parametrize(
    "told",
    [
        record(say(E69="20250110")),
        record(say(E120="12")),
        record(
            stays=(removal().replace("</removal_2020>", say(E112="20250110") + "</removal_2020>"),)
        ),
    ],
)
def test_an_element_in_a_part_to_which_it_does_not_belong_is_told(zones: Zones, told: str) -> None:
    assert name_problems(take(zones, care_xml(*many(30), told))) == {("MS227", "")}


@pytest.mark.parametrize("told", [say(E1="29"), say(E2="202503"), "<record/>"])
def test_what_is_told_again_inside_a_record_costs_nothing_that_stands_before_it(
    zones: Zones, told: str
) -> None:
    receipt = take(zones, care_xml(*many(30), record(told, E106="1", E109="1")))
    assert (CHILD, "20100115", "2", "1", "1", "yes") in find_rows(zones, "children")
    assert {code for code, _ in name_problems(receipt)} <= {"MS224", "MS235"}


def test_a_child_without_a_number_is_set_aside_with_all_that_is_told_of_it(zones: Zones) -> None:
    lost = record(before(E107="1", E108="20250111"), E4="", E106="1", stays=(removal(), former()))
    receipt = take(zones, care_xml(*many(), lost))
    (file,) = receipt.files
    assert file.lines_quarantined == 5
    assert {row[0] for row in find_rows(zones, "former_removals")} == set()


def test_a_day_that_is_none_costs_the_day_and_not_the_answer(zones: Zones) -> None:
    told = record(before(E107="1", E108="66666666"), before(E107="1", E108="20250111"), E106="1")
    take(zones, care_xml(told))
    assert find_rows(zones, "reports_before_care") == [
        (CHILD, "1", ""),
        (CHILD, "1", "20250111"),
    ]


def test_every_day_of_a_report_is_read_from_one_block_or_several(zones: Zones) -> None:
    days = say(E108="20250112") + say(E108="20250111") + say(E108="20250111")
    block = before(E107="1").replace("</E107_E108", f"{days}</E107_E108")
    take(zones, care_xml(record(block, before(E107="0", E108="20250113"), E106="1")))
    assert find_rows(zones, "reports_before_care") == [
        (CHILD, "1", "20250112"),
        (CHILD, "1", "20250111"),
        (CHILD, "0", "20250113"),
    ]


FULL = record(
    before(E107="1", E108="20250111"),
    during(E110="0", E111=""),
    E106="1",
    E109="1",
    stays=(removal(setting(), setting(E112="20250201", **AWAY)), former()),
)


def _turn(told: str) -> str:
    """The same record with its elements in another order."""
    from lxml import etree

    root = etree.fromstring(told)
    for element in root.iter():
        element[:] = sorted(element, key=lambda one: str(one.tag), reverse=True)
    return str(etree.tostring(root, encoding="unicode"))


SAME = {
    "in another order": care_xml(_turn(FULL)),
    "another prefix": care_xml(FULL).replace(b"acf:", b"x:").replace(b":acf=", b":x="),
    "blanks around values": care_xml(FULL.replace(">1<", ">\n 1\t<")),
    "comments and instructions": care_xml(
        FULL.replace("<E69_removal_date>", "<!-- a --><?b c?><E69_removal_date>").replace(
            ">20250110<", ">2025<!-- d -->0110<"
        )
    ),
    "character data": care_xml(FULL.replace(">20250111<", "><![CDATA[20250111]]><")),
    "codes with a zero in front": care_xml(FULL.replace("0</E99", "00</E99")),
    "blank elements left out": care_xml(
        FULL.replace("<E153_exit_date></E153_exit_date>", "").replace(
            "<E111_victim_sex_trafficking_reported_date></E111_victim_sex_trafficking_reported_date>",
            "",
        )
    ),
    "a byte-order mark": b"\xef\xbb\xbf" + care_xml(FULL),
    "unknown elements": care_xml(
        FULL.replace("</record>", "<E999_new><E4_x/></E999_new></record>")
    ),
    "answers outside their block": care_xml(
        FULL.replace("<E110_E111_victim_sex_trafficking_reporting>", "").replace(
            "</E110_E111_victim_sex_trafficking_reporting>", ""
        )
    ),
}


@pytest.mark.parametrize("form", SAME)
def test_a_variation_of_form_changes_no_row(tmp_path: Path, form: str) -> None:
    usual, other = make_zones(tmp_path / "usual"), make_zones(tmp_path / "other")
    take(usual, care_xml(FULL))
    take(other, SAME[form])
    for table in TABLES:
        rows = [sorted(find_rows(one, table)) for one in (usual, other)]
        if form.startswith("codes"):
            rows[1] = [tuple("0" if v == "00" else v for v in row) for row in rows[1]]
        assert rows[0] == rows[1], table


def test_a_packed_file_is_read_as_what_it_holds(zones: Zones) -> None:
    receipt = take(zones, gzip.compress(care_xml(FULL)), name="care.xml.gz")
    assert receipt.is_clean
    assert len(find_rows(zones, "living_arrangements")) == 2


WHOLE = {
    "MS221": care_xml(period="202504"),
    "MS222": care_xml(period="202509"),
    "MS223": b"0320250129CHILD0000001",
    "MS343": care_xml()[:-20],
    "MS344": care_xml().replace(b"<acf:data", b"<!DOCTYPE acf:data>\n<acf:data", 1),
    "MS121": care_xml().replace(b"<record>", b"<recorded>").replace(b"</record>", b"</recorded>"),
}


@pytest.mark.parametrize("code", WHOLE)
def test_a_file_that_is_not_what_it_should_be_is_rejected_whole(zones: Zones, code: str) -> None:
    rows = {"care": 0 if code == "MS121" else 1} if code.startswith("MS34") else {}
    deliver(zones, "care", {"care": ("care.xml", WHOLE[code])}, rows=rows)
    assert refuse(zones, "care").code == code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"http://www.acf.hhs.gov", b"http://www.example.org"),
        (b"acf:data", b"acf:file"),
    ],
)
def test_xml_of_another_kind_is_rejected(zones: Zones, old: bytes, new: bytes) -> None:
    deliver(zones, "care", {"care": ("care.xml", care_xml().replace(old, new))})
    assert refuse(zones, "care").code == "MS223"


def test_an_agency_that_is_told_twice_is_none(zones: Zones) -> None:
    twice = say(E1="29") + say(E1="29")
    content = care_xml().replace(say(E1="29").encode(), twice.encode())
    assert take(zones, content).is_clean
    other = make_zones(zones.landing / "other")
    content = care_xml().replace(say(E1="29").encode(), (say(E1="29") + say(E1="17")).encode())
    deliver(other, "care", {"care": ("care.xml", content)})
    assert refuse(other, "care").code == "MS220"


def test_every_element_stands_in_a_block_of_the_layout() -> None:
    layout = load_afcars_layout()
    assert len([one for one in layout.values() if one.kind != "block"]) == 186
    for one in layout.values():
        assert one.element == "data" or layout[one.within].kind == "block"
        assert not one.codes or one.kind == "code"
