"""Takes one report of the NIBRS XML apart into its parts, whatever their order and prefixes.

Belongs here: telling elements by namespace and name, ids and references. Does not belong here: what
the values mean (`nibrs_xml_segments`), and reading a file (`nibrs_xml`).

A namespace is known by what it is of, and not by its version: the IEPDs 4.x, 2019.x and 2023 differ
in versions of NIEM and in code lists, and hardly in the elements that NIBRS needs. An element of
another namespace, or one that NIBRS has no use for, is passed over with all that is in it.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1 (schemas and samples); NIEM 3.0 to 6.0 for namespaces.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from lxml import etree

from sources.layout import load_nibrs_xml
from sources.xml_records import find_line

_NAMESPACE = re.compile(
    r"http://fbi\.gov/cjis/(nibrs/)?[0-9.]+/?"
    r"|http://release\.niem\.gov/niem/(niem-core|domains/jxdm)/[0-9.]+/"
    r"|https://docs\.oasis-open\.org/niemopen/ns/model/(niem-core|domains/justice)/[0-9.]+/"
)
_STRUCTURES = re.compile(
    r"http://release\.niem\.gov/niem/structures/[0-9.]+/"
    r"|https://docs\.oasis-open\.org/niemopen/ns/model/structures/[0-9.]+/"
)
_UNKNOWN, _HOLDER, _VALUE, _PART, _TIE, _ROLE, _CONTEXT, _KEY, _TIME = range(9)
_CODES = {
    "holder": _HOLDER,
    "part": _PART,
    "tie": _TIE,
    "role": _ROLE,
    "context": _CONTEXT,
    "key": _KEY,
}
_BEGINS = frozenset({_PART, _TIE})
_TIMES = frozenset({"Date", "DateTime"})
_MOST_NAMES = 10_000
"""A file with more names of elements than this is not remembered beyond."""
_MOST_CONTENTS = 1 << 16


class Content(tuple[str | None, ...]):
    """Names and texts of the values of a part in turn; above a value that needs it, its context.

    The same values are one object as a rule, so that what is made of them is found by it.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__


NOTHING: Final = Content()


class Part:
    """A part of a report: an offence, a person, or what ties two others together.

    Attributes:
        line: of the file, at which it begins.
        identifier: its id, or "".
        person: id of the person it is, or "".
        ends: of what ties others together: name -> id of each; else None.
        keys: what is its own, as it is written: context -> identification, such as a number or an
            ORI; and Date and DateTime -> when it was. None if there are none.
        content: its values, without keys.
    """

    __slots__ = ("content", "ends", "identifier", "keys", "line", "person")

    def __init__(
        self,
        line: int,
        content: Content = NOTHING,
        identifier: str = "",
        person: str = "",
        ends: dict[str, str] | None = None,
        keys: dict[str, str] | None = None,
    ) -> None:
        self.line = line
        self.content = content
        self.identifier = identifier
        self.person = person
        self.ends = ends
        self.keys = keys

    def key(self, context: str) -> str:
        """What is the part's own, or ""."""
        return self.keys.get(context, "") if self.keys else ""

    @property
    def time(self) -> tuple[str, str]:
        """When it was: a moment and a day, as they are written, each "" if it is not given."""
        return self.key("DateTime"), self.key("Date")


class TakenApart(NamedTuple):
    """A report in its parts.

    Attributes:
        line: of the file, at which it begins.
        parts: name -> parts in their order; substances count as items.
        by_id: id -> part; an id is used once in a file.
        has_unknown: whether it had elements that are not known, and are not looked at.
    """

    line: int
    parts: dict[str, list[Part]]
    by_id: dict[str, Part]
    has_unknown: bool

    def several(self, name: str) -> Sequence[Part]:
        """The parts of a name; none where there is none."""
        return self.parts.get(name, ())

    def first(self, name: str) -> Part:
        """The first part of a name, or an empty one."""
        return self.parts[name][0] if name in self.parts else Part(self.line)

    def list_ties(self, name: str, one: str, other: str) -> dict[str, list[str]]:
        """Id of each part of one kind -> ids of those of the other kind that it is tied to."""
        ties: dict[str, list[str]] = {}
        for tie in self.several(name):
            if tie.ends and one in tie.ends:
                ties.setdefault(tie.ends[one], []).append(tie.ends.get(other, ""))
        return ties


class _Names(dict[str, tuple[int, str]]):
    """What an element is, by its name with namespace."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        for one in load_nibrs_xml():
            name = one.element.rpartition("/")[2]
            self._known[name] = _TIME if name in _TIMES else _CODES.get(one.kind, _VALUE)

    def __missing__(self, tag: str) -> tuple[int, str]:
        namespace, _, name = tag.rpartition("}")
        is_known = _NAMESPACE.fullmatch(namespace.removeprefix("{"))
        code = self._known.get(name, _UNKNOWN) if is_known else _UNKNOWN
        found = (code, "Item" if name == "Substance" else name)
        if len(self) < _MOST_NAMES:
            self[tag] = found
        return found


class _Attributes(dict[str, str]):
    """Which of id, ref and uri an attribute is, by its name with namespace; "" if none."""

    def __missing__(self, attribute: str) -> str:
        namespace, _, name = attribute.rpartition("}")
        found = name if _STRUCTURES.fullmatch(namespace.removeprefix("{")) else ""
        if len(self) < _MOST_NAMES:
            self[attribute] = found
        return found


class Contents(dict[tuple[str | None, ...], Content]):
    """The contents of parts so far, each of which is one object."""

    def __missing__(self, values: tuple[str | None, ...]) -> Content:
        found = Content(values)
        if len(self) < _MOST_CONTENTS:
            self[values] = found
        return found


class Reports:
    """Takes reports of one file apart; remembers the names of its elements.

    Attributes:
        contents: those of its parts.
    """

    def __init__(self) -> None:
        self.contents: Final = Contents()
        self._names: Final = _Names()
        self._attributes: Final = _Attributes()
        self._id, self._ref = "id", "ref"

    def is_report(self, element: etree._Element) -> bool:
        """Whether an element called Report is one of NIBRS."""
        return self._names[element.tag][0] != _UNKNOWN

    def begins_a_part(self, element: etree._Element) -> bool:
        """Whether a part begins with an element wherever it stands, or it is not known at all."""
        code = self._names[element.tag][0]
        return code in {_TIE, _UNKNOWN} or (code == _PART and not self._read_ref(element))

    def take_apart(self, report: etree._Element, lines_before: int = 0) -> TakenApart:
        """The parts of a report; what stands in an unknown element is not looked at.

        Args:
            report: Its element.
            lines_before: Lines of the file that the document of the element does not have.
        """
        parts, unknown = self._collect(report.iter("*"), lines_before)
        if unknown:
            for element in unknown:
                above = element.getparent()
                if above is not None:
                    above.remove(element)
            parts = self._collect(report.iter("*"), lines_before)[0]
        by_id = {
            part.identifier: part
            for several in parts.values()
            for part in several
            if part.identifier
        }
        return TakenApart(find_line(report) + lines_before, parts, by_id, bool(unknown))

    def _collect(
        self, elements: Iterator[etree._Element], lines_before: int
    ) -> tuple[dict[str, list[Part]], list[etree._Element]]:
        names = self._names
        unknown: list[etree._Element] = []
        parts: dict[str, list[Part]] = {}
        part, context = Part(find_line(next(elements))), ""
        content: list[str | None] = []
        for element in elements:
            code, name = names[element.tag]
            if code == _VALUE:
                content += name, element.text
            elif code == _PART and part.ends is not None and (ref := self._read_ref(element)):
                part.ends[name] = ref
            elif code in _BEGINS:
                part.content = self.contents[tuple(content)]
                part = self._begin(element, code, find_line(element) + lines_before)
                context, content = "", []
                parts.setdefault(name, []).append(part)
            elif code == _UNKNOWN:
                unknown.append(element)
            elif code == _CONTEXT:
                context = name
                content += name, None
            elif code == _ROLE:
                part.person = self._read_ref(element)
            elif code == _TIME and context != "ActivityDate":
                content += name, element.text
            elif code != _HOLDER:
                part.keys = part.keys or {}
                part.keys.setdefault(name if code == _TIME else context, element.text or "")
        part.content = self.contents[tuple(content)]
        return parts, unknown

    def _begin(self, element: etree._Element, code: int, line: int) -> Part:
        if code == _TIE:
            return Part(line, ends={})
        return Part(line, identifier=self._read_id(element))

    def _read_id(self, element: etree._Element) -> str:
        """The id of an element, or ""; since NIEM 4 it may be a URI within the file."""
        return element.get(self._id) or self._look(element)[0]

    def _read_ref(self, element: etree._Element) -> str:
        """The id that an element refers to, or ""."""
        return element.get(self._ref) or self._look(element)[1]

    def _look(self, element: etree._Element) -> tuple[str, str]:
        """Id and reference of an element, under whatever names its version has for them."""
        identifier = ref = ""
        for name, value in element.items():
            kind = self._attributes[name]
            if kind == "id":
                identifier, self._id = value, name
            elif kind == "ref":
                ref, self._ref = value, name
            elif kind == "uri" and len(element):
                identifier = value.removeprefix("#")
            elif kind == "uri":
                ref = value.removeprefix("#")
        return identifier, ref
