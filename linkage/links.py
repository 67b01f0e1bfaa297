"""Decide which police victim record is which child of Social Services.

`Linker` is the interface; `ExactTokenLinker` is the rule of today, and a probabilistic model may
take its place as long as it stays local in the sense proved below. Does not belong here: what is
counted from the links, and the hotline, which is never linked.

Why locality matters
--------------------
Tables made from links are released with noise in proportion to what one child can change. With
connected components over pairs, removing one child can join or split others without bound. Here
each victim record makes one choice on its own, and at most k records take one child, so that a
change stays where it happened.

What is proved (tests: `tests/properties/test_linkage_bounds.py`)
-----------------------------------------------------------------
Take two tables of a quarter: A = (dss_only, both, mshp_only), where every child with
`is_reported` is one unit, in `both` if a record is linked to it, and every victim record not
linked to such a child is one unit of mshp_only; and B, victim records in cells that depend only on
the child linked to them, if any. In L2, for k >= 1:

=====================================================================  =============  ==========
neighbours differ by                                                   A              B
=====================================================================  =============  ==========
one police victim record                                               sqrt(2)        sqrt(3)
one DSS child                                                          sqrt(1 + k^2)  k sqrt(2)
one DSS child and up to k of the victim records that bear its token    sqrt(1 + k^2)  k sqrt(3)
=====================================================================  =============  ==========

All are reached, so none can be lowered. k sqrt(3) needs a second child with the same token and 2k
records bearing it: k records go, k others take their places with the second child, and the first
child's cell loses k. The person protected is therefore one DSS child together with at most k
police records of the same token; a child whose police records bear other tokens (a misspelt name)
counts as several persons, and its loss adds up over them.

Two details carry the proof. A child or victim record has one token, whatever the input says; with
two, removing a child could hand its records to two others. And among children who share a token a
reported one is preferred: otherwise an unreported child could keep k records away from a reported
one, and its removal would move A by sqrt(2 + k^2).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from linkage.errors import LinkageError

RULE_EXACT_TOKEN = "exact_token"  # noqa: S105 - the name of a rule, no secret


class Linker(Protocol):
    """Anything that links locally: each victim record chooses alone, at most k take one child."""

    def link(
        self,
        victims: duckdb.DuckDBPyRelation,
        children: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link the victim records of one quarter.

        Args:
            victims: victim_key VARCHAR, token VARCHAR (may be null).
            children: child_id VARCHAR, token VARCHAR (may be null), is_reported BOOLEAN: whether
                the child is counted as reported in the quarter.
            order_key: one row, order_key VARCHAR.

        Returns:
            victim_key, child_id, rule (VARCHAR each); one row for each linked victim record.
        """


@dataclass(frozen=True)
class ExactTokenLinker:
    """Equal tokens are the same child.

    A token held by several children stands for one of them: a reported one if there is any, then
    the first in keyed hash order. Every victim record with that token chooses this child and no
    other; the k records first in keyed hash order take it, the rest stay unlinked.

    Attributes:
        k: Most victim records that may take one child, at least 1.
    """

    k: int = 2

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError("k must be at least 1")

    def link(
        self,
        victims: duckdb.DuckDBPyRelation,
        children: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link by exact token; see `Linker.link`."""
        chosen = (
            children.filter("token is not null")
            .aggregate(
                "child_id, min(token) as token, max(is_reported is true) as is_reported",
                "child_id",
            )
            .cross(order_key)
            .project(f"child_id, token, is_reported, {_order('child_id')} as child_order")
            .aggregate(
                "token, arg_min(child_id, (not is_reported, child_order, child_id)) as child_id",
                "token",
            )
        )
        records = (
            victims.filter("token is not null")
            .aggregate("victim_key, min(token) as token", "victim_key")
            .cross(order_key)
            .project(f"victim_key, token, {_order('victim_key')} as victim_order")
        )
        return (
            records.join(chosen, "token")
            .project(
                "victim_key, child_id, row_number() over "
                "(partition by child_id order by victim_order, victim_key) as place"
            )
            .filter(f"place <= {self.k}")
            .project(f"victim_key, child_id, '{RULE_EXACT_TOKEN}' as rule")
        )


def _order(column: str) -> str:
    return f"md5_number_lower(order_key || {column}) >> 4"


def write_links(
    connection: duckdb.DuckDBPyConnection,
    *,
    victims: str,
    children: str,
    quarter_start: date,
    order_key_path: Path,
    out_parquet: Path,
    linker: Linker,
) -> None:
    """Write the links of one quarter; the file appears whole or not at all.

    Args:
        connection: A warehouse, which may be open read-only.
        victims: SELECT that gives victim_key, token: the juvenile victim records of the quarter.
        children: SELECT that gives child_id, token, is_reported: children known to DSS.
        quarter_start: First day of the quarter of the police incidents.
        order_key_path: File of `linkage.order_key.ensure_order_key`.
        out_parquet: File to write: quarter_start DATE, victim_key, child_id, rule VARCHAR, sorted
            by victim_key. The same input gives the same rows.
        linker: The rule.

    Raises:
        LinkageError: MS811 if the order key is not one value, MS809 for any other failure.
    """
    unfinished = out_parquet.with_name(out_parquet.name + ".unfinished")
    try:
        order_key = connection.read_parquet(str(order_key_path)).project("order_key")
        if len(order_key.filter("order_key is not null").fetchall()) != 1:
            raise LinkageError("MS811", file=order_key_path.name)
        links = linker.link(connection.sql(victims), connection.sql(children), order_key)
        out_parquet.parent.mkdir(parents=True, exist_ok=True)
        links.project(
            f"date '{quarter_start.isoformat()}' as quarter_start, victim_key, child_id, rule"
        ).order("victim_key").write_parquet(str(unfinished))
        unfinished.replace(out_parquet)
    except (duckdb.Error, OSError):
        raise LinkageError("MS809", quarter=quarter_start.isoformat()) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
