"""The plan: what a quarter's release contains and costs, before any confidential value is read.

Made from the policy and the public keys alone, so the same inputs give the same plan and hash.
Does not belong here: what was already spent (privacy.ledger) and the draw (privacy.door).
"""

import datetime
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NoReturn

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError
from privacy.frames import Frame, Query
from privacy.keys import PublicKeys
from privacy.noise import FrameMechanism, find_smallest_scale
from privacy.policy import FramePolicy, Policy, TablePolicy

_QUARTER = re.compile(r"(\d{4})Q([1-4])")


@dataclass(frozen=True)
class PlannedTable:
    """One table to be measured: cells, noise scale (standard deviation) and its own cost."""

    policy: TablePolicy
    cell_count: int
    scale: Decimal
    rho: Fraction


@dataclass(frozen=True)
class PlannedFrame:
    """One frame to be read, its tables, and the cost of measuring them together."""

    frame: Frame
    reason: str
    tables: tuple[PlannedTable, ...]
    rho: Fraction

    def list_queries(self) -> list[Query]:
        """Return what noise needs to know of each table."""
        return [
            Query(
                table.policy.name,
                self.frame.find_cell_of_leaf(table.policy.dimensions),
                table.cell_count,
                float(table.scale),
            )
            for table in self.tables
        ]


@dataclass(frozen=True)
class Plan:
    """A release before it is drawn; `rho` is what the ledger charges, exactly."""

    quarter: str
    policy: Policy
    keys: PublicKeys
    frames: tuple[PlannedFrame, ...]

    @property
    def quarter_start(self) -> datetime.date:
        """First day of the quarter."""
        return find_quarter_start(self.quarter)

    @property
    def rho(self) -> Fraction:
        """Cost of the whole release: under zCDP the frames' costs add up."""
        return sum((frame.rho for frame in self.frames), start=Fraction(0))

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return compute_sha256(self.to_json())

    def frame(self, name: str) -> Frame:
        """Return the geometry of a frame, to build its exact rows with; KeyError if unknown."""
        return self._frame_of[name]

    def to_json(self) -> str:
        """Return the canonical JSON that is hashed, charged and shown to people."""
        caps = self.policy.caps
        return to_canonical_json(
            {
                "quarter": self.quarter,
                "policy_version": self.policy.version,
                "policy_hash": self.policy.hash,
                "keys_hash": self.keys.hash,
                "delta": str(self.policy.delta),
                "caps": {"quarter": caps.quarter, "year": caps.year},
                "rho": self.rho,
                "frames": [_describe_frame(planned) for planned in self.frames],
            }
        )

    @cached_property
    def _frame_of(self) -> dict[str, Frame]:
        return {planned.frame.name: planned.frame for planned in self.frames}


def make_plan(quarter: str, policy: Policy, keys: PublicKeys) -> Plan:
    """Share the quarter's cap over the tables by weight and find the noise that costs no more.

    Raises PrivacyError MS602 (policy and key lists do not fit) or MS604 (quarter).
    """
    find_quarter_start(quarter)
    _check_keys(policy, keys)
    total = sum(table.weight for table in policy.measured_tables)
    share = policy.caps.quarter / total
    frames = tuple(_plan_frame(policy, keys, frame, share) for frame in policy.frames.values())
    return Plan(quarter, policy, keys, frames)


def find_quarter_start(quarter: str) -> datetime.date:
    """Return the first day of a quarter written like 2025Q1; raises PrivacyError MS604."""
    match = _QUARTER.fullmatch(quarter)
    if match is None or match[1] == "0000":
        raise PrivacyError("MS604")
    return datetime.date(int(match[1]), 3 * int(match[2]) - 2, 1)


def _check_keys(policy: Policy, keys: PublicKeys) -> None:
    if {name for name, _ in keys.lists} != policy.dimensions.keys():
        _complain("Other key lists were read than the dimensions it names")
    for dimension in policy.dimensions.values():
        listed = {key.key for key in keys.of(dimension.name)}
        used = {cell for published in dimension.published for cell in published.cells}
        if not used <= listed:
            _complain(f"Dimension {dimension.name} sums keys that its list does not name")
    for table in policy.measured_tables:
        columns = policy.frames[str(table.frame)].columns
        for name in table.dimensions:
            if name not in columns and len(keys.of(name)) > 1:
                _complain(f"Table {table.name} uses {name}, which its frame does not hold")


def _complain(problem: str) -> NoReturn:
    raise PrivacyError("MS602", file="policy.toml", problem=problem)


def _plan_frame(
    policy: Policy, keys: PublicKeys, frame_policy: FramePolicy, share: Fraction
) -> PlannedFrame:
    frame = Frame(
        name=frame_policy.name,
        kind=frame_policy.kind,
        columns=frame_policy.columns,
        keys=tuple(tuple(key.key for key in keys.of(name)) for name in frame_policy.columns),
        bound=frame_policy.bound,
    )
    tables = tuple(
        _plan_table(frame, table, keys, share * table.weight)
        for table in policy.measured_tables
        if table.frame == frame.name
    )
    planned = PlannedFrame(frame, frame_policy.reason, tables, rho=Fraction(0))
    return replace(planned, rho=FrameMechanism(frame, planned.list_queries()).rho)


def _plan_table(frame: Frame, table: TablePolicy, keys: PublicKeys, rho: Fraction) -> PlannedTable:
    cell_count = 1
    for name in table.dimensions:
        cell_count *= len(keys.of(name))
    query = Query(table.name, frame.find_cell_of_leaf(table.dimensions), cell_count, 1.0)
    scale = find_smallest_scale(frame, query, rho)
    cost = FrameMechanism(frame, [replace(query, scale=float(scale))]).rho
    return PlannedTable(table, cell_count, scale, cost)


def _describe_frame(planned: PlannedFrame) -> dict[str, Any]:
    frame = planned.frame
    return {
        "name": frame.name,
        "kind": frame.kind,
        "leaves": frame.leaf_count,
        "bound": frame.bound,
        "rho": planned.rho,
        "tables": [
            {
                "name": table.policy.name,
                "cells": table.cell_count,
                "sigma": str(table.scale),
                "rho": table.rho,
            }
            for table in planned.tables
        ],
    }
