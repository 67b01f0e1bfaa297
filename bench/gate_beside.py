"""The gate beside a static file server: `python -m bench.gate_beside [clients] [seconds] [turns]`.

Both serve the same files over HTTP/1.1 on loopback from one process of their own, with the same
parser (uvicorn's, on h11), and are asked in turn for the same three files of a release: its page, a
table and the archive. The static server (Starlette's) knows no tokens, keeps no audit and hashes
nothing. Printed are answers a second, and milliseconds of processor of the server for an answer,
which other work on the machine disturbs least.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit" / "gate")]

from gate_server import find_free_port, run_gate, wait_for_port  # noqa: E402 - after the path to it

from bench.gate_load import read_answer  # noqa: E402

STATIC = """
import sys, uvicorn
from starlette.staticfiles import StaticFiles
uvicorn.run(StaticFiles(directory=sys.argv[1], html=True), port=int(sys.argv[2]), http="h11",
            loop="asyncio", access_log=False, log_config=None, lifespan="off", ws="none")
"""
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


def main(clients: int = 50, seconds: float = 10, turns: int = 3) -> None:
    """Measure both in turn."""
    found: dict[str, list[tuple[float, float]]] = {"gate": [], "static": []}
    limits = {"requests_per_minute": 10_000_000, "refusals_per_minute": 60, "connections": 512}
    with tempfile.TemporaryDirectory() as folder, run_gate(Path(folder), **limits) as gate:
        tokens = [gate.make_token() for _ in range(clients)]
        port = find_free_port()
        command = [sys.executable, "-c", STATIC, folder, str(port)]
        static = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
        try:
            wait_for_port(port, static)
            for _ in range(turns):
                found["gate"].append(measure(gate.process, gate.port, tokens, seconds))
                found["static"].append(measure(static, port, tokens, seconds))
        finally:
            static.terminate()
            static.wait()
    show(found)


def show(found: dict[str, list[tuple[float, float]]]) -> None:
    """Print each turn, and the ratio of the medians."""
    table = Table("", "the gate", "a static server", "ratio")
    for kind, name in enumerate(("answers a second", "processor ms for an answer")):
        values = {server: [turn[kind] for turn in turns] for server, turns in found.items()}
        ratio = statistics.median(values["gate"]) / statistics.median(values["static"])
        cells = [", ".join(f"{one:,.{2 * kind}f}" for one in each) for each in values.values()]
        table.add_row(name, *cells, f"{ratio:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
