"""The plan: what a quarter's release contains and costs, before any confidential value is read.

Made from the policy and the public keys alone, so the same inputs give the same plan and hash.
Does not belong here: what was already spent (privacy.ledger) and the draw (privacy.door).
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NoReturn

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.counts import Step, order_tables
from privacy.errors import PrivacyError
from privacy.frames import Axes, Frame, Query
from privacy.keys import PublicKeys
from privacy.noise import FrameMechanism, find_smallest_scale
from privacy.optimising import Demand, share_budget
from privacy.policy import FramePolicy, Policy
from privacy.residuals import sum_precisions
from privacy.rows import average_rows, list_rows

_QUARTER = re.compile(r"(\d{4})Q([1-4])")


@dataclass(frozen=True)
class PlannedMeasurement:
    """One table to be measured: axes of its frame, noise scale (standard deviation), own cost."""

    name: str
    axes: Axes
    cell_count: int
    scale: Decimal
    rho: Fraction


@dataclass(frozen=True)
class PlannedFrame:
    """One frame to be read, what is measured on it, and the cost of measuring it all together.

    `steps` is the order in which its published tables are made whole (privacy.counts).
    """

    frame: Frame
    reason: str
    measurements: tuple[PlannedMeasurement, ...]
    steps: tuple[Step, ...]
    rho: Fraction

    def list_queries(self) -> list[Query]:
        """Return what noise needs to know of each measurement."""
        return [
            _make_query(self.frame, planned.axes, planned.name, float(planned.scale))
            for planned in self.measurements
        ]

    def sum_precisions(self) -> dict[Axes, float]:
        """Return the precision of the frame's measurements in each residual space."""
        measured = [(planned.axes, float(planned.scale)) for planned in self.measurements]
        return sum_precisions(self.frame.sizes, measured)


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
    """Share the quarter's cap so that the published error is least, and find noise for each share.

    Raises PrivacyError MS602 (policy and key lists do not fit) or MS604 (quarter).
    """
    find_quarter_start(quarter)
    _check_keys(policy, keys)
    frames = {name: _make_frame(frame, keys) for name, frame in policy.frames.items()}
    shares = share_budget(list_demands(policy, keys, frames))
    planned = tuple(
        _plan_frame(
            policy,
            frame,
            {axes: cap * policy.caps.quarter for (of, axes), cap in shares.items() if of == name},
        )
        for name, frame in frames.items()
    )
    return Plan(quarter, policy, keys, planned)


def list_demands(policy: Policy, keys: PublicKeys, frames: Mapping[str, Frame]) -> list[Demand]:
    """Return what the published tables ask of the measurements, in the order of the policy."""
    demands = []
    for table in policy.measured_tables:
        frame = frames[str(table.frame)]
        lengths = average_rows(frame, table.dimensions, list_rows(policy, keys, table))
        demands.append(Demand(frame, frame.find_axes(table.dimensions), table.weight, lengths))
    return demands


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


def _make_frame(policy: FramePolicy, keys: PublicKeys) -> Frame:
    return Frame(
        name=policy.name,
        kind=policy.kind,
        columns=policy.columns,
        keys=tuple(tuple(key.key for key in keys.of(name)) for name in policy.columns),
        bound=policy.bound,
    )


def _plan_frame(policy: Policy, frame: Frame, shares: Mapping[Axes, Fraction]) -> PlannedFrame:
    published = [
        frame.find_axes(table.dimensions)
        for table in policy.measured_tables
        if table.frame == frame.name
    ]
    steps = order_tables(published)
    if steps is None:
        _complain(f"Tables of frame {frame.name} overlap so that no whole counts fit all of them")
    measurements = tuple(
        _plan_measurement(frame, axes, rho)
        for axes, rho in sorted(shares.items(), key=lambda share: (len(share[0]), share[0]))
    )
    planned = PlannedFrame(
        frame, policy.frames[frame.name].reason, measurements, tuple(steps), rho=Fraction(0)
    )
    return replace(planned, rho=FrameMechanism(frame, planned.list_queries()).rho)


def _plan_measurement(frame: Frame, axes: Axes, rho: Fraction) -> PlannedMeasurement:
    columns = [frame.columns[axis] for axis in axes]
    name = f"{frame.name}_by_{'_and_'.join(columns)}" if columns else f"{frame.name}_total"
    query = _make_query(frame, axes, name, 1.0)
    scale = find_smallest_scale(frame, query, rho)
    cost = FrameMechanism(frame, [replace(query, scale=float(scale))]).rho
    return PlannedMeasurement(name, axes, query.cell_count, scale, cost)


def _make_query(frame: Frame, axes: Axes, name: str, scale: float) -> Query:
    columns = [frame.columns[axis] for axis in axes]
    return Query(name, frame.find_cell_of_leaf(columns), frame.count_cells(axes), scale)


def _describe_frame(planned: PlannedFrame) -> dict[str, Any]:
    frame = planned.frame
    return {
        "name": frame.name,
        "kind": frame.kind,
        "leaves": frame.leaf_count,
        "bound": frame.bound,
        "rho": planned.rho,
        "measurements": [
            {
                "name": measured.name,
                "dimensions": [frame.columns[axis] for axis in measured.axes],
                "cells": measured.cell_count,
                "sigma": str(measured.scale),
                "rho": measured.rho,
            }
            for measured in planned.measurements
        ],
    }
