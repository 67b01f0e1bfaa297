"""Record layouts as types: which field stands where, which codes it may hold.

Belongs here: loading the CSV files of `layouts/` and refusing a layout with a hole or an overlap.
Does not belong here: reading a delivered file, or deciding which fields are wanted.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

_CODE = re.compile(r"([0-9A-Z]+)=")


@dataclass(frozen=True)
class Field:
    """One field; positions count from 1 and both ends belong to it.

    `kind` is D for a date, begins with N for a number, and is A, AN, T or not said for text.
    """

    name: str
    start: int
    end: int
    codes: str
    mandatory: bool
    kind: str = ""

    @property
    def length(self) -> int:
        """Number of characters."""
        return self.end - self.start + 1

    @property
    def code_list(self) -> frozenset[str]:
        """Codes of the form `code=meaning`; empty where the layout gives no such list."""
        matches = (_CODE.match(part.strip()) for part in self.codes.split(";"))
        return frozenset(match[1] for match in matches if match)


@dataclass(frozen=True)
class RecordLayout:
    """A record of fixed width.

    Attributes:
        name: for messages to developers.
        lengths: every length that a delivered record may have.
        fields: in order of position, without hole or overlap.
    """

    name: str
    lengths: tuple[int, ...]
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        expected = 1
        for field in self.fields:
            if field.start != expected or field.end < field.start:
                raise ValueError(
                    f"layout {self.name}: field {field.name} leaves a hole or overlaps"
                )
            expected = field.end + 1
        if max(self.lengths) != expected - 1:
            raise ValueError(f"layout {self.name}: the fields do not fill the record")
        if len({field.name for field in self.fields}) != len(self.fields):
            raise ValueError(f"layout {self.name}: a field name is used twice")

    @property
    def width(self) -> int:
        """Length of the longest record."""
        return max(self.lengths)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where the layout has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


@dataclass(frozen=True)
class CodeDates:
    """The days on which a code is in use; both ends belong to it."""

    first: date = date(1900, 1, 1)
    last: date = date(2099, 12, 31)


def _read_rows(file_name: str) -> list[dict[str, str]]:
    text = (files("sources") / "layouts" / file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def load_ncands_layout() -> RecordLayout:
    """The NCANDS Child File: 152 fields, names in lower case, 312 or 338 characters."""
    fields = tuple(
        Field(
            row["name"].lower(),
            int(row["start"]),
            int(row["end"]),
            row["codes"],
            mandatory=False,
            kind=row["type"],
        )
        for row in _read_rows("ncands_child_file.csv")
    )
    return RecordLayout("ncands_child_file", (312, 338), fields)


@cache
def load_nibrs_layout() -> dict[str, RecordLayout]:
    """The NIBRS flat file: one layout for each segment level, keyed "0" to "7"."""
    rows: dict[str, list[dict[str, str]]] = {}
    for row in _read_rows("nibrs_flat.csv"):
        rows.setdefault(row["segment_level"], []).append(row)
    return {level: _build_segment(level, rows[level]) for level in sorted(rows)}


def _build_segment(level: str, rows: list[dict[str, str]]) -> RecordLayout:
    fields = tuple(
        Field(
            row["field"], int(row["start"]), int(row["end"]), row["codes"], row["required"] == "M"
        )
        for row in rows
    )
    lengths = tuple(int(length) for length in rows[0]["segment_lengths"].split("|"))
    return RecordLayout(f"nibrs_flat level {level}", lengths, fields)


@cache
def load_nibrs_codes() -> dict[str, frozenset[str]]:
    """The FBI's code lists, keyed by the name of the list: every code that was ever in use."""
    return {name: frozenset(dates) for name, dates in load_nibrs_code_dates().items()}


@cache
def load_nibrs_code_dates() -> dict[str, dict[str, CodeDates]]:
    """When each code is in use, keyed by the name of the list and the code."""
    lists: dict[str, dict[str, CodeDates]] = {}
    for row in _read_rows("nibrs_codes.csv"):
        given = {"first": row["valid_from"], "last": row["valid_to"]}
        dates = {end: date.fromisoformat(day) for end, day in given.items() if day}
        lists.setdefault(row["code_list"], {})[row["code"]] = CodeDates(**dates)
    return lists


@cache
def list_case_fields() -> dict[str, str]:
    """Name of each field of HTCDS 2.0 -> its label."""
    return {row["name"]: row["label"] for row in _read_rows("htcds_fields.csv")}


@cache
def load_nibrs_words() -> dict[str, dict[str, str]]:
    """Words of the NIBRS XML, keyed by field: word -> code of the flat file."""
    words: dict[str, dict[str, str]] = {}
    for row in _read_rows("nibrs_xml_codes.csv"):
        words.setdefault(row["field"], {})[row["word"]] = row["code"]
    return words


@dataclass(frozen=True)
class AfcarsElement:
    """What an element of the AFCARS Out-of-Home Care file is.

    Attributes:
        element: its name.
        within: name of the element in which it stands.
        kind: block where it has elements in it; else text, code, date, month, year or number.
        codes: the codes that it may hold, without leading zeros; empty where there is no list.
    """

    element: str
    within: str
    kind: str
    codes: frozenset[str]


@cache
def load_afcars_layout() -> dict[str, AfcarsElement]:
    """Every element of the AFCARS Out-of-Home Care file, by its name."""
    elements = (
        AfcarsElement(
            row["element"], row["within"], row["kind"], frozenset(_CODE.findall(row["codes"]))
        )
        for row in _read_rows("afcars_ooh.csv")
    )
    return {one.element: one for one in elements}


@dataclass(frozen=True)
class XmlElement:
    """What an element of the NIBRS XML is.

    Attributes:
        element: its name without a prefix; where the one above decides, that one and a slash first.
        kind: part, tie, role, context and holder have elements in them, any other has a value.
        part: of a value: the part of a report that it stands in.
        field: of a value: the field of the flat file, without number and without whose it is.
    """

    element: str
    kind: str
    part: str
    field: str


@cache
def load_nibrs_xml() -> tuple[XmlElement, ...]:
    """Every element of the NIBRS XML that is read or passed over."""
    return tuple(XmlElement(**row) for row in _read_rows("nibrs_xml.csv"))
