"""How strongly the model pulls each leaf towards what its population lets expect, from evidence.

The model: children of a leaf are gamma-Poisson around an expected number, which is a power of its
child population, but for a few leaves that may hold many more; they fall into cells by one
composition, with a dispersion of its own. Belongs here: choosing power and dispersions by the
likelihood of released numbers, and fitting the leaves. Does not belong here: confidential values,
and what is published (privacy.modelled.modelling).

Sources: Clayton, Kaldor, "Empirical Bayes estimates of age-standardized relative risks" (1987), for
the model; Minka, "Expectation propagation for approximate Bayesian inference" (2001), for the fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from privacy.engine.frames import Level
from privacy.modelled.beliefs import Belief, Climb, Evidence, Numbers

EXPONENTS = (0.0, 0.5, 1.0)
DISPERSIONS = (0.001, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
SURPRISE = 0.05
"""Share of leaves of which population tells little: without it, hot spots are smoothed away."""

COMPOSITION_DISPERSIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)

_SWEEPS = 5
_CHOSEN_AFTER = 2
_STEP = 0.7
_POINTS = 401


class Expectation(NamedTuple):
    """Expected children of each leaf, and how widely true numbers spread around it (squared)."""

    mean: Numbers
    dispersion: Numbers


@dataclass(frozen=True)
class LeafTotals:
    """Evidence about totals alone; estimate and standard deviation of the total of each leaf."""

    evidence: Evidence
    estimates: Numbers
    deviations: Numbers


def choose_expectation(
    levels: Sequence[Level], totals: LeafTotals, population: Numbers | None
) -> Expectation:
    """Return what to expect of each leaf, from how likely each expectation makes its release.

    Args:
        levels: the geography from the top.
        totals: what the release tells about totals.
        population: children of each leaf, not a number where no public figure exists; None where
            none does, and then all leaves are expected alike. A leaf without a figure is expected
            where its own estimate lies, loosely: the model leaves it to its evidence.
    """
    known = np.ones(len(totals.estimates), dtype=bool)
    if population is not None:
        known = ~np.isnan(population)
    loose = np.maximum(totals.estimates, 0.0) + totals.deviations
    children = max(float(totals.estimates[known].sum()), 1.0)
    candidates = []
    for exponent in (0.0,) if population is None else EXPONENTS:
        powers = known.astype(np.float64)
        if population is not None:
            powers[known] = population[known] ** exponent
        mean = np.where(known, children * powers / powers.sum(), loose)
        candidates += [
            Expectation(mean, np.where(known, dispersion, 1.0)) for dispersion in DISPERSIONS
        ]
    return _mix(candidates, [_tell_likelihood(levels, totals.evidence, one) for one in candidates])


def _mix(candidates: Sequence[Expectation], likelihoods: Sequence[float]) -> Expectation:
    """Return one expectation with the mean and the spread of all, each as likely as it is.

    With many leaves this is nearly the likeliest; with few it does not pretend to know which is.
    """
    odds = np.exp(np.array(likelihoods) - max(likelihoods))
    shares = (odds / odds.sum())[:, None]
    means = np.array([one.mean for one in candidates])
    squares = np.array([(1 + one.dispersion) * one.mean**2 for one in candidates])
    mean = (shares * means).sum(axis=0)
    return Expectation(mean, (shares * squares).sum(axis=0) / mean**2 - 1)


@dataclass
class _Leaves:
    """Leaves being fitted: a Gaussian stand-in for the law of their totals, and their best totals.

    `mean` and `variance` belong to the stand-in; `composition` is the share of each cell.
    """

    composition: Numbers
    mean: Numbers
    variance: Numbers
    totals: Numbers
    dispersion: float = 0.0

    def form_prior(self, dispersion: float) -> Belief:
        """Return the Gaussian prior of all cells, for a dispersion of the composition."""
        shares = self.composition
        within = np.diag(shares) - np.outer(shares, shares)
        between = np.outer(shares, shares)
        scale = self.totals + dispersion * self.totals**2
        covariance = scale[:, None, None] * within + self.variance[:, None, None] * between
        return Belief(self.mean[:, None] * shares, covariance)


def fit_leaves(
    levels: Sequence[Level], evidence: Evidence, expected: Expectation, composition: Numbers
) -> Climb:
    """Return beliefs in which the totals of leaves follow their law, nearly exactly.

    Each sweep takes each leaf's own law out of what is believed of its total, puts the exact law in
    its place, and keeps the Gaussian that has the mean and the variance of the result.
    """
    mean = expected.mean
    leaves = _Leaves(composition, mean, _spread(expected), mean)
    climb = Climb(levels, evidence, leaves.form_prior(0.0))
    for sweep in range(_SWEEPS):
        _refit(leaves, climb.descend()[-1], expected)
        if sweep + 1 == _CHOSEN_AFTER:
            leaves.dispersion = _choose_dispersion(levels, evidence, leaves)
        climb = Climb(levels, evidence, leaves.form_prior(leaves.dispersion))
    return climb


def _choose_dispersion(levels: Sequence[Level], evidence: Evidence, leaves: _Leaves) -> float:
    """Return the dispersion of the composition under which all released tables are likeliest."""
    return max(
        COMPOSITION_DISPERSIONS,
        key=lambda one: Climb(levels, evidence, leaves.form_prior(one)).log_likelihood,
    )


def _refit(leaves: _Leaves, belief: Belief, expected: Expectation) -> None:
    mean, variance = belief.mean.sum(axis=1), belief.covariance.sum(axis=(1, 2))
    precision = np.maximum(1 / variance - 1 / leaves.variance, 1e-6)
    told = (mean / variance - leaves.mean / leaves.variance) / precision
    exact_mean, exact_variance = _apply_law(expected, told, precision, Belief(mean, variance))
    least = 1e-3 / (1 + expected.mean)
    own = np.maximum(1 / exact_variance - precision, least)
    pull = exact_mean * (own + precision) - told * precision
    mixed = _STEP * own + (1 - _STEP) / leaves.variance
    pull = _STEP * pull + (1 - _STEP) * leaves.mean / leaves.variance
    leaves.mean, leaves.variance = pull / mixed, 1 / mixed
    leaves.totals = _STEP * exact_mean + (1 - _STEP) * leaves.totals


def _apply_law(
    expected: Expectation, told: Numbers, precision: Numbers, belief: Belief
) -> tuple[Numbers, Numbers]:
    """Return mean and variance of totals that follow the law and of which a Gaussian was told.

    The law is summed over whole numbers around the belief, or over evenly spaced ones where it is
    too wide for all of them.
    """
    deviation = np.sqrt(belief.covariance)
    start = np.floor(np.maximum(belief.mean - 10 * deviation, 0.0))
    end = np.maximum(belief.mean + 12 * deviation, start + 20)
    step = np.maximum(1.0, np.ceil((end - start) / (_POINTS - 1)))
    numbers = start[:, None] + step[:, None] * np.arange(_POINTS)
    weights = _tell_law(expected, numbers)
    weights -= 0.5 * precision[:, None] * (numbers - told[:, None]) ** 2
    shares = np.exp(weights - weights.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    exact_mean = (shares * numbers).sum(axis=1)
    exact_variance = (shares * (numbers - exact_mean[:, None]) ** 2).sum(axis=1)
    return np.maximum(exact_mean, 1e-2), np.maximum(exact_variance, 1e-3)


def _tell_law(expected: Expectation, numbers: Numbers) -> Numbers:
    """Return the logarithm of the law of each leaf's total, at a line of numbers for each leaf."""
    rare = Expectation(expected.mean + expected.mean.mean(), np.ones_like(expected.dispersion))
    usual = log(1 - SURPRISE) + _tell_gamma_poisson(expected, numbers)
    return np.logaddexp(usual, log(SURPRISE) + _tell_gamma_poisson(rare, numbers))


def _tell_gamma_poisson(expected: Expectation, numbers: Numbers) -> Numbers:
    shape, mean = (1 / expected.dispersion)[:, None], expected.mean[:, None]
    ways = gammaln(numbers + shape) - gammaln(shape) - gammaln(numbers + 1)
    odds = shape * np.log(shape / (shape + mean)) + numbers * np.log(mean / (shape + mean))
    law: Numbers = ways + odds
    return law


def _tell_likelihood(levels: Sequence[Level], evidence: Evidence, expected: Expectation) -> float:
    prior = Belief(expected.mean[:, None], _spread(expected)[:, None, None])
    return Climb(levels, evidence, prior).log_likelihood


def _spread(expected: Expectation) -> Numbers:
    """Return the variance of the gamma-Poisson law."""
    return expected.mean + expected.dispersion * expected.mean**2
