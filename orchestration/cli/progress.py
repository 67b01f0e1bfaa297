"""Progress of a run on stderr: one line for each step, with its time.

Does not belong here: running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from orchestration.cli.console import talk

_MARKS = {"done": "[green]done[/]", "failed": "[bold red]failed[/]"}


@contextmanager
def step_progress() -> Iterator[Callable[[str, str, float], None]]:
    """Show steps as they start and end.

    Yields:
        A function to be told of each step's name, state (started, done, failed) and time.
    """
    tasks: dict[str, TaskID] = {}
    starts: dict[str, float] = {}
    console = talk()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        waiting = progress.add_task("starting", total=None)

        def on_step(step: str, state: str, moment: float) -> None:
            name = step.replace("__", "/")
            progress.update(waiting, visible=False)
            if state == "started":
                starts[step] = moment
                tasks[step] = progress.add_task(name, total=None)
                return
            progress.remove_task(tasks[step])
            progress.print(f"  {_MARKS[state]} {name} ({moment - starts[step]:.1f} s)")

        yield on_step
