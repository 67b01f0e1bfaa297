"""The shares of the budget: the least error there is, found alike on every machine."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from privacy_examples import example_frame
from scipy import optimize

from privacy import optimising, residuals
from privacy.frames import LINKED, Axes, Frame
from privacy.optimising import Candidate, Demand, compute_error, share_budget
from privacy.plan import Plan, list_demands
from privacy.residuals import compute_variance, list_subsets, split_length, sum_precisions
from privacy.rows import list_rows, place_on_axes

DECISION = Path(__file__).resolve().parents[3] / "docs/decisions/0107-shares-of-the-budget.md"


def demand(frame: Frame, axes: Axes, weight: int = 1) -> Demand:
    return Demand(frame, axes, weight, split_length(frame.sizes, dict.fromkeys(axes, 1)))


def demands_of(plan: Plan) -> list[Demand]:
    frames = {planned.frame.name: planned.frame for planned in plan.frames}
    return list_demands(plan.policy, plan.keys, frames)


def find_least_error(demands: Sequence[Demand]) -> float:
    """The error of all margins measured, by another method: softmax and L-BFGS."""
    every: list[Candidate] = list(
        dict.fromkeys(
            (one.frame.name, axes)
            for one in demands
            for axes in ([one.axes] if one.frame.kind == LINKED else list_subsets(one.axes))
        )
    )
    problem = optimising._Problem(demands, every)

    def measure(scores: np.ndarray) -> tuple[float, np.ndarray]:
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        error, slopes = problem.evaluate(shares.tolist())
        slope = -np.array(slopes)
        return error, shares * (slope - shares @ slope)

    best = optimize.minimize(
        measure, np.zeros(len(every)), jac=True, method="L-BFGS-B", options={"ftol": 1e-14}
    )
    return float(best.fun)


def test_the_error_is_the_least_there_is(plan: Plan) -> None:
    demands = demands_of(plan)
    shares = share_budget(demands)
    assert compute_error(demands, shares) == pytest.approx(find_least_error(demands), rel=5e-5)


def test_shares_fill_the_budget_and_no_more(plan: Plan) -> None:
    shares = share_budget(demands_of(plan))
    assert 1 - Fraction(1, 10**5) < sum(shares.values()) <= 1
    assert min(shares.values()) > 0


def test_shares_are_known_to_the_last_digit(plan: Plan) -> None:
    shares = share_budget(demands_of(plan))
    assert shares == share_budget(demands_of(plan))
    assert all(Fraction(10**7) % share.denominator == 0 for share in shares.values())


def test_nothing_whose_last_digit_a_machine_chooses_enters_the_shares() -> None:
    for module in (optimising, residuals):
        code = Path(str(module.__file__)).read_text("utf-8")
        assert not re.search(r"\*\*|math\.(exp|log|pow|cbrt|sumprod)|numpy|scipy", code)


def test_one_table_takes_all() -> None:
    shares = share_budget([demand(example_frame(), (0, 1))])
    assert shares[("children", (0, 1))] > Fraction(99, 100)


def test_a_margin_that_a_finer_table_gives_for_free_is_not_measured(plan: Plan) -> None:
    shares = share_budget(demands_of(plan))
    arrests = [axes for name, axes in shares if name == "arrests"]
    assert arrests == [(0,)]


def test_of_a_linked_frame_only_the_whole_is_measured() -> None:
    shares = share_budget([demand(example_frame(LINKED, 5), (0, 1))])
    assert shares.keys() == {("children", (0, 1))}


def test_an_important_table_gets_less_noise() -> None:
    frame = example_frame()
    even = share_budget([demand(frame, (0,)), demand(frame, (1,))])
    led = share_budget([demand(frame, (0,), 5), demand(frame, (1,))])
    assert led["children", (0,)] > even["children", (0,)]


def test_two_equal_frames_share_alike_and_a_farther_one_gets_more() -> None:
    near = example_frame(LINKED, 1)
    far = Frame("far", LINKED, near.columns, near.keys, 8)
    shares = share_budget([demand(near, (0, 1)), demand(far, (0, 1))])
    ratio = float(shares["far", (0, 1)] / shares["children", (0, 1)])
    assert ratio == pytest.approx(8 ** (1 / 3), rel=1e-4)


def test_a_search_that_is_cut_short_still_gives_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimising, "_ROUNDS", 1)
    shares = share_budget([demand(example_frame(), (0,)), demand(example_frame(), (1,))])
    assert sum(shares.values()) <= 1


def find_bound(plan: Plan, name: str) -> float:
    """How far a frame's error is above the singular value bound for its share of the budget.

    No unbiased Gaussian mechanism of this cost has a smaller weighted sum of variances than
    (sum of the singular values of the weighted rows)² / leaves · distance² / 2 rho (Li and Miklau,
    "Optimal error of query sets under the differentially-private matrix mechanism", 2013). The
    weights are those by which the error falls with each table's variance.
    """
    planned = next(frame for frame in plan.frames if frame.frame.name == name)
    frame, precisions = planned.frame, planned.sum_precisions()
    rows, total = [], 0.0
    for table in plan.policy.measured_tables:
        if table.frame != name:
            continue
        placed = [
            place_on_axes(frame, table.dimensions, row)
            for row in list_rows(plan.policy, plan.keys, table)
        ]
        variances = [
            compute_variance(
                split_length(frame.sizes, {axis: len(of) for axis, of in row.items()}), precisions
            )
            for row in placed
        ]
        mean = sum(variances) / len(variances)
        weight = table.weight / math.sqrt(mean)
        total += weight * mean
        rows += [mark_leaves(frame, row) * math.sqrt(weight / len(placed)) for row in placed]
    values = np.linalg.svd(np.array(rows), compute_uv=False)
    bound = values.sum() ** 2 / frame.leaf_count * frame.distance**2 / float(2 * planned.rho)
    return math.sqrt(total / bound) - 1


def mark_leaves(frame: Frame, placed: dict[int, tuple[int, ...]]) -> np.ndarray:
    leaves = product(*(range(size) for size in frame.sizes))
    return np.array([all(leaf[a] in of for a, of in placed.items()) for leaf in leaves], float)


def test_the_decision_says_how_close_each_frame_is_to_the_bound(plan: Plan) -> None:
    text = DECISION.read_text("utf-8")
    for planned in plan.frames:
        above = find_bound(plan, planned.frame.name)
        assert -1e-5 < above < 0.03
        assert f"| {planned.frame.name} | {abs(100 * above):.1f} % |" in text, planned.frame.name


def test_precisions_of_tables_add_up_in_the_spaces_they_share() -> None:
    assert sum_precisions((2, 3), [((), 1.0), ((0,), 2.0)]) == {(): 6 + 3 / 4, (0,): 3 / 4}
