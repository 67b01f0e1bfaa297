"""Time to take in a large delivery of each record format: `python -m bench.readers [ROWS]`.

Simulates both deliveries first (some minutes), then takes each in from its inbox as the hub does:
hash, checks, quarantine, Parquet, receipt; and reads the same bytes plainly with DuckDB, as lines
that nobody looks at. The Patrol's file is taken in again as its XML twin, and `times` is beside the
flat file then. Children in care are as many as the state has. With `--beside FOLDER`, a checkout
with its own .venv, that one simulates what both take in, and the two take turns. Needs about 13 GiB
of disk in the temporary folder.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from simulator.xml_twin import write_xml_twin

ROOT = Path(__file__).resolve().parents[1]
XML = "mshp in XML"
AGENCIES = {
    "dss": ("child_file", "child_file.txt"),
    "mshp": ("nibrs", "nibrs.txt"),
    XML: ("nibrs", "nibrs.xml"),
    "care": ("care", "care.xml"),
}
_HERE_ALONE = (XML, "care")
"""What is taken in by this tree and by none beside it."""

ROUNDS = 3

# Runs in the tree of either checkout; before 2026-12 the vault was a path and rooms lay elsewhere.
_CHILD = """
import json, resource, sys, time
from datetime import date
from pathlib import Path
try:
    from durable.vault import Vault
    from orchestration.steps.delivering import Delivery, deliver
    from simulator.simulate import simulate
except ModuleNotFoundError:
    Vault = Path
    from orchestration.delivering import Delivery, deliver
    from sources.simulator.simulate import simulate
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.zones import Zones

task, folder, *rest = sys.argv[1:]
if task == "simulate":
    rows = int(rest[0])
    world = simulate(
        Path(folder), [Quarter(2025, 1)], 1, dss_child_rows=rows, police_victims=rows
    )
else:
    home, agency, role, name = rest
    zones = Zones(landing=Path(home) / "landing", vault=Vault(Path(home) / "vault"))
    said = Delivery(agency, "2025Q1", "full", 1, date(2025, 4, 10), simulated=True)
    file = Path(folder) / "prepared" / agency / "2025Q1" / name
    deliver(zones.landing / "inbox", said, {role: file})
    start, spent = time.perf_counter(), time.process_time()
    receipt = ingest(zones, agency, "2025Q1")
    print(json.dumps({
        "seconds": time.perf_counter() - start,
        "spent": time.process_time() - spent,
        "lines": sum(file.lines_read for file in receipt.files),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }))
"""


def run_child(tree: Path, *arguments: str) -> str:
    """Run the child in a tree and give the last line that it prints."""
    python = sys.executable if tree == ROOT else str(tree / ".venv/bin/python")
    command = [python, "-c", _CHILD, *arguments]
    done = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip().rpartition("\n")[2]


def take_in(tree: Path, world: Path, agency: str) -> dict[str, float]:
    """Seconds, processor seconds, lines and peak memory (GiB) of one ingest."""
    role, name = AGENCIES[agency]
    agency = agency.split()[0]
    with tempfile.TemporaryDirectory() as home:
        taken: dict[str, float] = json.loads(
            run_child(tree, "ingest", str(world), home, agency, role, name)
        )
    return taken


def read_plainly(path: Path) -> tuple[float, float]:
    """Seconds and processor seconds in which DuckDB reads the lines of a file."""
    start, spent = time.perf_counter(), time.process_time()
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            "SELECT count(*), max(line) FROM read_csv(?, columns = {'line': 'VARCHAR'}, "
            "header = false, delim = '\\x01', quote = '', escape = '')",
            [str(path)],
        ).fetchall()
    return time.perf_counter() - start, time.process_time() - spent


def main(rows: int, beside: Path | None) -> None:
    console = Console(width=120)
    trees = {"here": ROOT} | ({"beside": beside.resolve()} if beside else {})
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        console.print(f"Simulating {rows:,} DSS rows and {rows:,} police victims …")
        run_child(list(trees.values())[-1], "simulate", str(world), str(rows))
        police = world / "prepared" / "mshp" / "2025Q1"
        write_xml_twin(police / "nibrs.txt", police / "nibrs.xml")
        of_flat = 0.0
        table = Table("agency", "who", "lines", "MiB", "seconds", "processor", "times", "peak GiB")
        for agency, (_, name) in AGENCIES.items():
            path = world / "prepared" / agency.split()[0] / "2025Q1" / name
            if not path.exists():
                continue
            size = f"{path.stat().st_size / 2**20:,.0f}"
            best: dict[str, dict[str, float]] = {}
            for _ in range(ROUNDS if beside else 1):
                for who, tree in trees.items() if agency not in _HERE_ALONE else [("here", ROOT)]:
                    taken = take_in(tree, world, agency)
                    if who not in best or taken["spent"] < best[who]["spent"]:
                        best[who] = taken
            for who, taken in best.items():
                times = taken["spent"] / (of_flat or best[list(trees)[-1]]["spent"])
                table.add_row(
                    agency,
                    who,
                    f"{int(taken['lines']):,}",
                    size,
                    *(f"{taken[one]:.1f}" for one in ("seconds", "spent")),
                    f"{times:.2f}",
                    f"{taken['peak']:.1f}",
                )
            of_flat = best["here"]["spent"] if agency == "mshp" else 0.0
            seconds, spent = read_plainly(path)
            row = (agency, "DuckDB, plainly", "", size, f"{seconds:.1f}", f"{spent:.1f}", "", "")
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--beside", type=Path)
    given = parser.parse_args()
    main(given.rows, given.beside)
