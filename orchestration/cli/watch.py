"""Commands that look at the year: what is due now, and a rehearsal.

Does not belong here: how far a quarter has come (`watch.standing`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.console import prepared, show_json, talk, told_failures

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

        from orchestration.hub.clock import read_clock
        from orchestration.hub.instance import open_instance
        from orchestration.watch.alarms import find_alarms
        from orchestration.watch.picture import draw_year, name_columns, name_due
        from orchestration.watch.standing import look_at_year

        now = read_clock()
        year = look_at_year(settings, now)
        with open_instance(settings) as instance:
            alarms = find_alarms(settings, instance, now)
        columns, lines, due = name_columns(), draw_year(year, now), name_due(year, now)
    if as_json:
        show_json(
            {
                "quarters": [dict(zip(columns, line, strict=True)) for line in lines],
                "due": due,
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
    for one in alarms:
        talk().print(f"{one.code}: {one.sentence}", style="bold red", markup=False, soft_wrap=True)
