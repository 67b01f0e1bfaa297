"""What the values of the NIBRS XML are in the flat file: words, dates, numbers, ages.

Belongs here: the values of one part as fields of the flat file. Does not belong here: which parts
make up a segment (`nibrs_xml_segments`), and any rule of the FBI's (`nibrs_rules`), which asks the
same of both forms. So what has no place in its field is written as question marks, which break the
rule of that field, and is never cut short.

Blanks around a value are not part of it (`xs:token`, `xs:date`). Source: FBI UCR, NIBRS IEPD 4.2
and 2019.1 (code lists and samples).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from sources.layout import load_nibrs_layout, load_nibrs_words, load_nibrs_xml
from sources.nibrs_xml_parts import Content

DIFFER = "MS349"
"""A value is given twice and differs; the first stands, and a moment before a day."""
TOO_MANY = "MS348"
ZONED = "MS350"
NOT_ASCII = "not ASCII"

UNFIT: Final = "?" * 99
"""Longer than any field; `fit` cuts it to its field."""

_BLANKS = " \t\r\n"
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_DATE = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d){_ZONE}", re.ASCII)
_MOMENT = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)T(\d\d):\d\d:\d\d(?:\.\d+)?{_ZONE}", re.ASCII)
_MONTH = re.compile(rf"(\d{{4}})-(\d\d)(?:-\d\d)?{_ZONE}", re.ASCII)
_NUMBER = re.compile(r"\+?0*(\d{1,9})", re.ASCII)
_AMOUNT = re.compile(r"\+?0*(\d{1,9})(?:\.0*)?", re.ASCII)
_QUANTITY = re.compile(r"\+?0*(\d{0,9})(?:\.(\d{0,3})0*)?", re.ASCII)
_OLDEST = 98
_AUTOMATIC = {
    "arrestee_armed_with": "arrestee_automatic_weapon_indicator",
    "type_weapon_force": "automatic_weapon_indicator",
}


class Values:
    """Fields of the flat file with their values, and what was noticed on the way.

    Made of the values of several parts where a segment is.

    Attributes:
        fields: one with several places has `_1`, `_2` and so on behind its name.
        faults: numbers of `errors.ERRORS` that only note, and NOT_ASCII.
    """

    __slots__ = ("_moments", "faults", "fields")

    def __init__(self, *others: "Values") -> None:
        self.fields: dict[str, str] = {}
        self.faults: set[str] = set()
        self._moments: set[str] = set()
        for other in others:
            self.fields |= other.fields
            self.faults |= other.faults

    def put(self, field: str, value: str) -> None:
        """Give a field its value, or the next of its places."""
        places = _count_places().get(field, 1)
        if places == 1:
            if value and self.fields.setdefault(field, value) != value:
                self.faults.add(DIFFER)
            return
        for number in range(1, places + 1):
            if f"{field}_{number}" not in self.fields:
                self.fields[f"{field}_{number}"] = value
                return
        self.faults.add(TOO_MANY)

    def put_day(self, field: str, day: str, hour: str = "") -> None:
        """Give a field a day; one that comes with its hour stands before any other."""
        if hour and field not in self._moments:
            if self.fields.get(field, day) != day:
                self.faults.add(DIFFER)
            self._moments.add(field)
            self.fields[field] = day
            self.fields["incident_hour"] = hour
        else:
            self.put(field, day)

    def put_end_of_range(self, field: str, value: str, *, is_lowest: bool) -> None:
        """Give one end of a range of ages; the same age twice is no range."""
        age = value.zfill(2) if len(value) < 3 else UNFIT
        other = self.fields.get(field)
        if other is None:
            self.fields[field] = f"{age}??" if is_lowest else f"??{age}"
        else:
            ends = (age, other[2:]) if is_lowest else (other[:2], age)
            self.fields[field] = ends[0] if ends[0] == ends[1] else "".join(ends)


def read_values(part: str, content: Content) -> Values:
    """The values of one part; those of other parts are passed over."""
    values = Values()
    for key, text in _iterate_texts(part, content):
        kind, field = _find_places()[part][key]
        plain, is_plain = make_plain(text)
        if not is_plain:
            values.faults.add(NOT_ASCII)
        _put_value(values, kind, field, plain)
    return values


def make_plain(text: str) -> tuple[str, bool]:
    """A text without blanks around it in printable ASCII, and whether it was that before."""
    text = text.strip(_BLANKS)
    if text.isascii() and text.isprintable():
        return text, True
    text = " ".join(text.split())
    plain = "".join(one if " " <= one <= "~" else "?" for one in text)
    return plain, plain == text


def fit(value: str, width: int, *, is_number: bool = False) -> str:
    """A value in its field, left-justified or with leading zeros; `?` throughout if too long."""
    if len(value) > width:
        return "?" * width
    return value.zfill(width) if is_number and value else value.ljust(width)


@cache
def list_numbers() -> frozenset[str]:
    """Fields of the flat file that have leading zeros."""
    return frozenset(
        {one.field for one in load_nibrs_xml() if one.kind in {"number", "amount", "quantity"}}
    )


@cache
def _find_places() -> dict[str, dict[str, tuple[str, str]]]:
    """Part -> name of the element, with its context where that decides -> kind and field."""
    places: dict[str, dict[str, tuple[str, str]]] = {}
    for one in load_nibrs_xml():
        if one.part and one.kind != "key":
            places.setdefault(one.part, {})[one.element] = (one.kind, one.field)
    return places


@cache
def _list_contexts() -> frozenset[str]:
    return frozenset(one.element for one in load_nibrs_xml() if one.kind == "context")


@cache
def _count_places() -> dict[str, int]:
    """Field without its number -> how many places it has, where more than one."""
    names = {field.name for layout in load_nibrs_layout().values() for field in layout.fields}
    families = [name.removesuffix("_1") for name in names if name.endswith("_1")]
    return {
        family: sum(f"{family}_{number}" in names for number in range(1, 11)) for family in families
    }


def _iterate_texts(part: str, content: Content) -> Iterator[tuple[str, str]]:
    """Name and text of the values of a part that are not blank."""
    places, context = _find_places().get(part, {}), ""
    pairs = iter(content)
    for name, text in zip(pairs, pairs, strict=True):
        if name in _list_contexts():
            context = f"{name}/"
        elif text and text.strip(_BLANKS):
            for key in (f"{context}{name}", f"{name}"):
                if key in places:
                    yield key, text
                    break


def _put_value(values: Values, kind: str, field: str, text: str) -> None:
    if kind == "code":
        values.put(field, load_nibrs_words().get(field, {}).get(text, text))
    elif kind in {"date", "moment", "month"}:
        _put_time(values, kind, field, text)
    elif kind in {"age", "lowest", "highest"}:
        _put_age(values, kind, field, text)
    elif kind == "weapon":
        is_automatic = len(text) > 2 and text.endswith("A")
        values.put(field, text[:-1] if is_automatic else text)
        values.put(_AUTOMATIC[field], "A" if is_automatic else "")
    elif kind == "quantity":
        match = _QUANTITY.fullmatch(text)
        values.put(field, f"{match[1]}{match[2] or '':<03}" if match else UNFIT)
    else:
        match = (_AMOUNT if kind == "amount" else _NUMBER).fullmatch(text)
        values.put(field, match[1] if match else UNFIT)


def _put_time(values: Values, kind: str, field: str, text: str) -> None:
    """A day as yyyymmdd, with its hour where it is that of the incident; a month as yyyymm."""
    if kind == "month":
        month = _MONTH.fullmatch(text)
        values.put(field, month[1] + month[2] if month else UNFIT[:6])
        return
    match = _MOMENT.fullmatch(text) or _DATE.fullmatch(text)
    if match is None:
        values.put_day(field, UNFIT)
        return
    hour = match[4] if match.re is _MOMENT and kind == "moment" else ""
    values.put_day(field, "".join(match.groups()[:3]), hour)
    if match.groups()[-1]:
        values.faults.add(ZONED)


def _put_age(values: Values, kind: str, field: str, text: str) -> None:
    """Whole years, 99 for more than 98; a word; or an end of a range."""
    match = _NUMBER.fullmatch(text)
    if kind != "age":
        values.put_end_of_range(field, match[1] if match else UNFIT, is_lowest=kind == "lowest")
    elif match:
        values.put(field, f"{min(int(match[1]), _OLDEST + 1):02d}")
    else:
        values.put(field, load_nibrs_words()["age"].get(text, text if len(text) > 1 else UNFIT))
