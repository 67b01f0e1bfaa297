"""Decide which police victim record is which child of Social Services.

`Linker` is the interface; `EqualTokenLinker` is the rule of today, and a probabilistic model may
take its place as long as it stays local in the sense proved below. Does not belong here: what is
counted from the links, and the hotline, which is never linked.

Why locality matters
--------------------
Tables made from links are released with noise in proportion to what one child can change, in all
years together. With connected components over pairs, removing one child can join or split
others without bound. Here each record makes one choice on its own, and the number of records that
may take one child is bounded over its lifetime, so that a change stays where it happened.

What is proved (tests: `tests/properties/test_histories.py`)
-----------------------------------------------------------------
Quarters are released in order, and what a released quarter noted of tokens and links is kept. Take
two tables over all years. A holds (dss_only, both, mshp_only) of each year: a child is one unit in
the year that counts it, in `both` if it owns its token and a police record of that token was known
by the year's end; a token is one unit of mshp_only in the first year that counts a record of it, if
no child owns it by then. B holds, in the year that counts each record, a cell that depends only on
the record and on the child that owns its token by then, if the record has a place. The squared L2
distance, summed over every year there ever is, is at most, for k >= 1 places:

================================================  =====  ==========
neighbours differ by                                A        B
================================================  =====  ==========
one police victim record                            3        3
one DSS child                                       4      2 k^2
one DSS child and one record that bears its token   5    2 k^2 + 1
================================================  =====  ==========

Because the sums run over all years, what one identity can lose by every release of such a table
together is no more than what it can lose by the costliest of them alone. (Periods of any other
length would do: nothing rests on a year but the order of time.)

The proof. A child has one token for ever: the one with which it was first noted in a released
quarter. A record has one token for ever in the same way. The owner of a token is the child noted
first with it, in keyed hash order among those noted in one quarter, *whether or not a record was
linked*, and whatever becomes of the child's reports later. So when a child was noted, with what
token, and when a record was, follow from its own data and from which quarters were released, and
nothing moves but rows of the identity's own token:

* A. The child is one row. If it owned the token, the child noted next owns it instead, and can move
  from dss_only to both: two rows. The token's row in mshp_only can come: one. A record can be the
  first of its token, whose row then goes or moves to another year, or the only one that a child is
  known by; both at once only where the row goes: two rows or three. Child and record together move
  five at most, because the token's row moves at most once.
* B. Places go to the first k records of a token, by the quarter in which they were noted and then
  in keyed hash order, whether or not a child is known. Another owner can move k records from one
  cell to another one: k^2 for each. A record less leaves its own cell and gives its place to one
  other record, which was in the cell of those without a child: so k records still leave one cell
  and k reach another, and that third cell loses one. It is a third one because a record that has a
  place and a child has a date of the child's first report for ever, noted with the token; were it
  to fall back when reports are withdrawn, three records could leave one cell, and the distance be
  13.

If only matched records used places, a child's removal would free them for records of later
quarters, and B would move without bound over the years. If a token were tied to a child only where
a record was linked, one record would decide whose it is, and the distance was seen to be 9 in A.
If a quarter could be released after a later one, records of both would count as seen, without any
bound.
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

RULE_EQUAL_TOKEN = "equal_token"  # noqa: S105 - the name of a rule, no secret

_NO_EARLIER_LINKS = """
select null::date as quarter_start, null::varchar as victim_key, null::varchar as token,
    null::varchar as child_id, null::boolean as has_place
where false
"""

_NO_CHILDREN_NOTED = """
select null::date as quarter_start, null::varchar as child_id, null::varchar as token,
    null::date as first_report_date
where false
"""

LINKS = "links.parquet"
"""File of a quarter's links, in the folder of the quarter."""

CHILDREN = "children.parquet"
"""File of the children that a quarter noted with their tokens, in the same folder."""


class Linker(Protocol):
    """Anything that links locally: each record chooses alone, at most k ever take one child."""

    def link(
        self,
        victims: duckdb.DuckDBPyRelation,
        owners: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link one quarter, after the released quarters before it.

        Args:
            victims: victim_key VARCHAR, token VARCHAR (may be null): records known by the end of
                the quarter. Those that a released quarter noted are left out.
            owners: What `find_owners` gives.
            earlier: What the released quarters gave: quarter_start DATE, and the columns returned
                but for the last two.
            order_key: one row, order_key VARCHAR.

        Returns:
            victim_key, token, child_id (VARCHAR), has_place (BOOLEAN), first_report_date (DATE, of
            the child), rule (VARCHAR); one row for each record that no released quarter noted, its
            child_id null if it is matched to none; and one for each record of an earlier quarter
            whose token has an owner since.
        """


@dataclass(frozen=True)
class EqualTokenLinker:
    """Equal tokens are the same child.

    Every record is matched to the child that owns its token and no other; the first k records of
    the token have a place, by the quarter in which they were noted and then in keyed hash order.

    Attributes:
        k: Most victim records that may ever take one child, at least 1.
    """

    k: int

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError("k must be at least 1")

    def link(
        self,
        victims: duckdb.DuckDBPyRelation,
        owners: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Link by equal token; see `Linker.link`."""
        now = self._place(victims, earlier, order_key).join(
            owners, "token = owned_token", how="left"
        )
        since = (
            earlier.aggregate(
                "victim_key, token, has_place, max(child_id) as known_child",
                "victim_key, token, has_place",
            )
            .filter("known_child is null")
            .join(owners, "token = owned_token")
        )
        columns = "victim_key, token, child_id, has_place, first_report_date"
        return (
            now.project(columns)
            .union(since.project(columns))
            .project(f"*, '{RULE_EQUAL_TOKEN}' as rule")
        )

    def _place(
        self,
        victims: duckdb.DuckDBPyRelation,
        earlier: duckdb.DuckDBPyRelation,
        order_key: duckdb.DuckDBPyRelation,
    ) -> duckdb.DuckDBPyRelation:
        """Say which records that no quarter noted have one of the places that are left."""
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


def note_children(
    quarter_start: date, children: duckdb.DuckDBPyRelation, noted: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    """Give the children that no released quarter noted and that have a token now.

    Args:
        quarter_start: First day of the quarter that notes them.
        children: child_id VARCHAR, token VARCHAR (may be null), first_report_date DATE.
        noted: What this function gave for the released quarters.

    Returns:
        quarter_start DATE, child_id, token (VARCHAR), first_report_date DATE.
    """
    return (
        children.filter("token is not null")
        .aggregate(
            f"date '{quarter_start.isoformat()}' as quarter_start, child_id, min(token) as token, "
            "min(first_report_date) as first_report_date",
            "child_id",
        )
        .join(noted.project("child_id as noted_child"), "child_id = noted_child", how="anti")
    )


def find_owners(
    noted: duckdb.DuckDBPyRelation, order_key: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    """Give the child that owns each token: owned_token, child_id, first_report_date."""
    return (
        noted.cross(order_key)
        .project(f"*, {_order('child_id')} as child_order")
        .aggregate(
            "token as owned_token, "
            "arg_min(child_id, (quarter_start, child_order, child_id)) as child_id, "
            "arg_min(first_report_date, (quarter_start, child_order, child_id)) "
            "as first_report_date",
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
    epochs: str,
    released: Sequence[Path],
    quarter_start: date,
    order_key_path: Path,
    folder: Path,
    linker: Linker,
) -> None:
    """Write what one quarter notes and links; the links are written last, and whole or not at all.

    Args:
        connection: A warehouse, which may be open read-only.
        victims: SELECT that gives victim_key, token: the juvenile victim records known by the end
            of the quarter.
        children: SELECT that gives child_id, token, first_report_date: children known to DSS by
            the end of the quarter.
        epochs: SELECT that gives for each agency the list of the epochs of keys by which the
            tokens that it delivered for the quarter were made.
        released: Folders of the quarters that were released, all before this one.
        quarter_start: First day of the quarter.
        order_key_path: File of `linkage.order_key.ensure_order_key`.
        folder: Folder to write `CHILDREN` (the columns of `note_children`, sorted by child_id)
            and `LINKS` to (quarter_start DATE, and the columns of `Linker.link`, sorted by
            victim_key). The same input gives the same rows.
        linker: The rule.

    Raises:
        LinkageError: MS814 if two agencies have no epoch in common, MS811 if the order key is not
            one value, MS809 for any other failure.
    """
    try:
        told = [set(found) for (found,) in connection.sql(epochs).fetchall()]
        if len(told) > 1 and not set.intersection(*told):
            raise LinkageError("MS814", quarter=quarter_start.isoformat())
        order_key = connection.read_parquet(str(order_key_path)).project("order_key")
        if len(order_key.filter("order_key is not null").fetchall()) != 1:
            raise LinkageError("MS811", file=order_key_path.name)
        noted = _read_earlier(connection, released, CHILDREN, _NO_CHILDREN_NOTED)
        new = note_children(quarter_start, connection.sql(children), noted)
        links = linker.link(
            connection.sql(victims),
            find_owners(noted.union(new), order_key),
            _read_earlier(connection, released, LINKS, _NO_EARLIER_LINKS),
            order_key,
        )
        dated = links.project(f"date '{quarter_start.isoformat()}' as quarter_start, *")
        for rows, name in (
            (new.order("child_id"), CHILDREN),
            (dated.order("victim_key"), LINKS),
        ):
            with replacing(folder / name) as draft:
                rows.write_parquet(str(draft))
    except (duckdb.Error, OSError):
        raise LinkageError("MS809", quarter=quarter_start.isoformat()) from None


def _read_earlier(
    connection: duckdb.DuckDBPyConnection, released: Sequence[Path], name: str, none: str
) -> duckdb.DuckDBPyRelation:
    """Read one file of every released quarter, with the columns that `none` has."""
    nothing = connection.sql(none)
    if not released:
        return nothing
    files = connection.read_parquet([str(folder / name) for folder in released])
    return files.project(", ".join(nothing.columns))
