"""Time of each step of one simulated quarter, from a fresh process.

`python bench/quarter.py [HOME]`; where a new data home is named, it is kept.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.hub.settings import Settings
from orchestration.steps.approving import approve_for_demo
from sources.quarters import Quarter

STEP = re.compile(r"done (\S+) \(([0-9.]+) s\)")


def call(home: Path, *arguments: str) -> tuple[str, float]:
    start = time.perf_counter()
    ended = subprocess.run(  # noqa: S603 - our own command line
        [str(Path(sys.executable).with_name("moshare")), *arguments],
        env={**os.environ, "MOSHARE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stderr, time.perf_counter() - start


def main() -> None:
    table = Table("step", "seconds")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1] if len(sys.argv) > 1 else folder).resolve()
        _, simulated = call(home, "simulate", "2025Q1")
        approve_for_demo(Quarter(2025, 1), Settings(home))
        told, total = call(home, "run", "--quarter", "2025Q1")
    table.add_row("(simulate three deliveries)", f"{simulated:.1f}")
    steps = [(step, float(seconds)) for step, seconds in STEP.findall(told)]
    for step, seconds in steps:
        table.add_row(step, f"{seconds:.1f}")
    started = total - sum(seconds for _, seconds in steps)
    table.add_row("(start of the process and between steps)", f"{started:.1f}")
    table.add_row("whole quarter", f"{total:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
