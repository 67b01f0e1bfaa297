"""The spreadsheets: real tables that a screen reader walks through, the same bytes each time."""

import io
import re
import zipfile
from dataclasses import replace

import pytest
from portal_examples import make_example

from portal.tables import list_columns
from portal.workbook import name_sheets, write_workbook
from privacy.released import Release


def unpack(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


@pytest.fixture
def parts(release: Release) -> dict[str, str]:
    return unpack(write_workbook(release, release.tables))


def test_two_workbooks_of_a_release_have_the_same_bytes(release: Release) -> None:
    once, again = (write_workbook(release, release.tables) for _ in range(2))
    assert once == again


def test_the_only_date_inside_is_that_of_the_draw(parts: dict[str, str]) -> None:
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", parts["docProps/core.xml"])) == {
        "2025-04-15T11:00:00Z"
    }


def test_a_cover_a_sheet_of_columns_and_one_sheet_a_table(
    release: Release, parts: dict[str, str]
) -> None:
    names = re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"])
    assert names == ["Cover", "Columns", *(table.name for table in release.tables)]
    assert "SIMULATED DATA" in parts["xl/sharedStrings.xml"]


def test_no_cell_is_merged_and_every_header_is_frozen(
    release: Release, parts: dict[str, str]
) -> None:
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(release.tables) + 2
    assert not any("<mergeCell" in text for text in sheets)
    assert sum('state="frozen"' in text for text in sheets) == len(release.tables) + 1


def test_every_table_is_a_real_one_with_a_header_row(
    release: Release, parts: dict[str, str]
) -> None:
    tables = [text for name, text in parts.items() if name.startswith("xl/tables/")]
    headers = [tuple(re.findall(r'<tableColumn id="\d+" name="([^"]+)"', text)) for text in tables]
    assert headers == [
        ("column", "title", "meaning", "beware"),
        *(list_columns(table) for table in release.tables),
    ]
    assert not any('headerRowCount="0"' in text for text in tables)


def test_no_text_becomes_a_formula_or_a_link(release: Release) -> None:
    row = replace(release.tables[1].rows[0], labels=("=HYPERLINK(1)",))
    table = replace(release.tables[1], rows=(row,))
    parts = unpack(write_workbook(release, [table]))
    assert not any("<f>" in text for text in parts.values())


def test_names_of_sheets_fit_and_differ(release: Release) -> None:
    long = "victim_records_in_the_year_by_county"
    tables = [replace(release.tables[0], name=f"{long}_{end}") for end in ("a", "b", "c")]
    names = list(name_sheets(tables).values())
    assert all(len(name) <= 31 for name in names)
    assert len(set(names)) == 3


def test_modelled_columns_stand_only_in_tables_that_have_them() -> None:
    release = make_example()
    columns = {table.name: list_columns(table) for table in release.tables}
    assert columns["children_in_year_by_county"][-3:] == (
        "modelled",
        "modelled_low90",
        "modelled_high90",
    )
    assert sum("modelled" in names for names in columns.values()) == 1
