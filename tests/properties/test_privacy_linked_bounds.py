"""The bounds that the policy declares for linked tables, held against the rule that links."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from test_linkage_bounds import WORLDS, Table, World, by_agency, crowded, distance, lag

from privacy.policy import load_policy

MOST_RECORDS = 2
TABLES: dict[str, Callable[[World, int], Table]] = {
    "children_by_agency": by_agency,
    "report_lag": lag,
}
CROWDED = [
    crowded(MOST_RECORDS, reported=reported, spare=spare)
    for reported in ((True,), (False,), (True, True), (True, False), (False, False))
    for spare in (0, 1)
]


def take_one_identity_away(world: World) -> Iterator[World]:
    """A child, with no victim record or with one that bears its token; or one record alone."""
    for child, token, _ in world.children:
        yield world.without(child)
        for victim, bears in world.victims:
            if bears == token:
                yield world.without(child, frozenset([victim]))
    for victim, _ in world.victims:
        yield world.without(victims=frozenset([victim]))


def find_farthest(table: str, world: World) -> float:
    here = TABLES[table](world, MOST_RECORDS)
    moved = [
        distance(here, TABLES[table](other, MOST_RECORDS))
        for other in take_one_identity_away(world)
    ]
    return max(moved, default=0.0) ** 2


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=40, deadline=None)
@given(world=WORLDS)
def test_one_identity_moves_a_linked_table_within_the_bound_of_the_policy(
    table: str, world: World
) -> None:
    assert find_farthest(table, world) <= load_policy().frames[table].bound + 1e-9


@pytest.mark.parametrize("table", TABLES)
def test_the_bound_of_the_policy_is_reached_and_never_passed_where_tokens_crowd(table: str) -> None:
    farthest = max(find_farthest(table, world) for world in CROWDED)
    assert farthest == pytest.approx(load_policy().frames[table].bound)
