"""Lose a hub after a release, put its backup back, and release the next quarter.

Run `python -m bench.restore_drill`. It takes about a minute, works in a folder that is thrown away,
and prints what each command said: the transcript in docs/operating.md. All records are simulated.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.simulated import deliver_simulated
from sources.quarters import Quarter

BEFORE, AFTER = Quarter(2025, 1), Quarter(2025, 2)
SCALE = 0.1
REFUSED = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="moshare-drill-") as folder:
        drill(Path(folder))


def drill(folder: Path) -> None:
    os.chdir(folder)
    Path("disk").mkdir()
    home = Settings(folder / "data")
    prepare_process(home)
    deliver_simulated(home, [BEFORE, AFTER], seed=2025, scale=SCALE)
    call("data", "new-backup-key", "keeper.key")
    approve_for_demo(BEFORE, home)
    call("data", "run", "--quarter", str(BEFORE))
    call("data", "backup", "--to", "disk", "--key", "keeper.pub")
    head = read_head(home)
    inboxes = folder / "inboxes"
    shutil.move(home.landing, inboxes)  # the agencies still have what they delivered
    typer.echo("\n# The hub's disk is lost.")
    shutil.rmtree(home.home)
    [backup] = Path("disk").glob("*.tar.age")
    call("new", "restore", str(backup), "--key", "keeper.key")
    new = Settings(folder / "new")
    prepare_process(new)
    shutil.copytree(inboxes, new.landing, dirs_exist_ok=True)
    call("new", "ledger", "verify")
    approve_for_demo(AFTER, new)
    call("new", "run", "--quarter", str(AFTER), expected=REFUSED)
    typer.echo(f"\n# The newest release that any agency has names the head {head[:16]}….")
    Path("heads.txt").write_text(head + "\n", "utf-8")
    call("new", "run", "--quarter", str(AFTER), witness="heads.txt")
    release = f"new/releases/{AFTER}"
    call("new", "verify", release, "--key", "new/releases/moshare.pub", witness="heads.txt")


def read_head(home: Settings) -> str:
    record = home.releases / str(BEFORE) / "release.json"
    return str(json.loads(record.read_bytes())["ledger_head"])


def call(home: str, *arguments: str, witness: str = "", expected: int = 0) -> None:
    """Show a command and what it says, and stop where it ends otherwise than expected."""
    told = f"MOSHARE_HOME={home} " + (f"MOSHARE_WITNESS={witness} " if witness else "")
    typer.echo(f"\n$ {told}moshare {' '.join(arguments)}")
    program = Path(sys.executable).with_name("moshare")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {"MOSHARE_HOME": home} | ({"MOSHARE_WITNESS": witness} if witness else {})
    ended = subprocess.run([program, *arguments], env=kept | given, check=False)  # noqa: S603
    if ended.returncode != expected:
        sys.exit(f"ended with {ended.returncode} instead of {expected}")
    if expected:
        typer.echo(f"(exit code {expected})")


if __name__ == "__main__":
    main()
