"""Residual spaces: how tables over the same frame share what they know, in exact arithmetic.

Counts over all leaves split into one space for each set S of axes: what the table over S shows and
no smaller table does. Projections on different spaces are orthogonal, so precision adds up space
by space and no matrix over leaves is ever needed. Does not belong here: data and noise.

Source: Xiao, He, Zhang, Kifer, "An Optimal and Scalable Matrix Mechanism for Noisy Marginals
under Convex Loss Functions" (2023).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from privacy.frames import Axes


def list_subsets(axes: Axes) -> list[Axes]:
    """Return all sets of these axes, smaller ones first; the empty set is the total."""
    return [subset for size in range(len(axes) + 1) for subset in combinations(axes, size)]


def split_length(sizes: Sequence[int], summed: Mapping[int, int]) -> dict[Axes, Fraction]:
    """Return the squared length, in each residual space, of a row that sums cells of a table.

    Args:
        sizes: number of keys of each axis of the frame.
        summed: for each axis of the table, how many of its keys the row sums. The row is the
            indicator of all leaves with such keys.
    """
    lengths = {}
    for space in list_subsets(tuple(sorted(summed))):
        length = Fraction(count_leaves_per_cell(sizes, summed))
        for axis, keys in summed.items():
            level = Fraction(keys * keys, sizes[axis])
            length *= keys - level if axis in space else level
        lengths[space] = length
    return lengths


def count_leaves_per_cell(sizes: Sequence[int], axes: Iterable[int]) -> int:
    """Return how many leaves one cell of the table over these axes sums."""
    return math.prod(sizes) // math.prod(sizes[axis] for axis in axes)


def sum_precisions(
    sizes: Sequence[int], measured: Iterable[tuple[Axes, float]]
) -> dict[Axes, float]:
    """Return the precision of all measurements together in each residual space they reach.

    Args:
        sizes: number of keys of each axis of the frame.
        measured: axes and noise scale of each measured table.
    """
    precisions: dict[Axes, float] = {}
    for axes, scale in measured:
        gain = count_leaves_per_cell(sizes, axes) / (scale * scale)
        for space in list_subsets(axes):
            precisions[space] = precisions.get(space, 0.0) + gain
    return precisions


def compute_variance(lengths: Mapping[Axes, Fraction], precisions: Mapping[Axes, float]) -> float:
    """Return the exact variance of the least-squares estimate of a row split by `split_length`."""
    return math.fsum(float(length) / precisions[space] for space, length in lengths.items())
