"""One identity moves each table as far as the policy says, whatever came when.

The models' own SQL and the linker are run over made-up histories. `python -m bench.histories`
searches many more of them.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from bench.histories import __main__ as search
from bench.histories import replay as replaying
from bench.histories.cases import (
    A_CHILD_OF_TWO_YEARS,
    A_REPORT_WITH_ANOTHER_CHILD_LATER,
    EIGHT_RECORDS,
    IN_ORDER,
    LATE,
    OUT_OF_ORDER,
    PASSED_OVER,
    Q1_24,
    Q1_25,
    Q1_26,
    Q2_25,
    Q4_25,
    Q4_26,
    RECORD_THAT_BECAME_JUVENILE,
    WITHDRAWN,
    WITHDRAWN_OWNER,
    record,
    report,
    token,
)
from bench.histories.distances import Moved, compare, count_cells
from bench.histories.replay import Replay, Rows, Step, Timelines
from bench.histories.worlds import ALWAYS, make_schedule, make_worlds
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from privacy.policy.policy import Policy, load_policy

MORE_PLACES = {RECORDS_FOR_ONE_CHILD: 4}
AGENCIES, LAG = "children_by_agency_in_year", "report_lag_in_year"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


def draw_from(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - worlds, no secret


def told(replay: Replay, table: str) -> dict[tuple[str, str], int]:
    """Count the released rows of the one world by year or quarter, and cell."""
    return {
        (quarter, cell): count for (_, quarter, cell), count in count_cells(replay, table).items()
    }


def play(timelines: Timelines, schedule: tuple[Step, ...], policy: Policy) -> Replay:
    return Replay(timelines, schedule, policy).play()


def measure(
    timelines: Timelines, schedule: tuple[Step, ...], policy: Policy, *tables: str, **gone: int
) -> list[int]:
    """Give each table's squared distance when one child, one record or both are taken away."""
    here = play(timelines, schedule, policy)
    there = Replay(timelines, schedule, policy).drop(
        search._take_out(gone.get("child"), gone.get("record"))
    )
    there.play()
    return [
        compare(table, count_cells(here, table), count_cells(there, table)).get(0, Moved()).squared
        for table in tables
    ]


@pytest.mark.parametrize(
    ("timelines", "schedule", "identity"),
    [
        (WITHDRAWN, IN_ORDER, {"child": 1, "record": 3}),
        (LATE, IN_ORDER, {"child": 0, "record": 3}),
        (EIGHT_RECORDS, OUT_OF_ORDER, {"child": 0}),
        (WITHDRAWN_OWNER, IN_ORDER, {"child": 0, "record": 0}),
    ],
    ids=["withdrawn", "late", "out of order", "owner withdrawn"],
)
def test_an_identity_moves_linked_tables_no_further_than_the_policy_says(
    timelines, schedule, identity, policy: Policy
) -> None:
    agencies, lag = measure(timelines, schedule, policy, AGENCIES, LAG, **identity)
    assert agencies <= policy.frames[AGENCIES].bound
    assert lag <= policy.frames[LAG].bound


def test_one_record_does_not_decide_whose_a_token_is(policy: Policy) -> None:
    assert measure(WITHDRAWN, IN_ORDER, policy, AGENCIES, record=3)[0] <= 3
    without = replace(WITHDRAWN, records=[row for row in WITHDRAWN.records if row[1] != 3])
    owners = [
        dict(play(world, IN_ORDER, policy).connection.execute(
            "select token, arg_min(child_id, quarter_start) from noted group by token"
        ).fetchall())
        for world in (WITHDRAWN, without)
    ]  # fmt: skip
    assert owners == [{"0:T": "0:c2"}, {"0:T": "0:c2"}]


def test_a_quarter_that_was_passed_over_is_never_built_again_and_its_records_count_in_the_next(
    policy: Policy,
) -> None:
    played = play(EIGHT_RECORDS, OUT_OF_ORDER, policy)
    assert Q4_25 not in played.released
    assert {year for year, _ in told(played, AGENCIES)} == {"2026-10-01"}
    assert told(played, AGENCIES)["2026-10-01", "both"] == 1
    assert sum(told(played, LAG).values()) == 8


def test_a_child_counts_once_ever_though_its_quarter_was_passed_over(policy: Policy) -> None:
    played = play(A_CHILD_OF_TWO_YEARS, PASSED_OVER, policy)
    assert told(played, "children_reported") == {("2025-07-01", "0:c0"): 1}
    assert told(played, "children_reported_in_year") == {("2025-10-01", "0:c0"): 1}


def test_a_record_that_becomes_one_of_a_child_later_is_linked_then(policy: Policy) -> None:
    played = play(RECORD_THAT_BECAME_JUVENILE, IN_ORDER, policy)
    assert told(played, AGENCIES) == {("2025-10-01", "both"): 1}
    assert told(played, LAG) == {("2025-10-01", "same_day"): 1}


def test_a_record_that_becomes_one_of_a_child_after_its_year_counts_in_the_next(
    policy: Policy,
) -> None:
    world = replace(RECORD_THAT_BECAME_JUVENILE, records=[record("v0", Q1_25, begins=Q1_26)])
    assert told(play(world, IN_ORDER, policy), LAG) == {("2026-10-01", "same_day"): 1}


def test_a_report_counts_in_each_quarter_in_which_it_names_a_child_first(policy: Policy) -> None:
    played = play(A_REPORT_WITH_ANOTHER_CHILD_LATER, IN_ORDER, policy)
    assert told(played, "reports_to_childrens_division") == {
        ("2025-01-01", "0:r1"): 1,
        ("2025-04-01", "0:r1"): 1,
    }


def test_what_happened_before_the_first_day_of_record_is_not_news(policy: Policy) -> None:
    old = [(*row[:5], ALWAYS, date(2023, 5, 1), row[7]) for row in (report("c0", Q1_24),)]
    world = Timelines(reports=[*old, report("c1", Q1_24)], child_tokens=[token("c0")])
    played = play(world, IN_ORDER, policy)
    assert told(played, "children_reported") == {("2024-01-01", "0:c1"): 1}
    assert played.connection.table("noted").fetchall() == []


def test_a_withdrawn_owner_keeps_its_records_and_their_time_to_the_report(policy: Policy) -> None:
    played = play(WITHDRAWN_OWNER, IN_ORDER, policy)
    assert told(played, LAG) == {("2025-10-01", "same_day"): 2, ("2025-10-01", "none_found"): 1}


def test_the_bound_of_the_delay_is_reached_so_it_cannot_be_lowered(policy: Policy) -> None:
    first, second = report("c0", Q1_25), report("c1", Q4_25)
    records: Rows = [
        record(f"v{number}", Q2_25 + number, day=date(2025, 4, 1)) for number in range(3)
    ]
    world = Timelines([first, second], [token("c0"), token("c1")], records)
    [moved] = measure(world, IN_ORDER, policy, LAG, child=0, record=0)
    assert moved == policy.frames[LAG].bound == 9


@pytest.mark.parametrize("seed", range(2))
def test_no_neighbour_of_a_random_world_moves_a_table_further_than_its_claim(
    seed: int, policy: Policy, capsys: pytest.CaptureFixture[str]
) -> None:
    found = search.search(draw_from(seed), 80, 80, policy)
    assert search.print_found(found, policy), capsys.readouterr().out


def test_the_search_finds_a_linker_that_gives_more_places_than_the_policy_says(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked above can fail."""
    monkeypatch.setattr(replaying, "read_bounds", lambda _: read_bounds(policy) | MORE_PLACES)
    assert not search.print_found(search.search(draw_from(5), 80, 80, policy), policy)


ONCE_EVER = (
    "children_reported",
    "children_reported_in_year",
    "incidents_known_to_police",
    "arrests_in_quarter",
    "juvenile_victim_records_in_year",
)


@pytest.mark.parametrize("seed", range(2))
def test_no_unit_is_counted_twice_in_a_lifetime(seed: int, policy: Policy) -> None:
    rng = draw_from(seed)
    schedule = make_schedule(rng)
    played = Replay(make_worlds(rng, schedule, 200), schedule, policy).play()
    for table in ONCE_EVER:
        counts = Counter(unit for _, _, unit in count_cells(played, table))
        assert set(counts.values()) <= {1}, table


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_comes_before_the_last_quarter_is_built_is_lost(
    seed: int, policy: Policy
) -> None:
    """However late a record came, and whichever quarters were passed over."""
    rng = draw_from(seed)
    schedule = [*(one for one in make_schedule(rng) if one[0] != Q4_26), (Q4_26, True)]
    last = len(schedule) - 1

    def stay(rows: Rows, begins: int) -> list[tuple[object, ...]]:
        """Each row comes in time for the last quarter and stays."""
        return [
            (*row[:begins], min(int(str(row[begins])), last), ALWAYS, *row[begins + 2 :])
            for row in {row[:begins]: row for row in rows}.values()
        ]

    made = make_worlds(rng, schedule, 200)
    world = Timelines(
        stay(made.reports, 4), made.child_tokens, stay(made.records, 5), stay(made.arrests_made, 3)
    )
    played = Replay(world, schedule, policy).play()
    counted = {table: {unit for _, _, unit in count_cells(played, table)} for table in ONCE_EVER}
    assert counted["children_reported"] == {row[3] for row in world.reports}
    assert counted["arrests_in_quarter"] == {row[2] for row in world.arrests_made}
    assert counted["juvenile_victim_records_in_year"] == {row[2] for row in world.records}
    assert counted["incidents_known_to_police"] == {row[3] for row in world.records}
