"""Releases of the reviewed policy, one after the other, from the same noisy number in each cell."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from privacy_examples import example_plan
from release_examples import fill_cells, publish

from privacy.released import Release

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1")


@cache
def publish_quarters() -> dict[str, Release]:
    """Each quarter's release, with those before it as its history."""
    releases: list[Release] = []
    for number, quarter in enumerate(QUARTERS):
        plan = example_plan(quarter)
        made = publish(plan, fill_cells(plan, 20 + number), earlier=releases)
        releases.append(replace(made, drawn_at=f"{quarter[:4]}-04-15T11:00:00Z"))
    return dict(zip(QUARTERS, releases, strict=True))
