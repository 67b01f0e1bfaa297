"""Reads NIBRS XML as a stream, and gives the lines that the flat file would have.

Belongs here: the form of the file: that it is XML at all, well-formed, without a document type, and
no report of it larger than a report can be. Does not belong here: a report (`nibrs_xml_parts`,
`nibrs_xml_segments`), and what becomes of its lines (`nibrs`), which is the same for both forms.

Entities are never resolved, nothing is fetched, and memory does not grow with the file: a report is
forgotten when the next one begins. Comments and processing instructions are no part of a value.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1; XML 1.0, 5th edition.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
from lxml import etree

from sources.disguises import HEAD_BYTES, is_xml
from sources.errors import SourcesError
from sources.nibrs_xml_parts import Reports
from sources.nibrs_xml_segments import Segments, SegmentWriter
from sources.workbench import quote

MAX_REPORT_BYTES = 8 << 20
"""Between the end of a report and the end of the next; 999 victims take less than half of it."""

UNKNOWN_ELEMENT = "MS346"
_SEGMENTS_AT_ONCE = 50_000
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


def iterate_reports(stream: BinaryIO, file: str, reports: Reports) -> Iterator[etree._Element]:
    """Yield every report of NIBRS, which is emptied before the next one is read.

    Args:
        stream: The file, which is read forwards only.
        file: Its name, for sentences.
        reports: Tells what is a report.

    Raises:
        SourcesError: MS343 not well-formed, MS344 a document type, MS345 a report or value that is
            too large, MS352 no report in it.
    """
    source = _Bounded(stream, file)
    events = etree.iterparse(
        source,
        events=("end",),
        tag="{*}Report",
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    found = False
    try:
        for _, element in events:
            if not found:
                _refuse_document_type(element, file)
            source.begin_anew()
            if reports.is_report(element):
                found = True
                yield element
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise _explain(error, file) from None
    if not found:
        _refuse_document_type(events.root, file)
        raise SourcesError("MS352", file=file)


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
            for element in iterate_reports(stream, self._path.name, reports):
                self.reports_read += 1
                taken = reports.take_apart(element)
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


class _Bounded:
    """A stream that gives up where no report ends for too long."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._since = 0

    def read(self, size: int) -> bytes:
        """The next bytes; MS345 where there are too many since the last report."""
        chunk = self._stream.read(size)
        self._since += len(chunk)
        if self._since > MAX_REPORT_BYTES:
            raise SourcesError("MS345", file=self._file)
        return chunk

    def begin_anew(self) -> None:
        """Count from here."""
        self._since = 0


def _refuse_document_type(element: etree._Element, file: str) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise SourcesError("MS344", file=file)


def _explain(error: etree.XMLSyntaxError, file: str) -> SourcesError:
    """The sentence for what libxml2 says, whose own text may repeat a value."""
    if error.code == _TOO_LARGE:
        return SourcesError("MS345", file=file)
    lines = [entry.line for entry in error.error_log] if error.error_log else []
    return SourcesError("MS343", file=file, line=error.lineno or max(lines, default=1))


def _forget(element: etree._Element) -> None:
    """Empty an element, and drop everything that stands before it in the file."""
    element.clear()
    above = element.getparent()
    while above is not None:
        while element.getprevious() is not None:
            del above[0]
        element, above = above, above.getparent()
