import numpy as np
import pytest
from modelled_examples import FRAME, MARGINALS, draw_leaves, measure

from privacy.engine.covariance import Precisions
from privacy.engine.frames import Level
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.modelled.beliefs import Belief, Climb, Evidence
from privacy.modelled.modelling import tell_cells

TREE = (
    Level("state", ("all",), ()),
    Level("region", ("a", "b"), (0, 0)),
    Level("county", ("1", "2", "3"), (1, 0, 1)),
)


def make_positive(chance: np.random.Generator, count: int, cells: int) -> np.ndarray:
    roots = chance.normal(size=(count, cells, cells))
    return np.asarray(roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(cells))


def make_sums(level: int, cells: int) -> np.ndarray:
    """The dense matrix that sums all cells of all counties of TREE into those of one level."""
    units = np.arange(3)
    for finer in (TREE[2], TREE[1])[: 2 - level]:
        units = np.array(finer.parents)[units]
    indicator = (np.arange(len(TREE[level].keys))[:, None] == units).astype(float)
    return np.kron(indicator, np.eye(cells))


def condition(
    mean: np.ndarray, covariance: np.ndarray, evidence: Evidence
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of all cells of all counties, by one dense matrix."""
    cells = len(evidence.precisions[0])
    inverse = np.linalg.inv(covariance)
    precision, pull = inverse.copy(), inverse @ mean
    for level in range(3):
        sums = make_sums(level, cells)
        weight = np.kron(np.eye(len(TREE[level].keys)), evidence.precisions[level])
        precision += sums.T @ weight @ sums
        pull += sums.T @ weight @ evidence.told[level].reshape(-1)
    after = np.linalg.inv(precision)
    return after @ pull, after


def make_case(seed: int) -> tuple[Belief, Evidence]:
    chance = np.random.default_rng(seed)
    prior = Belief(chance.normal(size=(3, 2)), make_positive(chance, 3, 2))
    precisions = make_positive(chance, 3, 2)
    precisions[1] = 0.0
    told = [chance.normal(size=(len(level.keys), 2)) for level in TREE]
    return prior, Evidence(tuple(told), tuple(precisions))


@pytest.mark.parametrize("seed", range(3))
def test_beliefs_of_every_level_are_those_of_one_dense_matrix(seed: int) -> None:
    prior, evidence = make_case(seed)
    dense = np.zeros((6, 6))
    for unit in range(3):
        dense[2 * unit : 2 * unit + 2, 2 * unit : 2 * unit + 2] = prior.covariance[unit]
    mean, covariance = condition(prior.mean.reshape(-1), dense, evidence)
    for level, belief in enumerate(Climb(TREE, evidence, prior).descend()):
        sums = make_sums(level, 2)
        assert np.allclose(belief.mean.reshape(-1), sums @ mean)
        spread = sums @ covariance @ sums.T
        for unit in range(len(TREE[level].keys)):
            place = slice(2 * unit, 2 * unit + 2)
            assert np.allclose(belief.covariance[unit], spread[place, place])


def test_the_likelihood_tells_priors_apart_as_the_dense_one_does() -> None:
    """What was told at the counties alone is normal around the prior with both variances added."""
    prior, evidence = make_case(7)
    county = evidence.precisions[2]
    evidence = Evidence(evidence.told, (np.zeros((2, 2)), np.zeros((2, 2)), county))
    other = Belief(prior.mean + 0.5, 2 * prior.covariance)

    def tell(belief: Belief) -> float:
        spread = belief.covariance + np.linalg.inv(county)
        surprise = evidence.told[2] - belief.mean
        lengths = np.einsum("ui,uij,uj->", surprise, np.linalg.inv(spread), surprise)
        return -0.5 * float(np.linalg.slogdet(spread)[1].sum() + lengths)

    found = [Climb(TREE, evidence, one).log_likelihood for one in (prior, other)]
    assert found[0] - found[1] == pytest.approx(tell(prior) - tell(other))


def test_beliefs_given_for_the_top_are_kept_and_what_lies_below_adds_up_to_them() -> None:
    prior, evidence = make_case(8)
    climb = Climb(TREE, evidence, prior)
    known = Belief(climb.tops[0].mean + 5.0, climb.tops[0].covariance)
    beliefs = climb.descend([known])
    assert beliefs[0] is known
    for belief in beliefs:
        assert np.allclose(belief.mean.sum(axis=0), known.mean[0])


def test_estimates_told_as_evidence_are_worth_all_measurements() -> None:
    """Beliefs under a prior that says next to nothing are the least-squares estimates."""
    tables = measure(draw_leaves(np.random.default_rng(1)), np.random.default_rng(2))
    told = tell(tables)
    units, cells = told.told[-1].shape
    vague = Belief(np.zeros((units, cells)), np.broadcast_to(1e7 * np.eye(cells), (units, 6, 6)))
    beliefs = Climb(FRAME.levels, told, vague).descend()
    for marginal in MARGINALS:
        left_out = tuple(axis + 1 for axis in range(2) if axis not in marginal.axes)
        found = beliefs[marginal.level].mean.reshape(-1, *FRAME.sizes).sum(axis=left_out)
        assert np.allclose(found, Reconstruction(FRAME, tables).estimate(marginal), atol=0.01)


def test_evidence_reaches_no_deeper_than_what_was_measured() -> None:
    leaves = draw_leaves(np.random.default_rng(1))
    tables = [
        table
        for table in measure(leaves, np.random.default_rng(2))
        if table.marginal.axes in ((), (0,)) or table.marginal.level == 0
    ]
    told = tell(tables)
    rank = [int(np.linalg.matrix_rank(precision)) for precision in told.precisions]
    assert rank == [6, 3, 3, 3]


def tell(tables: list[NoisyTable]) -> Evidence:
    measured = [(table.marginal, table.scale) for table in tables]
    return tell_cells(FRAME, 3, Reconstruction(FRAME, tables), Precisions(FRAME, measured))
