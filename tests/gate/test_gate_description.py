"""The gate against its own description: whatever schemathesis makes up, it answers as it says."""

import subprocess
import sys
from pathlib import Path

import pytest
from gate_server import RunningGate

EXAMPLES = "15"


@pytest.mark.parametrize("with_token", [True, False], ids=["with a token", "with none"])
def test_every_answer_is_one_that_is_described(
    running: RunningGate, tmp_path: Path, with_token: bool
) -> None:
    before = running.check_audit().rows
    header = ["--header", f"Authorization: Bearer {running.make_token()}"]
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"http://127.0.0.1:{running.port}/openapi.json",
            *(header if with_token else []),
            *("--checks", "all" if with_token else "not_a_server_error,ignored_auth"),
            *("--max-examples", EXAMPLES, "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "MS737" not in running.log
    assert running.check_audit().rows > before + 100
