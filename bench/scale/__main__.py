"""`python -m bench.scale`: seconds and peak memory at several sizes, side by side."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.accuracy.methods import find_method
from bench.accuracy.running import find_python
from bench.scale.question import PROCESSOR, ROOT, Files, export_rows, make_warehouse

SIZES = (10**4, 10**6, 10**7)
LIMIT = 900
PEERS = {"opendp_polars": "OpenDP, Polars context", "tumult": "Tumult Analytics (Spark)"}
EVERY = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--only", nargs="*", choices=PEERS, default=list(PEERS), help="peers")
    arguments = parser.parse_args()
    console = Console(width=150)
    table = Table("children", "engine", "steps, seconds", "seconds", "of processor", "peak, GiB")
    for size in arguments.sizes:
        files = Files(ROOT / "bench" / "out" / "scale" / str(size))
        console.log(f"{size:,} children: making the warehouse")
        make_warehouse(files, size)
        console.log("a plain GROUP BY, a row kept of each child, then this engine")
        plain, kept, ours = (
            run([sys.executable, "-m", f"bench.scale.{name}", str(files.folder), *words])
            for name, *words in (["plain"], ["plain", "keep"], ["ours"])
        )
        table.add_row(f"{size:,}", "DuckDB, plain GROUP BY", *plain.tell())
        table.add_row("", "DuckDB, any row of each child kept", *kept.tell(plain))
        table.add_row("", "this engine", *ours.tell(plain))
        export_rows(files)
        for name in arguments.only:
            title = PEERS[name]
            console.log(title)
            python, failure = find_python(find_method(name))
            script = Path(__file__).parent / "peers" / f"{name}.py"
            peer = Run(failure) if failure else run([str(python), str(script), str(files.folder)])
            table.add_row("", title, *peer.tell())
        files.warehouse.unlink()
        files.rows.unlink()
    console.print(table)
    console.print("Processor of peers is that of the whole process, with what it imports.")
    console.print("Peers start from the release input; this engine makes it first.")


@dataclass(frozen=True)
class Use:
    """What a process and all it started used: processor seconds, and bytes of memory."""

    seconds: float = 0.0
    bytes: int = 0

    def exceed(self, other: "Use") -> "Use":
        """Return the larger of each."""
        return Use(max(self.seconds, other.seconds), max(self.bytes, other.bytes))


@dataclass(frozen=True)
class Run:
    """How a process went: its steps or why there are none, their seconds, and what it used."""

    steps: str
    seconds: float = 0.0
    use: Use = Use()

    def tell(self, beside: "Run | None" = None) -> list[str]:
        """Say it in columns, with the ratios to another run."""
        told = [f"{self.seconds:.1f}", f"{self.use.seconds:.1f}", f"{self.use.bytes / 2**30:.2f}"]
        if beside:
            told[0] += f" ({self.seconds / max(beside.seconds, 0.01):.1f} times)"
            told[1] += f" ({self.use.seconds / max(beside.use.seconds, 0.01):.1f} times)"
        return [self.steps, *told]


def run(command: list[str], limit: float = LIMIT) -> Run:
    """Run a method and watch it, for so many seconds at most."""
    with (
        tempfile.TemporaryFile("w+") as told,
        tempfile.TemporaryFile("w+") as complaint,
        subprocess.Popen(  # noqa: S603 - our own command line
            ["nice", *command],  # noqa: S607
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=told,
            stderr=complaint,
        ) as process,
    ):
        use = watch(process, limit)
        if process.returncode != 0:
            complaint.seek(0)
            lines = [line for line in complaint.read().splitlines() if line.strip()]
            return Run(lines[-1] if lines else f"stopped, {process.returncode}", 0.0, use)
        told.seek(0)
        seconds = json.loads(told.read().splitlines()[-1])
    use = Use(seconds.pop(PROCESSOR, use.seconds), use.bytes)
    steps = ", ".join(f"{step} {taken:.1f}" for step, taken in seconds.items())
    return Run(steps, sum(seconds.values()), use)


def watch(process: "subprocess.Popen[bytes]", limit: float) -> Use:
    """Return the most that a process used while it ran; it is ended after the limit."""
    most, end = Use(), time.monotonic() + limit
    while process.poll() is None:
        most = most.exceed(read_use(process.pid))
        if time.monotonic() > end:
            process.kill()
        time.sleep(EVERY)
    return most


def read_use(pid: int) -> Use:
    """Return what a process and all it started have used by now, and hold."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
        ticks = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:15]
        # A child is listed under the thread that started it.
        started = [
            int(child)
            for listed in Path(f"/proc/{pid}/task").glob("*/children")
            for child in listed.read_text("utf-8").split()
        ]
    except OSError:
        return Use()
    uses = [read_use(child) for child in started]
    return Use(
        sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + sum(use.seconds for use in uses),
        pages * os.sysconf("SC_PAGE_SIZE") + sum(use.bytes for use in uses),
    )


if __name__ == "__main__":
    main()
