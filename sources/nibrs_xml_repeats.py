"""Takes reports of the NIBRS XML apart by the text of their parts, most of which is known.

Belongs here: recognising a report whose parts were all written before, but for ids, numbers, days
and amounts. Does not belong here: what a part is (`nibrs_xml_parts`), and any parsing of XML of
our own: libxml2 reads each different text once, alone, and only what it finds to be one
well-formed element with one part is known. Reports of such texts, one behind the other, are
well-formed too. Anything else is left to the parser that reads the file.

So a file is read fast that begins each part of a report on a line of its own, as indented XML does.
"""

import re
from itertools import count
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from sources.nibrs_xml_parts import Content, Part, Reports, TakenApart
from sources.xml_records import find_line

_FORM = re.compile(rb"(\s*)<((?:[A-Za-z_][\w.-]*:)?Report)>(\s+)<.*[^\s](\s*)</\2>", re.DOTALL)
"""A report without attributes and the blanks before it, in it and at its end."""

_VALUE = re.compile(
    r'>([^<>"&\s][^<>"&]*)'
    r"(?=</(?:[\w.-]*:)?(?:IdentificationID|DateTime|Date|Amount|MeasureDecimalValue)>)"
)
"""A text that differs from report to report; so do ids, between quotation marks."""

_PLAIN = re.compile(r"[ !$%(-;=?-~]*")
"""Printable ASCII without what has a meaning in XML or in a reference (#)."""

_IS_ID = re.compile(_PLAIN.pattern.encode("ascii"))
_UNFIT = re.compile(r"<!|<\?|xmlns|Zq")
"""Comments, sections without markup, instructions, namespaces, and what may be a mark."""

_MARK = "Zq{}qZ"
_MARKED = re.compile(r"Zq(\d+)qZ")
_ENCODINGS = frozenset({"UTF-8", "US-ASCII", "ASCII"})
_MOST_TEXTS = 1 << 15
_SHARED = frozenset({"ReportHeader"})
"""Parts whose texts many reports share, numbers and days included."""

_IDS = [b"%d" % number for number in range(1000)]
_WORTH = 4
"""How often a text must be met, on average, for reading it to be worth it."""


class _Text(NamedTuple):
    """What a text says; its values are numbered as they stand in it.

    Attributes:
        name: of its part, or "" for an element that is not known.
        has_unknown: whether it has an element that is not known.
        line: of the text, at which the part begins; the first is 0.
        breaks: how many line breaks it has.
        identifier: number of the value that is the id; None if it has none.
        person: number of the value that is the id of the person.
        ends: name and number of each end of what ties others together; else None.
        keys: name and number of what is the part's own.
        content: of the part, with marks where values stand.
        inserted: place in the content and number of each of these values.
    """

    name: str
    has_unknown: bool
    line: int
    breaks: int
    identifier: int | None
    person: int | None
    ends: tuple[tuple[str, int], ...] | None
    keys: tuple[tuple[str, int], ...]
    content: Content
    inserted: tuple[tuple[int, int], ...]


_Said = tuple[Content, str, str, dict[str, str] | None, dict[str, str] | None]
_Piece = tuple[str, bool, int, int, _Said]
"""What one piece of a report says: name, whether it has an unknown element, line and breaks as in
`_Text`, and what a part is made of."""


class _Unfit(Exception):  # noqa: N818 - says that a text is not known, which is no error
    """A text that is not one part, or has a value where none is looked for."""


class Repeats:
    """The texts of one file, and the form of its reports."""

    def __init__(self, reports: Reports) -> None:
        self._reports: Final = reports
        self._form: tuple[bytes, bytes, re.Pattern[bytes], bytes] | None = None
        self._around = ("", "")
        self._names: dict[str | None, str] = {}
        self._texts: dict[tuple[tuple[str, ...], ...], _Text | None] = {}
        self._pieces: dict[bytes, _Piece] = {}
        self._met = self._met_before = 0
        self._is_worth_it = True
        self._has_own_ids = False

    def learn_form(self, raw: bytes, report: etree._Element) -> None:
        """Learn from the bytes of a report, and of what is before it, how this file writes them."""
        if self._names != report.nsmap:
            self._form = None
            self._names = dict(report.nsmap)
            self._forget()
        form = _FORM.fullmatch(raw)
        encoding = report.getroottree().docinfo.encoding or "UTF-8"
        if form is None or encoding.upper() not in _ENCODINGS or not raw.isascii():
            return
        before, name, between, behind = form.groups()
        self._form = (
            before + b"<" + name + b">",
            between,
            re.compile(re.escape(between) + b"<(?!/)"),
            behind + b"</" + name + b">",
        )
        spaces = " ".join(
            (f"xmlns:{prefix}=" if prefix else "xmlns=") + quoteattr(space)
            for prefix, space in self._names.items()
        )
        self._around = (f"<{name.decode()} {spaces}><", f"</{name.decode()}>")

    def take_apart(self, raw: bytes, line: int) -> TakenApart | None:
        """The parts of a report, or None if not all of it is known or can be.

        Args:
            raw: What follows the report before, to the end of this report.
            line: At which that begins.
        """
        if self._form is None or not self._is_worth_it or not raw.isascii():
            return None
        opening, between, begins, closing = self._form
        if not (raw.startswith(opening) and raw.endswith(closing)):
            return None
        first_line = line + opening.count(b"\n")
        inner = raw[len(opening) : -len(closing)]
        if self._has_own_ids:
            inner = _number_ids(inner)
        before, *pieces = begins.split(inner)
        if before or not pieces:
            return None
        return self._put_together(pieces, first_line, between.count(b"\n"))

    def _put_together(self, pieces: list[bytes], first_line: int, breaks: int) -> TakenApart | None:
        parts: dict[str, list[Part]] = {}
        by_id: dict[str, Part] = {}
        has_unknown, line, pieces_before = False, first_line, self._pieces
        for piece in pieces:
            found = pieces_before.get(piece) or self._look_up(piece)
            if found is None:
                return None
            name, is_odd, offset, own_breaks, said = found
            part = Part(line + breaks + offset, *said)
            line += breaks + own_breaks
            has_unknown = has_unknown or is_odd
            if part.identifier:
                if part.identifier in by_id:
                    return None
                by_id[part.identifier] = part
            if name in parts:
                parts[name].append(part)
            elif name:
                parts[name] = [part]
        self._met += len(pieces)
        return TakenApart(first_line, parts, by_id, has_unknown)

    def _look_up(self, raw: bytes) -> _Piece | None:
        """What a piece of a report says, by its text without its values; None if that is unfit."""
        piece = raw.decode("ascii")
        literals = _VALUE.split(piece)
        of_text = literals[1::2]
        quoted = [literal.split('"') for literal in literals[::2]]
        values: list[str] = []
        for tokens, more in zip(quoted, [*([one] for one in of_text), []], strict=True):
            values += tokens[1::2]
            values += more
        key = tuple([tuple(tokens[::2]) for tokens in quoted])
        if key not in self._texts:
            if len(self._texts) >= _MOST_TEXTS:
                self._is_worth_it = self._met > _WORTH * _MOST_TEXTS
                self._forget()
            self._texts[key] = self._read_alone(piece, _mark(quoted))
        text = self._texts[key]
        if text is None or "" in values or not _PLAIN.fullmatch("".join(values)):
            return None
        found = self._fill(text, values)
        if not of_text or text.name in _SHARED:
            self._remember(raw, found)
        return found

    def _remember(self, raw: bytes, found: _Piece) -> None:
        if len(self._pieces) >= _MOST_TEXTS:
            self._has_own_ids = self._met - self._met_before < _WORTH * _MOST_TEXTS
            self._met_before = self._met
            self._pieces.clear()
        self._pieces[raw] = found

    def _fill(self, text: _Text, values: list[str]) -> _Piece:
        content = text.content
        if text.inserted:
            filled = list(content)
            for place, number in text.inserted:
                filled[place] = values[number]
            content = self._reports.contents[tuple(filled)]
        said = (
            content,
            "" if text.identifier is None else values[text.identifier],
            "" if text.person is None else values[text.person],
            None if text.ends is None else {end: values[number] for end, number in text.ends},
            {name: values[number] for name, number in text.keys} or None,
        )
        return text.name, text.has_unknown, text.line, text.breaks, said

    def _forget(self) -> None:
        self._texts.clear()
        self._pieces.clear()
        self._met = self._met_before = 0

    def _read_alone(self, piece: str, marked: str) -> _Text | None:
        """What a text with marks for its values says; None if it is not one part of a report."""
        if _UNFIT.search(piece):
            return None
        parser = etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False)
        try:
            report = etree.fromstring(marked.join(self._around).encode("ascii"), parser)
        except etree.XMLSyntaxError:
            return None
        if len(report) != 1 or not self._reports.begins_a_part(report[0]):
            return None
        line = find_line(report[0]) - find_line(report)
        taken = self._reports.take_apart(report)
        parts = [(name, part) for name, several in taken.parts.items() for part in several]
        if len(parts) > 1:
            return None
        name, part = parts[0] if parts else ("", Part(0))
        try:
            return _Text(
                name,
                taken.has_unknown,
                line,
                piece.count("\n"),
                _find_number(part.identifier),
                _find_number(part.person),
                None if part.ends is None else _find_numbers(part.ends),
                _find_numbers(part.keys or {}),
                part.content,
                _find_inserted(part.content),
            )
        except _Unfit:
            return None


def _mark(quoted: list[list[str]]) -> str:
    """A text with a numbered mark for each of its values."""
    marks = (_MARK.format(number) for number in count())
    literals: list[str] = []
    for tokens in quoted:
        if literals:
            literals.append(f">{next(marks)}")
        tokens[1::2] = [next(marks) for _ in tokens[1::2]]
        literals.append('"'.join(tokens))
    return "".join(literals)


def _number_ids(inner: bytes) -> bytes:
    """A report with 0, 1, ... in the place of its ids; nothing where they may be else."""
    tokens = inner.split(b'"')
    ids = tokens[1::2]
    different = dict.fromkeys(ids)
    if b"" in different or len(different) > len(_IDS) or not _IS_ID.fullmatch(b"".join(different)):
        return b""
    numbers = dict(zip(different, _IDS, strict=False))
    tokens[1::2] = [numbers[one] for one in ids]
    return b'"'.join(tokens)


def _find_number(value: str) -> int | None:
    """The number of the value that a mark stands for; None where there is nothing."""
    if not value:
        return None
    mark = _MARKED.fullmatch(value)
    if mark is None:
        raise _Unfit
    return int(mark[1])


def _find_numbers(values: dict[str, str]) -> tuple[tuple[str, int], ...]:
    found = [(name, _find_number(value)) for name, value in values.items()]
    return tuple((name, number) for name, number in found if number is not None)


def _find_inserted(content: Content) -> tuple[tuple[int, int], ...]:
    """Place and number of the values that stand in a content."""
    return tuple(
        (place, number)
        for place, text in enumerate(content)
        if text and "Zq" in text and (number := _find_number(text)) is not None
    )
