"""Smoothed numbers: what all released quarters of a row tell of each of them together.

A local level (a random walk seen through the exact noise of each quarter; Durbin and Koopman, Time
Series Analysis by State Space Methods, 2012, ch. 2) whose step is not fitted, because a handful of
quarters cannot tell it, but averaged over `STEPS`, each weighed by how likely it makes the released
numbers. No number is moved further than `FURTHEST` from its estimate (limited translation: Efron
and Morris, Journal of the American Statistical Association 66, 1971), so that a sudden rise is not
smoothed away. All of it is arithmetic on released numbers. Not here: which rows there are
(``series``), and chance (``chance``): what is smoothed is the recorded number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from portal.series import Key, Moment, count_periods, list_series
from privacy.released import Release

STEPS = (0.25, 1.0, 4.0)
"""Standard deviations of the step between quarters, in those of the noise; equally likely."""
FURTHEST = 0.65
"""How far a number may be moved from its estimate, in standard deviations of its noise."""
WIDENED = 1.25
"""How much wider the ranges are than the model asks for, so that they hold nine times in ten."""
NEWEST, NEWEST_CHANGE = 2.06, 2.28
"""Least margins of the newest quarter and its change, in standard deviations of the released ones.

Nothing after it tells a jump there from noise. Where numbers are moved by b deviations at most, and
towards the other quarters, c of them hold nine times in ten whatever happened if
``cdf(b - c) + cdf(-c) = 0.1``: b is FURTHEST for the number, and for the change at most twice that
over the root of two.
"""
LEAST_QUARTERS = 4
"""Quarters that a series must have; fewer tell too little of one another."""

_QUANTILE = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Smoothed:
    """A smoothed number with its 90 % range, and its change since the quarter before it.

    All in tenths of the table's unit; a number and the ends of a range may be negative, as an
    estimate may. The change is from the released quarter before, None for the first.
    """

    level: float
    low90: float
    high90: float
    change: float | None
    change_low90: float | None
    change_high90: float | None


@dataclass(frozen=True)
class _Path:
    """The level by one step: means, variances, covariances with the one before, log likelihood."""

    means: list[float]
    variances: list[float]
    covariances: list[float]
    weight: float


def smooth_release(release: Release) -> dict[Key, dict[str, Smoothed]]:
    """Smoothed numbers of every quarterly row with at least LEAST_QUARTERS released quarters.

    Returns:
        By table, place and keys, the smoothed numbers by quarter, as far back as the release goes.
    """
    return {key: smooth_moments(moments) for key, moments in list_series(release).items()}


def smooth_moments(moments: Sequence[Moment]) -> dict[str, Smoothed]:
    """Smoothed numbers of one series by quarter; empty where it is too short, or of years."""
    if len(moments) < LEAST_QUARTERS or "Q" not in moments[-1].period:
        return {}
    smoothed = smooth_numbers(
        [count_periods(one.period) for one in moments],
        [float(one.row.estimate or 0) for one in moments],
        [float(one.row.deviation or 0) for one in moments],
    )
    return {one.period: found for one, found in zip(moments, smoothed, strict=True)}


def smooth_numbers(
    quarters: Sequence[int], estimates: Sequence[float], deviations: Sequence[float]
) -> list[Smoothed]:
    """Smoothed numbers of a series.

    Args:
        quarters: number of each quarter, ascending; a gap counts as so many steps.
        estimates: unbiased, one a quarter.
        deviations: standard deviation of the noise of each, above zero.
    """
    noises = [one**2 for one in deviations]
    usual = sum(noises) / len(noises)
    gaps = [after - before for before, after in pairwise(quarters)]
    paths = [_walk(estimates, noises, [gap * usual * step**2 for gap in gaps]) for step in STEPS]
    most = max(path.weight for path in paths)
    likely = [math.exp(path.weight - most) for path in paths]
    shares = [one / sum(likely) for one in likely]
    means = [_average(shares, [path.means[t] for path in paths]) for t in range(len(noises))]
    levels = [
        estimate + max(-FURTHEST * deviation, min(FURTHEST * deviation, mean - estimate))
        for estimate, deviation, mean in zip(estimates, deviations, means, strict=True)
    ]
    return [_state(t, levels, deviations, paths, shares) for t in range(len(levels))]


def _walk(estimates: Sequence[float], noises: Sequence[float], steps: Sequence[float]) -> _Path:
    """Filter forwards and smooth backwards, with nothing known before the first quarter."""
    means, variances, weight = [estimates[0]], [noises[0]], 0.0
    for estimate, noise, step in zip(estimates[1:], noises[1:], steps, strict=True):
        ahead = variances[-1] + step
        total = ahead + noise
        missed = estimate - means[-1]
        weight -= (math.log(total) + missed**2 / total) / 2
        means.append(means[-1] + ahead / total * missed)
        variances.append(ahead * noise / total)
    covariances = [0.0] * len(means)
    for t in range(len(steps) - 1, -1, -1):
        ahead = variances[t] + steps[t]
        gain = variances[t] / ahead
        means[t] += gain * (means[t + 1] - means[t])
        variances[t] += gain**2 * (variances[t + 1] - ahead)
        covariances[t + 1] = gain * variances[t + 1]
    return _Path(means, variances, covariances, weight)


def _state(
    t: int,
    levels: Sequence[float],
    deviations: Sequence[float],
    paths: Sequence[_Path],
    shares: Sequence[float],
) -> Smoothed:
    """One quarter; the range of a change is never narrower than that of the released change."""
    least, least_of_change = (NEWEST, NEWEST_CHANGE) if t == len(levels) - 1 else (0.0, _QUANTILE)
    margin = max(
        _find_margin(
            shares, [path.means[t] for path in paths], [path.variances[t] for path in paths]
        ),
        least * deviations[t],
    )
    if t == 0:
        return Smoothed(*_round(levels[t], margin), None, None, None)
    changed = max(
        _find_margin(
            shares,
            [path.means[t] - path.means[t - 1] for path in paths],
            [path.variances[t] + path.variances[t - 1] - 2 * path.covariances[t] for path in paths],
        ),
        least_of_change * math.hypot(deviations[t], deviations[t - 1]),
    )
    return Smoothed(*_round(levels[t], margin), *_round(levels[t] - levels[t - 1], changed))


def _find_margin(
    shares: Sequence[float], means: Sequence[float], variances: Sequence[float]
) -> float:
    """The margin of a mixture: within each part and between them, widened."""
    mean = _average(shares, means)
    between = _average(shares, [(one - mean) ** 2 for one in means])
    return WIDENED * _QUANTILE * math.sqrt(between + _average(shares, variances))


def _average(shares: Sequence[float], numbers: Sequence[float]) -> float:
    return math.fsum(share * number for share, number in zip(shares, numbers, strict=True))


def _round(middle: float, margin: float) -> tuple[float, float, float]:
    """A number and its range in tenths, the range outwards."""
    low, high = math.floor(10 * (middle - margin)) / 10, math.ceil(10 * (middle + margin)) / 10
    return round(middle, 1), low, high
