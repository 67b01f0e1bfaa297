"""The plan: what a quarter's release contains and costs, before any confidential value is read.

Made from the policy, its stored split, the public lists and the hash of the rules alone, so the
same inputs give the same plan and hash. The plan of a fourth quarter holds the annual frames of its
year too. Does not belong here: what was already spent (privacy.ledger.ledger), the draw
(privacy.door), and what a rule is (docs/privacy.md).
"""

import datetime
import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, NoReturn

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.engine.covariance import KnownSum, Precisions
from privacy.engine.frames import LINKED, TOTAL, Frame, Marginal, Query
from privacy.engine.noise import FrameMechanism, find_smallest_scale
from privacy.errors import PrivacyError
from privacy.ledger.chain import Charge, Part
from privacy.policy.frames import FramePolicy
from privacy.policy.keys import PublicKeys
from privacy.policy.policy import Policy
from privacy.policy.strategy import Share, Strategy, make_frames
from privacy.released import ANNUAL, QUARTERLY

_QUARTER = re.compile(r"(\d{4})Q([1-4])")
_REMEMBERED = 512
"""So many costs of measurements are kept: sensors ask for the plan of the same frames all day."""


@dataclass(frozen=True)
class PlannedMeasurement:
    """One table to be measured: where on its frame, noise scale (standard deviation), own cost."""

    name: str
    marginal: Marginal
    cell_count: int
    scale: Decimal
    rho: Fraction


@dataclass(frozen=True)
class YearSum:
    """What the four quarters of a year measured of an annual frame's table, added up.

    `base` is the quarterly measurement, `earlier` each cell's sum over the first three quarters,
    and `scale` the standard deviation of the noise of the sum over all four.
    """

    base: str
    marginal: Marginal
    earlier: tuple[int, ...]
    scale: float


@dataclass(frozen=True)
class ToldTotal:
    """What another frame measured of this one's total: `measurement`, summed over some `cells`.

    `scale` is the standard deviation of the noise of that sum.
    """

    measurement: str
    cells: tuple[int, ...]
    scale: float


@dataclass(frozen=True)
class SharedTotal:
    """The total of the frame of this name, which the `cells` of a linked frame sum to.

    `known` is the sum, and what is known of that total.
    """

    frame: str
    cells: tuple[int, ...]
    known: KnownSum


@dataclass(frozen=True)
class PlannedFrame:
    """One frame to be read, what is measured on it, and the cost of measuring it all together.

    `period` is the quarter, or the year of an annual frame. What other draws tell of it costs
    nothing and is worked out from the plan and earlier releases: `year_sums` by the quarters of
    the year (privacy.publishing.years), `totals` and `shared` by frames about the same rows
    (privacy.publishing.same_rows).
    """

    frame: Frame
    policy: FramePolicy
    period: str
    measurements: tuple[PlannedMeasurement, ...]
    rho: Fraction
    year_sums: tuple[YearSum, ...] = ()
    totals: tuple[ToldTotal, ...] = ()
    shared: SharedTotal | None = None

    def list_queries(self) -> list[Query]:
        """Return what noise needs to know of each measurement."""
        return [Query(one.name, one.marginal, float(one.scale)) for one in self.measurements]

    @cached_property
    def precisions(self) -> Precisions:
        """What the covariance of the frame's estimates follows from."""
        measured = [(one.marginal, float(one.scale)) for one in self.measurements]
        summed = [(one.marginal, one.scale) for one in self.year_sums]
        known = self.shared.known if self.shared else None
        told = [(TOTAL, one.scale) for one in self.totals]
        return Precisions(self.frame, measured + summed + told, known)


@dataclass(frozen=True)
class Plan:
    """A release before it is drawn; `rho` is what the ledger charges, exactly.

    `rules_hash` stands for the rules by which release input must be made: what they are, and what
    counts as a change of them, is said by whoever makes the plan (docs/privacy.md).
    `recovers` is the hash of the plan whose draw was lost, where this one pays for the quarter once
    more; None otherwise.
    """

    quarter: str
    policy: Policy
    keys: PublicKeys
    strategy: Strategy
    rules_hash: str
    frames: tuple[PlannedFrame, ...]
    recovers: str | None = None

    @property
    def quarter_start(self) -> datetime.date:
        """First day of the quarter."""
        return find_quarter_start(self.quarter)

    @property
    def year(self) -> str | None:
        """The year whose annual tables the plan holds; None in the first three quarters."""
        return find_year(self.quarter)

    @property
    def rho(self) -> Fraction:
        """Cost of the whole release: under zCDP the frames' costs add up."""
        return self.sum_rho(QUARTERLY) + self.sum_rho(ANNUAL)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The cost of each frame, as the ledger records it."""
        return tuple(
            Part(
                frame=planned.frame.name,
                counting=planned.policy.counting,
                cadence=planned.policy.cadence,
                quarters=planned.policy.quarters,
                rho=planned.rho,
            )
            for planned in self.frames
        )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return compute_sha256(self.to_json())

    @property
    def charge(self) -> Charge:
        """What the ledger charges for the plan."""
        return Charge(self.quarter, self.hash, self.parts, self.recovers)

    def sum_rho(self, cadence: str) -> Fraction:
        """Return the cost of the frames of one cadence."""
        costs = (one.rho for one in self.frames if one.policy.cadence == cadence)
        return sum(costs, start=Fraction(0))

    def frame(self, name: str) -> Frame:
        """Return the geometry of a frame, to build its exact rows with; KeyError if unknown."""
        return {planned.frame.name: planned.frame for planned in self.frames}[name]

    def to_json(self) -> str:
        """Return the canonical JSON that is hashed, signed, charged and shown to people."""
        return to_canonical_json(_describe_plan(self))


def make_plan(
    quarter: str,
    policy: Policy,
    keys: PublicKeys,
    strategy: Strategy,
    rules_hash: str,
    recovers: str | None = None,
) -> Plan:
    """Find the noise for each share of the stored split, rounded so that no budget is passed.

    `recovers` is the hash of the plan whose draw was lost, where the quarter is paid for once more.

    Raises:
        PrivacyError: MS602 (policy and key lists do not fit), MS604 (quarter), MS649 (a quarter
            before the first day of record), MS646 (the split is
            of another policy or other lists) or MS647 (it measures what the frames do not hold).
    """
    year = find_year(quarter)
    if find_quarter_start(quarter).isoformat() < policy.first_day_of_record:
        raise PrivacyError("MS649", quarter=quarter, first_day=policy.first_day_of_record)
    _check_keys(policy, keys)
    if (strategy.policy_hash, strategy.keys_hash) != (policy.hash, keys.hash):
        raise PrivacyError("MS646")
    cadences = (QUARTERLY,) if year is None else (QUARTERLY, ANNUAL)
    planned = tuple(
        _plan_frame(policy, frame, quarter if cadence == QUARTERLY else str(year), strategy)
        for cadence in cadences
        for name, frame in make_frames(policy, keys).items()
        if policy.frames[name].cadence == cadence
    )
    return Plan(quarter, policy, keys, strategy, rules_hash, planned, recovers)


def charge_fourth(plan: Plan) -> Charge:
    """Return what the fourth quarter of the year costs by the same policy, annual tables too."""
    fourth = make_plan(
        f"{plan.quarter[:4]}Q4", plan.policy, plan.keys, plan.strategy, plan.rules_hash
    )
    return fourth.charge


def find_quarter_start(quarter: str) -> datetime.date:
    """Return the first day of a quarter written like 2025Q1; raises PrivacyError MS604."""
    year, number = _split_quarter(quarter)
    return datetime.date(year, 3 * number - 2, 1)


def find_year(quarter: str) -> str | None:
    """Return the year that a quarter ends, or None; raises PrivacyError MS604."""
    year, number = _split_quarter(quarter)
    return f"{year:04}" if number == 4 else None


def _split_quarter(quarter: str) -> tuple[int, int]:
    match = _QUARTER.fullmatch(quarter)
    if match is None or match[1] == "0000":
        raise PrivacyError("MS604")
    return int(match[1]), int(match[2])


def _check_keys(policy: Policy, keys: PublicKeys) -> None:
    if {name for name, _ in keys.lists} != policy.levels.keys() | policy.dimensions.keys():
        _complain("Other key lists were read than the levels and dimensions it names")
    for dimension in policy.dimensions.values():
        listed = {key.key for key in keys.of(dimension.name)}
        used = {cell for published in dimension.published for cell in published.cells}
        if not used <= listed:
            _complain(f"Dimension {dimension.name} sums keys that its list does not name")
    for frame in policy.frames.values():
        cells = frame.same_rows.cells if frame.same_rows else ()
        if not set(cells) <= {key.key for name in frame.columns for key in keys.of(name)}:
            _complain(f"Frame {frame.name} has same_rows in cells that no list names")


def _complain(problem: str) -> NoReturn:
    raise PrivacyError("MS602", file="policy.toml", problem=problem)


def _plan_frame(policy: Policy, frame: Frame, period: str, strategy: Strategy) -> PlannedFrame:
    of = policy.frames[frame.name]
    budget = policy.budget.annual if of.cadence == ANNUAL else policy.budget.quarterly
    measurements = tuple(
        _plan_measurement(frame, share, share.share * budget)
        for share in strategy.find_shares(frame.name)
    )
    if len({one.marginal for one in measurements}) != max(1, len(measurements)):
        raise PrivacyError("MS647", frame=frame.name)
    queries = tuple(Query(one.name, one.marginal, float(one.scale)) for one in measurements)
    return PlannedFrame(frame, of, period, measurements, _find_rho(frame, queries))


@lru_cache(maxsize=_REMEMBERED)
def _find_rho(frame: Frame, queries: tuple[Query, ...]) -> Fraction:
    return FrameMechanism(frame, queries).rho


@lru_cache(maxsize=_REMEMBERED)
def _plan_measurement(frame: Frame, share: Share, rho: Fraction) -> PlannedMeasurement:
    levels = [level.name for level in frame.levels]
    if rho <= 0 or share.level not in levels or not set(share.dimensions) <= set(frame.columns):
        raise PrivacyError("MS647", frame=frame.name)
    marginal = Marginal(levels.index(share.level), frame.find_axes(share.dimensions))
    if frame.kind == LINKED and marginal != frame.whole:  # its bound holds for no sum of its cells
        raise PrivacyError("MS647", frame=frame.name)
    by = f"_by_{'_and_'.join(share.dimensions)}" if share.dimensions else ""
    name = f"{frame.name}_at_{share.level}{by}"
    scale = find_smallest_scale(frame, Query(name, marginal, 1.0), rho)
    cost = _find_rho(frame, (Query(name, marginal, float(scale)),))
    return PlannedMeasurement(name, marginal, frame.count_cells(marginal), scale, cost)


def _describe_plan(plan: Plan) -> dict[str, Any]:
    policy = plan.policy
    frames = {planned.frame.name for planned in plan.frames}
    return {
        "quarter": plan.quarter,
        "year": plan.year,
        **({"recovers": plan.recovers} if plan.recovers else {}),
        "policy_version": policy.version,
        "policy_hash": policy.hash,
        "keys_hash": plan.keys.hash,
        "strategy_hash": plan.strategy.hash,
        "rules_hash": plan.rules_hash,
        "unit": policy.unit,
        "delta": str(policy.delta),
        "signers": policy.signers,
        "budget": {"quarterly": policy.budget.quarterly, "annual": policy.budget.annual},
        "caps": {
            "quarter": policy.caps.quarter,
            "annual": policy.caps.annual,
            "year": policy.caps.year,
            "three_years": policy.caps.three_years,
            "lifetime": policy.caps.lifetime,
        },
        "rho": plan.rho,
        "quarterly_rho": plan.sum_rho(QUARTERLY),
        "annual_rho": plan.sum_rho(ANNUAL),
        "modelled": policy.is_modelled,
        "synthetic": policy.is_synthetic,
        "frames": [_describe_frame(planned) for planned in plan.frames],
        "public": {agency: asdict(one) for agency, one in policy.public.items()},
        "tables": [
            {
                "name": table.name,
                "frame": table.frame,
                "level": table.level,
                "dimensions": table.dimensions,
                **({"public": [*table.sources, table.public]} if table.public else {}),
                **({"withheld": table.withheld} if table.withheld else {}),
            }
            for table in policy.tables
            if table.frame is None or table.frame in frames
        ],
    }


def _describe_frame(planned: PlannedFrame) -> dict[str, Any]:
    frame, policy = planned.frame, planned.policy
    return {
        "name": frame.name,
        "period": planned.period,
        "kind": frame.kind,
        "counting": policy.counting,
        "cadence": policy.cadence,
        "quarters": policy.quarters,
        "bound": frame.bound,
        "places": policy.places,
        "same_rows": policy.same_rows and asdict(policy.same_rows),
        "geography": policy.geography,
        "levels": [{"name": level.name, "units": len(level.keys)} for level in frame.levels],
        "dimensions": [
            {"name": column, "keys": size}
            for column, size in zip(frame.columns, frame.sizes, strict=True)
        ],
        "rho": planned.rho,
        "measurements": [
            {
                "name": measured.name,
                "level": frame.levels[measured.marginal.level].name,
                "dimensions": [frame.columns[axis] for axis in measured.marginal.axes],
                "cells": measured.cell_count,
                "sigma": str(measured.scale),
                "rho": measured.rho,
            }
            for measured in planned.measurements
        ],
    }
