"""The budgets at which methods are compared: one in rho, one in epsilon, each in both units.

The conversion is OpenDP's for every mechanism of that rho, which a release prints as "at most".
"""

from decimal import Decimal
from fractions import Fraction

from bench.accuracy.running import Budget
from privacy.engine.noise import convert_to_epsilon

DELTA = Decimal("1e-6")
STEPS = 40


def list_budgets() -> tuple[Budget, ...]:
    """Return rho 0.5, and epsilon 1."""
    return (
        _name_budget("rho-0.5", Fraction(1, 2)),
        _name_budget("epsilon-1", find_rho(1.0)),
    )


def find_rho(epsilon: float) -> Fraction:
    """Return the largest rho, to a few digits, that is within (epsilon, delta)."""
    low, high = Fraction(0), Fraction(1)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if convert_to_epsilon(middle, DELTA) <= epsilon:
            low = middle
        else:
            high = middle
    return Fraction(int(low * 10**8), 10**8)


def _name_budget(name: str, rho: Fraction) -> Budget:
    return Budget(name, float(rho), convert_to_epsilon(rho, DELTA), float(DELTA))
