"""Why the matching does not link a record to its child, on the files of `people`.

Does not belong here: the rule (see `rules`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from bench.linkage.people import POPULATIONS, Population, write_people
from bench.linkage.rules import match
from linkage import matching

PEOPLE = 3_000
REASONS = {
    "rightly linked": "l.person = r.person",
    "no name with the police": "r.name_token is null",
    "no name with the Division": "c.name_token is null",
    "child matched with another of its records": "r.person in (from found)",
    "alike in nothing, no birth date with the police": "r.sound_token is null and p.unit is null",
    "alike in nothing, no birth date with the Division": "c.sound_token is null and p.unit is null",
    "alike in nothing, both dated": "p.unit is null",
    "alike, but another child was taken or none": "true",
}
"""Reason -> when it holds; each record has the first that does. The second and third cannot be
mended by any token; the fourth by no matching of one to one."""

_ASKED = """
with ends as (
    select r.key, r.person, r.sound_token, r.name_token, u.n from records r join units u
        on coalesce(r.sound_token || r.sex_group, r.key)
            = coalesce(u.token || u.sex_group, u.unit_id)
        and (r.sound_token is null or r.part_tokens = u.part_tokens)
),
linked as (select l.victim_key, c.person from links l join children c on c.key = l.child_id),
found as (select r.person from ends r join linked l
    on l.victim_key = r.key and l.person = r.person),
told as (
    select case {cases} end as reason
    from ends r join children c using (person) join numbered m on m.child_id = c.key
    left join linked l on l.victim_key = r.key
    left join pairs p on p.unit = r.n and p.child = m.n
)
select reason, 100 * count(*) / sum(count(*)) over () from told group by reason
"""


def count_reasons(population: Population) -> dict[str, float]:
    """Give the share of records in percent by reason."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as duck:
        write_people(Path(folder), population, PEOPLE, seed=1)
        for table in ("children", "records"):
            duck.execute(f"create table {table} as from '{folder}/{table}.parquet'")
        match(duck)
        duck.execute(f"create table pairs as {matching._PAIRS}")
        cases = " ".join(f"when {when} then '{reason}'" for reason, when in REASONS.items())
        return dict.fromkeys(REASONS, 0.0) | dict(
            duck.execute(_ASKED.format(cases=cases)).fetchall()
        )


def compare_misses(console: Console) -> None:
    """Print of the records whose child the Division knows the shares by what became of them."""
    shown = Table(title=f"Records whose child both know, {PEOPLE:,} children, by the matching, %")
    for heading in ("", *(population.name for population in POPULATIONS)):
        shown.add_column(heading, justify="right" if heading else "left")
    shares = [count_reasons(population) for population in POPULATIONS]
    for reason in REASONS:
        shown.add_row(reason, *(f"{share[reason]:.1f}" for share in shares))
    console.print(shown)
