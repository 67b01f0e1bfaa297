"""What an officer is shown of a plan: frozen types of public facts, which portal may import.

Does not belong here: working the facts out (privacy.approval.assessment), words and looks
(portal.officers_page).
"""

from dataclasses import dataclass
from fractions import Fraction

from privacy.released import GroupFacts

TIGHTER = "tighter"
PROPOSED = "proposed"
LOOSER = "looser"

Three = tuple[float, float, float]
"""A number for each of the three budgets: tighter, proposed, looser."""


@dataclass(frozen=True)
class BudgetChoice:
    """The same plan at a multiple of its budget; `fits` says whether it would pass no cap.

    `epsilon` and `composed` are as in privacy.released.PrivacyFacts.
    """

    name: str
    factor: Fraction
    rho: Fraction
    epsilon: float
    composed: float
    power: float
    fits: bool


@dataclass(frozen=True)
class PeriodBudget:
    """What one identity can have lost in a period in the worst case, before and after the plan.

    `ahead` is as in privacy.released.SpendingFacts.
    """

    period: str
    name: str
    before: Fraction
    after: Fraction
    cap: Fraction
    ahead: Fraction | None


@dataclass(frozen=True)
class TableAccuracy:
    """One table before it is drawn; margins are the largest of its rows, at the three budgets.

    `smallest_change` is the smallest difference between two quarters that noise alone would exceed
    in 1 of 10 draws. `usable` counts the cells of `compared` (the period of the last release that
    held the table) whose margin would be at most half of what was released there; both are empty
    where it was never released. Silent tables and those declared public have their status in
    `silence` and no numbers.
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
    cells: int
    silence: str
    moe90: Three
    smallest_change: Three
    usable: tuple[int, ...]
    compared: str


@dataclass(frozen=True)
class FrameBound:
    """How far one identity can move the tables of a frame, why, how often, and at what cost.

    `title` is that of the frame's first table.
    """

    name: str
    title: str
    kind: str
    counting: str
    cadence: str
    quarters: int | None
    places: int | None
    bound: int
    rho: Fraction
    measurements: int
    reason: str


@dataclass(frozen=True)
class SharedRows:
    """Two frames about the same rows, by the titles of their first tables, told one total.

    `cells` are the labels of the cells of the one that are the rows of the other; `test` is what
    proves it before every release.
    """

    title: str
    other: str
    cells: tuple[str, ...]
    test: str


@dataclass(frozen=True)
class DeclaredQuantity:
    """Totals of an agency that pass as delivered, by their contract: why, and in which tables."""

    agency: str
    contract: str
    reason: str
    titles: tuple[str, ...]


@dataclass(frozen=True)
class RehearsedRow:
    """A row of the rehearsal: how many records were made up, and what would be published of it."""

    labels: tuple[str, ...]
    made_up: int
    count: int
    estimate: float
    moe90: float
    status: str


@dataclass(frozen=True)
class RehearsedTable:
    """A table of the rehearsal; `row_titles` name the unit and the dimensions of its rows."""

    name: str
    title: str
    row_titles: tuple[str, ...]
    rows: tuple[RehearsedRow, ...]


@dataclass(frozen=True)
class Signature:
    """An officer whose key counts: name and key id."""

    name: str
    key_id: str


@dataclass(frozen=True)
class ShownPlan:
    """Everything on the review page of a plan, which was made on the ledger's `ledger_head`.

    `recovers` is the hash of the plan whose lost draw it pays for once more, empty for any other;
    `problem` says why it cannot be charged, and is empty where it can; `changes` compare it with
    the last plan that was charged, `changed_since` says for which quarter that was.
    """

    quarter: str
    plan: str
    recovers: str
    ledger_head: str
    policy_version: int
    policy_hash: str
    reviewed_on: str
    keys_hash: str
    strategy_hash: str
    rules_hash: str
    unit: str
    delta: float
    unprotected: tuple[str, ...]
    signers: int
    officers: tuple[Signature, ...]
    year: str | None
    is_modelled: bool
    is_synthetic: bool
    problem: str
    choices: tuple[BudgetChoice, BudgetChoice, BudgetChoice]
    groups: tuple[GroupFacts, ...]
    periods: tuple[PeriodBudget, ...]
    tables: tuple[TableAccuracy, ...]
    frames: tuple[FrameBound, ...]
    shared: tuple[SharedRows, ...]
    declared: tuple[DeclaredQuantity, ...]
    changes: tuple[str, ...]
    changed_since: str
    rehearsal: tuple[RehearsedTable, ...]
    versions: tuple[tuple[str, str], ...]
