"""Takes the records of an AFCARS Out-of-Home Care file apart into lines, one for each part.

Belongs here: which part of a record an element belongs to. Does not belong here: the form of the
file (`xml_records`), and what a value may be (`afcars`).

An element is known by its whole name and belongs to the part around it, wherever it stands in it:
the record of a child, a removal, a living arrangement, or a block of reports to police. Only the
outermost element has a namespace. A blank is no zero, and a missing element is blank.

Source: 45 CFR 1355.43 and 1355.44; the test files of ICF's AFCARS XML Editor.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from lxml import etree

from sources.errors import SourcesError
from sources.layout import AfcarsElement, load_afcars_layout
from sources.xml_records import BYTES_AT_ONCE, RecordParser, find_line

NAMESPACE = "http://www.acf.hhs.gov"
AGENCY = "E1_title_iv_agency"
PERIOD = "E2_report_date"

CHILDREN = "children"
REMOVALS = "removals"
FORMER_REMOVALS = "former_removals"
SETTINGS = "living_arrangements"
REPORTS_BEFORE = "reports_before_care"
REPORTS_IN_CARE = "reports_in_care"

UNFIT = "?"
"""Stands for a value that has elements in it, or that is given twice and not the same."""

_RECORD = "record"
_PARTS = {
    "removal_2020": REMOVALS,
    "removal_1993": FORMER_REMOVALS,
    "living_arrangement": SETTINGS,
    "E107_E108_prior_victim_sex_trafficking_reporting": REPORTS_BEFORE,
    "E110_E111_victim_sex_trafficking_reporting": REPORTS_IN_CARE,
}
"""Elements that are a part of their own -> the raw table of its lines."""

_OF_ALL = ("E4_child_record_number", "E5_date_of_birth")
_OF_A_CHILD = ("E6_sex", "E106_prior_victim_sex_trafficking", "E109_victim_sex_trafficking")
_OF_A_STAY = ("E69_removal_date", "E153_exit_date")
_OF_A_REMOVAL = (
    *("E3_local_agency", "E72_runaway", "E73_whereabouts_unknown", "E99_sex_trafficking"),
    "E155_exit_reason",
)
_OF_A_SETTING = (
    *("E112_date_living_arrangement", "E113_foster_family_home"),
    *("E120_other_living_arrangement_type", "E121_location_of_living_arrangement"),
)
_OF_REPORTS = {
    REPORTS_BEFORE: (
        "E107_prior_victim_sex_trafficking_reported",
        "E108_prior_victim_sex_trafficking_reported_date",
    ),
    REPORTS_IN_CARE: (
        "E110_victim_sex_trafficking_reported",
        "E111_victim_sex_trafficking_reported_date",
    ),
}
"""An answer, and the days of the reports; a day may repeat in its block, and so may the block."""

_WHERE = {
    **dict.fromkeys((*_OF_ALL, *_OF_A_CHILD), (CHILDREN,)),
    **dict.fromkeys(_OF_A_STAY, (REMOVALS, FORMER_REMOVALS)),
    **dict.fromkeys(_OF_A_REMOVAL, (REMOVALS,)),
    **dict.fromkeys(_OF_A_SETTING, (SETTINGS,)),
    **{name: (table, CHILDREN) for table, names in _OF_REPORTS.items() for name in names},
}
"""Elements whose values are read -> the parts that they may belong to."""

FIELDS = tuple(name.lower() for name in _WHERE)
"""Columns of the lines; E4 and E5 stand in each line of their child, E69 and E153 of their stay."""

_LINES_AT_ONCE = 50_000
_BEGINNING = (
    ("line_number", pa.int64()),
    ("source_line", pa.int64()),
    ("part", pa.string()),
    ("child_line", pa.int64()),
    ("removal_line", pa.int64()),
    ("has_unknown", pa.bool_()),
    ("newest_removal", pa.string()),
)
SCHEMA = pa.schema([*_BEGINNING, *((name, pa.string()) for name in FIELDS)])
"""Of lines: what part each is of, at which line of the XML, and whose."""


class _Part:
    """A part of a record, with what was found for each element."""

    __slots__ = ("above", "line", "table", "values")

    def __init__(self, table: str, line: int, above: "_Part | None" = None) -> None:
        self.table = table
        self.line = line
        self.above = above
        self.values: dict[str, list[str]] = {}

    def find(self, tables: Sequence[str]) -> "_Part | None":
        """This part, or the nearest around it, that is of one of these tables."""
        part: _Part | None = self
        while part is not None and part.table not in tables:
            part = part.above
        return part

    def value(self, name: str) -> str:
        """The one value of an element, or "" where it has none."""
        values = {one for one in self.values.get(name, ()) if one}
        return UNFIT if len(values) > 1 else "".join(values)

    def several(self, name: str) -> list[str]:
        """The different values of an element that may repeat, in their order; one blank if none."""
        return list(dict.fromkeys(one for one in self.values.get(name, ()) if one)) or [""]


def count_children(stream: BinaryIO, file: str) -> int:
    """How many records a file has, which are its rows; raises what `AfcarsLines` raises."""
    parser = RecordParser(file, _RECORD)
    count = sum(1 for raw in _read(stream) for _ in parser.feed(raw))
    parser.close()
    return count


class AfcarsLines:
    """The lines of an AFCARS file, in batches of the columns of `SCHEMA`.

    Attributes:
        children_read: how many records were read so far.
        agency: what E1 says, "" before it was read.
        period: what E2 says.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._layout = load_afcars_layout()
        self.children_read = 0
        self._header = _Part("", 0)

    @property
    def agency(self) -> str:
        """What E1 says; "" where it says nothing."""
        return self._header.value(AGENCY)

    @property
    def period(self) -> str:
        """What E2 says."""
        return self._header.value(PERIOD)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the lines; raises MS223 and what `RecordParser` raises."""
        parser = RecordParser(self._path.name, _RECORD, AGENCY, PERIOD)
        rows: list[tuple[object, ...]] = []
        first_number = 1
        with self._path.open("rb") as stream:
            for raw in _read(stream):
                for element in parser.feed(raw):
                    rows += self._take(element, first_number + len(rows))
                    if len(rows) >= _LINES_AT_ONCE:
                        yield _pack(rows)
                        first_number, rows = first_number + len(rows), []
        root = parser.close()
        if root.tag != f"{{{NAMESPACE}}}data":
            raise SourcesError("MS223", file=self._path.name)
        yield _pack(rows)

    def _take(self, element: etree._Element, number: int) -> list[tuple[object, ...]]:
        name = _find_name(element)
        if name in (AGENCY, PERIOD):
            self._header.values.setdefault(name, []).append(_read_value(element))
        if name != _RECORD:
            return []
        self.children_read += 1
        child = _Part(CHILDREN, find_line(element))
        parts = [child]
        has_unknown = _take_apart(element, child, parts, self._layout)
        parts += [
            implied
            for table, names in _OF_REPORTS.items()
            if (implied := _imply_reports(child, table, names))
        ]
        return list(_write_lines(parts, number, has_unknown=has_unknown))


def _read(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(BYTES_AT_ONCE):
        yield chunk


def _take_apart(
    element: etree._Element, part: _Part, parts: list[_Part], layout: dict[str, AfcarsElement]
) -> bool:
    """Put what stands in an element into its part; return whether any of it has no place there.

    A former removal has elements that no count reads.
    """
    has_unknown = False
    for inner in element:
        name = _find_name(inner)
        if name in _PARTS:
            own = _Part(_PARTS[name], find_line(inner), part)
            parts.append(own)
            has_unknown |= _take_apart(inner, own, parts, layout)
        elif name in _WHERE:
            whose = part.find(_WHERE[name])
            if whose is not None:
                whose.values.setdefault(name, []).append(_read_value(inner))
            elif part.table != FORMER_REMOVALS:
                has_unknown = True
        elif name not in layout:
            has_unknown = True
        elif len(inner):
            has_unknown |= _take_apart(inner, part, parts, layout)
    return has_unknown


def _find_name(element: etree._Element) -> str:
    """Its name; "" where it is in a namespace of others."""
    tag = etree.QName(element)
    return tag.localname if tag.namespace in (None, NAMESPACE) else ""


def _read_value(element: etree._Element) -> str:
    return UNFIT if len(element) else (element.text or "").strip()


def _imply_reports(child: _Part, table: str, names: Sequence[str]) -> _Part | None:
    """Reports that stand in the record itself, and not in their block."""
    if not any(name in child.values for name in names):
        return None
    part = _Part(table, child.line, child)
    part.values = {name: child.values.pop(name) for name in names if name in child.values}
    return part


def _write_lines(
    parts: Sequence[_Part], number: int, *, has_unknown: bool
) -> Iterator[tuple[object, ...]]:
    """The lines of one child: of each part one, of reports to police one for each day."""
    child = parts[0]
    stays = [part for part in parts if part.table in (REMOVALS, FORMER_REMOVALS)]
    newest = max((part.value(_OF_A_STAY[0]) for part in stays), default="")
    shared = {name: child.value(name) for name in (*_OF_ALL, *_OF_A_CHILD)}
    for table, (answer, _) in _OF_REPORTS.items():
        said = [part.value(answer) for part in parts if part.table == table]
        shared[answer] = "1" if "1" in said else max(said, default="")
    numbers: dict[int, int] = {}
    line = number
    for part in parts:
        stay = part.find((REMOVALS, FORMER_REMOVALS))
        numbers[id(part)] = line
        values = shared | {name: stay.value(name) for name in _OF_A_STAY if stay}
        values |= {name: part.value(name) for name in (*_OF_A_REMOVAL, *_OF_A_SETTING)}
        answer, day = _OF_REPORTS.get(part.table, ("", ""))
        for one in part.several(day):
            told = values | ({answer: part.value(answer), day: one} if day else {})
            yield (
                *(line, part.line, part.table, number, numbers.get(id(stay))),
                *(has_unknown and part is child, newest),
                *(told.get(name, "") for name in _WHERE),
            )
            line += 1


def _pack(rows: Sequence[tuple[object, ...]]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )
