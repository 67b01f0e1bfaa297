"""Whether hard histories of NIBRS incidents are counted right.

`python bench/nibrs_histories.py --cases FOLDER` takes three deliveries (q1s1.txt full, q1s2.txt
delta, q2s1.txt full) through ingest, staging and core and compares with expected.csv: incidents
with a child victim, child victims and arrests first known in 2025Q1. What a later quarter's
delivery takes away stays in the released one, so the first quarter is counted before that delivery
arrives; after it, nothing of the first quarter may be news again.

`python bench/nibrs_histories.py --random INCIDENTS [SEED]` compares random histories of actions
with the plain model of `nibrs_model`.
"""

import csv
import sys
import tempfile
import time
from pathlib import Path

from nibrs_hub import Hub, text_of
from nibrs_model import compare, make_histories
from rich.console import Console
from rich.table import Table

from sources.receipt_text import say_receipt

NONE = (0, 0, 0)


def run_cases(folder: Path) -> int:
    console = Console(width=150)
    with (folder / "expected.csv").open(encoding="utf-8") as stream:
        expected = list(csv.DictReader(stream))
    with tempfile.TemporaryDirectory() as home:
        hub = Hub(Path(home))
        receipts = [hub.deliver((folder / "q1s1.txt").read_bytes())]
        delta = (folder / "q1s2.txt").read_bytes()
        receipts.append(hub.deliver(delta, sequence=2, kind="delta"))
        hub.build()
        first = hub.count()
        receipts.append(hub.deliver((folder / "q2s1.txt").read_bytes(), quarter="2025Q2"))
        hub.build()
        later, again = hub.count("2025Q2"), hub.count()
    table = Table("case", "right", "counted", "", "why")
    wrong = 0
    for row in expected:
        case = row["incident"]
        right = tuple(int(row[name]) for name in ("incidents", "child_victims", "arrests"))
        seen = first.get(case, NONE)
        good = seen == right and again.get(case, NONE)[1] <= seen[1]
        wrong += not good
        table.add_row(case, str(right), str(seen), "" if good else "WRONG", row["why"])
    console.print(table)
    for receipt in receipts:
        console.print(say_receipt(receipt), highlight=False)
    console.print(f"News of the second quarter: {later}")
    console.print(f"{len(expected) - wrong} of {len(expected)} cases are counted right.")
    return wrong


def run_random(incidents: int, seed: int) -> int:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        hub = Hub(Path(home))
        histories = make_histories(incidents, seed)
        for delivery in histories.deliveries:
            hub.deliver(text_of(delivery.lines), **delivery.said)
        hub.build()
        differences = compare(hub, histories)
    console = Console(width=150)
    console.print(
        f"seed {seed}: {incidents} incidents, {histories.act_count} acts, "
        f"{len(differences)} incidents differ from the model, {time.perf_counter() - start:.0f} s"
    )
    for line in differences[:10]:
        console.print(line)
    return len(differences)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--cases", folder]:
            sys.exit(run_cases(Path(folder)) > 0)
        case ["--random", incidents, *seed]:
            sys.exit(run_random(int(incidents), int(*seed or ["1"])) > 0)
        case _:
            sys.exit(__doc__)
