"""The command line `moshare`: data on stdout, everything else on stderr.

Only what is needed to be interrupted from the first moment on is imported here; the commands follow
(`commands`). Does not belong here: doing the work itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orchestration.hub.interrupts import exit_when_interrupted

if TYPE_CHECKING:
    import typer


def build_app() -> typer.Typer:
    """Put the commands together."""
    from orchestration.cli.commands import build_app as build

    return build()


def main() -> None:
    """Run the command line; nothing but our own settings comes from the surroundings."""
    from failures.numbered import NumberedError
    from orchestration.hub.settings import drop_foreign_settings

    with exit_when_interrupted():
        drop_foreign_settings()
        try:
            build_app()()
        except NumberedError as error:  # met before a command began, by a module it imports
            sys.stderr.write(f"{error.sentence}\n")
            sys.exit(error.exit_code)
