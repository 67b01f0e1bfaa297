"""Changes: how sure one is, what many looks leave of it, and smoothed numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.chance import (
    DISPERSION,
    find_chance_probability,
    find_noise_probability,
    judge,
    say_share,
)
from portal.changed import FALSE_SHARE, find_held, list_changes, list_missing_sums, name_moments
from portal.series import list_series, name_before
from portal.smoothing import FURTHEST, smooth_numbers, smooth_release
from privacy.released import Release

DRAWS = 4000


def publish_quarters(*quarters: str, most: int = 90) -> Release:
    """The last of some quarters of the reviewed policy, after the others."""
    releases: list[Release] = []
    for quarter in quarters:
        plan = example_plan(quarter)
        releases.append(publish(plan, fill_cells(plan, most), earlier=releases))
    return releases[-1]


@pytest.fixture(scope="module")
def ninth() -> Release:
    """A first quarter with all eight before it."""
    years = [f"{year}Q{number}" for year in (2025, 2026) for number in (1, 2, 3, 4)]
    return publish_quarters(*years, "2027Q1")


def draw_counts(random: np.random.Generator, mean: float, draws: int) -> np.ndarray:
    values, weights = zip(*DISPERSION, strict=True)
    dispersion = random.choice(values, size=draws, p=weights)
    shape = mean / np.maximum(dispersion - 1, 1e-6)
    return random.poisson(random.gamma(shape, mean / shape))


@pytest.mark.parametrize("mean", [2, 10, 60])
@pytest.mark.parametrize("noise", [4.0, 8.0])
def test_counts_that_differ_by_noise_and_chance_alone_are_called_different_as_often_as_stated(
    mean: float, noise: float
) -> None:
    random = np.random.default_rng(20260101)
    one, other = (
        draw_counts(random, mean, DRAWS) + random.normal(0, noise, DRAWS) for _ in range(2)
    )
    stated = np.array(
        [
            find_chance_probability(float(a - b), 2 * noise**2, float(a + b))
            for a, b in zip(one, other, strict=True)
        ]
    )
    for level in (0.01, 0.05, 0.2):
        assert float((stated < level).mean()) == pytest.approx(level, abs=0.02)


def test_chance_never_makes_a_change_surer_than_noise_alone_does() -> None:
    for total in (-5.0, 0.0, 3.0, 200.0):
        noise = find_noise_probability(12.0, 50.0)
        assert find_chance_probability(12.0, 50.0, total) >= noise
    assert find_chance_probability(12.0, 50.0, -5.0) == pytest.approx(noise)
    assert sum(weight for _, weight in DISPERSION) == 1


def test_a_verdict_and_its_probability_are_said_in_words() -> None:
    assert [judge(one, is_held=True) for one in (0.001, 0.03, 0.1, 0.5)] == [
        "Very probably a real change",
        "Probably a real change",
        "It cannot be told whether anything changed",
        "No sign of a change",
    ]
    assert judge(0.001, is_held=False) == "Perhaps a change, perhaps luck among many looks"
    assert [
        say_share(one).replace("\N{NO-BREAK SPACE}", " ")
        for one in (0.00001, 0.0001, 0.004, 0.076, 0.999)
    ] == [
        "under 0.01 %",
        "0.01 %",
        "0.40 %",
        "8 %",
        "100 %",
    ]


def test_after_many_looks_few_of_the_changes_called_real_are_none() -> None:
    random = np.random.default_rng(7)
    shares = []
    for _ in range(1000):
        real, none = random.uniform(0, 0.001, 5), random.uniform(0, 1, 45)
        held = find_held([*real, *none])
        shares.append(sum(held[5:]) / max(1, sum(held)))
    assert np.mean(shares) < FALSE_SHARE
    assert find_held([0.03, *([0.9] * 20)]) == [False] * 21
    assert find_held([0.03]) == [True]
    assert find_held([]) == []


def test_every_number_is_compared_with_the_quarter_and_the_year_before(ninth: Release) -> None:
    found = {
        (one.key[0], one.comparison, name_moments(one.before), name_moments(one.now))
        for one in list_changes(ninth).changes
    }
    assert found >= {
        ("reports", "quarter before", "2026Q4", "2027Q1"),
        ("reports", "same quarter a year before", "2026Q1", "2027Q1"),
        ("reports", "year before", "2025Q2 to 2026Q1", "2026Q2 to 2027Q1"),
    }


def test_years_are_compared_by_their_own_numbers_where_they_have_them() -> None:
    years = [f"{year}Q{number}" for year in (2025, 2026) for number in (1, 2, 3, 4)]
    changes = list_changes(publish_quarters(*years)).changes
    names = {one.key[0] for one in changes if one.comparison == "year before"}
    assert {"children_reported_in_year", "children_in_year_by_county", "reports"} <= names
    assert "children_reported" not in names
    assert [one.both for one in changes] == sorted(one.both for one in changes)


def test_what_cannot_be_compared_is_named() -> None:
    missing = list_changes(publish_quarters("2025Q1", "2025Q2")).missing
    assert "No quarter a year before this one to compare with: 2024Q2 was not released." in missing
    year = list_changes(publish_quarters("2025Q1", "2025Q2", "2025Q3", "2025Q4")).missing
    assert "No year before this one to compare with: 2024 was not released." in year
    first = list_changes(publish_quarters("2025Q1"))
    assert first.changes == ()
    assert "No quarter before this one to compare with: 2024Q4 was not released." in (first.missing)


def test_a_table_that_means_something_else_now_is_named_as_not_compared(ninth: Release) -> None:
    history = tuple(
        point for point in ninth.history if (point.table, point.period) != ("arrests", "2026Q4")
    )
    missing = list_changes(replace(ninth, history=history)).missing
    assert any(
        one.startswith("Not released for 2026Q4 with the meaning that it has now: Arrests")
        for one in missing
    )


def test_sums_that_a_missing_quarter_prevents_are_named() -> None:
    (sentence,) = list_missing_sums(publish_quarters("2025Q1", "2025Q2", "2025Q4"))
    assert sentence.startswith("No sum over four quarters, because 2025Q3 was not released: ")
    assert sentence.count(";") == 6
    assert list_missing_sums(publish_quarters("2025Q1", "2025Q2", "2025Q3", "2025Q4")) == ()


def simulate(truth: Sequence[float], noise: float, draws: int) -> tuple[np.ndarray, list]:
    random = np.random.default_rng(3)
    estimates = np.array(truth) + random.normal(0, noise, (draws, len(truth)))
    return estimates, [
        smooth_numbers(range(len(truth)), row, [noise] * len(truth)) for row in estimates.tolist()
    ]


SERIES = {
    "steady": [60.0] * 8,
    "trend": [60.0 + 1.5 * quarter for quarter in range(8)],
    "step": [60.0] * 4 + [72.0] * 4,
    "spike": [60.0] * 4 + [78.0] + [60.0] * 3,
}


@pytest.mark.parametrize("name", SERIES)
def test_ranges_of_smoothed_numbers_hold_nine_times_in_ten_and_they_err_less(name: str) -> None:
    truth, noise = np.array(SERIES[name]), 6.0
    estimates, found = simulate(SERIES[name], noise, 1500)
    levels = np.array([[one.level for one in row] for row in found])
    held = np.array(
        [[one.low90 <= t <= one.high90 for one, t in zip(row, truth, strict=True)] for row in found]
    )
    changes = np.diff(truth)
    kept = [
        one.change_low90 <= change <= one.change_high90
        for row in found
        for one, change in zip(row[1:], changes, strict=True)
    ]
    assert held.mean() >= 0.9
    assert held[:, -1].mean() >= 0.9
    assert np.mean(kept) >= 0.9
    assert np.square(levels - truth).mean() < 0.75 * np.square(estimates - truth).mean()


@pytest.mark.parametrize("quarters", [4, 12])
@pytest.mark.parametrize("jump", [1, 2, 3, 4, 5])
def test_ranges_of_a_newest_quarter_that_jumps_hold_nine_times_in_ten(
    quarters: int, jump: int
) -> None:
    noise, before = 6.0, 60.0
    now = before + jump * noise
    _, found = simulate([*[before] * (quarters - 1), now], noise, 1500)
    newest = [row[-1] for row in found]
    assert np.mean([one.low90 <= now <= one.high90 for one in newest]) >= 0.9
    assert np.mean([one.change_low90 <= now - before <= one.change_high90 for one in newest]) >= 0.9


def test_a_smoothed_number_is_never_far_from_its_estimate() -> None:
    estimates, deviations = [60.0, 61.0, 200.0, 59.0, 60.0], [6.0, 6.0, 3.0, 6.0, 6.0]
    for estimate, deviation, one in zip(
        estimates, deviations, smooth_numbers(range(5), estimates, deviations), strict=True
    ):
        assert abs(one.level - estimate) <= FURTHEST * deviation + 0.05


def test_a_gap_between_quarters_counts_as_so_many_steps() -> None:
    estimates, deviations = [60.0, 70.0, 50.0, 65.0], [6.0] * 4
    near = smooth_numbers([0, 1, 2, 3], estimates, deviations)
    far = smooth_numbers([0, 1, 2, 9], estimates, deviations)
    assert abs(far[3].level - estimates[3]) < abs(near[3].level - estimates[3])


def test_series_of_quarters_are_smoothed_and_shorter_ones_and_years_are_not(
    ninth: Release,
) -> None:
    smoothed = smooth_release(ninth)
    found = smoothed["reports", "Missouri", ()]
    assert list(found) == [one.period for one in list_series(ninth)["reports", "Missouri", ()]]
    first = found["2025Q2"]
    assert (first.change, first.change_low90, first.change_high90) == (None, None, None)
    second = found["2025Q3"]
    assert second.change is not None
    assert math.isclose(second.change, second.level - first.level, abs_tol=0.11)
    assert not smooth_release(publish_quarters("2025Q1", "2025Q2"))["reports", "Missouri", ()]


def test_periods_are_named_backwards_over_the_turn_of_a_year() -> None:
    assert [name_before("2026Q1", steps) for steps in (0, 1, 4, 5)] == [
        "2026Q1",
        "2025Q4",
        "2025Q1",
        "2024Q4",
    ]
    assert name_before("2026", 1) == "2025"
