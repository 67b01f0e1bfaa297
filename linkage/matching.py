"""How many children of a year both agencies know: one-to-one, by several kinds of token at once.

`linkage.links` says which child a record belongs to, by one token. Here nobody asks which: only the
number that can be matched is counted, and that may rest on weaker likenesses, because it hardly
depends on any one of them. Does not belong here: tables of anything but how many.

The rule
--------
A year has children, those that its quarters count, and police units: its juvenile victim records,
of which those with a token of type `sound`, the same tokens and one sex are one unit. A unit and a
child may be one person if they agree on the sound of name and birth date; or, being of one sex, on
one part of the name and the birth date, or on the name and the year of birth, or on the name where
one agency knows no birth date: if that is the police, the child was born in a year that the
recorded age allows. Of a graph so made the *matching number* is the most pairs that can be chosen
so that nobody is in two. `both` is the matching number of the year's units and children. A unit is
police only if a largest matching of the units with the children of this year and of the year before
leaves it over; which ones it leaves over depends on the rest, how many does not.

What is proved (tests: `tests/properties/test_matching_bounds.py`)
------------------------------------------------------------------
The squared L2 distance of (dss_only, both, mshp_only), summed over every year there ever is, is at
most

================================================  ==
neighbours differ by
================================================  ==
one police victim record                           3
one DSS child                                      3
one DSS child and one record of the same person    7
================================================  ==

The proof. Take a vertex from a graph: a largest matching without it is one with it as well, and a
largest matching with it loses at most the one pair that it is in. So the matching number falls by 0
or by 1. Whether two ends may be one person depends on these two alone. A unit is all records that
are equal in every token and in sex, not a chain of those that are alike: a record less splits none,
joins none, changes none, and takes its own away only if it was the last one of it. Which year
counts a child or a record follows from itself and from which quarters were released. The children
of the year before are those of the last fourth quarter that was released, as they were then; so
each child has one year, and is in one other year's graph.

Write b and w for the fall of the two numbers, of the year's own and of both years' children.

* A record: where its unit goes its year moves by (b, -b, w - 1), with b and w at most 1: by 3.
* A child: its year moves by (b - 1, -b, w), by 2 at most, and the year after by (0, 0, w): 3.
* Child and record in one year: (b - 1, -b, w - 1), with b and w at most 2, so 1 + 4 + 1, and the
  year after 1 more: 7. If the record's year is the one after the child's: 2 in the child's, and
  (b, -b, w - 1) with b at most 1 and w at most 2 in the record's: 5. In any other years: 3 and 3,
  so 6.

A second number made from the same pairs, by age, say, or by county, is not bounded by this: who is
matched can change along a path through the whole graph. So the policy refuses any other column.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from durable.writing import replacing
from linkage.errors import LinkageError

Numbers = NDArray[np.int64]

YEAR = "year.parquet"
"""File of the units of a year, in the folder of its fourth quarter; empty in those of others."""

_UNITS = """
select row_number() over (order by unit_id) - 1 as n, * from (
    select arg_min(victim_key, (md5_number_lower(order_key || victim_key) >> 4, victim_key))
        as unit_id, token, name_year_token, name_token, part_tokens, sex_group,
        any_value(born_from) as born_from, any_value(born_to) as born_to
    from victims, order_key
    group by token, name_year_token, name_token, part_tokens, sex_group,
        case when token is null then victim_key end)
"""
"""The recorded ages are those of any one record, so nothing may rest on them where a unit has more
than one: they are asked for only where there is no token."""

_CHILDREN = """
select row_number() over (order by child_id) - 1 as n, * from (
    select *, false as is_before from given
    union all by name
    select * exclude (unit_id, agency_pattern), unit_id as child_id, true as is_before
    from before where agency_pattern <> 'mshp_only')
"""

_PAIRS = """
select u.n as unit, c.n as child from units u join numbered c on u.token = c.token
union
select u.n, c.n from (select *, unnest(part_tokens) as part from units) u
join (select *, unnest(part_tokens) as part from numbered) c
    on u.part = c.part and u.sex_group = c.sex_group and u.sex_group <> 'unknown'
union
select u.n, c.n from units u join numbered c on u.name_year_token = c.name_year_token
    and u.sex_group = c.sex_group and u.sex_group <> 'unknown'
union
select u.n, c.n from units u join numbered c on u.name_token = c.name_token
    and u.sex_group = c.sex_group and u.sex_group <> 'unknown'
    and case when u.token is null then c.birth_year between u.born_from and u.born_to
        else c.token is null end
"""

_NO_YEAR = """
select null::varchar as unit_id, null::varchar as agency_pattern, null::varchar as token,
    null::varchar as name_year_token, null::varchar as name_token,
    null::varchar[] as part_tokens, null::varchar as sex_group, null::bigint as birth_year
where false
"""

_MADE = """
select child_id as unit_id, case when is_matched then 'both' else 'dss_only' end as agency_pattern,
    token, name_year_token, name_token, part_tokens, sex_group, birth_year
from numbered join matched_children using (n) where not is_before
union all by name
select unit_id, 'mshp_only' as agency_pattern from units join matched_units using (n)
where not is_matched
"""


def write_year(
    connection: duckdb.DuckDBPyConnection,
    *,
    children: str,
    victims: str,
    before: Path | None,
    quarter_start: date,
    order_key_path: Path,
    folder: Path,
) -> None:
    """Write `YEAR` for one quarter: quarter_start DATE, and the columns of `match_year`.

    Args:
        connection: A warehouse, which may be open read-only.
        children: SELECT of the children that the year counts, as in `match_year`; of none in a
            quarter that closes no year.
        victims: SELECT of the juvenile victim records that the year counts.
        before: Folder of the last fourth quarter that was released, if there was one.
        quarter_start: First day of the quarter.
        order_key_path: File of `linkage.order_key.ensure_order_key`.
        folder: Folder to write to.

    Raises:
        LinkageError: MS809 when the warehouse or a file cannot be read or written.
    """
    try:
        order_key = connection.read_parquet(str(order_key_path)).project("order_key")
        made = match_year(
            connection.sql(children),
            connection.sql(victims),
            _read_year(connection, before),
            order_key,
        )
        with duckdb.connect() as writer, replacing(folder / YEAR) as draft:
            day = f"date '{quarter_start.isoformat()}' as quarter_start"
            writer.from_arrow(made).project(f"{day}, *").write_parquet(str(draft))
    except (duckdb.Error, OSError):
        raise LinkageError("MS809", quarter=quarter_start.isoformat()) from None


def _read_year(
    connection: duckdb.DuckDBPyConnection, folder: Path | None
) -> duckdb.DuckDBPyRelation:
    """Read the year before; a year that was released before there were such files is as none."""
    if folder is None or not (folder / YEAR).exists():
        return connection.sql(_NO_YEAR)
    return connection.read_parquet(str(folder / YEAR)).project("* exclude (quarter_start)")


def match_year(
    children: duckdb.DuckDBPyRelation,
    victims: duckdb.DuckDBPyRelation,
    before: duckdb.DuckDBPyRelation,
    order_key: duckdb.DuckDBPyRelation,
) -> pa.Table:
    """Count one year's children and police units by who knows them.

    Args:
        children: child_id, token, name_year_token, name_token (VARCHAR, may be null), part_tokens
            (VARCHAR[]), sex_group (VARCHAR), birth_year (BIGINT, may be null): one row for each
            child that the year counts.
        victims: victim_key, the tokens and sex_group as above, born_from, born_to (BIGINT, may be
            null): one row for each juvenile victim record that the year counts.
        before: What this function gave for the year before; no row if there was none.
        order_key: one row, order_key VARCHAR.

    Returns:
        unit_id, agency_pattern (both, dss_only, mshp_only), and of children their tokens, sex_group
        and birth_year as they were given; sorted by unit_id.
    """
    with duckdb.connect() as connection:
        given = {"given": children, "victims": victims, "before": before, "order_key": order_key}
        for name, rows in given.items():
            connection.register(f"{name}_arrow", rows.to_arrow_table())
            connection.execute(f"create table {name} as from {name}_arrow")
        connection.execute(f"create table units as {_UNITS}")
        connection.execute(f"create table numbered as {_CHILDREN}")
        unit, child = _read_columns(connection, _PAIRS)
        (is_before,) = _read_columns(
            connection, "select is_before::bigint from numbered order by n"
        )
        shape = (_count(connection, "units"), _count(connection, "numbered"))
        of_year = is_before[child] == 0
        taken = pair(unit[of_year], child[of_year], shape)
        matched = {
            "children": np.isin(np.arange(shape[1]), taken),
            "units": pair(unit, child, shape) >= 0,
        }
        for name, is_matched in matched.items():
            arrow = pa.table({"n": np.arange(len(is_matched)), "is_matched": is_matched})
            connection.register(f"matched_{name}", arrow)
        return connection.sql(_MADE).order("unit_id").to_arrow_table()


def pair(unit: Numbers, child: Numbers, shape: tuple[int, int]) -> Numbers:
    """Give the child that one largest matching takes for each unit, -1 for none.

    Args:
        unit: Number of the unit of each pair that may be one person.
        child: Number of its child.
        shape: How many units and children there are.

    Hopcroft and Karp (1973), as SciPy has it.
    """
    graph = csr_array((np.ones(len(unit), dtype=bool), (unit, child)), shape=shape)
    taken: Numbers = maximum_bipartite_matching(graph, perm_type="column")
    return taken


def _read_columns(connection: duckdb.DuckDBPyConnection, query: str) -> list[Numbers]:
    return [column.to_numpy() for column in connection.sql(query).to_arrow_table().columns]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return len(connection.table(table))
