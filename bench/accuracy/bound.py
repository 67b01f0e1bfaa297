"""The least error any unbiased Gaussian mechanism can have on a workload: the SVD bound.

Li and Miklau, "Optimal error of query sets under the differentially-private matrix mechanism"
(2013): with noise for one person added or removed, the summed variance of the rows of W is at
least (sum of singular values of W)^2 / (columns of W) / (2 rho). Computed here by brute force
from the dense matrix, so that it shares nothing with the engine's own measure of its gap.
"""

import math

import numpy as np

from bench.accuracy.workload import Workload, count_cells


def compute_bound(workload: Workload, rho: float) -> float:
    """Return the bound on the root of the mean, over tables, of the mean square error."""
    singular = np.linalg.svd(_make_matrix(workload), compute_uv=False)
    columns = len(workload.lines) * math.prod(workload.sizes)
    return float(singular.sum() / math.sqrt(columns * 2 * rho))


def _make_matrix(workload: Workload) -> np.ndarray:
    """Return every cell of every table as a weighted sum of leaves, one row a cell."""
    rows = []
    for table in workload.tables:
        units = np.eye(len(workload.units(table.level)))[:, workload.unit_of_leaf(table.level)]
        matrix = units
        for axis, size in enumerate(workload.sizes):
            part = np.eye(size) if axis in table.attributes else np.ones((1, size))
            matrix = np.kron(matrix, part)
        weight = 1 / math.sqrt(len(workload.tables) * count_cells(workload, table))
        rows.append(matrix * weight)
    return np.concatenate(rows)
