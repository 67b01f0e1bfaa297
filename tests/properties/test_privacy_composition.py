"""That the epsilon of Gaussian noise is that of the discrete mechanisms that really draw."""

import pytest

from bench.composition import compose, plan_quarter
from privacy.engine.noise import compose_epsilon, convert_to_epsilon


@pytest.mark.parametrize(
    ("quarter", "composed", "converted", "later"),
    [("2025Q1", 2.25, 2.42, 0), ("2025Q4", 3.31, 3.54, 0.03)],
)
def test_composed_numerically_the_mechanisms_of_a_plan_have_the_epsilon_that_is_told(
    quarter: str, composed: float, converted: float, later: float
) -> None:
    """Of the bound of the matched, 7, one year can have 6 in three cells; the rest comes later."""
    plan = plan_quarter(quarter)
    low, high = (compose(plan, 1, up=up) for up in (False, True))
    told = compose_epsilon(plan.rho, plan.policy.delta)
    assert low - 0.005 < told < high + later + 0.005
    assert high - low < 0.005
    assert round(told, 2) == composed
    assert round(convert_to_epsilon(plan.rho, plan.policy.delta), 2) == converted
