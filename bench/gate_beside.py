"""The gate beside a static file server: `python -m bench.gate_beside [clients] [seconds] [turns]`.

Clients is a number or several, as in `30,200`. Three servers give the same files over HTTP/1.1 on
loopback, each from one process of its own, with the same parser (uvicorn's, on h11), and are asked
in turn for the same three files of a release: its page, a table and the archive. The first is the
gate; the second the gate with one thing left out, the wait for the disk, which nothing but this
command ever leaves out; the third is Starlette's static server, which knows no tokens, keeps no
audit and hashes nothing. Printed are answers a second, milliseconds of processor of the server for
an answer, which other work on the machine disturbs least, and how long the disk takes for a row.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit" / "gate")]

from gate_server import (  # noqa: E402 - after the path to it
    RunningGate,
    find_free_port,
    keep_running,
    prepare_gate,
    wait_for_port,
)

from bench.gate_load import read_answer  # noqa: E402

STATIC = """
import sys, uvicorn
from starlette.staticfiles import StaticFiles
uvicorn.run(StaticFiles(directory=sys.argv[1], html=True), port=int(sys.argv[2]), http="h11",
            loop="asyncio", access_log=False, log_config=None, lifespan="off", ws="none")
"""
NO_WAIT = "import os; os.fsync = lambda _: None; from orchestration.cli import main; main()"
"""A gate that does not wait until its rows are on the disk."""
PATHS = (
    *("/releases/2025Q1/data/children_by_region.csv",) * 6,
    *("/releases/2025Q1/",) * 2,
    "/releases/2025Q1.zip",
)
"""What is asked for, in this order again and again: mostly tables."""


async def ask(port: int, token: str, until: float) -> int:
    """One client on one connection; gives how many whole answers came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        path = PATHS[count % len(PATHS)]
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
        answer = await read_answer(reader)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}")
        count += 1
    writer.close()
    return count


def measure(
    process: subprocess.Popen[bytes], port: int, tokens: list[str], seconds: float
) -> tuple[float, float]:
    """Answers a second, and milliseconds of the server's processor for one."""

    async def all_ask() -> int:
        until = time.monotonic() + seconds
        return sum(await asyncio.gather(*(ask(port, token, until) for token in tokens)))

    before = _used(process)
    answers = asyncio.run(all_ask())
    return answers / seconds, (_used(process) - before) * 1000 / answers


def _used(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


TITLES = ("the gate", "without the wait for the disk", "a static server")


def wait_for_disk(folder: Path) -> float:
    """Median milliseconds until some rows that were added to a file are on the disk."""
    waits = []
    with (folder / "waits").open("ab", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            waits.append((time.perf_counter() - began) * 1000)
    return statistics.median(waits)


@contextmanager
def run_gates(folder: Path) -> Iterator[tuple[RunningGate, RunningGate]]:
    """The gate, and one that does not wait for the disk."""
    limits = {"requests_per_minute": 10_000_000, "refusals_per_minute": 60, "connections": 512}
    made = []
    for name in ("gate", "no_wait"):
        (folder / name).mkdir()
        made.append(prepare_gate(folder / name, **limits))
    gate, no_wait = made
    no_wait.command = (sys.executable, "-c", NO_WAIT)
    with keep_running(gate), keep_running(no_wait):
        yield gate, no_wait


@contextmanager
def run_static(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The static server on the same files."""
    port = find_free_port()
    command = [sys.executable, "-c", STATIC, str(folder), str(port)]
    static = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        wait_for_port(port, static)
        yield static, port
    finally:
        static.terminate()
        static.wait()


def main(clients: str = "30,200", seconds: str = "4", turns: str = "3") -> None:
    """Measure all in turn, for each number of clients."""
    long = float(seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with run_gates(folder) as gates, run_static(folder / "gate") as (static, port):
            for count in map(int, clients.split(",")):
                found: dict[str, list[tuple[float, float]]] = defaultdict(list)
                waits = []
                tokens = [[gate.make_token() for _ in range(count)] for gate in gates]
                for _ in range(int(turns)):
                    waits.append(wait_for_disk(folder))
                    for title, gate, own in zip(TITLES, gates, tokens, strict=False):
                        found[title].append(measure(gate.process, gate.port, own, long))
                    found[TITLES[-1]].append(measure(static, port, tokens[0], long))
                told = ", ".join(f"{one:.2f}" for one in waits)
                show(found, f"{count} clients; the disk takes {told} ms")


def show(found: Mapping[str, list[tuple[float, float]]], title: str) -> None:
    """Print each turn, and the ratio of the medians of the gates to that of the static server."""
    table = Table("", *TITLES, "ratio", "without the wait", title=title)
    for kind, name in enumerate(("answers a second", "processor ms for an answer")):
        values = [[turn[kind] for turn in found[one]] for one in TITLES]
        gate, no_wait, static = map(statistics.median, values)
        cells = [", ".join(f"{one:,.{2 * kind}f}" for one in each) for each in values]
        table.add_row(name, *cells, f"{gate / static:.2f}", f"{no_wait / static:.2f}")
    Console(width=140).print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
