"""`python -m bench.accuracy`: all methods side by side, then the default policy, in one run."""

import argparse
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench.accuracy.bound import compute_bound, compute_floor
from bench.accuracy.budgets import list_budgets
from bench.accuracy.default_policy import print_default_policy
from bench.accuracy.methods import METHODS
from bench.accuracy.printing import ErrorTable
from bench.accuracy.running import OUT, run_method
from bench.accuracy.score import score_answers, score_zeros
from bench.accuracy.workload import (
    Workload,
    draw_truth,
    find_rates,
    make_design_workload,
    write_workload,
)

TRUTHS = 4
DRAWS_OF_POLICY = 200
WORKLOADS = ("design", "policy")
WIDTH = 160


def main() -> None:
    arguments = _parse()
    console = Console(width=WIDTH)
    if "design" in arguments.workloads:
        _compare_on_design(console, arguments)
    if "policy" in arguments.workloads:
        print_default_policy(console, arguments.draws or DRAWS_OF_POLICY)


def _compare_on_design(console: Console, arguments: argparse.Namespace) -> None:
    workload = make_design_workload()
    truths = [draw_truth(workload, seed) for seed in range(TRUTHS)]
    few = f"-{arguments.draws}" if arguments.draws else ""
    folder = OUT / "accuracy" / f"{workload.name}{few}"
    write_workload(workload, truths, folder)
    for budget in list_budgets():
        table = ErrorTable(workload, budget)
        for method in (one for one in METHODS if one.name in arguments.only):
            console.log(f"{budget.name}: {method.name}")
            is_rerun = method.name in arguments.rerun
            asked = replace(method, draws=arguments.draws or method.draws)
            outcome = run_method(asked, folder, budget, is_rerun=is_rerun)
            found = {} if outcome.failure else score_answers(workload, truths, outcome.answers)
            for name, title in method.titles.items():
                if name in found:
                    table.add_score(title, found[name])
                else:
                    table.add_silence(title, outcome.failure or "it gave no answer")
        if not arguments.draws:
            _add_bounds(table, workload, folder, budget.rho)
        table.add_score("publish zeros", score_zeros(workload, truths))
        table.show(console)


def _add_bounds(table: ErrorTable, workload: Workload, folder: Path, rho: float) -> None:
    """Add what nothing can be better than; it takes minutes, however few the draws."""
    table.add_bound("SVD bound for unbiased Gaussian mechanisms", compute_bound(workload, rho))
    split = folder / f"split-{rho}.json"
    if split.exists():
        rates = [find_rates(workload, seed) for seed in range(TRUTHS)]
        floor = compute_floor(workload, rates, split)
        table.add_bound("best linear estimate that knows all true rates", floor)


def _parse() -> argparse.Namespace:
    names = [method.name for method in METHODS]
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("--workloads", nargs="*", choices=WORKLOADS, default=WORKLOADS)
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--rerun", nargs="*", choices=names, default=[], help="forget kept answers")
    parser.add_argument("--draws", type=int, help="of each method, without the bounds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
