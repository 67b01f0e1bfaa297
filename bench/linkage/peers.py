"""Splink 5 on the files of `people`: on plain names, and on the tokens that the hub has.

Each record takes its best child. Splink is installed beside this project by whoever wants its lines
(see the package). Does not belong here: the project's own rules (see `rules`).
"""

from __future__ import annotations

from typing import Any

import duckdb

_PLAIN = """
create table plain_{table} as
select key as unique_id, nullif(written_birth_date, '') as born, sex_group,
    list_aggregate(list_sort(regexp_extract_all(
        lower(strip_accents(nullif(written_name, ''))), '[a-z'']+')), 'string_agg', ' ') as name,
    split_part(name, ' ', 1) as first, split_part(name, ' ', -1) as last
from {table}
"""
_TOKENS = """
create table tokens_{table} as
select key as unique_id, person, sex_group, exact_token, parts_token, nickname_token, sound_token,
    day_month_token, name_year_token, name_token, part_tokens, {born_from}, {born_to}
from {table}
"""
_LINKS = """
create table links as
select victim_key, arg_max(child_id, match_weight) as child_id from (
    select match_weight,
        if(source_dataset_l = 'records', unique_id_l, unique_id_r) as victim_key,
        if(source_dataset_l = 'records', unique_id_r, unique_id_l) as child_id
    from predicted)
group by victim_key
"""
_SAME_AGE = "born_from_l <= born_to_r and born_from_r <= born_to_l"
_ORDER_OF_LIKENESS = (
    "exact_token",
    "parts_token",
    "nickname_token",
    "sound_token",
    "day_month_token",
    "name_year_token",
)


def ask_plain(duck: duckdb.DuckDBPyConnection) -> str:
    """Plain names and birth dates, trained without the truth."""
    import splink.comparison_library as cl
    from splink import block_on

    for table in ("children", "records"):
        duck.execute(_PLAIN.format(table=table))
    year = "year(try_cast(born as date))"
    linker = _make_linker(
        duck,
        "plain",
        [
            cl.JaroWinklerAtThresholds("name", [0.96, 0.9, 0.8]),
            cl.DamerauLevenshteinAtThresholds("born", [1, 2]),
            cl.ExactMatch("sex_group"),
        ],
        [
            block_on("born", "sex_group"),
            block_on("name"),
            block_on("first", year, "sex_group"),
            block_on("last", year, "sex_group"),
        ],
    )
    parts = _count_parts(duck)
    for rule in (
        f"l.born = r.born and l.sex_group = r.sex_group and hash(l.born) % {parts} = 0",
        f"l.name = r.name and hash(l.name) % {parts} = 0",
    ):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    return _predict(duck, linker)


def ask_tokens(duck: duckdb.DuckDBPyConnection) -> str:
    """The same tokens and coarse fields as the matching, trained with the truth of these files."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import block_on

    duck.execute(
        _TOKENS.format(
            table="children",
            born_from="birth_year as born_from",
            born_to="birth_year as born_to",
        )
    )
    duck.execute(_TOKENS.format(table="records", born_from="born_from", born_to="born_to"))
    likeness = cl.CustomComparison(
        output_column_name="likeness",
        comparison_levels=[
            cll.NullLevel("name_token"),
            *(cll.ExactMatchLevel(name) for name in _ORDER_OF_LIKENESS),
            cll.ArrayIntersectLevel("part_tokens", 1),
            cll.ExactMatchLevel("name_token"),
            cll.ElseLevel(),
        ],
    )
    age = cl.CustomComparison(
        output_column_name="age",
        comparison_levels=[cll.CustomLevel(_SAME_AGE, "fits"), cll.ElseLevel()],
    )
    linker = _make_linker(
        duck,
        "tokens",
        [likeness, cl.ExactMatch("sex_group"), age],
        [
            block_on("sound_token"),
            block_on("part_tokens", "sex_group", arrays_to_explode=["part_tokens"]),
            block_on("name_year_token", "sex_group"),
            block_on("name_token", "sex_group"),
        ],
    )
    linker.training.estimate_m_from_label_column("person")
    return _predict(duck, linker)


def _make_linker(
    duck: duckdb.DuckDBPyConnection, kind: str, comparisons: list[Any], blocks: list[Any]
) -> Any:  # noqa: ANN401 - Splink is not installed where this is checked
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    api = DuckDBAPI(duck)
    frames = [
        api.register(f"{kind}_{table}", dataset_display_name=table)
        for table in ("children", "records")
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
        probability_two_random_records_match=1 / len(duck.view("children")),
    )
    linker = Linker(frames, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    return linker


def _count_parts(duck: duckdb.DuckDBPyConnection) -> int:
    """Of so many parts of large files one is trained on; pairs are weighed part by part."""
    return 1 + duck.view("children").count("*").fetchall()[0][0] // 50_000


def _predict(duck: duckdb.DuckDBPyConnection, linker: Any) -> str:  # noqa: ANN401 - as above
    found = linker.inference.predict(
        threshold_match_probability=0.5, num_chunks_left=_count_parts(duck), num_chunks_right=1
    )
    found.as_duckdbpyrelation().create("predicted")
    duck.execute(_LINKS)
    return "select count(distinct child_id) from links"
