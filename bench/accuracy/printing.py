"""The table of one budget: a line for each method, and why a method is silent.

Does not belong here: running and scoring.
"""

import math

from rich.console import Console
from rich.table import Table

from bench.accuracy.running import Budget
from bench.accuracy.score import Score
from bench.accuracy.workload import Workload

LEAST_HELD = 0.895
SILENT = "not available here"


class ErrorTable:
    """Root mean square errors of all methods at one budget."""

    def __init__(self, workload: Workload, budget: Budget) -> None:
        self._figures = len(workload.levels) + 1
        self._notes: list[str] = []
        self._table = Table(
            title="Root mean square error, "
            f"workload {workload.name}, {len(workload.tables)} tables, "
            f"rho {budget.rho:.4f} or epsilon {budget.epsilon:.2f} at delta {budget.delta:.0e}",
        )
        self._table.add_column("method", no_wrap=True)
        levels = (*workload.levels, f"{workload.levels[-1]} totals")
        for heading in ("draws", "all tables", "s.e.", *levels):
            self._table.add_column(heading, justify="right", no_wrap=True)
        self._table.add_column("valid 90% interval", no_wrap=True)

    def add_score(self, title: str, score: Score) -> None:
        """Add a line of figures."""
        error = "" if math.isnan(score.error) else f"{score.error:.2f}"
        figures = [f"{value:.2f}" for value in (*score.by_level, score.finest_totals)]
        shown = (str(score.draws), f"{score.all_tables:.2f}", error, *figures)
        self._table.add_row(title, *shown, _judge(score))

    def add_bound(self, title: str, bound: float) -> None:
        """Add a bound on the error over all tables."""
        self._table.add_row(title, "", f"{bound:.2f}")

    def add_silence(self, title: str, reason: str) -> None:
        """Add a line for a method that gave no answer; its reason goes below the table."""
        self._table.add_row(title, "", SILENT)
        note = f"{title}: {reason}"
        self._notes.append(note)

    def show(self, console: Console) -> None:
        """Print the table and its notes."""
        console.print(self._table)
        for note in self._notes:
            console.print(f"  {SILENT}: {note}", highlight=False)


def _judge(score: Score) -> str:
    """Say whether a method's own intervals hold as often as they claim."""
    if score.coverage is None:
        return "none"
    word = "yes" if score.coverage >= LEAST_HELD else "no"
    return f"{word}, held {score.coverage:.1%}"
