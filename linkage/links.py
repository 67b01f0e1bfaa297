"""Decide which police victim record is which child of Social Services.

`Linker` is the interface; `ExactTokenLinker` is the rule of today, and a probabilistic model may
take its place as long as it stays local in the sense proved below. Does not belong here: what is
counted from the links, and the hotline, which is never linked.

Why locality matters
--------------------
Tables made from links are released with noise in proportion to what one child can change, in all
years together. With connected components over pairs, removing one child can join or split
others without bound. Here each record makes one choice on its own, and the number of records that
may take one child is bounded over its lifetime, so that a change stays where it happened.

What is proved (tests: `tests/properties/test_linkage_bounds.py`)
-----------------------------------------------------------------
Take two tables over all years. A holds (dss_only, both, mshp_only) of each year: a child is one
unit in the year that counts it, in `both` if a record known by its end is matched to it; a token is
one unit of mshp_only in the year in which police records first bear it, if no child known by its
end bears it too. B holds, in the year in which each record was first known, cells that depend only
on the child it is linked to, if any; a record is linked if it is matched by the end of that year
and has a place. The squared L2 distance, summed over every year there ever is, is at most, for k >=
1 places:

================================================  =====  ==========
neighbours differ by                                A        B
================================================  =====  ==========
one police victim record                            3        3
one DSS child                                       4      2 k^2
one DSS child and one record that bears its token   5    2 k^2 + 1
================================================  =====  ==========

All are reached, so none can be lowered. Because the sums run over all years, what one identity can
lose by every release of such a table together is no more than what it can lose by the costliest of
them alone. (Periods of any other length would do: nothing rests on a year but the order of time.)

Three details carry the proof. A child or victim record has one token, whatever the input says. A
token stands for one child for ever: the one known first (in keyed hash order among children first
known in one quarter), so that a later child takes nothing from it; once it was linked it stays so,
whoever is withdrawn, and the child takes records of no other token, whatever it is given later. And
places go to the first k records of a token, earlier quarters first, *whether or not a child is
known*: if only matched records used places, a child's removal would free them for records of later
quarters, and B would move without bound over the years. Table A needs no places, because it counts
tokens, not records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from durable.writing import replacing
from linkage.errors import LinkageError

RULE_EXACT_TOKEN = "exact_token"  # noqa: S105 - the name of a rule, no secret

_NO_EARLIER_LINKS = """
select null::date as quarter_start, null::varchar as victim_key, null::varchar as token,
    null::varchar as child_id, null::boolean as has_place
where false
"""


class Linker(Protocol):
    """Anything that links locally: each record chooses alone, at most k ever take one child."""

    def link(
        self,
        quarter_start: date,
        victims: duckdb.DuckDBPyRelation,
        children: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link one quarter, after the quarters before it.

        Args:
            quarter_start: First day of the quarter.
            victims: victim_key VARCHAR, token VARCHAR (may be null): records first known in the
                quarter. Records that an earlier quarter has are left out.
            children: child_id VARCHAR, token VARCHAR (may be null), first_quarter_start DATE:
                children known by the end of the quarter, and when each was first known.
            earlier: What other quarters gave: quarter_start DATE, and the columns returned.
            order_key: one row, order_key VARCHAR.

        Returns:
            victim_key, token, child_id (VARCHAR), has_place (BOOLEAN), rule (VARCHAR); one row for
            each record first known in the quarter, its child_id null if it is matched to none; and
            one for each record of an earlier quarter whose child became known since, in this one or
            by a late delivery for an earlier one.
        """


@dataclass(frozen=True)
class ExactTokenLinker:
    """Equal tokens are the same child.

    A token held by several children stands for the one known first, then the first in keyed hash
    order. Every record with that token is matched to this child and no other; the first k records
    of the token have a place, by quarter and then in keyed hash order.

    Attributes:
        k: Most victim records that may ever take one child, at least 1.
    """

    k: int = 2

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError("k must be at least 1")

    def link(
        self,
        quarter_start: date,
        victims: duckdb.DuckDBPyRelation,
        children: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link by exact token; see `Linker.link`."""
        ties = _find_ties(earlier)
        others = children.join(ties, "child_id = tied_child", how="anti")
        owners = _find_owners(others, order_key).join(ties, "owned_token = tied_token", how="anti")
        matched = (
            self._place(victims, earlier, order_key)
            .join(owners, "token = owned_token", how="left")
            .join(ties, "token = tied_token", how="left")
            .project("victim_key, token, coalesce(tied_child, child_id) as child_id, has_place")
        )
        matched_later = (
            earlier.filter(f"quarter_start < date '{quarter_start.isoformat()}'")
            .aggregate(
                "victim_key, token, has_place, max(child_id) as known_child",
                "victim_key, token, has_place",
            )
            .filter("known_child is null")
            .join(owners, "token = owned_token")
            .project("victim_key, token, child_id, has_place")
        )
        return matched.union(matched_later).project(
            f"victim_key, token, child_id, has_place, '{RULE_EXACT_TOKEN}' as rule"
        )

    def _place(
        self,
        victims: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Say which records first known in the quarter have one of the places that are left."""
        used = earlier.filter("has_place").aggregate(
            "token as used_token, count(distinct victim_key) as used", "token"
        )
        return (
            victims.aggregate("victim_key, min(token) as token", "victim_key")
            .join(
                earlier.project("victim_key as seen_key").distinct(),
                "victim_key = seen_key",
                how="anti",
            )
            .cross(order_key)
            .join(used, "token = used_token", how="left")
            .project(
                f"victim_key, token, coalesce(used, 0) + row_number() over (partition by token "
                f"order by {_order('victim_key')}, victim_key) as place"
            )
            .project(f"victim_key, token, token is not null and place <= {self.k} as has_place")
        )


def _find_ties(earlier: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Give the child that each token was ever linked to: it stands for no other one.

    Also where the child was withdrawn since: a second child that takes its place, and a third when
    that one is withdrawn, would each be moved by the first one's removal.
    """
    return earlier.filter("child_id is not null").aggregate(
        "token as tied_token, arg_min(child_id, (quarter_start, child_id)) as tied_child", "token"
    )


def _find_owners(
    children: duckdb.DuckDBPyRelation, order_key: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    """Give the child for which each token stands, and when that child was first known."""
    return (
        children.filter("token is not null")
        .aggregate(
            "child_id, min(token) as token, min(first_quarter_start) as first_quarter_start",
            "child_id",
        )
        .cross(order_key)
        .project(f"child_id, token, first_quarter_start, {_order('child_id')} as child_order")
        .aggregate(
            "token as owned_token, min(first_quarter_start) as first_quarter_start, "
            "arg_min(child_id, (first_quarter_start, child_order, child_id)) as child_id",
            "token",
        )
    )


def _order(column: str) -> str:
    return f"md5_number_lower(order_key || {column}) >> 4"


def write_links(
    connection: duckdb.DuckDBPyConnection,
    *,
    victims: str,
    children: str,
    earlier: Sequence[Path],
    quarter_start: date,
    order_key_path: Path,
    out_parquet: Path,
    linker: Linker,
) -> None:
    """Write the links of one quarter; the file appears whole or not at all.

    Args:
        connection: A warehouse, which may be open read-only.
        victims: SELECT that gives victim_key, token: the juvenile victim records first known in
            the quarter.
        children: SELECT that gives child_id, token, first_quarter_start: children known to DSS by
            the end of the quarter.
        earlier: Files of the quarters that keep their places: all before this one, and any later
            one that was released.
        quarter_start: First day of the quarter.
        order_key_path: File of `linkage.order_key.ensure_order_key`.
        out_parquet: File to write: quarter_start DATE, and the columns of `Linker.link`, sorted
            by victim_key. The same input gives the same rows.
        linker: The rule.

    Raises:
        LinkageError: MS811 if the order key is not one value, MS809 for any other failure.
    """
    try:
        order_key = connection.read_parquet(str(order_key_path)).project("order_key")
        if len(order_key.filter("order_key is not null").fetchall()) != 1:
            raise LinkageError("MS811", file=order_key_path.name)
        links = linker.link(
            quarter_start,
            connection.sql(victims),
            connection.sql(children),
            _read_earlier(connection, earlier),
            order_key,
        )
        rows = links.project(
            f"date '{quarter_start.isoformat()}' as quarter_start, "
            "victim_key, token, child_id, has_place, rule"
        ).order("victim_key")
        with replacing(out_parquet) as draft:
            rows.write_parquet(str(draft))
    except (duckdb.Error, OSError):
        raise LinkageError("MS809", quarter=quarter_start.isoformat()) from None


def _read_earlier(
    connection: duckdb.DuckDBPyConnection, earlier: Sequence[Path]
) -> duckdb.DuckDBPyRelation:
    if not earlier:
        return connection.sql(_NO_EARLIER_LINKS)
    return connection.read_parquet([str(path) for path in earlier]).project(
        "quarter_start, victim_key, token, child_id, has_place"
    )
