"""Commands that back the hub up and put it back.

Does not belong here: what a backup holds (`backup`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import prepared, talk, told_failures
from orchestration.hub.settings import load_settings


def new_backup_key(
    key: Annotated[Path, typer.Argument(help="Where the secret key shall lie.")],
) -> None:
    """Example: `moshare new-backup-key keeper.key`.

    Makes a key pair for backups: the secret half for whoever keeps them, away from the hub, and
    keeper.pub, to which the hub encrypts.
    """
    with told_failures("new-backup-key", load_settings()):
        from orchestration.backup.making import make_key

        public = make_key(key)
    talk().print(
        f"Made. Keep {key.name} away from the hub: whoever has it can open every backup, and "
        f"without it none can be put back. The hub needs {public.name} alone.",
        soft_wrap=True,
    )
    typer.echo(public)


def backup(
    to: Annotated[Path, typer.Option("--to", help="A folder on another disk.")],
    key: Annotated[Path, typer.Option("--key", help="The public key, like keeper.pub.")],
) -> None:
    """Example: `moshare backup --to /mnt/backups --key keeper.pub`.

    Writes the ledger, then the vault, the plans and the releases into one encrypted file, while no
    quarter is run, and reads it back whole before it counts.
    """
    settings = prepared("backup")
    with told_failures("backup", settings):
        from orchestration.backup.making import make_backup

        made = make_backup(settings, to, key)
    size = made.stat().st_size / 1024**2
    talk().print(f"Backed up and read back: {size:.1f} MiB.", soft_wrap=True)
    typer.echo(made)


def restore(
    backup: Annotated[Path, typer.Argument(help="A file that 'moshare backup' wrote.")],
    key: Annotated[Path, typer.Option("--key", help="The secret key, like keeper.key.")],
) -> None:
    """Example: `moshare restore /mnt/backups/moshare-20260116T140000Z-1a2b3c4d.tar.age --key k`.

    Puts a backup back onto an empty data home, checked whole. Nothing is drawn there until a
    witness outside says that the backup knows of the last draw.
    """
    settings = load_settings()
    with told_failures("restore", settings):
        from orchestration.backup.restoring import restore_backup

        listed = restore_backup(settings, backup, key)
    talk().print(
        f"Restored {len(listed.files)} files of {listed.made_at}; the ledger's head is "
        f"{listed.head}. Before the next draw, name in MOSHARE_WITNESS a file with the ledger_head "
        "of the newest release that any agency has, then run 'moshare doctor' and "
        "'moshare ledger verify'.",
        soft_wrap=True,
    )
    typer.echo(settings.home)
