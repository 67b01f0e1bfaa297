"""Time to take in a large delivery of each record format: `python bench/readers.py [rows]`.

Simulates both deliveries first (some minutes), then takes each in from its inbox as the hub does:
hash, checks, quarantine, Parquet, receipt. Needs about 3 GiB of disk in the temporary folder.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from durable.vault import Vault
from orchestration.steps.delivering import Delivery, deliver
from simulator.simulate import simulate
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.zones import Zones

QUARTER = Quarter(2025, 1)


def main(rows: int) -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        zones = Zones(landing=home / "landing", vault=Vault(home / "vault"))
        console.print(f"Simulating {rows:,} DSS rows and {rows:,} police victims …")
        world = simulate(home / "world", [QUARTER], 1, dss_child_rows=rows, police_victims=rows)
        table = Table("agency", "lines", "MiB", "seconds", "lines a second")
        for prepared in world.deliveries:
            if prepared.agency == "hotline":
                continue
            said = Delivery(
                prepared.agency, str(QUARTER), "full", 1, prepared.as_of, simulated=True
            )
            files = {role: prepared.folder / name for role, name in prepared.files.items()}
            deliver(zones.landing / "inbox", said, files)
            size = sum(path.stat().st_size for path in files.values())
            start = time.perf_counter()
            receipt = ingest(zones, prepared.agency, str(QUARTER))
            seconds = time.perf_counter() - start
            lines = sum(reading.lines_read for reading in receipt.files)
            table.add_row(
                prepared.agency,
                f"{lines:,}",
                f"{size / 2**20:,.0f}",
                f"{seconds:.1f}",
                f"{lines / seconds:,.0f}",
            )
        console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    console.print(f"Peak memory of this process: {peak:.1f} GiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
