"""How good anything can be on a workload, by brute force from the dense matrix of its tables.

Shares nothing with the engine, so that the engine's own measure of its gap is checked by it.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.workload import Table, Workload, count_cells


def compute_bound(workload: Workload, rho: float) -> float:
    """Return the least root mean square error, over tables, of any unbiased Gaussian mechanism.

    Li and Miklau, "Optimal error of query sets under the differentially-private matrix mechanism"
    (2013): with noise for one person added or removed, the summed variance of the rows of W is at
    least (sum of singular values of W)^2 / (columns of W) / (2 rho).
    """
    weighted = np.concatenate(
        [
            _make_matrix(workload, table) / math.sqrt(count_cells(workload, table))
            for table in workload.tables
        ]
    )
    singular = np.linalg.svd(weighted, compute_uv=False)
    return float(singular.sum() / math.sqrt(weighted.shape[1] * 2 * rho * len(workload.tables)))


def compute_floor(workload: Workload, rates: Sequence[NDArray[np.float64]], split: Path) -> float:
    """Return the error of the best linear estimate of one who knows every true rate beforehand.

    With a split of the budget given, nothing linear can be nearer the truth on average, however
    much is known of what to expect; true counts are taken to be Poisson around the rates.

    Args:
        workload: the tables asked for.
        rates: expected children of each leaf, one array for each truth.
        split: the file of what is measured (columns of each table) and how noisily (scale).
    """
    measured = {frozenset(one["columns"]): one["scale"] for one in json.loads(split.read_text())}
    asked = [(table, _make_matrix(workload, table)) for table in workload.tables]
    told = sum(
        matrix.T @ matrix / measured[_name_columns(workload, table)] ** 2
        for table, matrix in asked
        if _name_columns(workload, table) in measured
    )
    errors = []
    for one in rates:
        left = np.linalg.inv(told + np.diag(1 / one.ravel()))
        errors.append([((matrix @ left) * matrix).sum(axis=1).mean() for _, matrix in asked])
    return math.sqrt(np.mean(errors))


def _make_matrix(workload: Workload, table: Table) -> np.ndarray:
    """Return the cells of a table as sums of leaves, one row a cell."""
    matrix = np.eye(len(workload.units(table.level)))[:, workload.unit_of_leaf(table.level)]
    for axis, size in enumerate(workload.sizes):
        part = np.eye(size) if axis in table.attributes else np.ones((1, size))
        matrix = np.kron(matrix, part)
    return matrix


def _name_columns(workload: Workload, table: Table) -> frozenset[str]:
    level = [workload.levels[table.level]] if table.level else []
    return frozenset((*level, *(workload.attributes[axis] for axis in table.attributes)))
