"""Deliveries in columns: a Parquet file, whose rows become the lines that its format has.

Belongs here: which columns a format has, and how the values of a row stand in its line. What is
read from there on is a line like any other, so that every rule of the format holds unchanged. Does
not belong here: reading a database (`database_view`), and any rule about a value.

A value is text as the plain file would hold it. NULL and blanks at its end are blanks; what is not
printable ASCII stays something else, so that its line is set aside as it is in a plain file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.case_records import is_case_header
from sources.contracts import ContractFile
from sources.errors import SourcesError
from sources.layout import load_ncands_layout

COLUMNS_SUFFIX = ".parquet"

_ROWS_AT_ONCE = 16_384
_LONGEST_VALUE = 1 << 16
"""Of a format whose values have no width."""

_SUBSTITUTE = b"\x1a"
"""What ASCII has for a character that does not belong where it stands."""


@dataclass(frozen=True)
class Column:
    """One column: its name, the width of its field (0: as wide as its value), and the kind of it.

    `kind` is as in `layout.Field`.
    """

    name: str
    width: int = 0
    kind: str = "AN"


@dataclass(frozen=True)
class LineForm:
    """How the values of a row make a line.

    Attributes:
        columns: in the order of the line.
        required: names of columns that may not be missing; another stands for a blank field.
        keys: names of the columns of which no two rows hold the same.
        header: the first line, without its end; empty for fixed width.
    """

    columns: tuple[Column, ...]
    required: tuple[str, ...]
    keys: tuple[str, ...]
    header: str = ""


def find_line_form(file: ContractFile) -> LineForm | None:
    """The columns of a file of the contract; None where its format has none or several sets."""
    if file.format == "ncands_child_file":
        columns = tuple(
            Column(field.name, field.length, field.kind) for field in load_ncands_layout().fields
        )
        return LineForm(columns, file.tables["child_file"], ("rptid", "chid"))
    if file.format not in {"tokens", "counts"}:
        return None
    ((_, names),) = file.tables.items()
    columns = tuple(Column(name, kind="N" if name == "count" else "AN") for name in names)
    keys = names[:1] if file.format == "tokens" else names[:-1]
    return LineForm(columns, names, keys, header=",".join(names))


def check_columns(names: Sequence[str], form: LineForm, file: str) -> None:
    """Compare the names of columns with those of the format.

    A name that is none of the format's may hold anything, and only its place is told.

    Raises:
        SourcesError: MS166 one is missing, unknown or there twice; MS413 they are of case records.
    """
    if is_case_header(names):
        raise SourcesError("MS413", file=file)
    known = [column.name for column in form.columns]
    for place, name in enumerate(names, start=1):
        if name not in known or name in names[: place - 1]:
            problem = f"column number {place} is no field of it, or there twice"
            raise SourcesError("MS166", file=file, problem=problem)
    for name in form.required:
        if name not in names:
            raise SourcesError("MS166", file=file, problem=f"{name} is missing")


class ColumnLines:
    """What a Parquet file holds, as the bytes of the plain file; it can be read forwards only."""

    def __init__(self, packed: BinaryIO, file: str, agreed: ContractFile | None) -> None:
        form = find_line_form(agreed) if agreed else None
        if form is None:
            raise SourcesError("MS164", file=file)
        self._blocks = _write_lines(packed, file, form)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end.

        Raises:
            SourcesError: MS164 it is no Parquet file that can be read, MS166 its columns are not
                those of its format, MS167 one cannot be taken as it is.
        """
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = memoryview(block)
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return bytes(chunk)


def _write_lines(packed: BinaryIO, file: str, form: LineForm) -> Iterator[bytes]:
    try:
        schema = pq.read_schema(packed)
        check_columns(schema.names, form, file)
        for column in schema:
            if not _is_text(column.type):
                problem = "it is not of text"
                raise SourcesError("MS167", file=file, field=column.name, problem=problem)
        packed.seek(0)
        # As dictionaries, a value that is repeated lies in memory once.
        columns = pq.ParquetFile(packed, read_dictionary=schema.names, pre_buffer=False)
        if form.header:
            yield f"{form.header}\n".encode()
        for batch in columns.iter_batches(_ROWS_AT_ONCE):
            yield _join(batch, file, form)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise SourcesError("MS164", file=file) from None


def _is_text(kind: pa.DataType) -> bool:
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return bool(pa.types.is_null(held) or any(is_kind(held) for is_kind in kinds))


def _join(batch: pa.RecordBatch, file: str, form: LineForm) -> bytes:
    if not batch.num_rows:
        return b""
    fields = [
        _write_field(batch[column.name], file, column)
        if column.name in batch.schema.names
        else pa.scalar(b" " * column.width)
        for column in form.columns
    ]
    lines = pc.binary_join_element_wise(*fields, b"," if form.header else b"")
    whole = pa.ListArray.from_arrays([0, len(lines)], lines)
    joined: bytes = pc.binary_join(whole, b"\n")[0].as_py()
    return joined + b"\n"


def _write_field(values: pa.Array, file: str, column: Column) -> pa.Array:
    """The values of a column as octets, padded to its width; MS167 where one does not fit."""
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    octets = pc.cast(values.dictionary, pa.binary())
    odd = pc.replace_substring_regex(octets, "[^ -~]+", _SUBSTITUTE)
    plain = pc.ascii_rtrim(odd.cast(pa.string()), " ")
    too_long = pc.greater(pc.binary_length(plain), column.width or _LONGEST_VALUE)
    if pc.any(pc.take(too_long, values.indices)).as_py():
        problem = f"it has values of more than {column.width or _LONGEST_VALUE} characters"
        raise SourcesError("MS167", file=file, field=column.name, problem=problem)
    padded = pc.ascii_rpad(plain, column.width).cast(pa.binary())
    return pc.fill_null(pc.take(padded, values.indices), b" " * column.width)
