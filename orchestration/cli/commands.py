"""The commands of `moshare`, and how they are listed.

Commands import what they need when they run: `tokenize`, `validate`, `deliver` and `verify` work on
an agency's own machine, where there is no Dagster. Does not belong here: doing the work itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import typer

from failures.exits import Exit
from orchestration.cli import (
    agency,
    aggregating,
    approval,
    backup,
    gate,
    hub,
    ledger,
    policy,
    validating,
    watch,
)

_EXAMPLES = """\
**Examples**

* `moshare demo` – a year from simulated deliveries to releases
* `moshare doctor` – is this installation fit to run?
* `moshare run --quarter 2025Q1` – one quarter, from its deliveries to the release
* `moshare verify data/releases/2025Q1 --key moshare.pub` – is this release what left the hub?
* `moshare ledger` – what was spent on privacy, and what is left
* `moshare gate --demo` – serve the demo's releases to this machine

Missouri's agencies share child-trafficking numbers without sharing children.
Data goes to stdout, everything else to stderr; reading commands take `--json`.
The data home is the folder named by `MOSHARE_HOME`, or `data`.
"""

_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "On the hub": (
        hub.doctor,
        watch.status,
        hub.collect,
        hub.ingest,
        hub.run,
        hub.release,
        hub.rotate_key,
        hub.new_delivery_key,
        hub.dev,
    ),
    "Backups": (backup.new_backup_key, backup.backup, backup.restore),
    "For the privacy officer": (
        approval.plan,
        approval.approve,
        approval.reject,
        approval.recover,
        approval.new_officer_key,
    ),
    "On an agency's machine": (
        agency.new_key,
        agency.tokenize,
        aggregating.aggregate,
        validating.validate,
        agency.deliver,
        agency.verify,
    ),
    "On the machine that serves releases": (gate.gate, gate.push, gate.notify),
    "For trying it out": (hub.demo, hub.simulate, watch.dry_run_year),
}

_EXITS = "Exit codes: " + ", ".join(f"{code} {code.meaning}" for code in Exit)


def build_app() -> typer.Typer:
    """Put the commands together."""
    app = typer.Typer(
        name="moshare",
        help=_EXAMPLES,
        epilog=_EXITS,
        rich_markup_mode="markdown",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for panel, commands in _PANELS.items():
        for command in commands:
            app.command(rich_help_panel=panel, short_help=_purpose(command))(command)
    for name, panel, group in (
        ("ledger", "For the privacy officer", ledger.build_group(_purpose)),
        ("policy", "On the hub", policy.build_group(_purpose)),
        ("token", "On the machine that serves releases", gate.build_token_group(_purpose)),
        ("audit", "On the machine that serves releases", gate.build_audit_group(_purpose)),
    ):
        app.add_typer(
            group, name=name, rich_help_panel=panel, short_help=_say_purpose(group.info.help)
        )
    return app


def _purpose(command: Callable[..., None]) -> str:
    """Give the first sentence after the example in a command's help."""
    return _say_purpose(inspect.getdoc(command))


def _say_purpose(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[1].split()).split(". ")[0].rstrip(".")
