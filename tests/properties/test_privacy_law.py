"""What the noise is, measured and computed: its law and its mean."""

import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Coded, Frame, Level, Query
from privacy.engine.noise import FrameMechanism

DRAWS = 200_000
CELLS = 2_000
TRUE_COUNT = 11
REJECT_BELOW = 1e-6
KINDS = {ROWS: ExactRows, LINKED: ExactCells, AGGREGATE: ExactCounts}

Law = NDArray[np.float64]


def hold_equal_counts(frame: Frame) -> ExactFrame:
    """A frame in which every leaf is counted TRUE_COUNT times."""
    cells = frame.levels[-1].keys
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, {"cell": cells}, [TRUE_COUNT] * CELLS)
    rows = np.arange(TRUE_COUNT * CELLS)
    return KINDS[frame.kind](frame, rows + 1, {"cell": Coded(rows % CELLS, cells)})


@cache
def draw_noise(kind: str, scale: float) -> tuple[int, ...]:
    """DRAWS values of noise on a count of TRUE_COUNT, through the mechanism of a release."""
    cells = Level("cell", tuple(f"k{cell}" for cell in range(CELLS)), (0,) * CELLS)
    frame = Frame("law", kind, (Level("state", ("Missouri",), ()), cells), (), (), 1)
    mechanism = FrameMechanism(frame, [Query("law", frame.whole, scale)])
    exact = hold_equal_counts(frame)
    return tuple(
        cell - TRUE_COUNT for _ in range(DRAWS // CELLS) for cell in mechanism.draw(exact)["law"]
    )


def compute_law(scale: float) -> tuple[NDArray[np.int64], Law]:
    """Values and probabilities of the discrete Gaussian, P(k) proportional to exp(-k²/2σ²)."""
    reach = math.ceil(12 * scale)
    values = np.arange(-reach, reach + 1)
    weights = np.exp(-(values**2) / (2 * scale**2))
    return values, weights / weights.sum()


def find_p_value(noise: tuple[int, ...], scale: float) -> float:
    """Chi-square of draws against the law; values too rare for it are pooled at the two ends."""
    values, law = compute_law(scale)
    common = values[law * len(noise) >= 10]
    low, high = int(common[0]), int(common[-1])
    pooled = Counter(min(max(value, low), high) for value in noise)
    expected = [law[values <= low].sum(), *law[(values > low) & (values < high)]]
    expected.append(law[values >= high].sum())
    observed = [pooled[value] for value in range(low, high + 1)]
    return float(stats.chisquare(observed, np.array(expected) * len(noise)).pvalue)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 7.484])
def test_the_noise_follows_the_discrete_gaussian(kind: str, scale: float) -> None:
    noise = draw_noise(kind, scale)
    assert len(noise) == DRAWS
    assert find_p_value(noise, scale) > REJECT_BELOW


@pytest.mark.parametrize("mistaken", [0.5, 0.97, 1.03])
def test_the_test_of_the_law_finds_a_mistaken_scale(mistaken: float) -> None:
    assert find_p_value(draw_noise(ROWS, 7.484), 7.484 * mistaken) < REJECT_BELOW


@pytest.mark.parametrize("kind", KINDS)
def test_the_noise_is_right_on_average(kind: str) -> None:
    noise = draw_noise(kind, 7.484)
    assert abs(sum(noise) / DRAWS) < 5 * 7.484 / math.sqrt(DRAWS)
