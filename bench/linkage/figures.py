"""What the pictures of linkage show: found by each rule, and weights of likenesses, as numbers.

All of it follows from made-up people with a fixed seed and from the recipe of tokens, so no
delivery can change a byte of it. The weights are those of Fellegi and Sunter (1969): the binary
logarithm of how much more often a likeness is seen in two records of one person than in two
records of different persons. They choose nothing; the rule is in `linkage.matching`. Does not
belong here: drawing (see `charts`).
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.linkage.people import POPULATIONS, list_tokens, write_people
from bench.linkage.rules import PEERS, RULES, measure
from linkage.recipe import RECIPE

PEOPLE, SEED = 3_000, 1

_LIKENESS = """
case when c.exact_token = r.exact_token then 'exact'
    when c.parts_token = r.parts_token then 'parts'
    when c.nickname_token = r.nickname_token then 'nickname'
    when c.sound_token = r.sound_token then 'sound'
    when c.day_month_token = r.day_month_token then 'day_month'
    when list_has_any(c.part_tokens, r.part_tokens) then 'part'
    when c.name_year_token = r.name_year_token then 'name_year'
    when c.name_token = r.name_token then 'name'
    else 'none' end
"""
_SEX = "case when c.sex_group = r.sex_group then 'same' else 'other' end"
_AGE = "case when c.birth_year between r.born_from and r.born_to then 'fits' else 'differs' end"
COMPARISONS = {
    name: level.split("'")[1::2]
    for name, level in {"likeness": _LIKENESS, "sex": _SEX, "age": _AGE}.items()
}
"""What is compared of a child c and a record r -> what may come out, the strongest first. The
likeness of two names is that of the first of their tokens that are equal."""

PAIR = {
    "division": ("Elizabeth Emberbarrow", "2011-02-03"),
    "police": ("EMBERBAROW, LIZ", "2011-02-03"),
}
"""Two records of one invented child, a girl of the recorded age, as two clerks wrote her down."""

_COUNTED = f"""
select {_LIKENESS} as likeness, {_SEX} as sex, {_AGE} as age, c.person = r.person as is_same,
    count(*) as pairs
from children c, records r
where c.name_token is not null and r.name_token is not null group by all
"""  # noqa: S608 - our own words
"""Every child with every record, where both have a name."""


def make_figures() -> dict[str, Any]:
    """Make the people, link them, weigh their likenesses; the same numbers every time."""
    found = []
    weights: dict[str, dict[str, float]] = {}
    for population in POPULATIONS:
        with tempfile.TemporaryDirectory() as folder:
            write_people(Path(folder), population, PEOPLE, SEED)
            for rule in RULES:
                if rule not in PEERS:
                    told = _share(measure(rule, Path(folder)))
                    found.append({"population": population.name, "rule": rule, **told})
            if not weights:
                weights = _weigh(Path(folder))
    return {
        "recipe": RECIPE,
        "people": PEOPLE,
        "seed": SEED,
        "found": found,
        "weights": weights,
        "pair": {**_tell_pair(), "weights": _weigh_pair(weights)},
    }


def _share(measured: Mapping[str, float]) -> dict[str, float]:
    return {
        "precision": round(measured["right"] / measured["linked"], 3),
        "recall": round(measured["right"] / measured["true"], 3),
        "known_to_both": measured["both"],
        "found": measured["found"],
    }


def _weigh(folder: Path) -> dict[str, dict[str, float]]:
    """Give the weight of each level of each comparison, and that of any two records ("any")."""
    with duckdb.connect() as duck:
        for table in ("children", "records"):
            duck.execute(f"create table {table} as from '{folder}/{table}.parquet'")
        counted = duck.execute(_COUNTED).to_arrow_table().to_pylist()
    same = sum(row["pairs"] for row in counted if row["is_same"])
    others = sum(row["pairs"] for row in counted if not row["is_same"])
    weights = {"any": {"two records": round(math.log2(same / others), 2)}}
    for name, levels in COMPARISONS.items():
        seen: Counter[tuple[str, bool]] = Counter()
        for row in counted:
            seen[row[name], row["is_same"]] += row["pairs"]
        weights[name] = _weigh_levels(seen, levels)
    return weights


def _weigh_levels(seen: Mapping[tuple[str, bool], int], levels: list[str]) -> dict[str, float]:
    """Weigh each level; half a pair is added to each, so that one never seen has a weight too."""
    shares = {}
    for is_same in (True, False):
        counts = {level: seen.get((level, is_same), 0) + 0.5 for level in levels}
        shares[is_same] = {level: count / sum(counts.values()) for level, count in counts.items()}
    return {
        level: round(math.log2(shares[True][level] / shares[False][level]), 2) for level in levels
    }


def _tell_pair() -> dict[str, str]:
    return {agency: f"{name}, {born}" for agency, (name, born) in PAIR.items()}


def _weigh_pair(weights: Mapping[str, Mapping[str, float]]) -> list[dict[str, str | float]]:
    """Give the weights that add up to the one of `PAIR`, in the order in which they are added."""
    with duckdb.connect() as duck:
        for table, written in zip("cr", PAIR.values(), strict=True):
            duck.from_arrow(pa.Table.from_pylist([list_tokens(*written)])).create(table)
        likeness = duck.execute(f"select {_LIKENESS} from c, r").fetchall()[0][0]  # noqa: S608 - ours
    levels = {"any": "two records", "likeness": likeness, "sex": "same", "age": "fits"}
    return [
        {"comparison": name, "level": level, "weight": weights[name][level]}
        for name, level in levels.items()
    ]
