"""Case records become totals on the agency's own machine; a child stands in one cell of a table."""

import csv
import io
import itertools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from sources_builders import (
    QUARTER,
    child_lines,
    deliver,
    description,
    edit_manifest,
    make_zones,
    refuse,
    text_of,
)

from sources.case_records import read_case_records
from sources.contracts import current_contract, find_contract
from sources.errors import SourcesError
from sources.hotline_totals import Totals, count_children
from sources.ingest import ingest
from sources.layout import list_case_fields
from sources.quarters import Quarter
from sources.totals_package import write_totals

MARK = "QZJXVKWY"
HOTLINE = current_contract("hotline")
HEADER = (
    "prs_FirstName", "prs_SecondName", "prs_Birthdate", "prs_Gender", "vic_TraffickingStatus",
    "vic_RelationshipToTrafficker", "vic_AgeWhenTrafficked", "vic_TypeOfExploitation",
    "cas_IncomingReferralDate",
)  # fmt: skip
CHILD = ("Ann", "Bee", "2010-02-03", "Feminine", "", "", "", "", "2025-01-15")


def record(**values: str) -> tuple[str, ...]:
    """A child's record; a value is named by the last part of its field's name."""
    found = [
        next((values[key] for key in values if name.endswith(f"_{key}")), usual)
        for name, usual in zip(HEADER, CHILD, strict=True)
    ]
    return tuple(found)


def write_csv(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def count(
    folder: Path, *rows: Sequence[str], contract: str = "hotline/2", quarter: str = QUARTER
) -> Totals:
    read = read_case_records(write_csv(folder / "cases.csv", rows))
    agreed = find_contract(contract, "hotline")
    return count_children(read.records, Quarter.parse(quarter), agreed)


def cell_of(totals: Totals, measure: str) -> str:
    """The one group of a measure that holds the one child."""
    ((group, counted),) = [
        (group, counted)
        for (known, group), counted in totals.cells.items()
        if known == measure and counted
    ]
    assert counted == 1
    return group


@pytest.mark.parametrize(
    ("measure", "key", "values", "group"),
    [
        ("children", "RelationshipToTrafficker", ["Familial"], "family"),
        ("children", "RelationshipToTrafficker", ["Acquainted"], "known"),
        ("children", "RelationshipToTrafficker", ["Unaquainted"], "stranger"),
        ("children", "RelationshipToTrafficker", ["Unacquainted"], "stranger"),
        ("children", "RelationshipToTrafficker", [""], "unknown"),
        ("children", "RelationshipToTrafficker", ["Unaquainted", "Familial"], "family"),
        ("children", "RelationshipToTrafficker", ["", "Acquainted"], "known"),
        ("children_by_sex", "Gender", ["Feminine"], "female"),
        ("children_by_sex", "Gender", ["Masculine", ""], "male"),
        ("children_by_sex", "Gender", ["Masculine", "Feminine"], "unknown"),
        ("children_by_sex", "Gender", ["TransgenderFeminine"], "unknown"),
        ("children_by_sex", "Gender", ["Not Specified/Unknown"], "unknown"),
        ("children_by_exploitation", "TypeOfExploitation", ["SexualExploitation"], "sexual"),
        ("children_by_exploitation", "TypeOfExploitation", ["Forced labour"], "labour"),
        ("children_by_exploitation", "TypeOfExploitation", ["Forced labor"], "labour"),
        ("children_by_exploitation", "TypeOfExploitation", ["ChildLabour;OrganRemoval"], "labour"),
        ("children_by_exploitation", "TypeOfExploitation", ["ForcedMarriage"], "other"),
        ("children_by_exploitation", "TypeOfExploitation", ["Its own word"], "other"),
        ("children_by_exploitation", "TypeOfExploitation", [""], "unknown"),
        ("children_by_exploitation", "TypeOfExploitation",
         ["Sexual exploitation; Servitude"], "sexual_and_labour"),
        ("children_by_exploitation", "TypeOfExploitation",
         ["SexualExploitation ForcedLabour"], "sexual_and_labour"),
        ("children_by_exploitation", "TypeOfExploitation",
         ["SexualExploitation", "ForcedBegging"], "sexual_and_labour"),
        ("children_by_age_band", "Birthdate", ["2010-02-03"], "12_to_14"),
        ("children_by_age_band", "Birthdate", ["02/03/2010"], "12_to_14"),
        ("children_by_age_band", "Birthdate", ["2010-01-15"], "15_to_17"),
        ("children_by_age_band", "Birthdate", ["2010-01-16"], "12_to_14"),
        ("children_by_age_band", "Birthdate", ["2024-12-31"], "under_6"),
    ],
)  # fmt: skip
def test_several_records_of_one_child_are_one_child_in_one_cell(
    tmp_path: Path, measure: str, key: str, values: list[str], group: str
) -> None:
    for order in itertools.permutations(values):
        totals = count(tmp_path, *(record(**{key: value}) for value in order))
        assert totals.children == 1
        assert cell_of(totals, measure) == group


def test_every_table_of_children_has_the_same_sum(tmp_path: Path) -> None:
    names = ["Ann", "Bob", "Cid", "Dee"]
    totals = count(tmp_path, *(record(FirstName=name, Gender="") for name in names))
    sums: dict[str, int] = {}
    for (measure, _), counted in totals.cells.items():
        sums[measure] = sums.get(measure, 0) + counted
    assert sums == dict.fromkeys(current_contract("hotline").cells, 4)


def test_ages_of_several_bands_are_unknown_and_the_youngest_makes_a_child(tmp_path: Path) -> None:
    nameless = {"FirstName": "", "Birthdate": ""}
    rows = [(*record(**nameless, AgeWhenTrafficked=age), "P1") for age in ("11", "19")]
    path = write_csv(tmp_path / "cases.csv", rows, [*HEADER, "Contact ID"])
    read = read_case_records(path, person="Contact ID")
    totals = count_children(read.records, Quarter.parse(QUARTER), current_contract("hotline"))
    assert cell_of(totals, "children_by_age_band") == "unknown"


def test_who_is_no_child_no_victim_or_of_no_known_age_is_left_out(tmp_path: Path) -> None:
    totals = count(
        tmp_path,
        record(Birthdate="2007-01-15"),
        record(TraffickingStatus="NotAVictimOfTrafficking"),
        record(TraffickingStatus="Not a victim of trafficking", FirstName="Bob"),
        record(Birthdate="", FirstName=""),
        record(Birthdate="2030-01-01"),
        record(TraffickingStatus="PossibleVictimOfTrafficking", FirstName="Cid"),
    )
    assert (totals.records, totals.children, totals.without_age) == (6, 1, 2)
    assert totals.cells["cases", "all"] == 1


def test_a_child_counts_in_the_quarter_of_its_first_record_alone(tmp_path: Path) -> None:
    rows = [record(IncomingReferralDate=day) for day in ("2025-04-01", "2025-03-31", "2025-07-02")]
    told = {
        quarter: count(tmp_path, *rows, quarter=quarter).children
        for quarter in ("2024Q4", "2025Q1", "2025Q2", "2025Q3")
    }
    assert told == {"2024Q4": 0, "2025Q1": 1, "2025Q2": 0, "2025Q3": 0}


def test_cases_are_told_apart_by_their_column_and_a_child_is_in_one(tmp_path: Path) -> None:
    rows = [(*record(FirstName=name), case) for name, case in
            [("Ann", "K1"), ("Bob", "K1"), ("Ann", "K2"), ("Cid", "K3")]]  # fmt: skip
    path = write_csv(tmp_path / "cases.csv", rows, [*HEADER, "Case ID"])
    read = read_case_records(path, case="Case ID")
    totals = count_children(read.records, Quarter.parse(QUARTER), current_contract("hotline"))
    assert (totals.cells["cases", "all"], totals.children) == (2, 3)


def test_a_record_without_a_case_is_a_case_of_its_own(tmp_path: Path) -> None:
    rows = [(*record(FirstName=name), case) for name, case in
            [("Ann", ""), ("Bob", " "), ("Cid", "K1"), ("Dee", "")]]  # fmt: skip
    path = write_csv(tmp_path / "cases.csv", rows, [*HEADER, "Case ID"])
    read = read_case_records(path, case="Case ID")
    totals = count_children(read.records, Quarter.parse(QUARTER), current_contract("hotline"))
    assert (totals.cells["cases", "all"], totals.children) == (4, 4)


def test_a_number_tells_persons_apart_whether_a_workbook_holds_it_as_text(tmp_path: Path) -> None:
    rows = [(*record(FirstName=name), number) for name, number in
            [("Ann", 12), ("Anne", "12"), ("Bob", 120), ("Cid", "012")]]  # fmt: skip
    path = write_workbook(tmp_path / "cases.xlsx", [[*HEADER, "Contact ID"], *rows])
    read = read_case_records(path, person="Contact ID")
    assert len({one.person for one in read.records}) == 3


def test_the_first_contract_has_its_five_cells_still(tmp_path: Path) -> None:
    totals = count(tmp_path, record(), contract="hotline/1")
    assert list(totals.cells.values()) == [1, 0, 0, 0, 1]


def write_workbook(path: Path, rows: Sequence[Sequence[object]], sheet: str = "Cases") -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("validation").write_row(0, 0, ["Feminine", "Masculine"])
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page.set_row(0, None, None, {"hidden": True})
        for line, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(line, place, value, day)
                else:
                    page.write(line, place, value)
    return path


LABELS = [list_case_fields()[name] for name in HEADER]


@pytest.mark.parametrize(
    "header",
    [
        [HEADER],
        [HEADER, LABELS],
        [LABELS],
        [[name.replace("Exploitation", "Explotation") for name in HEADER], LABELS],
        [[name.replace("cas_IncomingReferral", "cas_IncomingReferal") for name in HEADER]],
        [[name.replace("prs_First", "prs_First_").replace("prs_B", "PRS_B") for name in HEADER]],
    ],
)
def test_a_workbook_of_the_template_is_read_with_its_names_hidden_or_misspelt(
    tmp_path: Path, header: list[list[str]]
) -> None:
    values = [*record(TypeOfExploitation="Servitude", RelationshipToTrafficker="Familial")]
    values[2], values[8] = date(2010, 2, 3), date(2025, 1, 15)  # type: ignore[call-overload]
    path = write_workbook(tmp_path / "cases.xlsx", [*header, values, [""] * 9])
    read = read_case_records(path)
    totals = count_children(read.records, Quarter.parse(QUARTER), current_contract("hotline"))
    assert totals.children == 1
    assert cell_of(totals, "children_by_exploitation") == "labour"
    assert cell_of(totals, "children_by_age_band") == "12_to_14"
    assert cell_of(totals, "children") == "family"


def test_records_on_two_sheets_are_refused_and_not_half_of_them_counted(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "cases.xlsx") as book:
        for name in ("Cases", "More"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, HEADER)
            page.write_row(1, 0, record())
    with pytest.raises(SourcesError, match=r"MS414.*one sheet"):
        read_case_records(tmp_path / "cases.xlsx")


def test_a_misspelt_column_is_told_and_never_taken_for_one_of_another_name(tmp_path: Path) -> None:
    spelt = [name.replace("TypeOfExploitation", "TypeOfExploitaton") for name in HEADER]
    header = [*spelt, "vic_TypeOfSexExploitation"]
    path = write_csv(tmp_path / "cases.csv", [[*record(), "Prostitution"]], header)
    assert read_case_records(path).misspelt == {7: "vic_TypeOfExploitation"}
    path = write_csv(
        tmp_path / "cases.csv",
        [[*record()[:7], "Prostitution", "2025-01-15"]],
        [*HEADER[:7], "vic_TypeOfSexExploitation", HEADER[8]],
    )
    with pytest.raises(SourcesError, match=r"MS415.*vic_TypeOfExploitation"):
        read_case_records(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_may_have_any_usual_form(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = [HEADER, record(FirstName="Zoë"), record(FirstName="ZOË")]
    if encoding != "cp1252":
        lines.append(record(FirstName="Zoe\u0308"))  # as some systems write the same name
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    (tmp_path / "cases.csv").write_bytes(text.encode(encoding))
    read = read_case_records(tmp_path / "cases.csv")
    assert len({one.person for one in read.records}) == 1


@pytest.mark.parametrize(
    ("code", "name", "content"),
    [
        ("MS414", "cases.xlsx", b"no workbook"),
        ("MS414", "cases.csv", ",".join(HEADER).encode("utf-16")),
        ("MS414", "nothing.csv", None),
        ("MS415", "cases.csv", b""),
        ("MS415", "cases.csv", f"{MARK},b,c\n1,2,3\n".encode()),
        ("MS415", "cases.csv", ",".join(n for n in HEADER if "Gender" not in n).encode()),
        ("MS416", "cases.csv", (",".join(HEADER) + f"\n{MARK},,,,,,,,15.1.2025\n").encode()),
    ],
)
def test_what_cannot_be_counted_is_refused_without_a_value(
    tmp_path: Path, code: str, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourcesError, match=code) as caught:
        read_case_records(tmp_path / name)
    assert MARK not in caught.value.sentence


def test_totals_that_are_written_are_taken_by_the_hub(tmp_path: Path) -> None:
    totals = count(tmp_path, record(), record(FirstName="Bob", Gender="Masculine"))
    write_totals(
        tmp_path / "out", Quarter.parse(QUARTER), totals.cells, HOTLINE, {"title": "t", "name": "t"}
    )
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"counts.csv", "datapackage.json"}
    files = {path.split(".")[0]: (path, content) for path, content in written.items()}
    zones = make_zones(tmp_path)
    deliver(zones, "hotline", files)
    assert ingest(zones, "hotline", QUARTER).is_clean


WORKBOOK = b"PK\x03\x04 [Content_Types].xml xl/workbook.xml " + MARK.encode()
RECORDS = (",".join(HEADER) + f"\n{MARK},{MARK}\n").encode()
BY_LABEL = ("\ufeff" + ";".join(LABELS) + f"\n{MARK}\n").encode()


@pytest.mark.parametrize("content", [RECORDS, BY_LABEL, WORKBOOK])
def test_case_records_are_not_delivered(tmp_path: Path, content: bytes) -> None:
    said = ("datapackage.json", json.dumps(description()).encode())
    with pytest.raises(SourcesError, match=r"MS413.*12291") as caught:
        deliver(
            make_zones(tmp_path),
            "hotline",
            {"datapackage": said, "counts": ("counts.csv", content)},
        )
    assert MARK not in caught.value.sentence


CASE = dict.fromkeys(HEADER, MARK)


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("MS412", {"data": [{"first": MARK}]}),
        ("MS413", {"data": [CASE]}),
        ("MS413", {"rows": [[*HEADER], [MARK] * 9]}),
        ("MS413", {"custom": {"records": {"one": CASE}}}),
    ],
)
def test_a_description_that_holds_records_is_refused_and_not_kept(
    tmp_path: Path, code: str, more: dict[str, object]
) -> None:
    totals = count(tmp_path, record())
    write_totals(
        tmp_path / "out", Quarter.parse(QUARTER), totals.cells, HOTLINE, {"title": "t", "name": "t"}
    )
    said = json.loads((tmp_path / "out" / "datapackage.json").read_bytes())
    said["resources"].append({"name": "cases", "title": "", "description": "", "type": "", **more})
    zones = make_zones(tmp_path)
    files = {
        "datapackage": ("datapackage.json", json.dumps(said, indent=1).encode()),
        "counts": ("counts.csv", (tmp_path / "out" / "counts.csv").read_bytes()),
    }
    deliver(zones, "hotline", files)
    assert refuse(zones, "hotline").code == code
    kept = [path for path in zones.vault.folder.rglob("*") if path.is_file()]
    assert not any(MARK.encode() in path.read_bytes() for path in kept)


@pytest.mark.parametrize("content", [RECORDS, BY_LABEL, WORKBOOK])
@pytest.mark.parametrize("agency", ["hotline", "dss"])
def test_case_records_never_enter_the_hub_and_nothing_of_them_is_kept(
    tmp_path: Path, agency: str, content: bytes
) -> None:
    zones = make_zones(tmp_path)
    files = {
        "dss": {"child_file": ("records.csv", text_of(child_lines(3)))},
        "hotline": {
            "datapackage": ("d.json", json.dumps(description("records.csv")).encode()),
            "counts": ("records.csv", text_of(["x"])),
        },
    }[agency]
    folder = deliver(zones, agency, files)
    (folder / "records.csv").write_bytes(content)
    edit_manifest(folder, lambda said: said["files"][-1].update(measure(content)))
    code = refuse(zones, agency).code
    assert code == ("MS133" if (agency, content) == ("dss", WORKBOOK) else "MS413")
    kept = [path for path in zones.vault.folder.rglob("*") if path.is_file()]
    assert any(path.name == "receipt.json" for path in kept)
    if code == "MS413":
        assert not any(MARK.encode() in path.read_bytes() for path in kept)
    outside = (zones.landing / "outbox").rglob("*")
    assert not any(MARK.encode() in path.read_bytes() for path in outside if path.is_file())


def test_a_rejected_file_of_who_may_give_totals_only_is_not_kept(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    said = ("datapackage.json", json.dumps(description()).encode())
    rows = text_of(["name,born", f"{MARK},2010"])
    deliver(zones, "hotline", {"datapackage": said, "counts": ("counts.csv", rows)})
    assert refuse(zones, "hotline").code == "MS401"
    kept = [path for path in zones.vault.folder.rglob("*") if path.is_file()]
    assert not any(MARK.encode() in path.read_bytes() for path in kept)


def measure(content: bytes) -> dict[str, object]:
    import hashlib

    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": 1}
