"""Whether a NIBRS flat file and its XML twin are staged alike.

`python -m bench.nibrs_twins FLAT XML` reads both as an ingest does and compares their raw tables
row for row, but for line numbers and for empty places before an offence, which XML does not have.
Names the fields in which rows differ and how many do, and never a value. Exits 1 where any does.
"""

import shutil
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sources.contracts import current_contract
from sources.nibrs import SEGMENT_TABLES, read_segments
from sources.nibrs_period import Circumstances
from sources.quarters import Quarter
from sources.workbench import FileReading, list_problems, open_workbench

OFFENCES = [f"ucr_offense_code_connection_{number}" for number in range(1, 11)]
Row = dict[str, Any]


def read(path: Path) -> tuple[FileReading, dict[str, list[Row]], Counter[tuple[str, str, str]]]:
    """What became of a file, its tables, and how often each problem is found."""
    file = current_contract("mshp").file_of("nibrs")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(path, folder))
        with open_workbench(Path(folder)) as connection:
            around = Circumstances(Quarter(2025, 1), date.today())  # noqa: DTZ011
            reading = read_segments(connection, copy, file, around)
            tables = {}
            for table in SEGMENT_TABLES:
                found = connection.sql(
                    f"SELECT * EXCLUDE (line_number) FROM rows_{table} ORDER BY line_number"  # noqa: S608
                )
                rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
                tables[table] = [close_up(row) for row in rows]
            problems = Counter[tuple[str, str, str]]()
            for one in list_problems(connection):
                problems[one.code, one.field, one.rule] += one.total
    return reading, tables, problems


def close_up(row: Row) -> Row:
    """A row whose offences stand in the first places, in their order."""
    if OFFENCES[0] in row:
        codes = sorted((row[name] for name in OFFENCES), key=lambda code: not code.strip())
        row |= zip(OFFENCES, codes, strict=True)
    return row


def main(flat: Path, xml: Path) -> int:
    console = Console(width=120)
    table = Table("table", "flat", "XML", "equal", "fields that differ (rows)")
    (of_flat, flat_tables, flat_problems), (of_xml, xml_tables, xml_problems) = (
        read(flat),
        read(xml),
    )
    differing = 0
    for name in SEGMENT_TABLES:
        pairs = list(zip(flat_tables[name], xml_tables[name], strict=False))
        equal = sum(one == other for one, other in pairs)
        fields = Counter(
            field for one, other in pairs for field in one if one[field] != other[field]
        )
        lengths = (len(flat_tables[name]), len(xml_tables[name]))
        differing += max(lengths) - equal
        said = ", ".join(f"{field} ({count})" for field, count in fields.items())
        table.add_row(name, *map(str, (*lengths, equal)), said)
    console.print(table)
    console.print(
        f"{of_flat.lines_read} segments and {of_xml.lines_read}, of {of_xml.reports_read} reports; "
        f"{of_flat.lines_left_out} and {of_xml.lines_left_out} of property."
    )
    for problem in sorted(flat_problems.keys() | xml_problems.keys()):
        counts = flat_problems[problem], xml_problems[problem]
        if counts[0] != counts[1]:
            console.print(" ".join(filter(None, problem)), *counts)
    return int(differing > 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
