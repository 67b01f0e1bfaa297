"""Commands that look at the year: what is due now, and a rehearsal.

Does not belong here: how far a quarter has come (`watch.standing`).
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import prepared, show_json, talk, told_failures
from orchestration.hub.settings import enter_rehearsal, load_settings

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


def status(as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare status`.

    Shows the year on one screen: what each quarter has, what is due, from whom and since when, and
    which alarms are raised.
    """
    settings = prepared("status")
    with told_failures("status", settings):
        from rich.console import Console
        from rich.table import Table

        from orchestration.boxes.collecting import describe_box, list_noted
        from orchestration.guards.simulated_home import is_all_simulated
        from orchestration.hub.clock import read_clock
        from orchestration.hub.instance import open_instance
        from orchestration.watch.alarms import find_alarms
        from orchestration.watch.picture import draw_year, name_columns, name_due
        from orchestration.watch.standing import look_at_year

        now = read_clock()
        year = look_at_year(settings, now)
        with open_instance(settings) as instance:
            alarms = find_alarms(settings, instance, now)
        is_simulated = is_all_simulated(settings)
        columns, lines, due = name_columns(), draw_year(year, now), name_due(year, now)
        boxes = [
            {"box": box.name, "agency": box.agency, "sentence": describe_box(notes)}
            for box, notes in list_noted(settings)
        ]
    if as_json:
        show_json(
            {
                "quarters": [dict(zip(columns, line, strict=True)) for line in lines],
                "due": due,
                "boxes": boxes,
                "alarms": [{"code": one.code, "sentence": one.sentence} for one in alarms],
            }
        )
        return
    table = Table(*columns)
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    for sentence in due or ["Nothing is due."]:
        typer.echo(sentence)
    for box in boxes:
        typer.echo(f"Drop box {box['box']} of {box['agency']}: {box['sentence']}")
    if is_simulated:
        typer.echo("Every delivery is simulated: no quarter is waited for that has none.")
    for one in alarms:
        talk().print(f"{one.code}: {one.sentence}", style="bold red", markup=False, soft_wrap=True)


def dry_run_year(
    year: Annotated[int, typer.Option(help="A year that has ended.")] = 2025,
) -> None:
    """Example: `moshare dry-run-year --year 2025`.

    Rehearses a year in a folder that is thrown away: this hub's policy and calendar, simulated
    deliveries and clock, throw-away signatures, the real schedules, sensors, alarms, notices and
    backups, and bad days. Prints what happens when; nothing of this hub is touched.
    """
    with told_failures("dry-run-year", load_settings()):
        from orchestration.guards.closed_quarters import refuse_open_quarter
        from orchestration.rehearsal.year import plan_year, rehearse

        plan = plan_year(year)
        for quarter in plan:
            refuse_open_quarter(quarter)
        with tempfile.TemporaryDirectory(prefix="moshare-year-") as folder:
            rehearse(plan, enter_rehearsal(Path(folder) / "home"), _say)


def _say(moment: datetime, who: str, what: str) -> None:
    typer.echo(f"{moment:%a %Y-%m-%d %H:%M}  {who:<17}  {what}")
