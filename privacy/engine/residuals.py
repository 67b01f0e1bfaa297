"""Residual spaces: how tables over the same frame share what they know.

Counts over all keys of the axes split into one space for each set S of axes: what the table over S
shows and no smaller table does. Projections on different spaces are orthogonal, so precision adds
up space by space; within a space, the levels of the geography form a tree (privacy.engine.trees).
No matrix over leaves is ever needed. Does not belong here: data and noise.

Source: Xiao, He, Zhang, Kifer, "An Optimal and Scalable Matrix Mechanism for Noisy Marginals under
Convex Loss Functions" (2023).
"""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

from privacy.engine.frames import Axes, Frame, Marginal, Row


def list_subsets(axes: Axes) -> list[Axes]:
    """Return all sets of these axes, smaller ones first; the empty set is the total."""
    return [subset for size in range(len(axes) + 1) for subset in combinations(axes, size)]


def count_leaves_per_cell(sizes: Sequence[int], axes: Iterable[int]) -> int:
    """Return how many combinations of keys one cell of the table over these axes sums."""
    return math.prod(sizes) // math.prod(sizes[axis] for axis in axes)


def sum_precisions(
    frame: Frame, measured: Iterable[tuple[Marginal, float]]
) -> dict[Axes, tuple[float, ...]]:
    """Return the precision of all measurements together at each level of each space they reach.

    Args:
        frame: the frame they were made on.
        measured: each measured table and its noise scale.
    """
    precisions: dict[Axes, list[float]] = {}
    for marginal, scale in measured:
        gain = count_leaves_per_cell(frame.sizes, marginal.axes) / (scale * scale)
        for space in list_subsets(marginal.axes):
            levels = precisions.setdefault(space, [0.0] * len(frame.levels))
            levels[marginal.level] += gain
    return {space: tuple(levels) for space, levels in precisions.items()}


def overlap_rows(sizes: Sequence[int], one: Row, other: Row) -> dict[Axes, float]:
    """Return the scalar product of the keys of two rows in each space where it is not zero.

    An axis of which a row sums all keys has no part in any space.
    """
    products: dict[Axes, float] = {(): 1.0}
    for axis, size in enumerate(sizes):
        keys, others = set(one.positions[axis]), set(other.positions[axis])
        mean = len(keys) * len(others) / size
        residual = len(keys & others) - mean
        inside = {(*space, axis): product * residual for space, product in products.items()}
        products = {space: product * mean for space, product in products.items()}
        if size not in (len(keys), len(others)):
            products |= inside
    return products
