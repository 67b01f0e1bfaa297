"""Draws a delivery from views of a PostgreSQL database, as files of columns.

Belongs here: one look at the database (a single read-only transaction in which nothing changes),
which types of it can be text of a field, and how. Does not belong here: what a value may be by the
rules of a format, which the hub judges like that of any file.

The server itself writes every value as text, so that no driver turns one into another: a day
`infinity` into one before Christ, an interval into 0, a number beyond 63 bits into -1, a list of
lists into a list, a fraction into one of fewer places. What is not plainly the text of its field is
refused by the name of its column, never by what it holds.
"""

from __future__ import annotations

import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jurisdiction.state import read_state
from sources.columns import COLUMNS_SUFFIX, Column, LineForm, check_columns, find_line_form
from sources.contracts import Contract
from sources.errors import SourcesError

_BLOCK_BYTES = 8 << 20
_CONNECT_SECONDS = 20
_ON_THIS_MACHINE = ("/", "@", "localhost", "127.", "::1")

_STATES = {
    "42P01": "there is no view of that name, or this account may not know of it",
    "42501": "this account may not read the view",
    "28P01": "it does not take this account and password",
    "57P01": "it was shut down meanwhile",
}
"""By SQLSTATE (PostgreSQL, appendix A)."""

_TEXT = frozenset({"text", "varchar", "bpchar"})
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric"})
_MOMENTS = frozenset({"date", "timestamp", "timestamptz"})


@dataclass(frozen=True)
class Change:
    """What is asked for alone: records whose column is of that day or a later one, or NULL."""

    column: str
    since: date


@dataclass(frozen=True)
class Views:
    """The views that a delivery is drawn from.

    Attributes:
        address: file that holds the connection string, as libpq takes it, and nothing else.
        names: role -> the view, as `schema.view`.
        change: which records alone; None for all.
    """

    address: Path
    names: Mapping[str, str]
    change: Change | None = None


def draw_files(views: Views, contract: Contract, folder: Path) -> dict[str, Path]:
    """Write one file of columns for each role, all from the same state of the database.

    Args:
        views: where they are.
        contract: of the agency.
        folder: receives `<role>.parquet`, in the order of their keys.

    Returns:
        Role -> file.

    Raises:
        SourcesError: MS107 a role is not of the contract, MS164 its format has no columns, MS165
            the database cannot be read, MS166 and MS167 a column, MS168 two rows for one record,
            MS169 nothing changed.
    """
    forms = {role: _find_form(contract, role) for role in views.names}
    files: dict[str, Path] = {}
    rows = 0
    with _open_snapshot(_read_address(views.address)) as connection:
        for role, form in forms.items():
            files[role] = folder / f"{role}{COLUMNS_SUFFIX}"
            view = _View(connection, role, _name_view(views.names[role]), form, views.change)
            rows += view.write(files[role])
    if views.change and not rows:
        raise SourcesError("MS169", text=views.change.since.isoformat())
    return files


def _find_form(contract: Contract, role: str) -> LineForm:
    agreed = {file.role: file for file in contract.files}
    if role not in agreed:
        raise SourcesError("MS107", field=role, expected=", ".join(agreed))
    form = find_line_form(agreed[role])
    if form is None:
        raise SourcesError("MS164", file=role)
    return form


def _read_address(path: Path) -> str:
    """The connection string; to a server elsewhere only over a closed connection."""
    try:
        is_open = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        text = path.read_text(encoding="utf-8").strip()
        said = conninfo_to_dict(text)
    except (OSError, ValueError, psycopg.Error):
        problem = "the file with the connection string is not there, or holds something else"
        raise SourcesError("MS165", problem=problem) from None
    if is_open:
        problem = "the file with the connection string is open to other accounts (chmod 600)"
        raise SourcesError("MS165", problem=problem)
    hosts = str(said.get("hostaddr") or said.get("host") or "/").split(",")
    is_near = all(host.startswith(_ON_THIS_MACHINE) for host in hosts)
    return make_conninfo(text, **({} if is_near or "sslmode" in said else {"sslmode": "require"}))


@contextmanager
def _open_snapshot(address: str) -> Iterator[psycopg.Connection]:
    """A transaction that reads one state of the database and can change nothing."""
    try:
        with psycopg.connect(address, connect_timeout=_CONNECT_SECONDS) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            for name, value in (
                ("client_encoding", "UTF8"),
                ("datestyle", "ISO"),
                ("timezone", read_state().time_zone),
            ):
                connection.execute("SELECT set_config(%s, %s, true)", (name, value))
            yield connection
    except psycopg.Error as error:
        # What the server or the driver says may quote a record, an address or a password.
        raise SourcesError("MS165", problem=_say_state(error.sqlstate)) from None


def _say_state(state: str | None) -> str:
    if not state:
        return "the connection could not be made, or broke off"
    return _STATES.get(state, f"it refused, with SQLSTATE {state}")


def _name_view(text: str) -> sql.Identifier:
    schema, dot, view = text.partition(".")
    if not (schema and dot and view):
        raise SourcesError("MS165", problem="a view is named like child_file=schema.view")
    return sql.Identifier(schema, view)


class _View:
    """One view, as the file of a role."""

    def __init__(
        self,
        connection: psycopg.Connection,
        role: str,
        view: sql.Identifier,
        form: LineForm,
        change: Change | None,
    ) -> None:
        self._connection = connection
        self._role = role
        self._view = view
        self._form = form
        self._types = self._find_types()
        self._changed = self._select_changed(change)
        check_columns(list(self._types), form, role)
        self._columns = [column for column in form.columns if column.name in self._types]
        for column in self._columns:
            self._check_type(column)

    def write(self, path: Path) -> int:
        """Write the rows in the order of their keys; gives how many there are."""
        self._refuse_repeated_keys()
        schema = pa.schema([(column.name, pa.string()) for column in self._columns])
        rows = 0
        with (
            pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer,
            closing(self._copy_blocks()) as blocks,
        ):
            for table in map(self._read_block, blocks):
                columns = [self._spell(table[one.name], one) for one in self._columns]
                writer.write_table(pa.table(columns, schema=schema))
                rows += table.num_rows
        return rows

    def _find_types(self) -> dict[str, str]:
        """Name of each column -> name of its type, as the server knows it."""
        query = sql.SQL("SELECT * FROM {} LIMIT 0").format(self._view)
        found = self._connection.execute(query).description or []
        known = self._connection.adapters.types
        types = {}
        for column in found:
            info = known.get(column.type_code)
            is_list = info is not None and column.type_code == info.array_oid
            types[column.name] = f"{info.name}{'[]' * is_list}" if info else "of another kind"
        return types

    def _select_changed(self, change: Change | None) -> sql.Composable:
        """The condition on rows; the column that it is about is not delivered."""
        if change is None:
            return sql.SQL("true")
        kind = self._types.get(change.column, "")
        if not kind:
            raise SourcesError("MS166", file=self._role, problem=f"{change.column} is missing")
        if kind not in _MOMENTS:
            problem = f"its type is {kind}, and a change has a day"
            raise SourcesError("MS167", file=self._role, field=change.column, problem=problem)
        if change.column not in [column.name for column in self._form.columns]:
            del self._types[change.column]
        return sql.SQL("({column} >= {day}::date OR {column} IS NULL)").format(
            column=sql.Identifier(change.column), day=sql.Literal(change.since.isoformat())
        )

    def _check_type(self, column: Column) -> None:
        kind = self._types[column.name]
        taken = set(_TEXT)
        if column.kind.startswith("N"):
            taken |= _NUMBERS
        if column.kind == "D":
            taken.add("date")
        if kind not in taken:
            problem = f"its type is {kind}, and it may be {', '.join(sorted(taken))}"
            raise SourcesError("MS167", file=self._role, field=column.name, problem=problem)

    def _refuse_repeated_keys(self) -> None:
        query = sql.SQL(
            "SELECT 1 FROM {view} WHERE {changed} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
        ).format(view=self._view, changed=self._changed, keys=self._list_keys())
        if self._connection.execute(query).fetchone():
            raise SourcesError("MS168", file=self._role, keys=", ".join(self._form.keys))

    def _list_keys(self) -> sql.Composable:
        keys = [
            sql.SQL('rtrim({}::text) COLLATE "C"').format(sql.Identifier(name))
            for name in self._form.keys
        ]
        return sql.SQL(", ").join(keys)

    def _copy_blocks(self) -> Generator[bytes]:
        """The rows as CSV in which NULL differs from blank, in blocks of whole rows."""
        texts = [
            sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in self._columns
        ]
        query = sql.SQL(
            "COPY (SELECT {texts} FROM {view} WHERE {changed} ORDER BY {keys}) "
            "TO STDOUT (FORMAT csv)"
        ).format(
            texts=sql.SQL(", ").join(texts),
            view=self._view,
            changed=self._changed,
            keys=self._list_keys(),
        )
        with self._connection.cursor() as cursor, cursor.copy(query) as rows:
            block = bytearray()
            for row in rows:
                block += row
                if len(block) > _BLOCK_BYTES:
                    yield bytes(block)
                    block.clear()
        if block:
            yield bytes(block)

    def _read_block(self, block: bytes) -> pa.Table:
        names = [column.name for column in self._columns]
        try:
            return pa.csv.read_csv(
                pa.BufferReader(block),
                pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 30),
                pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            problem = "its text is not in the encoding that it names"
            raise SourcesError("MS165", problem=problem) from None

    def _spell(self, values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
        """The values as the plain file would hold them."""
        kind = self._types[column.name]
        if kind in _NUMBERS:
            self._hold(_match(values, "^[0-9]+([.]0*)?$"), column, "a whole number")
            digits = pc.replace_substring_regex(values, "[.].*$", "")
            return self._fit(pc.ascii_lpad(digits, column.width, "0"), column)
        if kind == "date":
            days = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
            self._hold(_match(values, days), column, "a day of the years 1 to 9999")
            return pc.replace_substring_regex(values, "^(....)-(..)-(..)$", r"\2\3\1")
        return self._fit(pc.ascii_rtrim(values, " "), column)

    def _fit(self, values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
        if column.width:
            fits = pc.less_equal(pc.utf8_length(values), column.width)
            self._hold(fits, column, f"of at most {column.width} characters")
        return values

    def _hold(self, holds: pa.ChunkedArray, column: Column, words: str) -> None:
        if not pc.all(holds, min_count=0).as_py():
            problem = f"in some rows it is not {words}"
            raise SourcesError("MS167", file=self._role, field=column.name, problem=problem)


def _match(values: pa.ChunkedArray, form: str) -> pa.ChunkedArray:
    return pc.match_substring_regex(values, form)
