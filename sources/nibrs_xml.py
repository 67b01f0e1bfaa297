"""Reads NIBRS XML as a stream, and gives the lines that the flat file would have.

Belongs here: the form of the file: that it is XML at all, well-formed, without a document type, and
no report of it larger than a report can be. Does not belong here: a report (`nibrs_xml_parts`,
`nibrs_xml_segments`), and what becomes of its lines (`nibrs`), which is the same for both forms.

Entities are never resolved, nothing is fetched, and memory does not grow with the file: a report is
forgotten when the next one begins. Comments and processing instructions are no part of a value.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1; XML 1.0, 5th edition.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
from lxml import etree

from sources.disguises import HEAD_BYTES, is_xml
from sources.errors import SourcesError
from sources.nibrs_xml_parts import Reports, TakenApart
from sources.nibrs_xml_repeats import Repeats
from sources.nibrs_xml_segments import Segments, SegmentWriter
from sources.workbench import quote

MAX_REPORT_BYTES = 8 << 20
"""Between the end of a report and the end of the next; 999 victims take less than half of it."""

UNKNOWN_ELEMENT = "MS346"
_SEGMENTS_AT_ONCE = 50_000
_BYTES_AT_ONCE = 1 << 18
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?Report>")
_TOO_LARGE = 114
"""libxml2's number for one of its own limits: depth, or the length of a text, name or attribute."""

_SCHEMA = pa.schema(
    [
        ("line_number", pa.int64()),
        ("line", pa.string()),
        ("raw", pa.binary()),
        ("source_line", pa.int32()),
    ]
)


def is_xml_file(path: Path) -> bool:
    """Whether a plain file is XML, by its beginning."""
    with path.open("rb") as stream:
        return is_xml(stream.read(HEAD_BYTES))


def count_reports(stream: BinaryIO, file: str) -> int:
    """How many reports a file of NIBRS XML has, which are its rows.

    Raises what `iterate_reports` raises.
    """
    return sum(1 for _ in iterate_reports(stream, file, Reports()))


def iterate_reports(stream: BinaryIO, file: str, reports: Reports) -> Iterator[TakenApart]:
    """Yield every report of NIBRS in its parts.

    Args:
        stream: The file, which is read forwards only.
        file: Its name, for sentences.
        reports: Takes reports apart.

    Raises:
        SourcesError: MS343 not well-formed, MS344 a document type, MS345 a report or value that is
            too large, MS352 no report in it.
    """
    repeats, parser = Repeats(reports), _Parser(file, reports)
    line, is_behind_report = 1, False
    for raw in _cut_at_reports(stream):
        breaks = raw.count(b"\n")
        taken = repeats.take_apart(raw, line) if is_behind_report else None
        if taken:
            parser.lines_before += breaks
            yield taken
        else:
            is_behind_report = False
            for element, taken in parser.feed(raw):
                yield taken
                is_behind_report = _ends_with_report(raw)
                repeats.learn_form(raw, element)
        line += breaks
    parser.close()


class XmlLines:
    """The segments of a file of NIBRS XML, in batches.

    Attributes:
        reports_read: how many reports were read so far.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.reports_read = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the columns of `fixed_width.iterate_lines`, and source_line, a line of the XML.

        Line numbers count segments. What is only noted is put into `problems` on the way.
        Raises what `iterate_reports` raises.
        """
        reports, writer, segments = Reports(), SegmentWriter(), Segments()
        first_number = 1
        with self._path.open("rb") as stream:
            for taken in iterate_reports(stream, self._path.name, reports):
                self.reports_read += 1
                if taken.has_unknown:
                    segments.notes.append((len(segments.lines), UNKNOWN_ELEMENT))
                writer.write_segments(taken, segments)
                if len(segments.lines) >= _SEGMENTS_AT_ONCE:
                    yield self._pack(segments, first_number)
                    first_number += len(segments.lines)
                    segments = Segments()
        yield self._pack(segments, first_number)

    def note_source_lines(self) -> None:
        """Remember at which line of the XML the segments begin that are, or may be, told of."""
        file = quote(self._path.name)
        self._connection.execute(
            f"INSERT INTO source_lines SELECT {file}, line_number, source_line FROM lines_nibrs "  # noqa: S608
            "WHERE level = '0' OR line_number IN "
            f"(SELECT line_number FROM problems WHERE file = {file})"
        )

    def _pack(self, segments: Segments, first_number: int) -> pa.RecordBatch:
        if segments.notes:
            self._put_notes(segments, first_number)
        return pa.record_batch(
            [
                pa.array(range(first_number, first_number + len(segments.lines)), pa.int64()),
                pa.array(segments.lines, pa.string()),
                pa.array(segments.raws, pa.binary()),
                pa.array(segments.source_lines, pa.int32()),
            ],
            schema=_SCHEMA,
        )

    def _put_notes(self, segments: Segments, first_number: int) -> None:
        places, codes = zip(*sorted(set(segments.notes)), strict=True)
        incoming = pa.table({"place": places, "code": codes})
        self._connection.register("incoming_notes", incoming)
        self._connection.execute(
            f"INSERT INTO problems SELECT {quote(self._path.name)}, place + {first_number}, "  # noqa: S608
            "code, '', '', '' FROM incoming_notes"
        )
        self._connection.unregister("incoming_notes")


def _cut_at_reports(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces that end where reports end, unless they are very long."""
    kept, end = b"", b""
    while chunk := stream.read(_BYTES_AT_ONCE):
        kept += chunk
        if not end and (found := _END.search(kept)):
            end = found[0]
        *pieces, kept = kept.split(end) if end else [kept]
        yield from (piece + end for piece in pieces)
        if len(kept) > _BYTES_AT_ONCE or not end:
            yield kept
            kept = b""
    if kept:
        yield kept


def _ends_with_report(raw: bytes) -> bool:
    """Whether bytes in which a report ends end with that of one, and not within a comment."""
    is_end = _END.fullmatch(raw, raw.rfind(b"<")) is not None
    return is_end and b"<!" not in raw and b"<?" not in raw


class _Parser:
    """What libxml2 reads of a file, from the beginning to its end.

    Attributes:
        lines_before: lines of the file that it was not given.
    """

    def __init__(self, file: str, reports: Reports) -> None:
        self.lines_before = 0
        self._file = file
        self._reports = reports
        self._has_report = False
        self._since = 0
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag="{*}Report",
            load_dtd=False,
            no_network=True,
            resolve_entities=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def feed(self, raw: bytes) -> Iterator[tuple[etree._Element, TakenApart]]:
        """Yield the reports that end in the next bytes; each is emptied before the next one."""
        self._since += len(raw)
        if self._since > MAX_REPORT_BYTES:
            raise SourcesError("MS345", file=self._file)
        try:
            self._parser.feed(raw)
        except etree.XMLSyntaxError as error:
            raise self._explain(error) from None
        for _, element in self._parser.read_events():
            if not self._has_report:
                _refuse_document_type(element, self._file)
            self._since = 0
            if self._reports.is_report(element):
                self._has_report = True
                yield element, self._reports.take_apart(element, self.lines_before)
            _forget(element)

    def close(self) -> None:
        """The end of the file, which may come too early."""
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            raise self._explain(error) from None
        if not self._has_report:
            _refuse_document_type(root, self._file)
            raise SourcesError("MS352", file=self._file)

    def _explain(self, error: etree.XMLSyntaxError) -> SourcesError:
        """The sentence for what libxml2 says, whose own text may repeat a value."""
        if error.code == _TOO_LARGE:
            return SourcesError("MS345", file=self._file)
        lines = [entry.line for entry in error.error_log] if error.error_log else []
        line = (error.lineno or max(lines, default=1)) + self.lines_before
        return SourcesError("MS343", file=self._file, line=line)


def _refuse_document_type(element: etree._Element, file: str) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise SourcesError("MS344", file=file)


def _forget(element: etree._Element) -> None:
    """Empty an element, and drop everything that stands before it in the file."""
    element.clear()
    above = element.getparent()
    while above is not None:
        while element.getprevious() is not None:
            del above[0]
        element, above = above, above.getparent()
