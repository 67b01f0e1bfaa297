"""Reads NIBRS XML as a stream, and gives the lines that the flat file would have.

Belongs here: cutting a file where reports end, and numbering their lines. Does not belong here: the
form of the file (`xml_records`), a report (`nibrs_xml_parts`, `nibrs_xml_segments`), and what
becomes of its lines (`nibrs`), which is the same for both forms.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa

from sources.errors import SourcesError
from sources.nibrs_xml_parts import Reports, TakenApart
from sources.nibrs_xml_repeats import Repeats
from sources.nibrs_xml_segments import Segments, SegmentWriter
from sources.workbench import quote
from sources.xml_records import BYTES_AT_ONCE, RecordParser

UNKNOWN_ELEMENT = "MS346"
_SEGMENTS_AT_ONCE = 50_000
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?Report>")

_SCHEMA = pa.schema(
    [
        ("line_number", pa.int64()),
        ("line", pa.string()),
        ("raw", pa.binary()),
        ("source_line", pa.int32()),
    ]
)


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
    repeats, parser = Repeats(reports), RecordParser(file, "Report")
    line, is_behind_report, has_report = 1, False, False
    for raw in _cut_at_reports(stream):
        breaks = raw.count(b"\n")
        taken = repeats.take_apart(raw, line) if is_behind_report else None
        if taken:
            parser.lines_before += breaks
            yield taken
        else:
            is_behind_report = False
            for element in parser.feed(raw):
                if reports.is_report(element):
                    has_report = True
                    yield reports.take_apart(element, parser.lines_before)
                    is_behind_report = _ends_with_report(raw)
                    repeats.learn_form(raw, element)
        line += breaks
    parser.close()
    if not has_report:
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
    while chunk := stream.read(BYTES_AT_ONCE):
        kept += chunk
        if not end and (found := _END.search(kept)):
            end = found[0]
        *pieces, kept = kept.split(end) if end else [kept]
        yield from (piece + end for piece in pieces)
        if len(kept) > BYTES_AT_ONCE or not end:
            yield kept
            kept = b""
    if kept:
        yield kept


def _ends_with_report(raw: bytes) -> bool:
    """Whether bytes in which a report ends end with that of one, and not within a comment."""
    is_end = _END.fullmatch(raw, raw.rfind(b"<")) is not None
    return is_end and b"<!" not in raw and b"<?" not in raw
