"""`python -m bench.scale`: seconds and peak memory at several sizes, side by side."""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.accuracy.methods import find_method
from bench.accuracy.running import find_python
from bench.scale.question import ROOT, Files, export_rows, make_warehouse

SIZES = (10**4, 10**6, 10**7)
LIMIT = 900
PEERS = {"opendp_polars": "OpenDP, Polars context", "tumult": "Tumult Analytics (Spark)"}
EVERY = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    arguments = parser.parse_args()
    console = Console(width=150)
    table = Table(
        "children", "engine", "steps, seconds", "seconds", "of processor", "peak memory, GB"
    )
    for size in arguments.sizes:
        files = Files(ROOT / "bench" / "out" / "scale" / str(size))
        console.log(f"{size:,} children: making the warehouse")
        make_warehouse(files, size)
        console.log("this engine")
        ours = [sys.executable, "-m", "bench.scale.ours", str(files.folder)]
        table.add_row(f"{size:,}", "this engine", *run(ours))
        export_rows(files)
        for name, title in PEERS.items():
            console.log(title)
            python, failure = find_python(find_method(name))
            script = Path(__file__).parent / "peers" / f"{name}.py"
            told = (
                [failure, "", "", ""]
                if failure
                else run([str(python), str(script), str(files.folder)])
            )
            table.add_row("", title, *told)
        files.warehouse.unlink()
        files.rows.unlink()
    console.print(table)
    console.print("Peers start from the release input; this engine makes it first.")


def run(command: list[str]) -> list[str]:
    """Return steps, their seconds, processor time and peak memory, or why there are none."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(  # noqa: S603 - our own command line
        ["nice", *command],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        peak = watch(process, lambda: read_memory(process.pid))
        told, complaint = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    if process.returncode != 0:
        lines = [line for line in complaint.splitlines() if line.strip()]
        return [
            lines[-1] if lines else f"stopped, {process.returncode}",
            "",
            f"{worked:.0f}",
            f"{peak / 1e9:.1f}",
        ]
    seconds = json.loads(told.splitlines()[-1])
    steps = ", ".join(f"{step} {taken:.1f}" for step, taken in seconds.items())
    return [steps, f"{sum(seconds.values()):.1f}", f"{worked:.0f}", f"{peak / 1e9:.1f}"]


def watch(process: "subprocess.Popen[str]", measure: Callable[[], int]) -> int:
    """Return the most that was measured while a process ran; it is ended after the limit."""
    peak, end = 0, time.monotonic() + LIMIT
    while process.poll() is None:
        peak = max(peak, measure())
        if time.monotonic() > end:
            process.kill()
        time.sleep(EVERY)
    return peak


def read_memory(pid: int) -> int:
    """Return the bytes that a process and all it started hold now."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
        started = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(read_memory(int(child)) for child in started)


if __name__ == "__main__":
    main()
