"""The bounds of linked tables are those that are proved of the linker, whatever the places are."""

from __future__ import annotations

import random
from datetime import date

import pytest

from bench.histories import replay as replaying
from bench.histories.__main__ import _take_out
from bench.histories.cases import IN_ORDER, Q1_25, Q2_25, Q4_25, record, report, token
from bench.histories.distances import compare, count_cells
from bench.histories.replay import Replay, Timelines, start
from bench.histories.worlds import make_schedule, make_worlds
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from privacy.policy.frames import bound_linked
from privacy.policy.policy import load_policy


def test_the_policy_bounds_each_linked_table_by_the_places_of_its_frame() -> None:
    frames = load_policy().frames
    for table in ("children_by_agency_in_year", "report_lag_in_year"):
        assert frames[table].bound == bound_linked(frames[table].places)


@pytest.mark.parametrize("places", range(1, 5))
def test_an_identity_moves_the_time_to_the_report_by_as_much_as_follows_from_the_places(
    places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child owns the token of one record more than there are places; a second one comes."""
    policy = load_policy()
    bounds = read_bounds(policy) | {RECORDS_FOR_ONE_CHILD: places}
    monkeypatch.setattr(replaying, "read_bounds", lambda _: bounds)
    world = Timelines(
        [report("c0", Q1_25), report("c1", Q4_25)],
        [token("c0"), token("c1")],
        [record(f"v{n}", Q2_25 + min(n, 2), day=date(2025, 4, 1)) for n in range(places + 1)],
    )
    here = Replay(world, IN_ORDER, policy).play()
    there = Replay(world, IN_ORDER, policy).drop(_take_out(0, 0)).play()
    table = "report_lag_in_year"
    moved = compare(table, count_cells(here, table), count_cells(there, table))
    assert moved[0].squared == bound_linked(places)


@pytest.mark.parametrize("seed", range(2))
def test_a_child_takes_no_more_records_than_the_places_over_all_quarters(seed: int) -> None:
    policy = load_policy()
    rng = random.Random(seed)  # noqa: S311 - worlds, no secret
    schedule = make_schedule(rng)
    played = Replay(make_worlds(rng, schedule, 200), schedule, policy).play()
    days = ", ".join(f"date '{start(one).isoformat()}'" for one in played.released)
    released = played.connection.table("links").filter(f"quarter_start in ({days})")
    taken = released.filter("has_place and child_id is not null").aggregate(
        "count(distinct victim_key) as records", "child_id"
    )
    (most,) = taken.max("records").fetchall()[0]
    assert most == read_bounds(policy)[RECORDS_FOR_ONE_CHILD]
