"""What left: frozen types of a release and their exact JSON. The only module portal may import.

Does not belong here: noise, exact values, or OpenDP, which an agency's machine does not have.
"""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.declared import DeclaredFacts
from privacy.facts import ApprovalFacts as ApprovalFacts
from privacy.facts import GroupFacts as GroupFacts
from privacy.facts import PlanFacts as PlanFacts
from privacy.facts import PrivacyFacts as PrivacyFacts
from privacy.facts import SpendingFacts as SpendingFacts

ESTIMATED = "estimated"
NOT_DISTINGUISHABLE = "not distinguishable from zero"
NOT_COLLECTED = "not collected by any source"
NOT_RELEASED = "not released"
DECLARED_PUBLIC = "declared public"
NOT_DELIVERED = "not delivered for this quarter"

NO_DELIVERY = "none"
DELIVERY_KINDS = ("full", "delta", "nil", NO_DELIVERY)

COHORT = "cohort"
ACTIVITY = "activity"
QUARTERLY = "quarterly"
ANNUAL = "annual"
FOUR_QUARTERS = "four quarters"


@dataclass(frozen=True)
class ReleasedRow:
    """One published row: a unit of the table's level, and the keys and labels of its dimensions.

    `estimate` is unbiased, in tenths, and may be negative; the exact count lies within `moe90` of
    it in 9 of 10 draws; `deviation` is the exact standard deviation of the estimate; `count` is
    whole, never negative, and adds up over all tables of one frame (None for sums over quarters,
    which are estimates only); `cut_off` is the largest estimate not distinguishable from zero.
    All are None where `status` says why there is no number, and all but `count` where it is
    declared public. `modelled` and its 90 % bounds come from a model, where there is one.
    """

    geography: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    count: int | None
    estimate: float | None
    moe90: float | None
    cut_off: int | None
    status: str
    deviation: float | None = None
    modelled: float | None = None
    modelled_low90: float | None = None
    modelled_high90: float | None = None


@dataclass(frozen=True)
class ReleasedTable:
    """One table of one level; `bound` says how far one identity can move it, None if silent.

    `declared` says why it has neither, where it is declared public. `kind` is cohort or activity;
    `cadence` quarterly, annual or four quarters; `period` 2025Q1, 2025, or 2024Q2 to 2025Q1. For
    its rows `frame` names whose covariance holds; `positions` the unit's place and the keys summed.
    """

    name: str
    title: str
    unit: str
    definition: str
    sources: tuple[str, ...]
    kind: str
    cadence: str
    period: str
    level: str
    dimensions: tuple[str, ...]
    dimension_titles: tuple[str, ...]
    rows: tuple[ReleasedRow, ...]
    bound: str | None
    frame: str | None
    positions: tuple[tuple[int, tuple[tuple[int, ...], ...]], ...] = ()
    declared: DeclaredFacts | None = None

    @property
    def meaning_hash(self) -> str:
        """SHA-256 of what the table means, whatever its period and its numbers are."""
        meaning = [self.unit, self.definition, self.sources, self.kind, self.cadence, self.level]
        rows = [(row.geography, row.keys) for row in self.rows]
        return compute_sha256(to_canonical_json([*meaning, self.dimensions, self.bound, rows]))


@dataclass(frozen=True)
class ReleasedLevel:
    """Units of one level of a geography; `parents` are places in the level above, () at the top.

    `children` is how many live in each unit by public figures of `children_in` (a year), 0 where
    none do or no figure is known; () and None where the release tells no figures.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    parents: tuple[int, ...]
    children: tuple[int, ...] = ()
    children_in: int | None = None


@dataclass(frozen=True)
class ReleasedYearSum:
    """A quarterly measurement, summed over the quarters of a year, that an annual frame rests on.

    `frame` is the quarterly one, `measurement` its name in each of the four releases, `level` where
    it stands on the annual frame, and `sigma` the standard deviation of the sum of four cells.
    """

    frame: str
    measurement: str
    level: str
    sigma: float


@dataclass(frozen=True)
class ReleasedSameRows:
    """Cells of a frame that are, row for row, the rows of another one, whose total they share.

    `cells` are keys of `dimension`, and `places` where they stand in its list. The sum of their
    noisy counts is one more measurement of the total of `frame`, and counts among its precisions;
    what that total then differs by from the sum is spread evenly over the cells. So it changes the
    covariance of any two of them, and the variance of each, by `covariance`.
    """

    frame: str
    dimension: str
    cells: tuple[str, ...]
    places: tuple[int, ...]
    covariance: float


@dataclass(frozen=True)
class ReleasedFrame:
    """What privacy.engine.covariance finds the covariance of any two sums of a frame's rows from.

    `levels` name its geography from the top; `sizes` are the keys of each axis (all columns but the
    geography). `precisions` holds, for each residual space (axes, in order), the precision of the
    measurements at each level, in the order of `levels`; those of `year_sums` count among them.
    """

    name: str
    period: str
    levels: tuple[ReleasedLevel, ...]
    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    precisions: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...]
    year_sums: tuple[ReleasedYearSum, ...] = ()
    same_rows: ReleasedSameRows | None = None


@dataclass(frozen=True)
class MeasuredCell:
    """One cell as it was drawn: a whole number that may be negative."""

    geography: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    noisy_count: int


@dataclass(frozen=True)
class ReleasedMeasurement:
    """One measured table of a frame, as drawn: all that any other number is made from.

    `sigma` is the standard deviation of the noise of each cell, in counted units.
    """

    name: str
    frame: str
    level: str
    dimensions: tuple[str, ...]
    sigma: float
    rho: Fraction
    cells: tuple[MeasuredCell, ...]


@dataclass(frozen=True)
class HistoryPoint:
    """A row of an earlier release of the same table, as it was published then."""

    table: str
    period: str
    geography: str
    keys: tuple[str, ...]
    count: int | None
    estimate: float | None
    moe90: float | None
    status: str
    deviation: float | None
    modelled: float | None = None
    modelled_low90: float | None = None
    modelled_high90: float | None = None


@dataclass(frozen=True)
class SyntheticFrame:
    """Made-up records of a frame that fit its noisy measurements, and how far they move tables.

    `columns` are the leaf level and the dimensions; `moved` holds, for each published table of the
    frame, its name and the mean and largest absolute difference from its published counts.
    """

    frame: str
    columns: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    moved: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Provenance:
    """Where the rows came from, fixed when they were read; public and outside the guarantee.

    `deliveries` holds each agency and the kind (full, delta, nil) of its latest delivery, sorted by
    agency; `is_simulated` is true if any record may have been made up; `police_agencies` says how
    many police agencies reported for every month, and of how many, or is None where no list of them
    came. The list is one of agencies, made beside the records and never from them.
    """

    deliveries: tuple[tuple[str, str], ...]
    is_simulated: bool
    police_agencies: tuple[int, int] | None = None

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> "Provenance":
        """Return what `to_content` stated."""
        counted = content.get("police_agencies")
        return cls(
            tuple(sorted(content["deliveries"].items())),
            content["is_simulated"],
            (counted["reporting"], counted["listed"]) if counted else None,
        )

    def to_content(self) -> dict[str, Any]:
        """Return it as plain JSON content, without a key for what is not known."""
        content: dict[str, Any] = {
            "deliveries": dict(self.deliveries),
            "is_simulated": self.is_simulated,
        }
        if self.police_agencies:
            reporting, listed = self.police_agencies
            content["police_agencies"] = {"reporting": reporting, "listed": listed}
        return content


@dataclass(frozen=True)
class PreviousRelease:
    """The release before this one: its id and the SHA-256 of its canonical JSON.

    `tables` holds name, cadence and a hash of the meaning of each of its tables, so that a reader
    is told which were redefined; empty where it is not known.
    """

    release_id: str
    sha256: str
    policy_version: int | None = None
    policy_hash: str | None = None
    tables: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, release: "Release") -> "PreviousRelease":
        """Return what a later release says of this one."""
        return cls(
            release.release_id,
            release.sha256,
            release.plan.policy_version,
            release.plan.policy_hash,
            tuple((one.name, one.cadence, one.meaning_hash) for one in release.tables),
        )


@dataclass(frozen=True)
class Release:
    """One quarter as it left; `drawn_at` (UTC) and `ledger_head` come from the ledger's entry.

    The release of a fourth quarter carries the annual tables of its year too.
    """

    release_id: str
    quarter_start: datetime.date
    tables: tuple[ReleasedTable, ...]
    frames: tuple[ReleasedFrame, ...]
    measurements: tuple[ReleasedMeasurement, ...]
    history: tuple[HistoryPoint, ...]
    synthetic: tuple[SyntheticFrame, ...]
    plan: PlanFacts
    approvals: tuple[ApprovalFacts, ...]
    privacy: PrivacyFacts
    provenance: Provenance
    previous: PreviousRelease | None
    versions: tuple[tuple[str, str], ...]
    drawn_at: str
    ledger_head: str

    @cached_property
    def place_labels(self) -> Mapping[tuple[str, str], str]:
        """The label of every place, by its level and key, as the frames have it."""
        return {
            (level.name, key): label
            for frame in self.frames
            for level in frame.levels
            for key, label in zip(level.keys, level.labels, strict=True)
        }

    def to_json(self) -> str:
        """Return canonical JSON; the same release always gives the same text."""
        return to_canonical_json(describe_release(self))

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON."""
        return compute_sha256(self.to_json())


def describe_release(release: Release) -> dict[str, Any]:
    """Return a release as plain JSON content, with fractions and dates as text."""
    return {
        **asdict(release),
        "quarter_start": release.quarter_start.isoformat(),
        "provenance": release.provenance.to_content(),
        "versions": dict(release.versions),
    }
