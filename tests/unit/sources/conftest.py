"""A bench on which the tests of `sources` read one file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sources_builders import QUARTER

from sources.contracts import current_contract
from sources.hotline import read_counts
from sources.ncands import read_child_file
from sources.nibrs import read_segments
from sources.nibrs_period import Circumstances
from sources.quarters import Quarter
from sources.tokens import read_tokens
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
