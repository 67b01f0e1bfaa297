"""What the answers of a method are worth: root mean square errors, and how often intervals hold.

Does not belong here: running methods, and printing.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.workload import IntArray, Workload

FloatArray = NDArray[np.float64]

_SLACK = 1e-9


@dataclass(frozen=True)
class Score:
    """Errors of one method: each is the root of the mean, over tables and draws, of the MSE.

    `error` is the standard error of `all_tables` over draws; `coverage` is how often the method's
    own 90% interval held the truth, None where it gives none.
    """

    draws: int
    all_tables: float
    error: float
    by_level: tuple[float, ...]
    finest_totals: float
    coverage: float | None


def score_answers(workload: Workload, truths: Sequence[IntArray], path: Path) -> dict[str, Score]:
    """Return the score of each method in a file of answers."""
    exact = [
        {table.name: workload.tabulate(truth, table).ravel() for table in workload.tables}
        for truth in truths
    ]
    squares: dict[str, list[FloatArray]] = defaultdict(list)
    held: dict[str, list[float]] = defaultdict(list)
    for answer in _read_answers(path):
        true = exact[answer["truth"]]
        squares[answer["method"]].append(_compute_squares(workload, true, answer["values"]))
        held[answer["method"]] += _find_held(true, answer["low"], answer["high"])
    return {
        method: _summarise(workload, np.array(rows), held[method])
        for method, rows in squares.items()
    }


def score_zeros(workload: Workload, truths: Sequence[IntArray]) -> Score:
    """Return the score of publishing nothing but zeros."""
    rows = [
        [np.mean(workload.tabulate(truth, table) ** 2.0) for table in workload.tables]
        for truth in truths
    ]
    return _summarise(workload, np.array(rows), [])


def _read_answers(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            # A method that was stopped may have left half a line.
            if line.endswith("\n"):
                yield json.loads(line)


def _compute_squares(
    workload: Workload, true: dict[str, IntArray], values: dict[str, list[float]]
) -> FloatArray:
    return np.array(
        [
            np.mean((np.array(values[table.name], dtype=float) - true[table.name]) ** 2)
            for table in workload.tables
        ]
    )


def _find_held(
    true: dict[str, IntArray], low: dict[str, list[float]], high: dict[str, list[float]]
) -> list[float]:
    """Return, per table, the share of cells whose interval holds the truth."""
    return [
        float(np.mean((low[name] <= true[name] + _SLACK) & (true[name] - _SLACK <= high[name])))
        for name in low
    ]


def _summarise(workload: Workload, squares: FloatArray, held: list[float]) -> Score:
    """Turn mean square errors, one row a draw and one column a table, into a score."""
    per_draw = squares.mean(axis=1)
    root = math.sqrt(per_draw.mean())
    spread = per_draw.std(ddof=1) / math.sqrt(len(per_draw)) if len(per_draw) > 1 else math.nan
    levels = np.array([table.level for table in workload.tables])
    by_level = tuple(
        math.sqrt(squares[:, levels == level].mean()) if (levels == level).any() else math.nan
        for level in range(len(workload.levels))
    )
    totals = [
        place
        for place, table in enumerate(workload.tables)
        if table.level == len(workload.levels) - 1 and not table.attributes
    ]
    return Score(
        draws=len(per_draw),
        all_tables=root,
        error=spread / (2 * root),
        by_level=by_level,
        finest_totals=math.sqrt(squares[:, totals].mean()) if totals else math.nan,
        coverage=float(np.mean(held)) if held else None,
    )
