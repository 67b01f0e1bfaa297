"""A gate that is killed while it answers: every answer that arrived is in the audit."""

import hashlib
import json
import subprocess
import threading
from pathlib import Path

import pytest
from gate_server import COMMAND, RunningGate, prepare_gate, run_gate

from gate.audit import list_files

PATHS = (
    "/releases/2025Q1/data/children_by_region.csv",
    "/releases/2025Q1.zip",
    "/releases/2025Q1/",
    "/api/v1/releases",
    "/releases/2025Q3/",
    "/releases/2025Q1/../gate.toml",
)
CLIENTS = 12
ANSWERS_BEFORE_THE_KILL = 300

Answered = list[tuple[str, str]]


def ask_until_killed(gate: RunningGate, token: str, answered: Answered, enough) -> None:
    place = 0
    while True:
        try:
            status, headers, body = gate.get(PATHS[place % len(PATHS)], token)
        except OSError:
            return
        if not status or len(body) < int(headers["content-length"]):
            return
        answered.append((headers["moshare-receipt"], hashlib.sha256(body).hexdigest()))
        place += 1
        if len(answered) >= ANSWERS_BEFORE_THE_KILL:
            enough.set()


def test_no_answer_that_arrived_is_missing_after_a_kill(tmp_path: Path) -> None:
    with run_gate(tmp_path) as gate:
        token = gate.make_token()
        for _ in range(3):
            answered: Answered = []
            enough = threading.Event()
            clients = [
                threading.Thread(target=ask_until_killed, args=(gate, token, answered, enough))
                for _ in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            assert enough.wait(120)
            gate.process.kill()
            for client in clients:
                client.join()
            rows = read_whole_rows(gate.state)
            assert [one for one in answered if rows.get(one[0]) != one[1]] == []
            gate.process.wait(30)
            gate.start()
            assert gate.check_audit().rows > len(answered)
        assert gate.stop() == 0
        ended = run(gate, "audit", "verify")
        assert ended.returncode == 0
        assert "The audit is whole" in ended.stdout


def read_whole_rows(state: Path) -> dict[str, str]:
    """Receipt to hash of each row that was finished."""
    lines = [
        line for path in list_files(state / "audit") for line in path.read_bytes().split(b"\n")
    ]
    rows = []
    for line in lines:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return {row["hash"]: row["sha256"] for row in rows}


def run(gate: RunningGate, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *command, "--settings", str(gate.settings)],
        capture_output=True,
        text=True,
        cwd=gate.base,
        check=False,
    )


def test_the_command_finds_one_changed_byte_and_a_receipt(tmp_path: Path) -> None:
    with run_gate(tmp_path) as gate:
        _, headers, _ = gate.get(PATHS[0], gate.make_token())
        gate.stop()
        receipt = headers["moshare-receipt"]
        found = run(gate, "audit", "verify", "--receipt", receipt)
        assert found.returncode == 0
        assert "Row 2 has this hash" in found.stdout
        (path,) = list_files(gate.state / "audit")
        content = path.read_bytes()
        path.write_bytes(content.replace(b'"status":200', b'"status":201'))
        ended = run(gate, "audit", "verify")
        assert ended.returncode == 8
        assert "MS739" in ended.stderr
        path.write_bytes(content)
        assert run(gate, "audit", "verify").returncode == 0


@pytest.mark.parametrize("wrong", ["adress", "calendar"])
def test_a_gate_that_cannot_open_says_why(tmp_path: Path, wrong: str) -> None:
    gate = prepare_gate(tmp_path)
    if wrong == "adress":
        gate.settings.write_text("adress = 1")
    else:
        (tmp_path / "calendar.toml").write_text("[[")
    ended = run(gate, "gate")
    assert ended.returncode == 2
    assert ("MS720" if wrong == "adress" else "MS742") in ended.stderr
