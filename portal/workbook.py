"""Released tables as spreadsheets that screen readers can walk through.

Here: one workbook for a table and one for all: a cover sheet, a sheet that explains the columns,
and one sheet with one real table for each released one; no merged cell, no picture, no colour that
says anything, headers frozen. The same release gives the same bytes: the only date inside is that
of the draw. Not here: the rows (``tables``) and the words (``codebook``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jurisdiction.state import read_state
from portal.codebook import AGENCIES, list_caveats
from portal.columns import explain_column
from portal.tables import REAL, WHOLE, Row, list_columns, list_dimension_titles, list_rows
from portal.wording import name_period
from privacy.released import Release, ReleasedTable

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

COVER, COLUMNS = "Cover", "Columns"
FIRST_ROW = 3
"""Of the header of a table, from 0; above it stand its title and its notes."""
LONGEST_NAME = 31
"""Characters of a sheet's name that spreadsheet programs allow."""
WIDTHS = {"quarter": 11, "geography": 26, "unit": 26, "status": 30}


def write_workbook(release: Release, tables: Sequence[ReleasedTable]) -> bytes:
    """A workbook of these tables of a release."""
    from xlsxwriter import Workbook

    sink = io.BytesIO()
    book = Workbook(
        sink, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    )
    book.set_properties(
        {
            "title": _name_book(release, tables),
            "subject": f"Release {release.release_id}",
            "author": "MoShare",
            "created": _read_time(release.drawn_at),
        }
    )
    styles = {
        "title": book.add_format({"bold": True, "font_size": 15}),
        "bold": book.add_format({"bold": True}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "whole": book.add_format({"num_format": "#,##0"}),
        "tenths": book.add_format({"num_format": "#,##0.0"}),
    }
    names = name_sheets(tables)
    _write_cover(book, release, tables, names, styles)
    _write_columns(book, release, tables, styles)
    for table in tables:
        _write_table(book.add_worksheet(names[table.name]), release, table, styles)
    book.close()
    return sink.getvalue()


def name_sheets(tables: Sequence[ReleasedTable]) -> dict[str, str]:
    """Table to the name of its sheet: its own name, shortened where it is too long."""
    names: dict[str, str] = {}
    for table in tables:
        name, number = table.name[:LONGEST_NAME], 1
        while name in names.values():
            number += 1
            name = f"{table.name[: LONGEST_NAME - 3]}_{number}"
        names[table.name] = name
    return names


def _name_book(release: Release, tables: Sequence[ReleasedTable]) -> str:
    warning = "SIMULATED DATA: " if release.provenance.is_simulated else ""
    subject = tables[0].title if len(tables) == 1 else f"Child trafficking in {read_state().name}"
    return f"{warning}{subject}, {name_period(release.quarter_start)}"


def _write_cover(
    book: Workbook,
    release: Release,
    tables: Sequence[ReleasedTable],
    names: dict[str, str],
    styles: dict[str, Any],
) -> None:
    sheet = book.add_worksheet(COVER)
    sheet.set_column(0, 0, 100)
    lines = [
        f"Release {release.release_id}, drawn {release.drawn_at[:10]}.",
        "Every number that is not declared public has noise added, so that it says very little.",
        "The exact number lies between “Likely at least” and “Likely at most” nine times in ten.",
        "Numbers of unlike units must never be added. For sums add estimates and not counts.",
        f"The sheet {COLUMNS} explains every column. Each other sheet holds one table.",
        (
            "The signature is on release.json in the folder of the release, and not on this "
            "workbook once it is taken out of it."
        ),
    ]
    if release.provenance.is_simulated:
        lines.insert(0, "SIMULATED DATA. No real child is behind any number. Do not quote it.")
    sheet.write_string(0, 0, _name_book(release, tables), styles["title"])
    for place, line in enumerate(lines, start=1):
        sheet.write_string(place, 0, line, styles["wrap"])
    start = len(lines) + 2
    sheet.write_string(start, 0, "Sheets", styles["bold"])
    for place, table in enumerate(tables, start=start + 1):
        sheet.write_url(place, 0, f"internal:'{names[table.name]}'!A1", string=table.title)


def _write_columns(
    book: Workbook, release: Release, tables: Sequence[ReleasedTable], styles: dict[str, Any]
) -> None:
    sheet = book.add_worksheet(COLUMNS)
    titles = list_dimension_titles(release)
    columns = dict.fromkeys(column for table in tables for column in list_columns(table))
    rows: list[Row] = []
    for column in columns:
        text = explain_column(column, titles.get(column, ""))
        rows.append((column, text.title, text.definition, text.caveats))
    sheet.write_string(0, 0, "What each column means", styles["title"])
    header = ("column", "title", "meaning", "beware")
    _put_table(sheet, 1, header, rows, "column_notes", [styles["wrap"]] * 4)
    for place, width in enumerate((22, 26, 70, 70)):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(2, 0)


def _write_table(
    sheet: Worksheet, release: Release, table: ReleasedTable, styles: dict[str, Any]
) -> None:
    columns = list_columns(table)
    source = " and ".join(AGENCIES[name] for name in table.sources) or "none"
    sheet.write_string(0, 0, table.title, styles["title"])
    sheet.write_string(1, 0, f"{table.definition} Unit: {table.unit}. Source: {source}.")
    sheet.write_string(2, 0, " ".join(list_caveats(table, release.tables)))
    formats = [
        styles["whole"] if name in WHOLE else styles["tenths"] if name in REAL else None
        for name in columns
    ]
    _put_table(sheet, FIRST_ROW, columns, list_rows(table, release), table.name, formats)
    for place, name in enumerate(columns):
        sheet.set_column(place, place, WIDTHS.get(name, 18 if name in table.dimensions else 14))
    sheet.freeze_panes(FIRST_ROW + 1, 0)


def _put_table(
    sheet: Worksheet,
    first: int,
    columns: Sequence[str],
    rows: Sequence[Row],
    name: str,
    formats: Sequence[Any],
) -> None:
    """One real table, with its header row and nothing in a cell that has no number."""
    sheet.add_table(
        first,
        0,
        first + max(1, len(rows)),
        len(columns) - 1,
        {
            "name": f"t_{name}",
            "style": "Table Style Light 1",
            "columns": [{"header": column} for column in columns],
        },
    )
    for place, row in enumerate(rows, start=first + 1):
        for column, (value, style) in enumerate(zip(row, formats, strict=True)):
            if isinstance(value, str):
                sheet.write_string(place, column, value, style)
            elif value is not None:
                sheet.write_number(place, column, value, style)


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
