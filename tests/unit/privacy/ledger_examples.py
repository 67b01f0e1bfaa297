"""Made-up charges and the steps of a release, for tests of the ledger alone."""

from fractions import Fraction

from privacy.canonical import compute_sha256
from privacy.ledger.chain import Charge, Part
from privacy.ledger.ledger import Ledger
from privacy.policy.policy import Caps
from privacy.released import ACTIVITY, QUARTERLY

EIGHTH = Fraction(1, 8)
CAPS = Caps(
    quarter=EIGHTH,
    annual=EIGHTH,
    year=Fraction(3, 8),
    three_years=Fraction(1, 2),
    lifetime=Fraction(3, 4),
)
CELLS = {"cells": {"arrests_total": [3, -1]}}
RESERVATION = "e" * 64
RELEASE = {"tables": [1, 2, 3]}


def example_part(rho: Fraction = EIGHTH, **changes: object) -> Part:
    fields = {"frame": "arrests", "counting": ACTIVITY, "cadence": QUARTERLY, "quarters": None}
    return Part(**{**fields, "rho": rho, **changes})  # type: ignore[arg-type]


def example_charge(
    quarter: str = "2025Q1", plan: str = "a", rho: Fraction = EIGHTH, **changes: object
) -> Charge:
    return Charge(quarter, compute_sha256(plan), (example_part(rho, **changes),))


def signed(plan: str = "a") -> dict[str, object]:
    """What the ledger keeps with a charge."""
    return {"plan": plan, "signatures": []}


def draw(ledger: Ledger, charge: Charge | None = None, plan: str = "a") -> Charge:
    """Lead one release through all steps."""
    charge = charge or example_charge(plan=plan)
    ledger.charge(charge, CAPS, signed(plan))
    ledger.begin_draw(charge, RESERVATION)
    ledger.record_draw(charge, CELLS)
    ledger.finish(charge, RELEASE)
    return charge
