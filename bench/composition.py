"""Epsilon of the reviewed policy's releases three ways, of which each says what it is.

`python -m bench.composition` prints, for one to three identities and the quarterly tables of a
quarter without and with the annual ones: the epsilon converted from rho, which holds for any
mechanism of that rho; that of Gaussian noise of the same size, exactly; and that of the mechanisms
themselves, discrete Gaussians composed numerically, between two bounds.

Numerically: the privacy loss of each noisy cell, for the shift of one identity, is rounded up (or
down) to a grid and all are convolved. Source: Koskela, Jälkö, Honkela, "Computing tight
differential privacy guarantees using FFT" (2020).
"""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations_with_replacement, product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import brentq

from privacy.engine.frames import LINKED
from privacy.engine.noise import compose_epsilon, convert_to_epsilon
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy

KEYS = Path(__file__).parents[1] / "missouri" / "lists"
STEP = 1e-4
SIZE = 2**20
REACH = 12

Shift = tuple[float, int]
"""Noise scale of a cell, and by how much an identity shifts it."""


def plan_quarter(quarter: str) -> Plan:
    """Return the reviewed policy's plan."""
    policy = load_policy()
    return make_plan(quarter, policy, load_keys(KEYS, policy), load_strategy(), "")


def compose(plan: Plan, identities: int, *, up: bool) -> float:
    """Return a bound of the epsilon of all mechanisms of a plan, from above or from below."""
    delta = float(plan.policy.delta)
    return max(
        _find_epsilon(_convolve(shifts, up=up), delta) for shifts in list_worst(plan, identities)
    )


def list_worst(plan: Plan, identities: int) -> Iterator[list[Shift]]:
    """Give the shifts of all cells, in each way that moves every frame by all that it can.

    Rows of one identity fall into one cell of a table; those of a linked frame into whole numbers
    of cells whose squares add up to its bound, or to as much of it as one quarter can have.
    """
    ways = [list(_list_ways(one)) for one in plan.frames]
    for chosen in product(*ways):
        yield [
            (float(measured.scale), identities * shift)
            for planned, shifts in zip(plan.frames, chosen, strict=True)
            for measured in planned.measurements
            for shift in shifts
        ]


def _list_ways(planned: PlannedFrame) -> Iterator[tuple[int, ...]]:
    frame = planned.frame
    if frame.kind != LINKED:
        yield (frame.bound,)
        return
    whole = range(math.isqrt(frame.bound) + 1)
    squares = {
        shifts: sum(shift**2 for shift in shifts)
        for shifts in combinations_with_replacement(whole, frame.leaf_count)
    }
    most = max(square for square in squares.values() if square <= frame.bound)
    for shifts, square in squares.items():
        if square == most:
            yield tuple(shift for shift in shifts if shift)


def _convolve(shifts: Sequence[Shift], *, up: bool) -> np.ndarray:
    """Return the law of the sum of all losses, on a grid around zero."""
    spectrum = np.ones(SIZE // 2 + 1, dtype=complex)
    for scale, shift in shifts:
        noise = np.arange(-math.ceil(REACH * scale), math.ceil(REACH * scale) + 1)
        law = np.exp(-((noise / scale) ** 2) / 2)
        losses = (2 * shift * noise + shift**2) / (2 * scale**2) / STEP
        places = (np.ceil(losses) if up else np.floor(losses)).astype(np.int64) % SIZE
        spectrum *= np.fft.rfft(np.bincount(places, law / law.sum(), SIZE))
    return np.roll(np.fft.irfft(spectrum, SIZE), SIZE // 2)


def _find_epsilon(law: np.ndarray, delta: float) -> float:
    losses = STEP * (np.arange(SIZE) - SIZE // 2)

    def exceed(epsilon: float) -> float:
        above = losses > epsilon
        return float((law[above] * -np.expm1(epsilon - losses[above])).sum()) - delta

    return float(brentq(exceed, 0.0, 40.0, xtol=1e-6))


def main() -> None:
    shown = Table(title="Epsilon at the delta of the policy")
    for heading in ("tables", "identities", "rho", "any mechanism", "Gaussian", "these mechanisms"):
        shown.add_column(heading, justify="left" if heading == "tables" else "right")
    for name, quarter in (("quarterly", "2025Q1"), ("with annual ones", "2025Q4")):
        plan = plan_quarter(quarter)
        for identities in (1, 2, 3):
            rho, delta = plan.rho * identities**2, Decimal(plan.policy.delta)
            low, high = (compose(plan, identities, up=up) for up in (False, True))
            shown.add_row(
                name,
                str(identities),
                f"{float(rho):.4f}",
                f"{convert_to_epsilon(rho, delta):.3f}",
                f"{compose_epsilon(rho, delta):.3f}",
                f"{low:.3f} to {high:.3f}",
            )
    Console(width=120).print(shown)


if __name__ == "__main__":
    main()
