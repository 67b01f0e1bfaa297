"""What becomes of the lines and incidents of NIBRS files: `python bench/nibrs_account.py FILE …`.

Reads each file as the hub does, without the limits of a delivery, and prints what was stored, set
aside and dropped, and why. It only needs the reader, so it also runs on earlier versions of it.
"""

import re
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from sources.contracts import current_contract
from sources.fixed_width import iterate_lines
from sources.nibrs import read_segments
from sources.workbench import list_problems, open_workbench

LATE = date(2099, 12, 31)


def tell_circumstances(path: Path) -> tuple[Any, ...]:
    """The quarter most headers are of, for a reader that asks for it."""
    try:
        from sources.nibrs_period import Circumstances
        from sources.quarters import Quarter
    except ImportError:
        return ()
    months = Counter(
        line[6:12] for batch in iterate_lines(path) for line in batch["line"].to_pylist()
    )
    real = re.compile("(0[1-9]|1[0-2])20[0-9]{2}")
    usual = next((month for month, _ in months.most_common() if real.fullmatch(month)), "012025")
    return (Circumstances(Quarter(int(usual[2:]), (int(usual[:2]) + 2) // 3), LATE),)


def account(console: Console, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, open_workbench(Path(folder)) as connection:
        copy = Path(folder) / path.name
        copy.write_bytes(path.read_bytes())
        file = current_contract("mshp").file_of("nibrs")
        reading = read_segments(connection, copy, file, *tell_circumstances(copy))
        in_file = {
            line[16:37]
            for batch in iterate_lines(copy)
            for line in batch["line"].to_pylist()
            if line[4:5] == "1"
        }
        incidents, victims, children, arrests = connection.execute(_STORED).fetchall()[0]
        console.print(
            f"\n{path.name}: {reading.lines_read} lines, {reading.lines_stored} stored, "
            f"{reading.lines_quarantined} set aside, {getattr(reading, 'lines_dropped', 0)} "
            f"dropped, {reading.lines_left_out} property lines checked and left out.\n"
            f"  {len(in_file)} incidents in the file, {incidents} stored with {victims} victims "
            f"({children} of them surely under 18) and {arrests} arrests."
        )
        for problem in list_problems(connection):
            note = "note" if getattr(problem, "is_note", False) else "set aside"
            field = f" {problem.field}" if problem.field else ""
            console.print(f"  {problem.code}{field}: {problem.total} lines, {note}")


_STORED = """
    SELECT
        (SELECT count(DISTINCT ori || incident_number) FROM rows_administrative
            WHERE segment_action_type NOT IN ('D', 'M', 'W')),
        (SELECT count(*) FROM rows_victim),
        (SELECT count(*) FROM rows_victim WHERE age_of_victim IN ('NN  ', 'NB  ', 'BB  ')
            OR try_cast(age_of_victim AS INTEGER) BETWEEN 1 AND 17),
        (SELECT count(*) FROM rows_arrestee)
"""


if __name__ == "__main__":
    for name in sys.argv[1:]:
        account(Console(width=120, highlight=False), Path(name))
