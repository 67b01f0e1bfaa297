"""Frames about the same rows have one total, which is least squares over both at once."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from frame_examples import make_matrix, mark_leaves
from numpy.typing import NDArray
from privacy_examples import example_plan
from release_examples import Drawn, fill_cells, find_table, publish

from privacy.engine.frames import Row
from privacy.plan import Plan, PlannedFrame
from privacy.publishing.recalled import read_release
from privacy.publishing.same_rows import join_same_rows
from privacy.released import Release, ReleasedTable, describe_release

AGENCY, CHILDREN = "children_by_agency_in_year", "children_reported_in_year"
LAG, VICTIMS = "report_lag_in_year", "juvenile_victim_records_in_year"
PAIRS = ((AGENCY, CHILDREN, (0, 2)), (LAG, VICTIMS, (0, 1, 2)))
NOISY = "children_by_agency_in_year_at_state_by_agency_pattern"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return example_plan("2025Q4")


def draw(plan: Plan, seed: int, low: int = -30, high: int = 60) -> Drawn:
    random = np.random.default_rng(seed)
    return {
        name: random.integers(low, high, len(cells)).tolist()
        for name, cells in fill_cells(plan, 0).items()
    }


def find_frame(plan: Plan, name: str) -> PlannedFrame:
    return next(one for one in plan.frames if one.frame.name == name)


def list_tables(release: Release, frame: str) -> list[ReleasedTable]:
    return [table for table in release.tables if table.frame == frame]


class Joint:
    """Dense least squares over both frames of a pair, whose totals are one by construction.

    Unknown are the leaves of one frame and all cells of the linked one but the last of those that
    are its rows, which is what the others leave of the total.
    """

    def __init__(self, plan: Plan, linked: str, other: str, same: Sequence[int]) -> None:
        self.linked, self.other = find_frame(plan, linked), find_frame(plan, other)
        self.leaves, size = self.other.frame.leaf_count, self.linked.frame.leaf_count
        free = [cell for cell in range(size) if cell != same[-1]]
        self.cells = np.zeros((size, self.leaves + size - 1))
        self.cells[free, self.leaves + np.arange(size - 1)] = 1
        self.cells[same[-1], : self.leaves] = 1
        self.cells[same[-1]] -= self.cells[list(same[:-1])].sum(axis=0)

    def solve(self, drawn: Mapping[str, Sequence[int]]) -> None:
        blocks, seen = [], []
        for one in self.other.measurements:
            matrix = make_matrix(self.other.frame, one.marginal)
            wide = np.pad(matrix, ((0, 0), (0, self.cells.shape[1] - self.leaves)))
            blocks.append(wide / float(one.scale))
            seen.append(np.array(drawn[one.name]) / float(one.scale))
        (measured,) = self.linked.measurements
        blocks.append(self.cells / float(measured.scale))
        seen.append(np.array(drawn[measured.name]) / float(measured.scale))
        left, lengths, right = np.linalg.svd(np.vstack(blocks), full_matrices=False)
        kept = lengths > 1e-9 * lengths[0]
        self.told = right[kept] / lengths[kept, None]
        self.seen = left.T[kept] @ np.concatenate(seen)

    def mark(self, frame: str, row: Row) -> NDArray[np.float64]:
        if frame == self.linked.frame.name:
            return mark_leaves(self.linked.frame, row) @ self.cells
        marked = mark_leaves(self.other.frame, row)
        return np.pad(marked, (0, self.cells.shape[1] - self.leaves))

    def find(self, frame: str, row: Row) -> tuple[float, float]:
        """Estimate and variance of a row."""
        weights = self.told @ self.mark(frame, row)
        return float(weights @ self.seen), float(weights @ weights)


@pytest.mark.parametrize(("linked", "other", "same"), PAIRS)
def test_both_frames_are_estimated_by_least_squares_over_all_that_was_measured_of_either(
    linked: str, other: str, same: tuple[int, ...], plan: Plan
) -> None:
    drawn = draw(plan, 3)
    release, joint = publish(plan, drawn), Joint(plan, linked, other, same)
    joint.solve(drawn)
    for frame in (linked, other):
        levels = [level.name for level in find_frame(plan, frame).frame.levels]
        for table in list_tables(release, frame):
            listed = list(zip(table.rows, table.positions, strict=True))
            for row, (unit, axes) in listed[:6]:
                estimate, variance = joint.find(frame, Row(levels.index(table.level), unit, axes))
                assert row.estimate == pytest.approx(estimate, abs=0.051)
                assert row.deviation == pytest.approx(math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_counts_of_frames_about_the_same_rows_add_up_over_both(seed: int, plan: Plan) -> None:
    release = publish(plan, draw(plan, seed, low=-25, high=25 if seed % 2 else 90))
    agency = [row.count for row in find_table(release, "children_by_agency").rows]
    lag = [row.count for row in find_table(release, "report_lag").rows]
    (children,) = find_table(release, "children_reported_in_year").rows
    broad = find_table(release, "victim_records_in_year").rows[1]
    assert agency[0] + agency[2] == children.count
    assert sum(lag) == broad.count
    assert min(*agency, *lag) >= 0


def test_a_cell_that_is_no_row_of_the_other_frame_stays_as_it_was_measured(plan: Plan) -> None:
    drawn = draw(plan, 5)
    row = find_table(publish(plan, drawn), "children_by_agency").rows[1]
    assert (row.keys, row.estimate) == (("mshp_only",), float(drawn[NOISY][1]))
    assert row.deviation == pytest.approx(11.662)


def test_it_costs_nothing_and_the_plan_names_it(plan: Plan) -> None:
    joined = join_same_rows(plan)
    assert (joined.hash, joined.rho) == (plan.hash, plan.rho)
    assert [one.frame for one in joined.frames] == [one.frame for one in plan.frames]
    told = {one["name"]: one["same_rows"] for one in json.loads(plan.to_json())["frames"]}
    assert told.pop(AGENCY) == {
        "frame": CHILDREN,
        "cells": ["dss_only", "both"],
        "test": "assert_children_by_agency_in_year_covers_every_child_reported",
    }
    assert told.pop(LAG)["cells"] == ["same_day", "later", "none_found"]
    assert not any(told.values())


def test_joining_twice_changes_nothing(plan: Plan) -> None:
    joined = join_same_rows(plan)
    assert join_same_rows(joined) == joined


def test_two_frames_may_tell_the_total_of_a_third(plan: Plan) -> None:
    lag = find_frame(plan, LAG)
    same = lag.policy.same_rows
    assert same is not None
    moved = replace(lag, policy=replace(lag.policy, same_rows=replace(same, frame=CHILDREN)))
    frames = tuple(moved if one is lag else one for one in plan.frames)
    joined = join_same_rows(replace(plan, frames=frames))
    assert len(find_frame(joined, CHILDREN).totals) == 2
    both = [one.shared.known.variance for one in joined.frames if one.shared]
    alone = find_frame(join_same_rows(plan), AGENCY).shared
    assert alone is not None
    assert both[0] == both[1] < alone.known.variance


def test_a_quarter_without_such_frames_is_left_alone() -> None:
    quarter = example_plan("2025Q2")
    assert join_same_rows(quarter) == quarter


def test_a_release_names_what_shares_a_total_and_is_read_back(plan: Plan) -> None:
    release = publish(plan, draw(plan, 9))
    told = {one.name: one.same_rows for one in release.frames if one.same_rows}
    assert set(told) == {AGENCY, LAG}
    same = told[AGENCY]
    assert same is not None
    assert (same.frame, same.cells, same.places) == (CHILDREN, ("dss_only", "both"), (0, 2))
    (deviation, _, _) = (row.deviation for row in find_table(release, "children_by_agency").rows)
    assert deviation == pytest.approx(math.sqrt(11.662**2 + same.covariance))
    assert read_release(json.loads(release.to_json())) == release


def test_a_release_from_before_frames_shared_totals_is_read_back(plan: Plan) -> None:
    content = json.loads(publish(plan, draw(plan, 9)).to_json())
    for frame in content["frames"]:
        del frame["same_rows"]
    old = read_release(content)
    assert not any(one.same_rows for one in old.frames)
    assert describe_release(old)["frames"][0]["same_rows"] is None
