"""Releases made from given noisy cells, without exact rows, a door or a ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from privacy_examples import PROVENANCE

from privacy.plan import Plan
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.released import (
    ApprovalFacts,
    Release,
    ReleasedTable,
    SpendingFacts,
)

Drawn = dict[str, list[int]]


def fill_cells(plan: Plan, value: int) -> Drawn:
    """The same noisy number in every cell."""
    return {
        measured.name: [value] * measured.cell_count
        for frame in plan.frames
        for measured in frame.measurements
    }


def publish(
    plan: Plan,
    drawn: Mapping[str, Sequence[int]],
    approvals: Sequence[ApprovalFacts] = (),
    spending: Sequence[SpendingFacts] = (),
    earlier: Sequence[Release] = (),
) -> Release:
    publisher = Publisher(plan, earlier=earlier, approvals=approvals, spending=spending)
    content: dict[str, Any] = publisher.publish(drawn, PROVENANCE)
    return read_release({**content, "drawn_at": "now", "ledger_head": "0" * 64})


def find_table(release: Release, name: str) -> ReleasedTable:
    return next(table for table in release.tables if table.name == name)
