"""What the noise is, measured and computed: its law, its margins, its false alarms."""

import math
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from privacy.exact import ExactCells, ExactCounts, ExactFrame, ExactRows
from privacy.frames import AGGREGATE, LINKED, ROWS, Frame, Query
from privacy.keys import load_keys
from privacy.noise import FrameMechanism
from privacy.plan import Plan, make_plan
from privacy.policy import load_policy
from privacy.publishing import Publisher, list_published_rows
from privacy.released import Provenance, ReleasedRow, read_release

KEYS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "keys"
DRAWS = 200_000
CELLS = 2_000
TRUE_COUNT = 11
REJECT_BELOW = 1e-6
KINDS = {ROWS: ExactRows, LINKED: ExactCells, AGGREGATE: ExactCounts}

Law = NDArray[np.float64]


def hold_equal_counts(frame: Frame) -> ExactFrame:
    """A frame in which every leaf is counted TRUE_COUNT times."""
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, {"cell": frame.keys[0]}, [TRUE_COUNT] * CELLS)
    keys = [key for key in frame.keys[0] for _ in range(TRUE_COUNT)]
    units = [f"unit {number}" for number in range(len(keys))]
    return KINDS[frame.kind](frame, units, {"cell": keys})


@cache
def draw_noise(kind: str, scale: float) -> tuple[int, ...]:
    """DRAWS values of noise on a count of TRUE_COUNT, through the mechanism of a release."""
    frame = Frame("law", kind, ("cell",), (tuple(f"k{cell}" for cell in range(CELLS)),), 1)
    mechanism = FrameMechanism(frame, [Query("law", tuple(range(CELLS)), CELLS, scale)])
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


def compute_law_of_sum(scale: float, cells: int) -> tuple[NDArray[np.int64], Law]:
    _, one = compute_law(scale)
    law = one
    for _ in range(cells - 1):
        law = np.convolve(law, one)
    reach = len(law) // 2
    return np.arange(-reach, reach + 1), law


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


def make_default_plan() -> Plan:
    policy = load_policy()
    return make_plan("2025Q1", policy, load_keys(KEYS, policy.dimensions))


def list_rows_with_law(plan: Plan) -> list[tuple[ReleasedRow, NDArray[np.int64], Law]]:
    scales = {table.policy.name: float(table.scale) for f in plan.frames for table in f.tables}
    drawn = {table.policy.name: [0] * table.cell_count for f in plan.frames for table in f.tables}
    nobody = Provenance((), is_simulated=True)
    content = {**Publisher(plan).publish(drawn, nobody), "drawn_at": "", "ledger_head": ""}
    laws = cache(compute_law_of_sum)
    return [
        (row, *laws(scales[table.name], len(cells)))
        for table, policy in zip(read_release(content).tables, plan.policy.tables, strict=True)
        if table.name in scales
        for row, (_, _, cells) in zip(table.rows, list_published_rows(plan, policy), strict=True)
    ]


def test_every_margin_holds_nine_times_in_ten_and_no_smaller_one_does() -> None:
    for row, values, law in list_rows_with_law(make_default_plan()):
        assert row.moe90 is not None
        assert law[np.abs(values) <= row.moe90].sum() >= 0.9
        assert law[np.abs(values) <= row.moe90 - 1].sum() < 0.9


def test_margins_hold_in_draws_too() -> None:
    noise = draw_noise(ROWS, 7.484)
    assert sum(abs(value) <= 12 for value in noise) / DRAWS >= 0.9


def test_fewer_than_one_false_alarm_is_expected_in_a_release() -> None:
    rows = list_rows_with_law(make_default_plan())
    expected = sum(law[values > row.cut_off].sum() for row, values, law in rows)
    assert 0.5 < expected < 1
