"""Reads XML as a stream, one record after the other.

Belongs here: the form of a file: that it is well-formed, without a document type, and no record of
it larger than one can be. Does not belong here: what a record says (`nibrs_xml`, `afcars_xml`).

Entities are never resolved, nothing is fetched, and memory does not grow with the file: a record is
forgotten when the next one begins. Comments and processing instructions are no part of a value.

Source: XML 1.0, 5th edition.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from sources.disguises import HEAD_BYTES, is_xml
from sources.errors import SourcesError

MAX_RECORD_BYTES = 8 << 20
"""Between the end of a record and the end of the next; 999 victims take less than half of it."""

BYTES_AT_ONCE = 1 << 18
_TOO_LARGE = 114
"""libxml2's number for one of its own limits: depth, or the length of a text, name or attribute."""

_LAST_EXACT_LINE = 65_534
"""Up to here libxml2 keeps the line of an element; beyond, the line where its first text ends."""


def is_xml_file(path: Path) -> bool:
    """Whether a plain file is XML, by its beginning."""
    with path.open("rb") as stream:
        return is_xml(stream.read(HEAD_BYTES))


def find_line(element: etree._Element) -> int:
    """The line of its document at which an element begins."""
    line = element.sourceline or 0
    if line > _LAST_EXACT_LINE and element.text:
        line -= element.text.count("\n")
    return line


class RecordParser:
    """What libxml2 reads of a file, from the beginning to its end.

    Attributes:
        lines_before: lines of the file that it was not given.
    """

    def __init__(self, file: str, *names: str) -> None:
        """Read a file by its name, for the elements of these names, in any namespace or none.

        The first of them is that of a record.
        """
        self._record = f"{{*}}{names[0]}"
        self.lines_before = 0
        self._file = file
        self._since = 0
        self._has_begun = False
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=[f"{{*}}{name}" for name in names],
            load_dtd=False,
            no_network=True,
            resolve_entities=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def feed(self, raw: bytes) -> Iterator[etree._Element]:
        """Yield the elements that end in the next bytes; each is emptied before the next one.

        What stands inside a record is emptied with it, for the record still needs what is around.

        Raises:
            SourcesError: MS343 not well-formed, MS344 a document type, MS345 a record or value that
                is too large.
        """
        self._since += len(raw)
        if self._since > MAX_RECORD_BYTES:
            raise SourcesError("MS345", file=self._file)
        try:
            self._parser.feed(raw)
        except etree.XMLSyntaxError as error:
            raise self._explain(error) from None
        for _, element in self._parser.read_events():
            self._begin(element)
            yield element
            if next(element.iterancestors(self._record), None) is None:
                self._since = 0
                _forget(element)

    def close(self) -> etree._Element:
        """The outermost element at the end of the file, which may come too early; raises MS343."""
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            raise self._explain(error) from None
        self._begin(root)
        return root

    def _begin(self, element: etree._Element) -> None:
        """Refuse a document type; it stands before the first element or nowhere."""
        if not self._has_begun and element.getroottree().docinfo.internalDTD is not None:
            raise SourcesError("MS344", file=self._file)
        self._has_begun = True

    def _explain(self, error: etree.XMLSyntaxError) -> SourcesError:
        """The sentence for what libxml2 says, whose own text may repeat a value."""
        if error.code == _TOO_LARGE:
            return SourcesError("MS345", file=self._file)
        lines = [entry.line for entry in error.error_log] if error.error_log else []
        line = (error.lineno or max(lines, default=1)) + self.lines_before
        return SourcesError("MS343", file=self._file, line=line)


def _forget(element: etree._Element) -> None:
    """Empty an element, and drop everything that stands before it in the file."""
    element.clear()
    above = element.getparent()
    while above is not None:
        while element.getprevious() is not None:
            del above[0]
        element, above = above, above.getparent()
