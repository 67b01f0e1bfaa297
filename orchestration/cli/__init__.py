"""The command line `moshare`: data on stdout, everything else on stderr.

Commands import what they need when they run: `tokenize`, `deliver` and `verify` work on an
agency's own machine, where there is no Dagster. Does not belong here: doing the work itself.
"""

from __future__ import annotations

import typer

from orchestration.cli import agency, hub
from orchestration.cli.console import EXIT_CODES

_EXAMPLES = """\
**Examples**

* `moshare demo` – two quarters from simulated deliveries to releases
* `moshare doctor` – is this installation fit to run?
* `moshare run --quarter 2025Q1` – one quarter, from the three deliveries to the release
* `moshare verify data/releases/2025Q1` – is this release what left the hub?
* `moshare ledger` – what was spent on privacy, and what is left

Missouri's agencies share child-trafficking numbers without sharing children.
Data goes to stdout, everything else to stderr; reading commands take `--json`.
The data home is the folder named by `MOSHARE_HOME`, or `data`.
"""

_EXITS = "Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())


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
    for command in (hub.demo, hub.doctor, hub.ingest, hub.run, hub.release, hub.ledger, hub.dev):
        app.command(rich_help_panel="On the hub")(command)
    for command in (agency.tokenize, agency.new_key, agency.deliver, agency.verify):
        app.command(rich_help_panel="On an agency's machine")(command)
    app.command(rich_help_panel="For trying it out")(hub.simulate)
    return app


def main() -> None:
    """Run the command line."""
    build_app()()
