"""How many true matches equal tokens find in simulated files, and how many false ones.

`python bench/matches.py` simulates a year for each seed, has the agencies make their tokens, and
compares them with the simulator's own truth: of the police records of children whom Children's
Division has, how many bear the token of that child, and how many the token of another one.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.settings import load_settings
from orchestration.simulated import deliver_simulated
from sources.quarters import Quarter

SEEDS = range(1, 6)
YEAR = [Quarter(2025, number) for number in range(1, 5)]

COMPARE = """
with truth as (
    select * from '{home}/simulated/truth/records.parquet' where is_trafficking
),
tokens as (select * from read_csv('{home}/landing/inbox/*/*/tokens.csv', all_varchar = true)),
children as (
    select distinct truth.child_key, tokens.token
    from truth left join tokens on truth.record_key = tokens.record_key
    where truth.agency = 'dss'
),
police as (
    select distinct truth.record_key, truth.child_key, tokens.token
    from truth left join tokens on truth.record_key = tokens.record_key
    where truth.agency = 'mshp' and truth.child_key in (select child_key from children)
)
select
    count(*),
    count(*) filter (where (child_key, token) in (select child_key, token from children)),
    count(*) filter (where exists (
        select 1 from children
        where children.token = police.token and children.child_key <> police.child_key
    ))
from police
"""


def compare(seed: int) -> tuple[int, int, int]:
    """Police records of children known to both, found matches, false matches."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(load_settings(), home=Path(folder))
        deliver_simulated(settings, YEAR, seed=seed)
        ((known, found, false),) = duckdb.sql(COMPARE.format(home=folder)).fetchall()
    return known, found, false


def main() -> None:
    shown = Table(title="Matches by equal tokens, simulated years")
    for heading in ("seed", "police records of children known to both", "found", "false"):
        shown.add_column(heading, justify="right")
    sums = [compare(seed) for seed in SEEDS]
    for seed, one in zip(SEEDS, sums, strict=True):
        shown.add_row(str(seed), *map(str, one))
    shown.add_row("all", *(str(sum(column)) for column in zip(*sums, strict=True)))
    Console().print(shown)


if __name__ == "__main__":
    main()
