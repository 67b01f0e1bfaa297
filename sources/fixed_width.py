"""From the bytes of a text file to numbered lines in DuckDB, and from lines to fields.

Belongs here: line ends, byte-order mark, blank lines, padding, characters, positions. Does not
belong here: what a field may hold (`ncands`, `nibrs`, `totals`, `tokens`).

Lines are split in blocks by Arrow, so that a byte that is not ASCII costs its line and not the
file, and so that memory does not grow with the file.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.afcars_xml import count_children
from sources.containers import open_content
from sources.contracts import ContractFile
from sources.disguises import HEAD_BYTES, is_xml, refuse_disguise
from sources.errors import SourcesError
from sources.layout import Field, RecordLayout
from sources.nibrs_xml import count_reports
from sources.workbench import Check, ask_number, bits_of

BLOCK_BYTES = 16 << 20
MAX_LINE_BYTES = 1 << 20

_ROWS_OF_A_GROUP = 122_880
"""As DuckDB writes Parquet."""

_ROWS_AT_ONCE = 12_288
"""So few lines are still near the processor when their next field is cut."""

_LENGTH_OF_KEYS = 12
"""Texts as long as this hardly ever occur twice, so Parquet need not look for them again."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END_OF_FILE = b"\x1a"
"""Ctrl-Z, with which exports from older systems end."""

_PADDING = " \r\t\f\0"
"""What may stand behind the last character of a line and says nothing; within a line it is odd."""

_PLAIN_BYTES = bytes([*range(0x20, 0x7F), 0x0A, 0x0D])
_SCHEMA = pa.schema([("line_number", pa.int64()), ("line", pa.string()), ("raw", pa.binary())])


def iterate_lines(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the lines of a file that are not blank, block by block.

    Columns: line_number (BIGINT, from 1, blank lines counted), line (without blanks, tabs, form
    feeds and NUL at its end; a byte that is not printable ASCII becomes "?"), raw (the bytes of a
    line with such a byte, otherwise NULL).

    Raises:
        SourcesError: MS117, a line is longer than 1 MiB.
    """
    with path.open("rb") as stream:
        yield from _split_lines(stream, path.name)


def load_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, width: int = 0
) -> None:
    """Create a table with the columns of `iterate_lines`, each line padded with blanks to a width.

    Padding is done here and not in SQL, where DuckDB would no longer know that lines are ASCII.
    Raises what `iterate_lines` raises.
    """
    connection.execute(f"CREATE TABLE {table} (line_number BIGINT, line VARCHAR, raw BLOB)")
    insert_lines(
        connection,
        table,
        (
            batch.set_column(1, "line", pc.ascii_rpad(batch["line"], width))
            for batch in iterate_lines(path)
        ),
    )


def insert_lines(
    connection: duckdb.DuckDBPyConnection, table: str, batches: Iterable[pa.RecordBatch]
) -> None:
    """Add batches with the columns of a table to it."""
    for batch in batches:
        connection.register("incoming_lines", pa.Table.from_batches([batch]))
        connection.execute(f"INSERT INTO {table} SELECT * FROM incoming_lines")  # noqa: S608
        connection.unregister("incoming_lines")


def count_records(path: Path, agreed: ContractFile | None, called: str = "") -> int:
    """Rows of a file as the manifest counts them: 0 for a description, no header for a CSV file.

    Of a packed file the rows within are counted, of XML its reports. Sentences call the file by its
    name or as they are told. Raises what `open_content`, `refuse_disguise`, `iterate_lines` and
    `count_reports` raise.
    """
    called = called or path.name
    file_format = agreed.format if agreed else ""
    with open_content(path, agreed, called) as content:
        refuse_disguise(content, called, agreed)
    if file_format == "datapackage":
        return 0
    if agreed and agreed.may_be_xml:
        with open_content(path, agreed, called) as content:
            is_of_reports = is_xml(content.read(HEAD_BYTES))
        if is_of_reports:
            with open_content(path, agreed, called) as content:
                count = count_children if file_format == "afcars_ooh" else count_reports
                return count(content, called)
    with open_content(path, agreed, called) as content:
        lines: int = sum(batch.num_rows for batch in _split_lines(content, called))
    has_header = file_format in {"tokens", "counts"}
    return max(lines - 1, 0) if has_header else lines


def list_cuts(layout: RecordLayout, fields: Iterable[str], line: str = "line") -> str:
    """SQL select list that cuts fields from a line padded to the width of the layout."""
    cuts = (layout.field(name) for name in fields)
    return ", ".join(f"substr({line}, {cut.start}, {cut.length}) AS {cut.name}" for cut in cuts)


def write_fields(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    layout: RecordLayout,
    fields: Sequence[str],
    path: Path,
) -> None:
    """Write the rows of a query in their order as Parquet, with fields in place of its last column.

    That column has the lines. Arrow cuts and writes them in half the time of DuckDB: lines are
    ASCII, so bytes are characters.
    """
    cuts = [layout.field(name) for name in fields]
    with connection.execute(query).to_arrow_reader(_ROWS_OF_A_GROUP) as batches:
        kept = list(batches.schema)[:-1]
        schema = pa.schema([*kept, *(pa.field(name, pa.string()) for name in fields)])
        provenance = [column.name for column in kept if column.name != "line_number"]
        repeated = [cut.name for cut in cuts if cut.length < _LENGTH_OF_KEYS]
        with pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            store_schema=False,
            use_dictionary=[*provenance, *repeated],
            write_statistics=[*provenance, "line_number"],
        ) as writer:
            for batch in batches:
                parts = (
                    batch.slice(first, _ROWS_AT_ONCE)
                    for first in range(0, len(batch), _ROWS_AT_ONCE)
                )
                writer.write_table(
                    pa.Table.from_batches([_cut_fields(part, cuts, schema) for part in parts])
                )


def _cut_fields(batch: pa.RecordBatch, cuts: Sequence[Field], schema: pa.Schema) -> pa.RecordBatch:
    """A batch with fields in place of its last column, the lines."""
    *columns, lines = batch.columns
    octets = pc.ascii_rpad(lines, max(cut.end for cut in cuts)).view(pa.binary())
    for cut in cuts:
        columns.append(pc.binary_slice(octets, cut.start - 1, cut.end).view(pa.string()))
    return pa.record_batch(columns, schema=schema)


def blank_fields(
    connection: duckdb.DuckDBPyConnection,
    lines_table: str,
    checked_table: str,
    layout: RecordLayout,
    checks: Sequence[Check],
    width: int,
) -> None:
    """Put blanks into the lines where a check failed that costs its field only.

    The checked table has the columns line_number and mask. Lines are padded to a width, and stay
    so. A field of several places, such as the ten offences of a victim, has one check for each.
    """
    failed = ask_number(connection, f"SELECT coalesce(bit_or(mask), 0) FROM {checked_table}")  # noqa: S608
    failed &= bits_of(checks, "field")
    for i, check in enumerate(checks):
        if failed & (1 << i):
            cut = layout.field(check.field)
            blank = " " * cut.length
            blanked = (
                f"rtrim(substr(lines.line, 1, {cut.start - 1}) || '{blank}' "
                f"|| substr(lines.line, {cut.end + 1}))"
            )
            connection.execute(
                f"UPDATE {lines_table} AS lines SET line = "  # noqa: S608
                f"CASE WHEN length({blanked}) < {width} THEN rpad({blanked}, {width}, ' ') "
                f"ELSE {blanked} END FROM {checked_table} AS checked "
                f"WHERE lines.line_number = checked.line_number AND (checked.mask & {1 << i}) <> 0"
            )


def _split_lines(stream: BinaryIO, file: str) -> Iterator[pa.RecordBatch]:
    first_number = 1
    for block in _iterate_blocks(stream, file):
        batch, count = _split_block(block, first_number, file)
        first_number += count
        yield batch


def _iterate_blocks(stream: BinaryIO, file: str) -> Iterator[bytes]:
    """Yield whole lines: every block ends before a line feed or at the end of the file."""
    kept = stream.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK)
    block_bytes = MAX_LINE_BYTES + 1  # a file of one line is not worth a whole block
    while chunk := stream.read(block_bytes):
        block_bytes = BLOCK_BYTES
        whole, line_feed, rest = (kept + chunk).rpartition(b"\n")
        if line_feed:
            yield whole
        if len(rest) > MAX_LINE_BYTES:
            raise SourcesError("MS117", file=file)
        kept = rest
    if last := kept.removesuffix(_END_OF_FILE):
        yield last


def _split_block(block: bytes, first_number: int, file: str) -> tuple[pa.RecordBatch, int]:
    pieces = pc.split_pattern(pa.array([block], pa.large_binary()), b"\n").flatten()
    if pc.max(pc.binary_length(pieces)).as_py() > MAX_LINE_BYTES:
        raise SourcesError("MS117", file=file)
    unchecked = pc.CastOptions(pa.string(), allow_invalid_utf8=True)
    text = pc.ascii_rtrim(pc.cast(pieces, options=unchecked), _PADDING)
    numbers = pa.arange(first_number, first_number + len(pieces))
    filled = pc.greater(pc.binary_length(text), 0)
    if not pc.all(filled).as_py():
        numbers, text = numbers.filter(filled), text.filter(filled)
    if _is_plain(block):
        raw = pa.nulls(len(text), pa.binary())
    else:
        octets = text.cast(pa.binary())
        odd = pc.match_substring_regex(octets, "[^ -~]")
        raw = pc.if_else(odd, octets, pa.scalar(None, pa.binary()))
        text = pc.replace_substring_regex(octets, "[^ -~]", "?").cast(pa.string())
    return pa.record_batch([numbers, text, raw], schema=_SCHEMA), len(pieces)


def _is_plain(block: bytes) -> bool:
    """Whether printable ASCII is all there is, and every carriage return ends its line."""
    if block.translate(None, _PLAIN_BYTES):
        return False
    returns = block.count(b"\r")
    return not returns or returns == block.count(b"\r\n") + block.endswith(b"\r")
