"""The command `validate`, for an agency's own machine.

Nothing here may import Dagster, dbt or the privacy engine. Does not belong here: what is checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.cli.agency import Meant
from orchestration.cli.console import show_json, talk, told_failures
from orchestration.hub.settings import keep_to_owner, load_settings

if TYPE_CHECKING:
    from orchestration.steps.validating import Validation
    from sources.delivery_changes import DeliveryChanges

_PATIENCE_SECONDS = 2

_VERDICTS = {
    "clean": "The hub would take this delivery, and set no line aside.",
    "lines set aside": "The hub would take this delivery, and set lines of it aside.",
    "rejected": "The hub would reject this delivery.",
}


Files = Annotated[
    list[str],
    typer.Argument(
        help="Files in the order of the contract's roles, or role=path for each.", metavar="FILE"
    ),
]
ContractName = Annotated[
    str, typer.Option("--contract", help="Name and version of what was agreed.")
]
QuarterName = Annotated[
    str | None, typer.Option("--quarter", help="Like 2025Q1. Default: the one before --as-of.")
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Day on which the data was taken. Default: today."
    ),
]
Kind = Annotated[Literal["full", "delta"], typer.Option("--kind", help="full or delta.")]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        help="A former delivery: its file, or several as role=path,role=path; 2024Q4: before "
        "them where it is of that quarter, and delta: where it was one. May be repeated, the "
        "oldest first.",
        metavar="DELIVERY",
    ),
]
Unusual = Annotated[
    list[Meant] | None,
    typer.Option("--unusual", help="As `moshare deliver` is told: outside_missouri, other_years."),
]
Roster = Annotated[
    Path | None,
    typer.Option("--agency-roster", help="CSV of the Patrol: ori, month, reporting (yes or no)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


def validate(
    files: Files,
    contract: ContractName,
    quarter: QuarterName = None,
    as_of: Day = None,
    kind: Kind = "full",
    against: Against = None,
    unusual: Unusual = None,
    agency_roster: Roster = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Example: `moshare validate nibrs.txt --contract mshp/1 --quarter 2025Q1`.

    Says what the hub would say of a delivery, by the hub's own code, and leaves nothing behind.
    With `--against` it says what changes, and how many children stand in what changes. Exit code 0:
    no line would be set aside; 3: lines would be, or all would be rejected.
    """
    settings = load_settings()
    keep_to_owner()
    with told_failures("validate", settings):
        from orchestration.steps.delivering import Delivery
        from orchestration.steps.validating import assign_roles, find_agreed, read_former
        from orchestration.steps.validating import validate as take
        from sources.agency_roster import read_agency_roster
        from sources.quarters import quarter_before

        agreed = find_agreed(contract)
        day = (as_of or datetime.now(tz=UTC)).date()
        delivery = Delivery(
            agreed.agency,
            quarter or str(quarter_before(day)),
            kind,
            1,
            day,
            agency_roster=read_agency_roster(agency_roster) if agency_roster else (),
            unusual=tuple(unusual or ()),
            contract=agreed.contract,
        )
        former = [read_former(agreed, one, delivery.quarter) for one in against or ()]
        with _progress(len(former) + 1) as tell:
            given = assign_roles(agreed, files)
            keys = settings.delivery_keys
            place = settings.vault.aside if keys else None
            found = take(delivery, given, former, settings.policy, tell, keys, place)
    if as_json:
        show_json(_document(found, delivery.as_of.isoformat()))
    else:
        typer.echo("\n".join(_say(found, delivery.as_of.isoformat())))
    raise typer.Exit(found.exit_code)


@contextmanager
def _progress(deliveries: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on stderr once it takes longer than two seconds."""
    console = talk()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=deliveries + 1, completed=-1)
    patience = Timer(_PATIENCE_SECONDS, bar.start)
    patience.daemon = True
    if console.is_interactive:
        patience.start()
    try:
        yield lambda what: bar.update(task, description=what, advance=1)
    finally:
        patience.cancel()
        if bar.live.is_started:
            bar.stop()


def _document(found: Validation, as_of: str) -> dict[str, object]:
    return {
        "verdict": found.verdict,
        "as_of": as_of,
        "receipt": json.loads(found.receipt.to_json()),
        "changes": found.changes.to_json() if found.changes else None,
    }


def _say(found: Validation, as_of: str) -> Iterator[str]:
    from sources.receipt_text import list_findings

    receipt = found.receipt
    yield _VERDICTS[found.verdict]
    yield (
        f"It was read as a {receipt.kind} delivery of {receipt.agency} for {receipt.quarter}, with "
        f"data of {as_of}."
    )
    yield from list_findings(receipt)
    if found.changes:
        yield from _say_changes(found.changes)


def _say_changes(changes: DeliveryChanges) -> Iterator[str]:
    yield from ("", f"What changes, in {changes.unit}")
    for one in changes.histories:
        yield f"  {one.change:<11}{one.total:>9}  {one.history}"
    if changes.unit == "cells":
        return
    yield from ("", f"Children in what changes: {changes.children}")
    for agency, children in changes.children_by_agency.items():
        yield f"  {agency:<11}{children:>9}"
