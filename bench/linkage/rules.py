"""One rule on the files of `people`, in a process of its own.

`python -m bench.linkage.rules RULE FOLDER` prints JSON: true, linked and truly linked records,
children known to both by truth and by the rule, seconds from files to links, and the process's peak
memory. Does not belong here: printing tables.
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

from linkage import matching
from linkage.links import EqualTokenLinker, find_owners

PLACES = 2
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
"""
PLAIN = """
create table plain_{table} as
select key as unique_id, nullif(written_birth_date, '') as born, sex_group,
    list_aggregate(list_sort(regexp_extract_all(
        lower(strip_accents(nullif(written_name, ''))), '[a-z'']+')), 'string_agg', ' ') as name,
    split_part(name, ' ', 1) as first, split_part(name, ' ', -1) as last
from {table}
"""
BEST = """
create table links as
select victim_key, arg_max(child_id, match_weight) as child_id from (
    select match_weight,
        if(source_dataset_l = 'records', unique_id_l, unique_id_r) as victim_key,
        if(source_dataset_l = 'records', unique_id_r, unique_id_l) as child_id
    from predicted)
group by victim_key
"""
NUMBERS = """
select
    (select count(*) from records where person in (select person from children)),
    (select count(*) from links),
    (select count(*) from links l join records r on r.key = l.victim_key
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
    unit, child = matching._read_columns(duck, matching._PAIRS)
    shape = (len(duck.table("units")), len(duck.table("numbered")))
    taken = matching.pair(unit, child, shape)
    is_matched = np.flatnonzero(taken >= 0)
    duck.register("taken", pa.table({"n": is_matched, "child": taken[is_matched]}))
    duck.execute(TAKEN)
    return "select count(*) from taken"


def ask_splink(duck: duckdb.DuckDBPyConnection) -> str:
    """Splink 5 on plain names, trained without the truth; each record takes its best child."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    api = DuckDBAPI(duck)
    frames = []
    for table in ("children", "records"):
        duck.execute(PLAIN.format(table=table))
        frames.append(api.register(f"plain_{table}", dataset_display_name=table))
    year = "year(try_cast(born as date))"
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.96, 0.9, 0.8]),
            cl.DamerauLevenshteinAtThresholds("born", [1, 2]),
            cl.ExactMatch("sex_group"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("born"),
            block_on("name"),
            block_on("first", year),
            block_on("last", year),
        ],
        probability_two_random_records_match=1 / len(duck.table("children")),
    )
    linker = Linker(frames, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("born"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    found = linker.inference.predict(threshold_match_probability=0.5).as_duckdbpyrelation()
    found.create("predicted")
    duck.execute(BEST)
    return "select count(distinct child_id) from links"


RULES = {
    "exact": link_by("exact"),
    "sound": link_by("sound"),
    "matching": match,
    "splink": ask_splink,
}


def measure(rule: str, folder: Path) -> dict[str, float]:
    """Link the files of a folder by one rule, and compare with the truth in them."""
    with duckdb.connect() as duck:
        begun = time.monotonic()
        for table in ("children", "records"):
            duck.execute(f"create table {table} as from '{folder}/{table}.parquet'")
        counted = RULES[rule](duck)
        seconds = time.monotonic() - begun
        true, linked, right, both, found = duck.execute(NUMBERS.format(counted=counted)).fetchall()[
            0
        ]
    peak = read_peak()
    return {
        "true": true,
        "linked": linked,
        "right": right,
        "both": both,
        "found": found,
        "seconds": seconds,
        "peak": peak,
    }


def read_peak() -> float:
    """Peak memory of this process in MiB, as Linux tells it.

    `getrusage` would begin with what the process that started this one held.
    """
    told = Path("/proc/self/status").read_text("utf-8")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))  # noqa: T201
