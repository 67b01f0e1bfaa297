"""The analyst's page, followed word for word against a gate that runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

from gate_releases import build_release_folder
from gate_server import keep_running, prepare_gate
from portal_quarters import publish_quarters

from portal.all_quarters import list_all_rows
from portal.files import list_files

PAGE = Path(__file__).resolve().parents[2] / "docs" / "analyst.md"


def list_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_step_to_the_table_works_as_it_is_written(tmp_path: Path) -> None:
    blocks = [block for block in list_blocks() if ".plot" not in block]
    assert len(blocks) == len(list_blocks()) - 1
    gate, release = prepare_gate(tmp_path / "gate"), publish_quarters()["2025Q4"]
    files = list_files(release)
    extra = {path: files[path] for path in ("data/all_quarters.csv", "data/rates.csv")}
    key = gate.base / "signing.key"
    build_release_folder(gate.releases, "2025Q2", key=key, extra=extra)
    text = "\n".join(blocks).replace("127.0.0.1:8600", f"127.0.0.1:{gate.port}")
    (tmp_path / "steps.py").write_text(text + "\nprint(latest, len(regions), len(every))\n")
    with keep_running(gate):
        (tmp_path / "token.txt").write_text(gate.make_token() + "\n")
        ended = subprocess.run(
            [sys.executable, "-W", "error", "steps.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == f"2025Q2 6 {len(list_all_rows(release))}"
