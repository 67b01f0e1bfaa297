"""Which children's links change when the next quarter comes, and why, on the files of `people`.

Does not belong here: the rules themselves (see `rules`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from bench.linkage.people import POPULATIONS, QUARTERS, write_people
from bench.linkage.rules import RULES

CHILDREN = 1_000
REASONS = ("a record came", "an earlier record", "other records", "none any more")
"""What a child has now: what it had and records of this quarter; what it had and, among others,
records that were there before; not all that it had; nothing of what it had."""

_KNOWN = """
create table {table} as
from '{folder}/{table}.parquet' where quarter <= {quarter}
"""
_LINKED = """
select c.key, list_sort(list(l.victim_key) filter (l.victim_key is not null)) as held,
    coalesce(bool_and(r.quarter = {quarter}) filter (not list_contains(
        coalesce(b.held, []), l.victim_key)), true) as came_now,
    any_value(b.held) as had, any_value(b.key) is not null as was_known
from children c left join links l on l.child_id = c.key left join records r on r.key = l.victim_key
left join earlier b on b.key = c.key
group by c.key
"""
_COUNT = """
select count(*),
    count(*) filter (held is distinct from had and list_has_all(held, had) and came_now),
    count(*) filter (held is distinct from had and list_has_all(held, had) and not came_now),
    count(*) filter (not list_has_all(held, had) and held <> []),
    count(*) filter (had <> [] and held = [])
from (select came_now, coalesce(held, []) as held, coalesce(had, []) as had
    from linked where was_known)
"""


def compare_quarters(console: Console) -> None:
    """Print of the children known before a quarter the shares whose records changed, by reason."""
    shown = Table(title=f"Children whose links the next quarter changed, {CHILDREN:,} children, %")
    for heading in ("population", "rule", "children", "changed", *REASONS):
        shown.add_column(heading, justify="left" if heading == "rule" else "right")
    for population in POPULATIONS:
        with tempfile.TemporaryDirectory() as folder:
            write_people(Path(folder), population, CHILDREN, seed=1)
            for rule in ("sound", "matching"):
                known, *changed = count_changes(rule, Path(folder))
                shares = [f"{100 * count / known:.2f}" for count in (sum(changed), *changed)]
                shown.add_row(population.name, rule, f"{known:,}", *shares)
    console.print(shown)


def count_changes(rule: str, folder: Path) -> list[int]:
    """Give the children known before each quarter, and how many changed for each reason, summed."""
    counted = [0] * (1 + len(REASONS))
    earlier = "select null::varchar as key, null::varchar[] as held where false"
    for quarter in range(1, QUARTERS + 1):
        with duckdb.connect() as duck:
            for table in ("children", "records"):
                duck.execute(_KNOWN.format(table=table, folder=folder, quarter=quarter))
            RULES[rule](duck)
            duck.execute(f"create table earlier as {earlier}")
            duck.execute(f"create table linked as {_LINKED.format(quarter=quarter)}")
            found = duck.execute(_COUNT).fetchall()[0]
            counted = [sum(both) for both in zip(counted, found, strict=True)]
            kept = folder / f"{rule}.{quarter}.parquet"
            duck.table("linked").project("key, held").write_parquet(str(kept))
            earlier = f"from '{kept}'"
    return counted
