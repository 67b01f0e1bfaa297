"""The dbt project says the same on both engines: every table, row for row, of a small state."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_table_is_the_same_row_for_row_on_both_engines(tmp_path: Path) -> None:
    """A quarter that closes a year, and one after its release."""
    words = ("--quarters", "2", "--first", "2025Q4", "--scale", "0.05")
    done = subprocess.run(
        [sys.executable, "-m", "bench.parity", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.search(r"(\d+) of (\d+) tables are the same, row for row", done.stdout)
    assert told
    assert told[1] == told[2]
    assert int(told[2]) > 70
