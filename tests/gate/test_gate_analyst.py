"""The analyst's page, followed word for word against a gate that runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

from gate_server import RunningGate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "analyst.md"


def list_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_step_to_the_table_works_as_it_is_written(
    running: RunningGate, tmp_path: Path
) -> None:
    blocks = [block for block in list_blocks() if ".plot" not in block]
    assert len(blocks) == len(list_blocks()) - 1
    text = "\n".join(blocks).replace("127.0.0.1:8600", f"127.0.0.1:{running.port}")
    (tmp_path / "token.txt").write_text(running.make_token() + "\n")
    (tmp_path / "steps.py").write_text(text + "\nprint(latest, len(regions), len(quarters))\n")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "steps.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "2025Q2 6 12"
