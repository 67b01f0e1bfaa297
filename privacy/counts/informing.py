"""What a table that splits cells tells of the cells themselves, where shares are about known.

Least squares takes from a table by age no more than that the ages come to the total. But in a
circuit the ages come in about the same shares as in its region, so the large ones tell most of its
total, and the small ones tell little but noise. How far shares may differ is allowed for: where
counts are large, differences are too, and nothing is added to least squares. Does not belong here:
non-negative cells (privacy.counts.fitting) and the order of tables (privacy.counts.counts).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from privacy.engine.trees import Numbers

_DIFFERENCE = 0.5
_SMOOTHING = 0.5
_LEAST = 1e-12


@dataclass(frozen=True)
class Split:
    """A table that splits each cell into parts, one line for each cell.

    `estimates` and `spread` are those of the parts; `above` are the whole counts of the parts of
    the same cell in the unit above.
    """

    estimates: Numbers
    spread: Numbers
    above: Numbers


def inform(
    estimates: Numbers, spread: Numbers, expected: Numbers, splits: Sequence[Split]
) -> tuple[Numbers, Numbers]:
    """Return better estimates of cells, and their spread, from the tables that split them.

    A part is taken to be its share of the cell as in the unit above, but for chance and for a
    difference of half of itself; what the parts tell beside their sum is then weighed in.

    Args:
        estimates: one for each cell.
        spread: standard deviation of each estimate.
        expected: about what each cell is; only says how far its parts may differ.
        splits: the tables, which must not overlap but in the cells.
    """
    precisions = 1 / spread**2
    sums = estimates * precisions
    for split in splits:
        smoothed = split.above + _SMOOTHING
        shares = smoothed / smoothed.sum(axis=1, keepdims=True)
        uneven = shares - 1 / shares.shape[1]
        length = np.maximum((uneven**2).sum(axis=1), _LEAST)
        told = (uneven * split.estimates).sum(axis=1) / length
        parts = expected[:, None] * shares
        differing = parts + (_DIFFERENCE * parts) ** 2
        variances = split.spread**2 + (uneven**2 * differing).sum(axis=1) / length
        precisions = precisions + length / variances
        sums = sums + told * length / variances
    return sums / precisions, 1 / np.sqrt(precisions)
