"""One rule on the files of `people`, in a process of its own.

`python -m bench.linkage.rules RULE FOLDER` prints JSON: the numbers of `MEASURED`, seconds from
files to links by the clock and of processor, and the process's peak memory. Does not belong here:
printing tables.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from bench.linkage.peers import ask_plain, ask_tokens
from linkage import matching
from linkage.links import EqualTokenLinker, find_owners

PLACES = 2
MEMORY = "4GB"
"""Most that DuckDB may hold, whatever the rule; the rest goes to disk."""
NO_LINKS = (
    "select null::date as quarter_start, null::varchar as victim_key, null::varchar as token, "
    "null::varchar as child_id, null::boolean as has_place where false"
)
DAY = "date '2025-01-01' + quarter::integer"
"""A day for each quarter: whoever comes first owns a token."""


GIVEN = """
create table order_key as select 'k' as order_key;
create table before as {no_year};
create table given as select key as child_id, sound_token as token, name_year_token, name_token,
    part_tokens, sex_group, birth_year from children;
create table victims as select key as victim_key, sound_token as token, name_year_token,
    name_token, part_tokens, sex_group, born_from, born_to from records;
"""
TAKEN = """
create table links as
select v.victim_key, c.child_id from taken t join units u on u.n = t.n
join numbered c on c.n = t.child join victims v
    on coalesce(v.token || v.sex_group, v.victim_key)
    = coalesce(u.token || u.sex_group, u.unit_id)
    and (u.token is null or v.part_tokens = u.part_tokens)
"""
NUMBERS = """
select
    (select count(*) from records where person in (select person from children)),
    (select count(*) from records r join children c using (person)
        where r.name_token is not null and c.name_token is not null),
    (select count(*) from links),
    (select count(*) from links l join records r on r.key = l.victim_key
        join children c on c.key = l.child_id where r.person = c.person),
    (select count(distinct c.key) from links l join records r on r.key = l.victim_key
        join children c on c.key = l.child_id where r.person = c.person),
    (select count(*) from children where person in (select person from records)),
    ({counted})
"""


def link_by(kind: str) -> Callable[[duckdb.DuckDBPyConnection], str]:
    """A rule: equal tokens of one type are one child."""

    def link(duck: duckdb.DuckDBPyConnection) -> str:
        key = duck.sql("select 'k' as order_key")
        columns = f"key as child_id, {kind}_token as token, {DAY} as quarter_start"
        noted = duck.table("children").filter(f"{kind}_token is not null")
        owners = find_owners(noted.project(f"{columns}, {DAY} as first_report_date"), key)
        victims = duck.table("records").project(f"key as victim_key, {kind}_token as token")
        links = EqualTokenLinker(PLACES).link(victims, owners, duck.sql(NO_LINKS), key)
        links.filter("child_id is not null").project("victim_key, child_id").create("links")
        return "select count(distinct child_id) from links"

    return link


def match(duck: duckdb.DuckDBPyConnection) -> str:
    """The one-to-one matching of `linkage.matching`; each unit's records take its child."""
    duck.execute(GIVEN.format(no_year=matching._NO_YEAR))
    duck.execute(f"create table units as {matching._UNITS}")
    duck.execute(f"create table numbered as {matching._CHILDREN}")
    unit, child = matching._read_columns(duck, f"{matching._PAIRS} order by 1, 2")
    shape = (len(duck.table("units")), len(duck.table("numbered")))
    taken = matching.pair(unit, child, shape)
    is_matched = np.flatnonzero(taken >= 0)
    duck.register("taken", pa.table({"n": is_matched, "child": taken[is_matched]}))
    duck.execute(TAKEN)
    return "select count(*) from taken"


PEERS = {"Splink, plain names": ask_plain, "Splink, same tokens": ask_tokens}
RULES = {
    "exact": link_by("exact"),
    "sound": link_by("sound"),
    "matching": match,
    **PEERS,
}


MEASURED = ("true", "named", "linked", "right", "found_rightly", "both", "found")
"""Records whose child is known, and of these those with a name in both files; linked and truly
linked records; children with a truly linked record; children known to both by truth and by the
rule."""


def measure(rule: str, folder: Path) -> dict[str, float]:
    """Link the files of a folder by one rule, and compare with the truth in them."""
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder)}) as duck:
        begun, used = time.monotonic(), time.process_time()
        for table in ("children", "records"):
            duck.execute(f"create view {table} as from '{folder}/{table}.parquet'")
        counted = RULES[rule](duck)
        seconds, processor = time.monotonic() - begun, time.process_time() - used
        numbers = duck.execute(NUMBERS.format(counted=counted)).fetchall()[0]
    measured = dict(zip(MEASURED, numbers, strict=True))
    return {**measured, "seconds": seconds, "processor": processor, "peak": read_peak()}


def read_peak() -> float:
    """Peak memory of this process in MiB, as Linux tells it.

    `getrusage` would begin with what the process that started this one held.
    """
    told = Path("/proc/self/status").read_text("utf-8")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))  # noqa: T201
