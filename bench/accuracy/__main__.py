"""`python -m bench.accuracy`: one table per budget, all methods side by side, in one run."""

import argparse
import math
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.accuracy.bound import compute_bound
from bench.accuracy.budgets import list_budgets
from bench.accuracy.methods import METHODS, Method
from bench.accuracy.running import OUT, Budget, run_method
from bench.accuracy.score import Score, score_answers, score_zeros
from bench.accuracy.workload import (
    IntArray,
    Workload,
    draw_truth,
    make_design_workload,
    write_workload,
)

TRUTHS = 4
WIDTH = 150


def main() -> None:
    arguments = _parse()
    console = Console(width=WIDTH)
    workload = make_design_workload()
    truths = [draw_truth(workload, seed) for seed in range(TRUTHS)]
    folder = OUT / "accuracy" / workload.name
    write_workload(workload, truths, folder)
    chosen = [method for method in METHODS if method.name in arguments.only]
    for budget in list_budgets():
        table = _make_table(workload, budget)
        for method in chosen:
            console.log(f"{budget.name}: {method.name}")
            is_rerun = method.name in arguments.rerun
            for row in _run(method, workload, truths, budget, folder, is_rerun=is_rerun):
                table.add_row(*row)
        bound = f"{compute_bound(workload, budget.rho):.2f}"
        table.add_row("SVD bound, unbiased Gaussian mechanisms", "", bound, *[""] * 7)
        table.add_row(*_show("publish zeros", score_zeros(workload, truths), "none"))
        console.print(table)


def _parse() -> argparse.Namespace:
    names = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--rerun", nargs="*", choices=names, default=[], help="forget kept answers")
    return parser.parse_args()


def _make_table(workload: Workload, budget: Budget) -> Table:
    table = Table(
        title=f"Root mean square error, rho {budget.rho:.4f}, "
        f"epsilon {budget.epsilon:.2f} at delta {budget.delta:.0e}, {len(workload.tables)} tables",
    )
    table.add_column("method", no_wrap=True)
    levels = (*workload.levels, f"{workload.levels[-1]} totals")
    for heading in ("draws", "all", "± (s.e.)", *levels):
        table.add_column(heading, justify="right")
    table.add_column("90% interval")
    table.add_column("held", justify="right")
    return table


def _run(  # noqa: PLR0913
    method: Method,
    workload: Workload,
    truths: list[IntArray],
    budget: Budget,
    folder: Path,
    *,
    is_rerun: bool,
) -> list[list[str]]:
    outcome = run_method(method, folder, budget, is_rerun=is_rerun)
    if outcome.failure:
        return [[told.title, "", outcome.failure, *[""] * 7] for told in method.told.values()]
    scores = score_answers(workload, truths, outcome.answers)
    return [
        _show(told.title, scores[name], told.intervals)
        for name, told in method.told.items()
        if name in scores
    ]


def _show(title: str, score: Score, intervals: str) -> list[str]:
    held = "" if score.coverage is None else f"{score.coverage:.1%}"
    error = "" if math.isnan(score.error) else f"{score.error:.2f}"
    figures = [f"{value:.2f}" for value in (*score.by_level, score.finest_totals)]
    return [title, str(score.draws), f"{score.all_tables:.2f}", error, *figures, intervals, held]


if __name__ == "__main__":
    main()
