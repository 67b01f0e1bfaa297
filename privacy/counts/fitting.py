"""Non-negative cells with given sums, as likely as the estimates and nothing else make them.

Each cell is taken to be spread exponentially around what its sums alone would tell (the law of
greatest entropy for a number that is never negative), its estimate normally around the cell; the
fit is the mean of what then remains, moved just as far as the sums ask for. Does not belong here:
whole numbers (privacy.counts.rounding) and which sums are held (privacy.counts.counts).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx

from privacy.engine.frames import Places
from privacy.engine.trees import Numbers

_SWEEPS = 40
_STEPS = 60
_EXACT = 1e-9
_CLOSE = 1e-3
_FAR = -1e4
_LEAST = 1e-9


@dataclass(frozen=True)
class Pin:
    """Sums that are held: for each cell the number of its sum, and each sum."""

    groups: Places
    sums: Numbers

    def sum_up(self, cells: Numbers) -> Numbers:
        """Return the sums of these cells."""
        return np.bincount(self.groups, cells, len(self.sums)).astype(np.float64)


def fit(estimates: Numbers, spread: Numbers, pins: Sequence[Pin]) -> Numbers:
    """Return non-negative cells near the estimates that have the pinned sums.

    Where several pins cannot all be met, and where not all are met after some sweeps, the last one
    is met most closely; rounding sees to the rest.

    Args:
        estimates: one for each cell.
        spread: standard deviation of each estimate where the sums are known.
        pins: what is held; each gives every cell a sum.
    """
    open_cells = np.all([pin.sums[pin.groups] > 0 for pin in pins], axis=0)
    places = np.flatnonzero(open_cells)
    pins = [_narrow(pin, places) for pin in pins]
    expected = _spread_out(len(places), pins)
    spread = spread[places]
    shifted = estimates[places] - spread**2 / expected
    for _ in range(_SWEEPS):
        for pin in pins:
            shifted = shifted + _find_shifts(shifted, spread, pin)[pin.groups]
        cells = mean_above_zero(shifted, spread)
        if all(np.abs(pin.sum_up(cells) - pin.sums).max(initial=0) < _CLOSE for pin in pins):
            break
    fitted = np.zeros(len(estimates))
    fitted[places] = cells
    return fitted


def mean_above_zero(centres: Numbers, spread: Numbers) -> Numbers:
    """Return the mean of normal laws of which only what is above zero is left."""
    scaled = centres / spread
    near = np.maximum(scaled, _FAR)
    above = near + np.sqrt(2 / np.pi) / erfcx(-near / np.sqrt(2))
    means: Numbers = spread * np.where(scaled > _FAR, above, -1 / np.minimum(scaled, _FAR))
    return means


def _narrow(pin: Pin, places: Places) -> Pin:
    """Return a pin for some of its cells, without the sums that have none of them."""
    kept, groups = np.unique(pin.groups[places], return_inverse=True)
    return Pin(groups, pin.sums[kept].astype(np.float64))


def _spread_out(size: int, pins: Sequence[Pin]) -> Numbers:
    """Return the most even cells that have the pinned sums."""
    cells = np.ones(size)
    for _ in range(_SWEEPS):
        before = cells
        for pin in pins:
            cells = cells * (pin.sums / pin.sum_up(cells))[pin.groups]
        if np.abs(cells - before).max(initial=0) < _CLOSE:
            break
    return np.maximum(cells, _LEAST)


def _find_shifts(centres: Numbers, spread: Numbers, pin: Pin) -> Numbers:
    """Return how far the centres of each sum move so that the means above zero have that sum.

    Newton's steps between bounds that close in: a mean is at least its centre, and where the centre
    is negative at most the squared spread over its distance from zero.
    """
    counts = np.bincount(pin.groups, minlength=len(pin.sums))
    high = (pin.sums - pin.sum_up(centres)) / counts
    low = -_find_most(centres, pin) - counts * _find_most(spread, pin) ** 2 / pin.sums
    shifts = np.minimum(high, np.maximum(low, 0.0))
    for _ in range(_STEPS):
        moved = centres + shifts[pin.groups]
        means = mean_above_zero(moved, spread)
        excess = pin.sum_up(means) - pin.sums
        if np.abs(excess).max(initial=0) < _EXACT:
            break
        high = np.where(excess > 0, shifts, high)
        low = np.where(excess < 0, shifts, low)
        slopes = pin.sum_up(_find_slope(moved, means, spread))
        stepped = shifts - excess / np.maximum(slopes, _LEAST)
        is_inside = (stepped > low) & (stepped < high)
        shifts = np.where(is_inside, stepped, (low + high) / 2)
    return shifts


def _find_slope(centres: Numbers, means: Numbers, spread: Numbers) -> Numbers:
    """Return how fast each mean above zero grows with its centre."""
    return np.clip(1 - means * (means - centres) / spread**2, 0.0, 1.0)


def _find_most(numbers: Numbers, pin: Pin) -> Numbers:
    most = np.full(len(pin.sums), -np.inf)
    np.maximum.at(most, pin.groups, numbers)
    return most
