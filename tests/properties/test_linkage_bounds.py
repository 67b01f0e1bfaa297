"""How far one identity moves the linked tables, summed over all years there ever are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.links import ExactTokenLinker

Cell = tuple[object, ...]
Table = Counter[Cell]
Link = tuple[int, str, str | None, str | None, bool]
"""Quarter in which it was made, victim key, token, child, and whether the record has a place."""

STARTS = {1: date(2024, 7, 1), 2: date(2024, 10, 1), 3: date(2025, 1, 1), 4: date(2026, 1, 1)}
"""Quarters of three years; the first year has two."""

QUARTERS = tuple(STARTS)


@dataclass(frozen=True)
class World:
    """(child id, token, quarter first known) and (victim key, token, quarter first known).

    Children of `late` are first known in a quarter that was linked before they were delivered,
    with the one that is named here.
    """

    children: tuple[tuple[str, str, int], ...]
    victims: tuple[tuple[str, str, int], ...]
    late: tuple[tuple[str, int], ...] = ()

    def arrival(self, child: str, known: int) -> int:
        return max(known, dict(self.late).get(child, known))

    def without(self, child: str | None = None, victim: str | None = None) -> World:
        return replace(
            self,
            children=tuple(row for row in self.children if row[0] != child),
            victims=tuple(row for row in self.victims if row[0] != victim),
        )


def year_of(quarter: int) -> int:
    return STARTS[quarter].year


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def relation(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> duckdb.DuckDBPyRelation:
    lists = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    unnested = ", ".join(
        f"unnest($c{n}::{kind}[]) as {name}" for n, (name, kind) in enumerate(columns.items())
    )
    return connection().sql(
        f"select {unnested}", params={f"c{n}": list(values) for n, values in enumerate(lists)}
    )


def links(world: World, k: int) -> list[Link]:
    """Link the quarters one after another, each after those before it."""
    order_key = connection().sql("select 'a key for tests' as order_key")
    found: list[Link] = []
    for quarter in QUARTERS:
        victims = relation(
            {"victim_key": "varchar", "token": "varchar"},
            [(key, token) for key, token, known in world.victims if known == quarter],
        )
        children = relation(
            {"child_id": "varchar", "token": "varchar", "first_quarter_start": "date"},
            [
                (c, token, STARTS[q])
                for c, token, q in world.children
                if world.arrival(c, q) <= quarter
            ],
        )
        columns = {"quarter_start": "date", "victim_key": "varchar", "token": "varchar"}
        earlier = relation(
            columns | {"child_id": "varchar", "has_place": "boolean"},
            [(STARTS[q], *rest) for q, *rest in found],
        )
        made = ExactTokenLinker(k).link(STARTS[quarter], victims, children, earlier, order_key)
        found += [(quarter, *row[:4]) for row in made.fetchall()]
    return found


def by_agency(world: World, k: int) -> Table:
    """Table A: children in the year first reported, and tokens that only police know."""
    found = links(world, k)
    table: Table = Counter()
    for child, _, quarter in world.children:
        year = year_of(quarter)
        if year_of(world.arrival(child, quarter)) > year:
            continue  # its year was released before it came
        known = any(year_of(q) <= year and linked == child for q, _, _, linked, _ in found)
        table[year, "both" if known else "dss_only"] += 1
    counted: set[str | None] = set()
    for year in sorted({start.year for start in STARTS.values()}):
        matched = {key for q, key, _, child, _ in found if child and year_of(q) <= year}
        new = {
            token
            for key, token, known in world.victims
            if year_of(known) == year and key not in matched
        } - counted
        table[year, "mshp_only"] += len(new)
        counted |= new
    return table


def lag(world: World, k: int) -> Table:
    """Table B: cells that depend on the linked child and on the record, as they well may."""
    years = {key: year_of(known) for key, _, known in world.victims}
    linked = {
        key: child
        for quarter, key, _, child, has_place in links(world, k)
        if has_place and child is not None and year_of(quarter) <= years[key]
    }
    return Counter(
        (year, linked[key], key[-1]) if key in linked else (year, "none")
        for key, year in years.items()
    )


def distance(left: Table, right: Table) -> int:
    return sum((left[cell] - right[cell]) ** 2 for cell in left | right)


def record_removals(world: World) -> Iterator[World]:
    return (world.without(victim=key) for key, _, _ in world.victims)


def child_removals(world: World) -> Iterator[World]:
    return (world.without(child) for child, _, _ in world.children)


def identity_removals(world: World) -> Iterator[World]:
    for child, token, _ in world.children:
        yield from (world.without(child, key) for key, bears, _ in world.victims if bears == token)


BOUNDS: dict[
    str, tuple[Callable[..., Table], Callable[[World], Iterator[World]], Callable[[int], int]]
] = {
    "agencies, a record": (by_agency, record_removals, lambda k: 3),
    "agencies, a child": (by_agency, child_removals, lambda k: 4),
    "agencies, an identity": (by_agency, identity_removals, lambda k: 5),
    "lag, a record": (lag, record_removals, lambda k: 3),
    "lag, a child": (lag, child_removals, lambda k: 2 * k * k),
    "lag, an identity": (lag, identity_removals, lambda k: 2 * k * k + 1),
}
"""The policy's bounds are those of an identity with k = 2: 5 and 9."""

TOKENS = st.sampled_from("ab")
KNOWN = st.sampled_from(QUARTERS)
WORLDS = st.builds(
    World,
    children=st.lists(st.tuples(TOKENS, KNOWN), max_size=4).map(
        lambda rows: tuple((f"child{n}", *row) for n, row in enumerate(rows))
    ),
    victims=st.lists(st.tuples(TOKENS, KNOWN), max_size=6).map(
        lambda rows: tuple((f"victim{n}", *row) for n, row in enumerate(rows))
    ),
    late=st.dictionaries(st.sampled_from(("child0", "child1")), KNOWN).map(
        lambda late: tuple(late.items())
    ),
)


@pytest.mark.parametrize("claim", BOUNDS)
@settings(max_examples=6, derandomize=True)
@given(world=WORLDS, k=st.integers(1, 3))
def test_no_neighbour_moves_a_linked_table_further_than_its_bound_over_all_years(
    claim: str, world: World, k: int
) -> None:
    table, neighbours, bound = BOUNDS[claim]
    here = table(world, k)
    for neighbour in neighbours(world):
        assert distance(here, table(neighbour, k)) <= bound(k)


def shared_token(children: tuple[int, ...], victims: tuple[int, ...]) -> World:
    """Everybody bears one token; numbers are the quarters in which each is first known."""
    return World(
        tuple((f"child{n}", "a", quarter) for n, quarter in enumerate(children)),
        tuple((f"{n}-victim", "a", quarter) for n, quarter in enumerate(victims)),
    )


@pytest.mark.parametrize("claim", ["agencies, an identity", "lag, an identity"])
@pytest.mark.parametrize(
    "children", [(3,), (2, 3), (3, 4)], ids=lambda quarters: f"children{quarters}"
)
def test_the_bounds_hold_where_everybody_shares_one_token(
    claim: str, children: tuple[int, ...]
) -> None:
    table, neighbours, bound = BOUNDS[claim]
    for victims in product(QUARTERS[:3], repeat=3):
        if victims != tuple(sorted(victims)):
            continue
        world = shared_token(children, victims)
        here = table(world, 2)
        assert max(distance(here, table(other, 2)) for other in neighbours(world)) <= bound(2)


@pytest.mark.parametrize("claim", BOUNDS)
def test_the_bounds_hold_where_a_child_came_late_for_a_quarter_that_was_linked(claim: str) -> None:
    table, neighbours, bound = BOUNDS[claim]
    for known, came in ((1, 2), (1, 3), (3, 4)):
        for victims in ((1,), (1, 1), (1, 2), (1, 3), (3, 3)):
            world = replace(shared_token((known, came), victims), late=(("child0", came),))
            here = table(world, 2)
            assert all(distance(here, table(other, 2)) <= bound(2) for other in neighbours(world))


@pytest.mark.parametrize(
    ("claim", "world"),
    [
        ("agencies, a record", shared_token((3,), (1,))),
        ("agencies, a child", shared_token((1, 3), (1,))),
        ("agencies, an identity", shared_token((3, 4), (1, 3))),
        ("lag, a record", shared_token((1,), (1, 2, 3))),
        ("lag, a child", shared_token((2,), (1, 2))),
        ("lag, an identity", shared_token((1,), (1, 2, 3))),
    ],
)
def test_a_bound_is_reached_so_it_cannot_be_lowered(claim: str, world: World) -> None:
    table, neighbours, bound = BOUNDS[claim]
    here = table(world, 2)
    assert max(distance(here, table(other, 2)) for other in neighbours(world)) == bound(2)


@settings(max_examples=12, derandomize=True)
@given(world=WORLDS, k=st.integers(1, 3))
def test_a_child_takes_at_most_k_records_over_all_quarters(world: World, k: int) -> None:
    taken = Counter(child for _, _, _, child, has_place in links(world, k) if has_place and child)
    assert all(count <= k for count in taken.values())


@settings(max_examples=12, derandomize=True)
@given(world=WORLDS, k=st.integers(1, 3))
def test_a_later_quarter_changes_nothing_in_the_quarters_before_it(world: World, k: int) -> None:
    shorter = World(
        tuple(row for row in world.children if row[2] < QUARTERS[-1]),
        tuple(row for row in world.victims if row[2] < QUARTERS[-1]),
        world.late,
    )
    here, there = (
        [link for link in links(one, k) if link[0] < QUARTERS[-1]] for one in (world, shorter)
    )
    assert sorted(here, key=str) == sorted(there, key=str)
