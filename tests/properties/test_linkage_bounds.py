from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.links import ExactTokenLinker

Cell = tuple[str, ...]
Table = Counter[Cell]


@dataclass(frozen=True)
class World:
    """Child id -> (token, reported in the quarter); victim key -> token."""

    children: tuple[tuple[str, str, bool], ...]
    victims: tuple[tuple[str, str], ...]

    def without(self, child: str | None = None, victims: frozenset[str] = frozenset()) -> World:
        return replace(
            self,
            children=tuple(row for row in self.children if row[0] != child),
            victims=tuple(row for row in self.victims if row[0] not in victims),
        )


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def links(world: World, k: int) -> dict[str, str]:
    duck = connection()
    victims = duck.sql(
        "select unnest($keys) as victim_key, unnest($tokens) as token",
        params={
            "keys": [key for key, _ in world.victims],
            "tokens": [token for _, token in world.victims],
        },
    ).project("victim_key::varchar as victim_key, token::varchar as token")
    children = duck.sql(
        "select unnest($ids) as child_id, unnest($tokens) as token, unnest($reported) as reported",
        params={
            "ids": [child for child, _, _ in world.children],
            "tokens": [token for _, token, _ in world.children],
            "reported": [reported for _, _, reported in world.children],
        },
    ).project(
        "child_id::varchar as child_id, token::varchar as token, reported::boolean as is_reported"
    )
    order_key = duck.sql("select 'a key for tests' as order_key")
    found = ExactTokenLinker(k).link(victims, children, order_key).fetchall()
    return {victim: child for victim, child, _ in found}


def by_agency(world: World, k: int) -> Table:
    linked = links(world, k)
    reported = {child for child, _, is_reported in world.children if is_reported}
    known_to_both = reported & set(linked.values())
    table: Table = Counter(
        {("both",): len(known_to_both), ("dss_only",): len(reported - known_to_both)}
    )
    table["mshp_only",] = sum(linked.get(key) not in reported for key, _ in world.victims)
    return table


def lag(world: World, k: int) -> Table:
    """Cells of a lag that depends on both records, as different as they can be."""
    linked = links(world, k)
    return Counter(
        (linked[key], key[-1]) if key in linked else ("none",) for key, _ in world.victims
    )


def distance(left: Table, right: Table) -> float:
    return math.sqrt(sum((left[cell] - right[cell]) ** 2 for cell in left | right))


def record_removals(world: World, k: int) -> Iterator[World]:
    return (world.without(victims=frozenset([key])) for key, _ in world.victims)


def child_removals(world: World, k: int) -> Iterator[World]:
    return (world.without(child) for child, _, _ in world.children)


def person_removals(world: World, k: int) -> Iterator[World]:
    for child, token, _ in world.children:
        theirs = [key for key, bears in world.victims if bears == token]
        for size in range(min(k, len(theirs)) + 1):
            for gone in combinations(theirs, size):
                yield world.without(child, frozenset(gone))


TOKENS = st.sampled_from("abc")
WORLDS = st.builds(
    World,
    children=st.lists(st.tuples(TOKENS, st.booleans()), max_size=4).map(
        lambda rows: tuple((f"child{n}", *row) for n, row in enumerate(rows))
    ),
    victims=st.lists(TOKENS, max_size=7).map(
        lambda tokens: tuple((f"victim{n}", token) for n, token in enumerate(tokens))
    ),
)

BOUNDS: dict[
    str, tuple[Callable[..., Table], Callable[..., Iterator[World]], Callable[[int], float]]
] = {
    "agencies, a record": (by_agency, record_removals, lambda k: math.sqrt(2)),
    "agencies, a child": (by_agency, child_removals, lambda k: math.sqrt(1 + k * k)),
    "agencies, a person": (by_agency, person_removals, lambda k: math.sqrt(1 + k * k)),
    "lag, a record": (lag, record_removals, lambda k: math.sqrt(3)),
    "lag, a child": (lag, child_removals, lambda k: k * math.sqrt(2)),
    "lag, a person": (lag, person_removals, lambda k: k * math.sqrt(3)),
}


@pytest.mark.parametrize("claim", BOUNDS)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(world=WORLDS, k=st.integers(1, 3))
def test_no_neighbour_moves_a_linked_table_further_than_its_bound(
    claim: str, world: World, k: int
) -> None:
    table, neighbours, bound = BOUNDS[claim]
    here = table(world, k)
    for neighbour in neighbours(world, k):
        assert distance(here, table(neighbour, k)) <= bound(k) + 1e-9


def crowded(k: int, *, reported: tuple[bool, ...], spare: int = 0) -> World:
    """Children who share one token with 2k records or more."""
    return World(
        tuple((f"child{n}", "a", is_reported) for n, is_reported in enumerate(reported)),
        tuple((f"{n}-victim", "a") for n in range(2 * k + spare)),
    )


@pytest.mark.parametrize("claim", BOUNDS)
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize(
    "reported",
    [
        (True,),
        (False,),
        (True, True),
        (True, False),
        (False, True),
        (False, False),
        (True, True, False),
    ],
)
def test_the_bounds_hold_where_many_children_and_records_share_one_token(
    claim: str, k: int, reported: tuple[bool, ...]
) -> None:
    table, neighbours, bound = BOUNDS[claim]
    world = crowded(k, reported=reported, spare=1)
    here = table(world, k)
    farthest = max(distance(here, table(other, k)) for other in neighbours(world, k))
    assert farthest <= bound(k) + 1e-9


@pytest.mark.parametrize(
    ("claim", "world"),
    [
        ("agencies, a record", World((("child0", "a", True),), (("victim0", "a"),))),
        ("agencies, a child", World((("c", "a", True),), (("v0", "a"), ("v1", "a"), ("v2", "a")))),
        ("agencies, a person", crowded(2, reported=(True, True))),
        ("lag, a child", World((("c", "a", True),), (("v0", "a"), ("w0", "a")))),
        ("lag, a person", crowded(2, reported=(True, True))),
    ],
)
def test_a_bound_is_reached_so_it_cannot_be_lowered(claim: str, world: World) -> None:
    table, neighbours, bound = BOUNDS[claim]
    here = table(world, 2)
    farthest = max(distance(here, table(other, 2)) for other in neighbours(world, 2))
    assert farthest == pytest.approx(bound(2))


def test_a_record_that_frees_a_place_with_another_lag_moves_three_cells() -> None:
    world = World((("child0", "a", True),), tuple((f"victim{n}", "a") for n in range(3)))
    here = lag(world, 2)
    assert max(
        distance(here, lag(other, 2)) for other in record_removals(world, 2)
    ) == pytest.approx(math.sqrt(3))


@pytest.mark.parametrize("reported", ["child0", "child1"])
def test_among_children_with_one_token_the_reported_one_takes_the_records(reported: str) -> None:
    """Otherwise an unreported child could hide k records, and A would move by sqrt(2 + k^2)."""
    world = crowded(1, reported=(False, False))
    preferred = replace(
        world, children=tuple((name, token, name == reported) for name, token, _ in world.children)
    )
    assert set(links(preferred, 2).values()) == {reported}
