"""How many true matches equal tokens find in simulated files, and how many false ones.

`python bench/matches.py [years]` simulates years, has the agencies make tokens, and compares them
with the simulator's own truth: of the police records of children whom Children's Division has, how
many bear the token of that child, and how many the token of another one. It does so for files as
they are simulated, and for files in which clerks misspell and leave out twice as much.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.hub.settings import load_settings
from orchestration.steps.simulated import deliver_simulated
from simulator import dss, mshp
from simulator.chance import Chance
from simulator.roster import Clerk
from sources.quarters import Quarter

YEARS = 20
SLIPS = {"as simulated": 1, "twice as many slips": 2}
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


def make_careless(times: int) -> Callable[..., Clerk]:
    """Return clerks who misspell and leave out so many times as much."""

    def appoint(chance: Chance, *, surname_first: bool, **shares: float) -> Clerk:
        more = {name: times * share for name, share in shares.items()}
        return Clerk(chance, surname_first=surname_first, **more)

    return appoint


def compare(seed: int, times: int) -> tuple[int, int, int]:
    """Police records of children known to both, found matches, false matches."""
    careless = make_careless(times)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(dss, "Clerk", careless),
        patch.object(mshp, "Clerk", careless),
    ):
        settings = replace(load_settings(), home=Path(folder))
        deliver_simulated(settings, YEAR, seed=seed)
        ((known, found, false),) = duckdb.sql(COMPARE.format(home=folder)).fetchall()
    return known, found, false


def main(count: int) -> None:
    shown = Table(title=f"Matches by equal tokens, {count} simulated years")
    headings = ("files", "police records of children known to both", "found", "false", "missed")
    for heading in (*headings, "missed in single years"):
        shown.add_column(heading, justify="right")
    for name, times in SLIPS.items():
        years = [compare(seed, times) for seed in range(1, count + 1)]
        shares = [1 - found / known for known, found, _ in years]
        known, found, false = (sum(column) for column in zip(*years, strict=True))
        span = f"{min(shares):.0%} to {max(shares):.0%}"
        shown.add_row(name, str(known), str(found), str(false), f"{1 - found / known:.0%}", span)
    Console().print(shown)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else YEARS)
