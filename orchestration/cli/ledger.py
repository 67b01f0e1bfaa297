"""Commands for the privacy ledger: what was spent and is left, and whether it can be trusted.

Does not belong here: summing up (`spending`), and charging (`privacy.ledger.ledger`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from orchestration.cli.console import show_json, talk, told_failures
from orchestration.hub.settings import load_settings

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]

_BAR = 16
_HELP = """Example: `moshare ledger --json`.

Checks the privacy ledger's chain and shows what each release cost, and what one identity can have
lost of each period's cap. `moshare ledger verify` looks closer."""


def build_group(purpose: Callable[[Callable[..., None]], str]) -> typer.Typer:
    """Put the commands of `moshare ledger` together; without one it shows the spending."""
    group = typer.Typer(
        help=_HELP, callback=show, invoke_without_command=True, rich_markup_mode="markdown"
    )
    group.command(short_help=purpose(verify))(verify)
    return group


def show(context: typer.Context, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Show what was spent, unless another command follows."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    with told_failures("ledger", settings):
        from orchestration.steps.spending import read_spending

        spending = read_spending(settings)
    if as_json:
        show_json(spending)
        return
    console = Console()
    console.print(_tabulate_charges(spending["charges"]))
    if spending["periods"]:
        console.print(_tabulate_periods(spending["periods"]))
    talk().print(f"The chain is unbroken; its head is {spending['head']}", soft_wrap=True)


def verify(as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Example: `moshare ledger verify`.

    Recomputes the ledger's chain, compares it with the heads that releases print, and checks the
    signatures that each charge was approved with.
    """
    settings = load_settings()
    with told_failures("ledger verify", settings):
        from orchestration.steps.spending import verify_ledger

        found = verify_ledger(settings)
    if as_json:
        show_json(found)
        return
    for charge in found["charges"]:
        talk().print(f"{charge['quarter']}: {_say_approvals(charge['approvals'])}", soft_wrap=True)
    talk().print(
        f"The chain of {found['entries']} entries is unbroken and holds the heads of "
        f"{found['releases']} releases and {found['witnessed']} that were witnessed; its own head "
        f"is {found['head']}",
        soft_wrap=True,
    )


def _tabulate_charges(charges: list[dict[str, Any]]) -> Table:
    table = Table(title="Privacy ledger: rho of zero-concentrated differential privacy")
    for heading in ("quarter", "charged (UTC)", "rho", "state", "approved by"):
        table.add_column(heading)
    for row in charges:
        table.add_row(
            row["quarter"],
            row["charged_at"][:10],
            row["rho"],
            row["state"],
            ", ".join(row["approved_by"]),
        )
    return table


def _tabulate_periods(periods: list[dict[str, Any]]) -> Table:
    table = Table(title="What one identity can have lost in the worst case")
    for heading in ("of", "spent", "cap", "left", ""):
        table.add_column(heading)
    for row in periods:
        table.add_row(row["name"], row["spent"], row["cap"], row["left"], draw_bar(row["share"]))
    return table


def draw_bar(share: float) -> str:
    """Draw how much of a cap is spent: full where it is reached."""
    filled = min(_BAR, round(_BAR * share))
    return "█" * filled + "░" * (_BAR - filled)


def _say_approvals(approvals: list[dict[str, Any]]) -> str:
    return "approved by " + ", ".join(
        f"{one['signer']} (key {one['key_id']}"
        f"{', signature checked' if one['is_listed'] else ', a key no longer listed'})"
        for one in approvals
    )
