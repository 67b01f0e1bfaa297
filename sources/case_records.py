"""Reads case records of the Human Trafficking Case Data Standard, on the agency's own machine.

Belongs here: finding the columns of a CSV file or of a workbook made from the standard's template,
and what its values mean. Does not belong here: counting (`hotline_totals`); no hub reads such a
record (`disguises` refuses it).

Source: International Organization for Migration, HTCDS 2.0, by way of `layouts/htcds_fields.csv`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from unicodedata import normalize

import python_calamine

from sources.errors import SourcesError
from sources.layout import list_case_fields

WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})

DAY = "cas_IncomingReferralDate"
NAMES = ("prs_FirstName", "prs_SecondName")
BIRTH = "prs_Birthdate"
AGE = "vic_AgeWhenTrafficked"
GENDER = "prs_Gender"
STATUS = "vic_TraffickingStatus"
TIE = "vic_RelationshipToTrafficker"
EXPLOITATION = "vic_TypeOfExploitation"

_NEEDED = (DAY, GENDER, EXPLOITATION)
_USED = (*_NEEDED, *NAMES, BIRTH, AGE, STATUS, TIE)
_HEADER_FIELDS = 3
"""So many fields of the standard make a row a header."""

_HEADER_ROWS = 5
"""The template has the names of the fields in its first row, which it hides, and labels below."""

_NEARLY = 0.85
_DAYS = ("%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")

_Row = Sequence[object]


@dataclass(frozen=True)
class CaseRecord:
    """One record, with what the totals need of it.

    Attributes:
        line: of the file, from 1.
        day: on which the case came.
        person: what tells the person from others; "" where nothing does.
        case: what tells the case from others; its own line where nothing does.
        born: birth date, if it can be read.
        age: in years, as the record gives it, if it does.
        values: field -> what it holds, each folded; of GENDER, STATUS, TIE and EXPLOITATION.
    """

    line: int
    day: date
    person: str
    case: str
    born: date | None
    age: int | None
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CaseFile:
    """The records of a file, and the field of each column that was taken for a misspelt one."""

    records: tuple[CaseRecord, ...]
    misspelt: Mapping[int, str]


def fold(text: object) -> str:
    """Letters and digits alone, so that a name, its label and their spellings are one."""
    return re.sub(r"[\W_]", "", normalize("NFC", str(text or ""))).casefold()


def is_case_header(cells: Sequence[object]) -> bool:
    """Whether at least three cells name fields of the standard, or are their labels."""
    return len({fold(cell) for cell in cells} & _fold_fields().keys()) >= _HEADER_FIELDS


def names_case_fields(names: Iterable[object]) -> bool:
    """Whether at least three names are those of the standard's fields; labels are usual words."""
    return (
        len({fold(name) for name in names} & set(map(fold, list_case_fields()))) >= _HEADER_FIELDS
    )


def read_case_records(path: Path, *, person: str = "", case: str = "", day: str = DAY) -> CaseFile:
    """Read the records of a CSV file or workbook.

    Args:
        path: the file; a workbook by the end of its name.
        person: column that tells persons apart; names and birth date where it is blank.
        case: column that tells cases apart; each record is a case where it is blank.
        day: column with the day of the case.

    Raises:
        SourcesError: MS185 a column is there twice, MS414 the file cannot be read, MS415 a column
            is missing, MS416 records have no day that can be read.
    """
    rows = list(_list_rows(path))
    first, columns, misspelt = _find_columns(rows, path.name, (person, case, day))
    read = [
        _read_record(line, row, columns, (person, case, day))
        for line, row in enumerate(rows[first:], start=first + 1)
        if any(str(cell or "").strip() for cell in row)
    ]
    undated = [str(one) for one in read if isinstance(one, int)]
    if undated:
        lines = ", ".join(undated[:10]) + (", ..." if len(undated) > 10 else "")
        raise SourcesError("MS416", file=path.name, field=day, lines=lines)
    return CaseFile(tuple(one for one in read if isinstance(one, CaseRecord)), misspelt)


def _list_rows(path: Path) -> Iterator[_Row]:
    try:
        if path.suffix.lower() in WORKBOOK_SUFFIXES:
            with python_calamine.load_workbook(path) as book:
                sheets = [book.get_sheet_by_index(i) for i in range(len(book.sheet_names))]
                tables = [sheet.to_python(skip_empty_area=False) for sheet in sheets]
            named = [rows for rows in tables if any(map(is_case_header, rows[:_HEADER_ROWS]))]
            if len(named) > 1:  # one of them alone would be half of the records
                raise SourcesError("MS414", file=path.name)
            yield from (named or tables or [[]])[0]
            return
        content = path.read_bytes()
    except (OSError, python_calamine.CalamineError):
        raise SourcesError("MS414", file=path.name) from None
    if b"\0" in content:  # UTF-16, which its bytes alone would make text of no field
        raise SourcesError("MS414", file=path.name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        raise SourcesError("MS414", file=path.name) from None


def _find_columns(
    rows: Sequence[_Row], file: str, own: Sequence[str]
) -> tuple[int, dict[str, int], dict[int, str]]:
    """Index of the first record, field -> its column, and columns that were misspelt."""
    known = _fold_fields()
    headers = [i for i, row in enumerate(rows[:_HEADER_ROWS]) if is_case_header(row)]
    if not headers:
        raise SourcesError("MS415", file=file, field=DAY)
    columns: dict[str, int] = {}
    misspelt: dict[int, str] = {}
    for index in headers:
        for place, cell in enumerate(rows[index]):
            columns.setdefault(str(cell), place)
            if field := known.get(fold(cell)):
                columns.setdefault(field, place)
    _refuse_twice(rows[headers[0]], file, own)
    strange = {
        fold(cell): place
        for place, cell in enumerate(rows[headers[0]])
        if cell and fold(cell) not in known and str(cell) not in own
    }
    for field in _USED:
        near = get_close_matches(fold(field), strange, n=1, cutoff=_NEARLY)
        if field not in columns and near:
            columns[field] = strange[near[0]]
            misspelt[strange[near[0]]] = field
    ages = () if {BIRTH, AGE} & columns.keys() else (BIRTH,)
    for field in (*_NEEDED[1:], *ages, *filter(None, own)):
        if field not in columns:
            raise SourcesError("MS415", file=file, field=field)
    return headers[-1] + 1, columns, misspelt


def _refuse_twice(header: _Row, file: str, own: Sequence[str]) -> None:
    """Refuse a header in which a field that is used, or a column that was named, stands twice."""
    fields = [_fold_fields().get(fold(cell)) for cell in header]
    cells = list(map(str, header))
    named = [(field, fields) for field in _USED] + [(name, cells) for name in own if name]
    for name, all_names in named:
        places = [str(place) for place, one in enumerate(all_names, start=1) if one == name]
        if len(places) > 1:
            raise SourcesError("MS185", file=file, field=name, columns=", ".join(places))


@cache
def _fold_fields() -> dict[str, str]:
    """Names and labels -> names; a label that several fields have is the last one's."""
    labels = {fold(label): name for name, label in list_case_fields().items() if label}
    return labels | {fold(name): name for name in list_case_fields()}


def _read_record(
    line: int, row: _Row, columns: Mapping[str, int], own: tuple[str, str, str]
) -> CaseRecord | int:
    """The record, or its line where it has no day."""

    def ask(field: str) -> object:
        place = columns.get(field, len(row))
        return row[place] if place < len(row) else ""

    person, case, day = own
    when = _read_day(ask(day))
    if when is None:
        return line
    born = _read_day(ask(BIRTH))
    told = [fold(ask(field)) for field in NAMES]
    named = "/".join([*told, str(born)]) if all(told) and born else ""
    return CaseRecord(
        line,
        when,
        _tell_apart(ask(person)) if person else named,
        (_tell_apart(ask(case)) if case else "") or f"\n{line}",
        born if born and born <= when else None,
        _read_age(ask(AGE)),
        {field: _split(ask(field)) for field in (GENDER, STATUS, TIE, EXPLOITATION)},
    )


def _tell_apart(value: object) -> str:
    """What stands in a column of numbers or names; a workbook has 12 as a number or as text."""
    return re.sub(r"^(\d+)[.]0$", r"\1", str(value).strip())


def _read_day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in _DAYS:
        with suppress(ValueError):
            return datetime.strptime(str(value).strip(), form).date()  # noqa: DTZ007 - a day alone
    return None


def _read_age(value: object) -> int | None:
    match = re.fullmatch(r"([0-9]{1,3})([.]0+)?", str(value).strip())
    return int(match[1]) if match else None


def _split(value: object) -> tuple[str, ...]:
    """The values of a field that may hold several, as the template (;) and surveys write them."""
    return tuple(filter(None, map(fold, re.split(r"[;|,\n]", str(value or "")))))
