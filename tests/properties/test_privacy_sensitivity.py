"""One identity moves no table further than its frame's bound; the map that is charged knows it."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_policy import RULES

from bench.switched_on import load_switched_on
from privacy.engine import noise
from privacy.engine.exact import ExactCells, ExactCounts, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS
from privacy.plan import PlannedFrame, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.optimise import optimise

KEYS = Path(__file__).resolve().parents[2] / "missouri" / "lists"
POLICY = load_switched_on()
"""Frames that are switched off keep their bound too."""
LISTED = load_keys(KEYS, POLICY)
PLAN = make_plan("2025Q4", POLICY, LISTED, optimise(POLICY, LISTED), RULES)
FRAMES = {planned.frame.name: planned for planned in PLAN.frames}
OF_ROWS = sorted(name for name, planned in FRAMES.items() if planned.frame.kind == ROWS)
OF_COUNTS = sorted(name for name, planned in FRAMES.items() if planned.frame.kind == AGGREGATE)
OF_LINKS = sorted(name for name, planned in FRAMES.items() if planned.frame.kind == LINKED)

Row = tuple[str, ...]


def draw_row(data: st.DataObject, planned: PlannedFrame) -> Row:
    units = planned.frame.levels[-1].keys
    return data.draw(st.tuples(*(st.sampled_from(keys) for keys in (units, *planned.frame.keys))))


def draw_people(data: st.DataObject, planned: PlannedFrame, most: int) -> list[list[Row]]:
    """The rows of each identity, at most the bound of the frame."""
    sizes = data.draw(st.lists(st.integers(1, planned.frame.bound), min_size=1, max_size=most))
    return [[draw_row(data, planned) for _ in range(size)] for size in sizes]


def name_columns(planned: PlannedFrame, rows: Sequence[Row]) -> dict[str, list[str]]:
    names = (planned.frame.leaf_column, *planned.frame.columns)
    return {name: [row[position] for row in rows] for position, name in enumerate(names)}


def count_rows(planned: PlannedFrame, people: Sequence[Sequence[Row]]) -> dict[str, list[int]]:
    """Exact cells of each table, by the very transformation whose map is charged."""
    rows = [row for theirs in people for row in theirs]
    units = [f"unit {number}" for number in range(len(rows))]
    exact = ExactRows(planned.frame, units, name_columns(planned, rows))
    leaves = exact.hand_over_to_noise().astype(np.uintp)
    return {
        query.name: noise._count_rows(planned.frame, query)(leaves)
        for query in planned.list_queries()
    }


def count_totals(planned: PlannedFrame, people: Sequence[Sequence[Row]]) -> dict[str, list[int]]:
    rows = [row for theirs in people for row in theirs]
    distinct = sorted(set(rows))
    exact = ExactCounts(
        planned.frame, name_columns(planned, distinct), [rows.count(row) for row in distinct]
    )
    leaves = noise._count_leaves(planned.frame, exact.hand_over_to_noise())
    return {
        query.name: noise._sum_into_cells(planned.frame, query, leaves).tolist()
        for query in planned.list_queries()
    }


def find_distance(left: Sequence[int], right: Sequence[int]) -> float:
    return math.dist(left, right)


@pytest.mark.parametrize("name", OF_ROWS)
@settings(max_examples=25)
@given(data=st.data())
def test_taking_one_identity_out_of_a_row_frame_stays_within_the_bound(
    name: str, data: st.DataObject
) -> None:
    planned = FRAMES[name]
    people = draw_people(data, planned, most=8)
    gone = data.draw(st.integers(0, len(people) - 1))
    here = count_rows(planned, people)
    there = count_rows(planned, people[:gone] + people[gone + 1 :])
    for query in planned.list_queries():
        moved = find_distance(here[query.name], there[query.name])
        assert 0 < moved <= planned.frame.bound
        assert moved <= noise._count_rows(planned.frame, query).map(planned.frame.bound)


@pytest.mark.parametrize("name", OF_COUNTS)
@settings(max_examples=25)
@given(data=st.data())
def test_taking_one_child_out_of_delivered_totals_stays_within_the_contract(
    name: str, data: st.DataObject
) -> None:
    planned = FRAMES[name]
    people = draw_people(data, planned, most=8)
    here, there = count_totals(planned, people), count_totals(planned, people[1:])
    for table, cells in here.items():
        assert 0 < find_distance(cells, there[table]) <= planned.frame.distance


@pytest.mark.parametrize("name", OF_LINKS)
def test_linked_rows_reach_the_noise_as_one_count_per_cell(name: str) -> None:
    frame = FRAMES[name].frame
    (keys,) = frame.keys
    columns = {"state": frame.levels[0].keys * 3, frame.columns[0]: [keys[0], keys[-1], keys[-1]]}
    exact = ExactCells(frame, ["a", "b", "c"], columns)
    counts = noise._count_leaves(frame, exact.hand_over_to_noise()).tolist()
    assert counts == [1, *[0] * (len(keys) - 2), 2]
