"""Whether what a release says of changes is right: `python -m bench.change [--draws N]`.

Four tables. How often pairs and sums of counts that are equal but for chance are called different,
beside the probability stated, and beside a ready-made test of counts on the same draws. How far
smoothed numbers err beside the estimates, and how often their ranges hold the truth, in series that
stay, trend, step, walk and jump. How many of the changes called real after all looks were none.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import binom

from portal.chance import DISPERSION, find_chance_probability, find_noise_probability
from portal.changed import find_held
from portal.smoothing import smooth_numbers

Numbers = NDArray[np.float64]

DRAWS = 2000
SEED = 20260101
STATED = (0.01, 0.05, 0.2, 0.5)
MOST_OFF, LEAST_HELD = 0.02, 0.9
PAIRS = 50
MEANS = (0.5, 1, 2, 3, 5, 8, 12, 20, 35, 60, 120, 300)
"""Means of single counts, in children, incidents or reports."""
NOISES = (2.0, 4.1, 5.2, 6.3, 7.7, 10.0)
"""Standard deviations of the noise of single counts, like those of the reviewed policy."""
LENGTHS = (4, 8, 12)
LEVEL, NOISE = 60.0, 6.0
"""Of the series; the sizes of what happens to them are in deviations of the noise."""


@dataclass(frozen=True)
class Sides:
    """Two sums of counts with the same mean: rows on each side, and the noise of each row."""

    mean: float
    sizes: tuple[int, int]
    noises: tuple[float, float]

    @property
    def variance(self) -> float:
        """Of the noise of the difference."""
        return sum(size * noise**2 for size, noise in zip(self.sizes, self.noises, strict=True))


def choose_sides(random: np.random.Generator) -> list[Sides]:
    """Fifty pairs: half of single rows, half of sums of up to six."""
    chosen = []
    for place in range(PAIRS):
        sizes = (1, 1) if place % 2 else tuple(int(n) for n in random.integers(1, 7, 2))
        mean = float(random.choice(MEANS)) * max(sizes)
        noises = tuple(float(one) for one in random.choice(NOISES, 2))
        chosen.append(Sides(mean, (sizes[0], sizes[1]), (noises[0], noises[1])))
    return chosen


def draw_counts(random: np.random.Generator, mean: float, dispersions: Numbers) -> Numbers:
    """Counts with a mean, and a variance of so many times the mean."""
    rates = np.full(len(dispersions), mean)
    wide = dispersions > 1
    shape = mean / (dispersions[wide] - 1)
    rates[wide] = random.gamma(shape, dispersions[wide] - 1)
    return random.poisson(rates).astype(np.float64)


def draw_pair(random: np.random.Generator, sides: Sides, draws: int) -> tuple[Numbers, Numbers]:
    """Released estimates of two sums whose counts have one mean, in tenths."""
    values, weights = zip(*DISPERSION, strict=True)
    dispersions = random.choice(values, size=draws, p=weights)
    both = []
    for size, noise in zip(sides.sizes, sides.noises, strict=True):
        counts = draw_counts(random, sides.mean, dispersions)
        both.append(np.round(counts + random.normal(0, noise * math.sqrt(size), draws), 1))
    return both[0], both[1]


def state_probabilities(sides: Sides, first: Numbers, second: Numbers) -> dict[str, Numbers]:
    """What is said of each pair: by noise and chance, by noise alone, and by a test of counts."""
    pairs = [(one - other, one + other) for one, other in zip(first, second, strict=True)]
    variance = sides.variance
    whole = np.maximum(np.round(np.array([first, second])), 0)
    return {
        "noise and chance": np.array(
            [find_chance_probability(difference, variance, total) for difference, total in pairs]
        ),
        "noise alone": np.array(
            [find_noise_probability(difference, variance) for difference, _ in pairs]
        ),
        "exact Poisson test": np.minimum(
            1, 2 * binom.cdf(whole.min(axis=0), whole.sum(axis=0), 0.5)
        ),
    }


def print_calibration(console: Console, random: np.random.Generator, draws: int) -> bool:
    """How often equal sums are said to differ; true if all are within two points."""
    rates: dict[str, list[list[float]]] = {}
    for sides in choose_sides(random):
        stated = state_probabilities(sides, *draw_pair(random, sides, draws))
        for name, found in stated.items():
            rates.setdefault(name, []).append([float((found < one).mean()) for one in STATED])
    table = Table(title=f"Equal pairs and sums called different: {PAIRS}, {draws:,} draws each")
    for header in ("stated", *(f"{name}, {what}" for name in rates for what in ("mean", "worst"))):
        table.add_column(header, justify="right")
    columns = {name: np.array(found) for name, found in rates.items()}
    for place, level in enumerate(STATED):
        cells = []
        for found in columns.values():
            worst = found[np.argmax(np.abs(found[:, place] - level)), place]
            cells += [f"{100 * found[:, place].mean():.1f} %", f"{100 * worst:.1f} %"]
        table.add_row(f"{100 * level:.0f} %", *cells)
    console.print(table)
    furthest = float(np.abs(columns["noise and chance"] - np.array(STATED)).max())
    console.print(f"Furthest from what is stated: {100 * furthest:.1f} points.")
    return furthest < MOST_OFF


def list_scenarios(
    random: np.random.Generator, length: int, draws: int
) -> Iterator[tuple[str, Numbers, NDArray[np.int64] | None]]:
    """Truths of series, and where each of them jumped."""
    quarters, flat = np.arange(length)[None, :], np.full((draws, length), LEVEL)
    yield "steady", flat, None
    for size in (0.1, 0.25, 0.5):
        yield f"trend {size}", flat + NOISE * size * quarters, None
    for size in (1, 2, 4):
        at = random.integers(1, length, draws)
        yield f"step {size}", flat + NOISE * size * (quarters >= at[:, None]), at
    for size in (0.25, 0.5, 1.0):
        yield f"walk {size}", flat + NOISE * random.normal(0, size, flat.shape).cumsum(axis=1), None
    for size in (2, 3, 5):
        at = random.integers(0, length, draws)
        yield f"spike {size}", flat + NOISE * size * (quarters == at[:, None]), at


def list_newest_jumps(
    length: int, draws: int
) -> Iterator[tuple[str, Numbers, NDArray[np.int64] | None]]:
    """Truths that jump in the newest quarter, which may become a step or a spike."""
    at = np.full(draws, length - 1)
    for size in (1, 2, 3, 4, 5):
        truth = np.full((draws, length), LEVEL)
        truth[:, -1] += NOISE * size
        yield f"newest {size}", truth, at


def measure_smoothing(
    random: np.random.Generator, truth: Numbers, at: NDArray[np.int64] | None
) -> list[float]:
    """Errors beside the estimate's, then shares held, and how wide ranges are beside margins."""
    draws, length = truth.shape
    estimates = np.round(truth + random.normal(0, NOISE, truth.shape), 1)
    smoothed = [smooth_numbers(range(length), row, [NOISE] * length) for row in estimates.tolist()]
    levels, lows, highs = (
        np.array([[getattr(one, name) for one in row] for row in smoothed])
        for name in ("level", "low90", "high90")
    )
    changes, least, most = (
        np.array([[getattr(one, name) for one in row[1:]] for row in smoothed], dtype=float)
        for name in ("change", "change_low90", "change_high90")
    )
    real = np.diff(truth, axis=1)
    held, kept = (lows <= truth) & (truth <= highs), (least <= real) & (real <= most)
    jumped = math.nan if at is None else float(held[np.arange(draws), at].mean())

    def compare(found: Numbers, published: Numbers) -> float:
        return float(np.sqrt((found**2).mean() / (published**2).mean()))

    error, noise = levels - truth, estimates - truth
    return [
        compare(error, noise),
        compare(error[:, -1], noise[:, -1]),
        compare(changes - real, np.diff(noise, axis=1)),
        float(held.mean()),
        float(held[:, -1].mean()),
        float(kept.mean()),
        float(kept[:, -1].mean()),
        jumped,
        float((highs - lows).mean() / (2 * 1.645 * NOISE)),
    ]


def print_smoothing(console: Console, random: np.random.Generator, draws: int) -> bool:
    """The smoothed numbers; true if every range holds at least nine times in ten."""
    headers = (
        *(f"error: {name}" for name in ("level", "newest", "change")),
        *(f"held: {name}" for name in ("level", "newest", "change", "newest change", "jump")),
        "width",
    )
    fine = True
    for length in LENGTHS:
        table = Table(title=f"Smoothed series of {length} quarters, {draws:,} draws each")
        table.add_column("series", no_wrap=True)
        for header in headers:
            table.add_column(header, justify="right")
        found = []
        for name, truth, at in list_scenarios(random, length, draws):
            found.append(measure_smoothing(random, truth, at))
            table.add_row(name, *(f"{one:.2f}" for one in found[-1]))
        numbers = np.array(found)
        table.add_row("mean", *(f"{one:.2f}" for one in np.nanmean(numbers, axis=0)))
        fine = fine and bool((numbers[:, 3:7] >= LEAST_HELD).all())
        for name, truth, at in list_newest_jumps(length, draws):
            numbers = np.array(measure_smoothing(random, truth, at))
            table.add_row(name, *(f"{one:.2f}" for one in numbers))
            fine = fine and bool((numbers[3:7] >= LEAST_HELD).all())
        console.print(table)
    console.print("Errors are root mean squares, as shares of the estimates'; widths likewise.")
    return fine


def measure_discoveries(
    random: np.random.Generator, real: Sequence[bool], shift: float
) -> tuple[float, float]:
    """Share of false ones among the changes called real, and share of real ones found."""
    means = random.choice((5.0, 15.0, 60.0), size=len(real))
    noise = 5.0
    values, weights = zip(*DISPERSION, strict=True)
    probabilities = []
    for mean, is_real in zip(means.tolist(), real, strict=True):
        dispersion = random.choice(values, size=1, p=weights)
        variance = 2 * (noise**2 + mean * 1.6)
        before = draw_counts(random, mean, dispersion) + random.normal(0, noise, 1)
        mean += shift * math.sqrt(variance) * is_real
        after = draw_counts(random, mean, dispersion) + random.normal(0, noise, 1)
        difference, total = float(after[0] - before[0]), float(after[0] + before[0])
        probabilities.append(find_chance_probability(difference, 2 * noise**2, total))
    held = find_held(probabilities)
    false = sum(one for one, is_real in zip(held, real, strict=True) if not is_real)
    true = sum(one for one, is_real in zip(held, real, strict=True) if is_real)
    return false / max(1, sum(held)), true / max(1, sum(real))


def print_discoveries(console: Console, random: np.random.Generator, draws: int) -> None:
    """False ones among changes called real after all looks."""
    table = Table(title=f"Changes called real after 40 looks, {draws:,} releases each")
    for header in ("cells that changed", "false among those called real", "real ones found"):
        table.add_column(header, justify="right")
    for changed in (0, 4, 20):
        real = [place < changed for place in range(40)]
        found = np.array([measure_discoveries(random, real, 4.0) for _ in range(draws)])
        false, true = found.mean(axis=0)
        table.add_row(f"{changed} of 40", f"{100 * false:.1f} %", f"{100 * true:.1f} %")
    console.print(table)


def main() -> None:
    """Print all tables."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--draws", type=int, default=DRAWS, help="Of a series; a tenth of a pair's.")
    words.add_argument("--seed", type=int, default=SEED, help="Of the draws.")
    given = words.parse_args()
    console, random = Console(width=120), np.random.default_rng(given.seed)
    calibrated = print_calibration(console, random, 10 * given.draws)
    held = print_smoothing(console, random, given.draws)
    print_discoveries(console, random, max(1, given.draws // 4))
    console.print(f"Stated probabilities {'hold' if calibrated else 'DO NOT HOLD'}.")
    console.print(f"Ranges {'hold' if held else 'DO NOT HOLD'}.")


if __name__ == "__main__":
    main()
