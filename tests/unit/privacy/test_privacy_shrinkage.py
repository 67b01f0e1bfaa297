import numpy as np
import pytest
from scipy.stats import nbinom

from privacy.engine.frames import Level
from privacy.modelled.beliefs import Evidence, Numbers
from privacy.modelled.shrinkage import (
    SURPRISE,
    Expectation,
    LeafTotals,
    choose_expectation,
    fit_leaves,
)

COUNT = 60
KEYS = tuple(map(str, range(COUNT)))
TREE = (Level("state", ("all",), ()), Level("county", KEYS, (0,) * COUNT))
POPULATION = np.linspace(200.0, 90_000.0, COUNT)
ONE = (Level("state", ("all",), ()),)


def tell_totals(estimates: Numbers, deviation: float) -> LeafTotals:
    precision = np.full((1, 1), deviation**-2)
    evidence = Evidence((np.zeros((1, 1)), estimates[:, None]), (np.zeros((1, 1)), precision))
    return LeafTotals(evidence, estimates, np.full(len(estimates), deviation))


def draw(exponent: float, dispersion: float, seed: int) -> Numbers:
    chance = np.random.default_rng(seed)
    mean = POPULATION**exponent
    mean *= 600 / mean.sum()
    rates = chance.gamma(1 / dispersion, mean * dispersion) if dispersion else mean
    return chance.poisson(rates) + chance.normal(0, 1.5, COUNT)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_power_of_population_is_the_one_that_the_numbers_follow(exponent: float) -> None:
    totals = tell_totals(draw(exponent, 0.05, 1), 1.5)
    found = choose_expectation(TREE, totals, POPULATION).mean
    power = np.polyfit(np.log(POPULATION), np.log(found), 1)[0]
    assert power == pytest.approx(exponent, abs=0.05)


def test_where_few_leaves_leave_it_open_no_power_and_no_spread_is_taken_for_certain() -> None:
    """Six leaves fit several powers; what is expected lies between them, and spreads for it."""
    six = (ONE[0], Level("region", KEYS[:6], (0,) * 6))
    population = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
    exact = 60 * population / population.sum()
    open_, sure = (
        choose_expectation(six, tell_totals(exact, deviation), population)
        for deviation in (8.0, 0.1)
    )
    assert open_.mean[0] > 1.5 * sure.mean[0]
    assert open_.dispersion[0] > sure.dispersion[0]


def test_numbers_that_spread_more_are_believed_to_spread_more() -> None:
    narrow, wide = (
        choose_expectation(TREE, tell_totals(draw(1.0, spread, 2), 1.5), POPULATION).dispersion[0]
        for spread in (0.0, 1.0)
    )
    assert narrow <= 0.1
    assert 0.5 <= wide <= 2.0


def test_expected_children_are_as_many_as_were_estimated() -> None:
    totals = tell_totals(draw(1.0, 0.2, 3), 1.5)
    found = choose_expectation(TREE, totals, POPULATION)
    assert found.mean.sum() == pytest.approx(totals.estimates.sum())


def test_a_leaf_without_population_is_expected_near_its_own_estimate() -> None:
    estimates = draw(1.0, 0.2, 4)
    estimates[:2] = 200.0, -9.0
    population = POPULATION.copy()
    population[:2] = np.nan
    found = choose_expectation(TREE, tell_totals(estimates, 1.5), population)
    assert found.mean[:2] == pytest.approx([201.5, 1.5])
    assert found.dispersion[:2] == pytest.approx([1.0, 1.0])
    assert found.mean[2:].sum() == pytest.approx(estimates[2:].sum())


def test_leaves_without_any_population_are_expected_alike() -> None:
    found = choose_expectation(TREE, tell_totals(draw(1.0, 0.2, 5), 1.5), None)
    assert np.allclose(found.mean, found.mean[0])


@pytest.mark.parametrize(
    ("mean", "dispersion", "told", "deviation"),
    [(2.0, 1.0, -1.5, 1.0), (0.3, 5.0, 4.0, 2.0), (12.0, 0.1, 20.0, 3.0), (3.0, 0.5, 0.2, 0.8)],
)
def test_a_leaf_follows_the_gamma_poisson_law_or_the_wide_one_of_rare_leaves(
    mean: float, dispersion: float, told: float, deviation: float
) -> None:
    numbers = np.arange(400)
    usual = nbinom.pmf(numbers, 1 / dispersion, 1 / (1 + dispersion * mean))
    rare = nbinom.pmf(numbers, 1, 1 / (1 + 2 * mean))
    weights = (1 - SURPRISE) * usual + SURPRISE * rare
    weights *= np.exp(-0.5 * ((numbers - told) / deviation) ** 2)
    weights /= weights.sum()
    exact = float(weights @ numbers)
    evidence = Evidence((np.array([[told]]),), (np.full((1, 1), deviation**-2),))
    expected = Expectation(np.array([mean]), np.array([dispersion]))
    belief = fit_leaves(ONE, evidence, expected, np.ones(1)).descend()[-1]
    assert belief.mean[0, 0] == pytest.approx(exact, rel=0.02, abs=0.02)
    variance = float(weights @ (numbers - exact) ** 2)
    assert belief.covariance[0, 0, 0] == pytest.approx(variance, rel=0.05)


def test_large_leaves_stay_where_their_evidence_is() -> None:
    evidence = Evidence((np.array([[250_000.0]]),), (np.full((1, 1), 1e-4),))
    expected = Expectation(np.array([240_000.0]), np.array([0.5]))
    belief = fit_leaves(ONE, evidence, expected, np.ones(1)).descend()[-1]
    assert belief.mean[0, 0] == pytest.approx(250_000.0, abs=5.0)


def test_a_hot_spot_is_not_smoothed_away() -> None:
    """A leaf of which less than 1 is expected and 20 were estimated keeps nearly all of them."""
    estimates = draw(1.0, 0.05, 7)
    estimates[0] = 20.0
    totals = tell_totals(estimates, 2.0)
    expected = Expectation(600 * POPULATION / POPULATION.sum(), np.full(COUNT, 0.05))
    assert expected.mean[0] < 1
    found = fit_leaves(TREE, totals.evidence, expected, np.ones(1)).descend()[-1].mean[0, 0]
    assert found > 15


def test_a_composition_that_varies_is_trusted_to_vary() -> None:
    """Leaves of 50 whose shares lie far from the common ones keep most of their own."""
    chance = np.random.default_rng(6)
    shares = chance.beta(2.0, 2.0, COUNT)
    cells = 50 * np.column_stack([shares, 1 - shares]) + chance.normal(0, 2, (COUNT, 2))
    evidence = Evidence((np.zeros((1, 2)), cells), (np.zeros((2, 2)), np.eye(2) / 4))
    expected = Expectation(np.full(COUNT, 50.0), np.full(COUNT, 0.02))
    found = fit_leaves(TREE, evidence, expected, np.array([0.5, 0.5])).descend()[-1]
    kept = np.polyfit(cells[:, 0] - 25, found.mean[:, 0] - 25, 1)[0]
    assert kept > 0.9
