"""What DuckDB alone needs to count the same children: `python -m bench.scale.plain <folder>`.

A plain GROUP BY over the same tables with the same limit of memory, which counts each child once in
each cell. Nothing is checked, kept or drawn. Prints seconds as JSON.
"""

import json
import sys
import time
from pathlib import Path

from bench.scale.question import PROCESSOR, Files, find_planned, open_warehouse, plan_year


def main() -> None:
    frame = find_planned(plan_year()[0]).frame
    cells = ", ".join((frame.leaf_column, *frame.columns))
    with open_warehouse(Files(Path(sys.argv[1])).warehouse) as connection:
        started, spent = time.perf_counter(), time.process_time()
        connection.execute(
            f"select {cells}, count(distinct child_id) from core.child_events group by {cells}"  # noqa: S608
        ).fetchall()
        seconds = {
            "group by": time.perf_counter() - started,
            PROCESSOR: time.process_time() - spent,
        }
    print(json.dumps(seconds))  # noqa: T201


if __name__ == "__main__":
    main()
