"""What a release says of its own making: which plan, who signed, what was spent, what is promised.

Belongs here: the frozen types, which `privacy.released` hands on. Does not belong here: how the
numbers are worked out (`privacy.ledger`, `privacy.publishing`).
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class PlanFacts:
    """Which plan was drawn; all hashes are SHA-256 in hexadecimal, empty where not known then.

    `recovers` is that of the plan whose draw was lost, where this one paid for the quarter once
    more, and empty otherwise.
    """

    hash: str
    policy_version: int
    policy_hash: str
    reviewed_on: str
    keys_hash: str
    strategy_hash: str = ""
    rules_hash: str = ""
    recovers: str = ""


@dataclass(frozen=True)
class ApprovalFacts:
    """One officer's signature of the plan: name of the key, its minisign key id, and the words.

    `ledger_head` is the newest entry of the ledger that it was given on.
    """

    signer: str
    key_id: str
    signed_at: str
    ledger_head: str = ""


@dataclass(frozen=True)
class GroupFacts:
    """The guarantee for `size` identities together: rho grows with the square of size.

    `epsilon` and `composed` as in PrivacyFacts.
    """

    size: int
    rho: Fraction
    epsilon: float
    composed: float | None = None


@dataclass(frozen=True)
class SpendingFacts:
    """Budget of a period: quarter, annual, year, three_years or lifetime; worst case and cap.

    `ahead` is what the worst case comes to if twenty more years are released like this; None where
    that was not worked out.
    """

    period: str
    spent: Fraction
    cap: Fraction
    ahead: Fraction | None = None


@dataclass(frozen=True)
class PrivacyFacts:
    """The guarantee of the release, in each of its usual forms.

    `unit` is the adjacency sentence, `rho` the exact cost (zCDP) and `rho_decimal` the same rounded
    up; `epsilon` is what every mechanism of that rho keeps at `delta`, `composed` what this noise
    keeps, exactly (None in releases that did not tell it); `mu` = sqrt(2 rho); `power` is the best
    attacker's share of true alarms at 1 false alarm in 100; `spending` counts this release in;
    `unprotected` lists what the guarantee does not cover.
    """

    unit: str
    rho: Fraction
    rho_decimal: str
    delta: float
    epsilon: float
    mu: float
    power: float
    groups: tuple[GroupFacts, ...]
    spending: tuple[SpendingFacts, ...]
    unprotected: tuple[str, ...]
    composed: float | None = None
