"""The shares of the budget: the least error there is, and how close it comes to the bound."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from frame_examples import BY_SEX, LEVELS, STATE, example_frame, list_cells, mark_leaves
from scipy import optimize

from privacy.engine import optimising
from privacy.engine.covariance import Precisions
from privacy.engine.frames import LINKED, ROWS, Frame, Level, Marginal, Row
from privacy.engine.kinds import find_kinds
from privacy.engine.optimising import Demand, bound_error, compute_error, measure_gap, share_budget

FRAME = example_frame()
TABLES = [Marginal(level, axes) for level in range(3) for axes in ((), (0,), (1,))]


def demand(frame: Frame, marginal: Marginal, weight: float = 1.0) -> Demand:
    return Demand(frame, marginal, list_cells(frame, marginal), weight)


def many_demands() -> list[Demand]:
    other = Frame("other", LINKED, LEVELS[:1], ("age",), (("old", "young", "x"),), 5)
    return [*(demand(FRAME, table) for table in TABLES), demand(other, Marginal(0, (0,)), 2.0)]


def find_least_error(demands: Sequence[Demand], candidates: Sequence[Marginal]) -> float:
    """The error of all these measured, by another method: softmax and L-BFGS."""
    problem = optimising._Problem(demands, candidates)

    def measure(scores: np.ndarray) -> tuple[float, np.ndarray]:
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        error, slopes = problem.evaluate(shares)
        return error, shares * (shares @ slopes - slopes)

    best = optimize.minimize(
        measure, np.zeros(len(candidates)), jac=True, method="L-BFGS-B", options={"ftol": 1e-14}
    )
    return float(best.fun) / sum(one.weight for one in demands)


def test_the_error_is_that_of_the_exact_variances() -> None:
    demands = [demand(FRAME, TABLES[4]), demand(FRAME, TABLES[8], 3.0)]
    shares = share_budget(demands)
    measured = [(one, float(1 / np.sqrt(2 * float(share)))) for (_, one), share in shares.items()]
    precisions = Precisions(FRAME, measured)
    errors = [np.sqrt(np.mean([precisions.variance(r) for r in one.rows])) for one in demands]
    assert compute_error(demands, shares) == pytest.approx((errors[0] + 3 * errors[1]) / 4)


def test_the_error_is_the_least_there_is() -> None:
    demands = [demand(FRAME, table) for table in TABLES]
    error = compute_error(demands, share_budget(demands))
    assert error == pytest.approx(find_least_error(demands, TABLES), rel=1.5e-4)


def test_shares_fill_the_budget_and_no_more() -> None:
    shares = share_budget(many_demands())
    assert 1 - Fraction(1, 10**5) < sum(shares.values()) <= 1
    assert min(shares.values()) > 0
    assert all(Fraction(10**7) % share.denominator == 0 for share in shares.values())


def test_shares_are_found_again() -> None:
    assert share_budget(many_demands()) == share_budget(many_demands())


def test_one_table_takes_all() -> None:
    shares = share_budget([demand(FRAME, FRAME.whole)])
    assert shares.keys() == {("children", FRAME.whole)}


def test_a_table_that_a_finer_one_gives_for_free_is_not_measured() -> None:
    alone = Frame("f", "rows", LEVELS[:1], ("sex",), (("f", "m"),), 1)
    assert share_budget([demand(alone, BY_SEX)]).keys() == {("f", BY_SEX)}


def test_all_that_is_left_out_costs_one_part_in_ten_thousand() -> None:
    demands = [demand(FRAME, Marginal(2, (1,))), demand(FRAME, Marginal(2, ()), 0.001)]
    candidates = optimising._list_candidates(demands)
    found = optimising._solve_frame(demands)
    every = optimising._solve(demands, dict.fromkeys(candidates, 1.0), 1e-9)
    assert len(found.shares) < len(candidates)
    assert found.error <= every.error * (1 + 1.1 * optimising.WORTHLESS)


def test_of_a_linked_frame_only_the_whole_is_measured() -> None:
    frame = example_frame(LINKED, 5)
    assert share_budget([demand(frame, frame.whole)]).keys() == {("children", frame.whole)}


def test_an_important_table_gets_less_noise() -> None:
    county = Marginal(2, ())
    even = share_budget([demand(FRAME, BY_SEX), demand(FRAME, county)])
    led = share_budget([demand(FRAME, BY_SEX, 5), demand(FRAME, county)])
    assert led["children", BY_SEX] > even["children", BY_SEX]


def test_two_equal_frames_share_alike_and_a_farther_one_gets_more() -> None:
    near = example_frame(LINKED, 1)
    far = Frame("far", LINKED, near.levels, near.columns, near.keys, 8)
    shares = share_budget([demand(near, near.whole), demand(far, far.whole)])
    ratio = float(shares["far", near.whole] / shares["children", near.whole])
    assert ratio == pytest.approx(8 ** (1 / 3), rel=1e-4)


def test_a_search_that_is_cut_short_still_gives_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimising, "_ROUNDS", 1)
    shares = share_budget([demand(FRAME, BY_SEX), demand(FRAME, Marginal(2, ()))])
    assert sum(shares.values()) <= 1


def test_a_bound_cut_short_is_still_no_error_of_a_real_mechanism(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = bound_error(many_demands())
    monkeypatch.setattr("privacy.engine.bound._ROUNDS", 2)
    assert whole == pytest.approx(bound_error(many_demands()), rel=0.02)


def find_dense_bound(frame: Frame, rows: Sequence[Row]) -> float:
    """The bound of one table from the singular values of its rows, as Li and Miklau give it.

    Units that no row tells apart are one.
    """
    levels = frame.levels[: max(row.level for row in rows) + 1]
    frame = Frame(frame.name, frame.kind, levels, frame.columns, frame.keys, frame.bound)
    matrix = np.array([mark_leaves(frame, row) for row in rows])
    values = np.linalg.svd(matrix, compute_uv=False)
    least = values.sum() ** 2 / frame.leaf_count / len(rows) * frame.distance**2 / 2
    return float(np.sqrt(least))


@pytest.mark.parametrize("marginal", [STATE, BY_SEX, Marginal(1, (1,)), FRAME.whole])
def test_the_bound_of_one_table_is_that_of_its_singular_values(marginal: Marginal) -> None:
    rows = list_cells(FRAME, marginal)
    bound = bound_error([Demand(FRAME, marginal, rows, 3.0)])
    assert bound == pytest.approx(find_dense_bound(FRAME, rows))


@pytest.mark.parametrize(
    "marginals",
    [
        (STATE, FRAME.whole),
        (BY_SEX, Marginal(1, ()), Marginal(2, (1,))),
        (Marginal(1, (0,)), Marginal(2, ()), Marginal(2, (0, 1))),
    ],
)
def test_the_bound_knows_tables_of_several_levels(marginals: Sequence[Marginal]) -> None:
    rows = [row for marginal in marginals for row in list_cells(FRAME, marginal)]
    bound = bound_error([Demand(FRAME, FRAME.whole, tuple(rows), 1.0)])
    assert bound == pytest.approx(find_dense_bound(FRAME, rows))


def test_the_bound_knows_units_that_are_not_shown_alike() -> None:
    rows = [*list_cells(FRAME, FRAME.whole), Row(2, 1, ((0, 1), (0, 1)))]
    bound = bound_error([Demand(FRAME, FRAME.whole, tuple(rows), 1.0)])
    assert bound == pytest.approx(find_dense_bound(FRAME, rows))


def test_the_bound_knows_rows_that_sum_keys_unevenly() -> None:
    strict, broad = Row(0, 0, ((0,), (0, 1, 2))), Row(0, 0, ((0, 1), (0, 1, 2)))
    uneven = [strict, broad, Row(1, 1, ((0, 1), (0, 2)))]
    bound = bound_error([Demand(FRAME, Marginal(1, (0, 1)), tuple(uneven), 1.0)])
    assert bound == pytest.approx(find_dense_bound(FRAME, uneven))


UNEVEN = Frame(
    "children",
    ROWS,
    (
        Level("state", ("Missouri",), ()),
        Level("region", ("a", "b", "c", "d"), (0, 0, 0, 0)),
        Level("circuit", tuple("efghijk"), (0, 0, 1, 1, 2, 2, 3)),
        Level("county", tuple("lmnopqrstuvwx"), (0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6)),
    ),
    ("sex",),
    (("f", "m"),),
    1,
)
"""Two regions alike, one of two circuits of one county, one of one."""


def test_the_bound_knows_regions_and_circuits_of_unlike_size() -> None:
    marginals = [Marginal(level, axes) for level in range(4) for axes in ((), (0,))]
    rows = [row for marginal in marginals for row in list_cells(UNEVEN, marginal)]
    rows.append(Row(3, 0, ((0,),)))
    bound = bound_error([Demand(UNEVEN, UNEVEN.whole, tuple(rows), 1.0)])
    assert bound == pytest.approx(find_dense_bound(UNEVEN, rows))


def test_units_alike_are_of_one_kind_however_many_they_are() -> None:
    rows = [row for level in range(4) for row in list_cells(UNEVEN, Marginal(level, ()))]
    repeats = find_kinds(UNEVEN.levels, [rows])
    assert len(repeats) == 1 + 3 + 3 + 1
    assert sum(len(kind.ones) * times for kind, times in repeats.items()) == 13


def test_no_split_is_below_the_bound_and_ours_is_near_it() -> None:
    demands = [demand(FRAME, table) for table in TABLES]
    even = {("children", table): Fraction(1, len(TABLES)) for table in TABLES}
    assert 0 <= measure_gap(demands, share_budget(demands)) < measure_gap(demands, even)
    assert measure_gap(demands, share_budget(demands)) < 0.03
