"""Whether another state of the code counts the same: `python -m bench.same_numbers BEFORE AFTER`.

BEFORE and AFTER are data homes that two checkouts filled from the same deliveries, for instance by
`moshare demo`. Every table of release input is compared row for row. Noise differs between two
homes, so the noisy cells of BEFORE are published once more by this checkout, and compared with the
tables that BEFORE released. Ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
from rich.console import Console

from orchestration.hub.settings import Settings
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.spending import read_entries
from privacy.declared import DeliveredTotals
from privacy.ledger.chain import DONE, DRAWN
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release, recall_entry
from privacy.released import Provenance, Release
from sources.quarters import Quarter

_TABLES = """
    select table_name from information_schema.tables
    where table_catalog = ? and table_schema = 'release_input' order by table_name
"""
_DIFFERING = """
    select count(*) from (
        (select * from {first}.release_input.{table}
         except all select * from {other}.release_input.{table})
        union all
        (select * from {other}.release_input.{table}
         except all select * from {first}.release_input.{table})
    )
"""


def compare_rows(before: Settings, after: Settings, console: Console) -> bool:
    """Compare release input row for row, columns by their place; True where all of it is equal."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{before.vault.warehouse}' as was (read_only)")
        connection.execute(f"attach '{after.vault.warehouse}' as now (read_only)")
        names = {
            place: [name for (name,) in connection.execute(_TABLES, [place]).fetchall()]
            for place in ("was", "now")
        }
        equal = names["was"] == names["now"] and bool(names["was"])
        for table in names["was"]:
            statement = _DIFFERING.format(first="was", other="now", table=table)
            row = connection.execute(statement).fetchone()
            console.print(f"release_input.{table}: {'equal' if row == (0,) else 'DIFFERS'}")
            equal = equal and row == (0,)
    return equal


def compare_tables(before: Settings, console: Console) -> bool:
    """Publish the recorded cells of each quarter once more; True where all tables are equal."""
    entries, earlier, equal = read_entries(before), list[Release](), True
    for drawn in (one for one in entries if one.kind == DRAWN):
        quarter, cells = drawn.charge.quarter, drawn.payload or {}
        done = next(one for one in entries if one.kind == DONE and one.charge.quarter == quarter)
        was = recall_entry(done)
        plan = plan_quarter(Quarter.parse(quarter), before)
        publisher = Publisher(plan, earlier=earlier, approvals=was.approvals)
        content = publisher.publish(
            cells["cells"],
            Provenance.from_content(cells["provenance"]),
            [DeliveredTotals(**one) for one in cells.get("totals", ())],
        )
        now = read_release({**content, "drawn_at": was.drawn_at, "ledger_head": was.ledger_head})
        told = [
            table.name
            for table, other in zip(was.tables, now.tables, strict=True)
            if table != other
        ]
        console.print(f"{quarter}: {len(was.tables) - len(told)} of {len(was.tables)} tables equal")
        for name in told:
            console.print(f"  {name} DIFFERS")
        equal = equal and not told and was.measurements == now.measurements
        earlier.append(now)
    return equal and bool(earlier)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("before", type=Path, help="Data home that the other checkout filled.")
    words.add_argument("after", type=Path, help="Data home that this checkout filled.")
    given = words.parse_args()
    before, after, console = Settings(given.before), Settings(given.after), Console()
    rows = compare_rows(before, after, console)
    sys.exit(not (compare_tables(before, console) and rows))


if __name__ == "__main__":
    main()
