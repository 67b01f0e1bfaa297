"""A bench on which the tests of `sources` read one file, or many small ones as one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sources_builders import HEADER, QUARTER, text_of

from sources.contracts import current_contract
from sources.errors import ERRORS
from sources.ncands import read_child_file
from sources.nibrs import read_segments
from sources.nibrs_period import Circumstances
from sources.quarters import Quarter
from sources.tokens import read_tokens
from sources.totals import read_counts
from sources.workbench import FileReading, list_problems, open_workbench

FBI_NOTES = ("MS341", "MS342")


class Bench:
    """Reads the content of one file and remembers the connection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = open_workbench(folder)
        self.circumstances = Circumstances(Quarter.parse(QUARTER), date(2025, 4, 5))

    def read(self, role: str, content: bytes) -> FileReading:
        path = self.folder / f"{role}.txt"
        path.write_bytes(content)
        agency = {"child_file": "dss", "tokens": "dss", "nibrs": "mshp", "counts": "hotline"}[role]
        contract = current_contract(agency)
        file = contract.file_of(role)
        if role == "counts":
            return read_counts(self.connection, path, file, contract, QUARTER)
        if role == "nibrs":
            return read_segments(self.connection, path, file, self.circumstances)
        reader = {"child_file": read_child_file, "tokens": read_tokens}
        return reader[role](self.connection, path, file)

    def problems(self) -> list[tuple[str, str, tuple[int, ...]]]:
        return self._list(is_note=False)

    def notes(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """The hub's own notes; those of the FBI's rules alone are in `rules`."""
        return [note for note in self._list(is_note=True) if note[0] not in FBI_NOTES]

    def rules(self) -> list[tuple[str, str, str, tuple[int, ...]]]:
        """Rule, segment, field and lines of every finding that the FBI has a number for."""
        return [
            (item.rule, item.segment, item.field, item.lines)
            for item in list_problems(self.connection)
            if item.rule
        ]

    def _list(self, *, is_note: bool) -> list[tuple[str, str, tuple[int, ...]]]:
        return [
            (item.code, item.field, item.lines)
            for item in list_problems(self.connection)
            if item.is_note == is_note
        ]

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.connection.table(f"rows_{table}").order("line_number")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.connection.close()


@pytest.fixture
def other_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("other"))
    yield made
    made.connection.close()


class Together:
    """Small NIBRS files read as one, each with an agency of its own, and what is found in each.

    Planning what is asked of a file costs far more than a thousand lines more.
    """

    def __init__(self, bench: Bench, files: Mapping[Any, Sequence[str]]) -> None:
        self._bench = bench
        self._spans: dict[Any, range] = {}
        written: list[str] = []
        for place, (name, lines) in enumerate(files.items()):
            self._spans[name] = range(len(written) + 1, len(written) + len(lines) + 1)
            agency = f"MO{place:05d}00"
            written += [
                line[:16] + agency + line[25:] if line[16:25] == HEADER["ori"] else line
                for line in lines
            ]
        bench.read("nibrs", text_of(written))
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def _ask(self, name: Any, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query that gives line numbers last, with those that the small file has."""
        span = self._spans[name]
        found = self._bench.connection.execute(query).fetchall()
        return [(*told, line - span.start + 1) for *told, line in found if line in span]

    def rules(self, name: Any) -> set[tuple[str, str]]:
        """Rule and segment of what the FBI has a number for."""
        query = "SELECT rule, segment, line_number FROM problems WHERE rule <> ''"
        return {(rule, segment) for rule, segment, _ in self._ask(name, query)}

    def problems(self, name: Any) -> list[tuple[str, str, tuple[int, ...]]]:
        return self._group(name, is_note=False)

    def notes(self, name: Any) -> list[tuple[str, str, tuple[int, ...]]]:
        return [note for note in self._group(name, is_note=True) if note[0] not in FBI_NOTES]

    def _group(self, name: Any, *, is_note: bool) -> list[tuple[str, str, tuple[int, ...]]]:
        query = "SELECT code, rule, segment, field, line_number FROM problems"
        grouped: dict[tuple[str, ...], set[int]] = {}
        for *what, line in self._ask(name, query):
            if (ERRORS[what[0]].fate != "set aside") == is_note:
                grouped.setdefault(tuple(what), set()).add(line)
        return [(what[0], what[-1], tuple(sorted(grouped[what]))) for what in sorted(grouped)]

    def count_set_aside(self, name: Any) -> int:
        return len(self._ask(name, "SELECT DISTINCT line_number FROM set_aside"))

    def count_dropped(self, name: Any) -> int:
        kept = len(self._ask(name, "SELECT line_number FROM lines_nibrs"))
        return len(self._spans[name]) - kept - self.count_set_aside(name)

    def rows(self, name: Any, table: str) -> list[dict[str, Any]]:
        if table not in self._rows:
            self._rows[table] = self._bench.rows(table)
        return [row for row in self._rows[table] if row["line_number"] in self._spans[name]]


@pytest.fixture(scope="module")
def read_together(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Mapping[Any, Sequence[str]]], Together]]:
    """Read many small NIBRS files at once, for all tests of a file of tests."""
    made = Bench(tmp_path_factory.mktemp("together"))
    yield lambda files: Together(made, files)
    made.connection.close()
