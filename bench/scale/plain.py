"""What DuckDB alone needs for the same children: `python -m bench.scale.plain <folder> [keep]`.

A plain GROUP BY over the same tables with the same limit of memory, which counts each child once in
each cell. With `keep`, any one row of each child is kept as a table instead, in no order: what is
counted once ever cannot be known without it. Nothing is checked or drawn. Prints seconds as JSON.
"""

import json
import sys
import time
from pathlib import Path

from bench.scale.question import PROCESSOR, Files, find_planned, open_warehouse, plan_year


def main() -> None:
    frame = find_planned(plan_year()[0]).frame
    cells = ", ".join((frame.leaf_column, *frame.columns))
    counted = f"select {cells}, count(distinct child_id) from core.child_events group by {cells}"  # noqa: S608 - names of the policy
    kept = ", ".join(f"any_value({cell}) as {cell}" for cell in (frame.leaf_column, *frame.columns))
    any_row = f"select child_id, {kept} from core.child_events group by child_id"  # noqa: S608 - names of the policy
    one_each = f"create or replace table release_input.kept as {any_row}"
    keep = "keep" in sys.argv[2:]
    with open_warehouse(Files(Path(sys.argv[1])).warehouse) as connection:
        started, spent = time.perf_counter(), time.process_time()
        connection.execute(one_each if keep else counted).fetchall()
        seconds = {
            "keep" if keep else "group by": time.perf_counter() - started,
            PROCESSOR: time.process_time() - spent,
        }
        connection.execute("drop table if exists release_input.kept")
    print(json.dumps(seconds))  # noqa: T201


if __name__ == "__main__":
    main()
