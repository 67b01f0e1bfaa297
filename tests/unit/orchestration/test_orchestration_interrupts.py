"""Ctrl-C and SIGTERM end any command with one sentence and an exit code of their own."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.hub.settings import HOME_VARIABLE

SENTENCE = "interrupted; run it again\n"
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
AROUND = """
import os, signal, sys, time
from orchestration.hub.interrupts import Interrupted, exit_when_interrupted, raise_if_interrupted
number = int(sys.argv[1])
with exit_when_interrupted():
{body}
print("went on")
"""

BODIES = {
    "at once": "os.kill(os.getpid(), number)\ntime.sleep(5)",
    "another handler, as Dagster has one while a step runs": """
class Other(BaseException): pass
def other(*_): raise Other
signal.signal(number, other)
os.kill(os.getpid(), number)
time.sleep(5)""",
    "turned into another error, as DuckDB does": """
try:
    os.kill(os.getpid(), number)
    time.sleep(5)
except Interrupted:
    raise RuntimeError('interrupted') from None""",
    "told as a failure before": """
try:
    os.kill(os.getpid(), number)
    time.sleep(5)
except BaseException:
    pass
raise_if_interrupted()""",
    "logged as an error on the way, as SQLAlchemy does": """
import logging
try:
    os.kill(os.getpid(), number)
    time.sleep(5)
except BaseException:
    logging.getLogger("other").exception("closing a connection")
    raise""",
    "twice": "os.kill(os.getpid(), number)\nos.kill(os.getpid(), number)\ntime.sleep(5)",
}


def run(body: str, number: int) -> subprocess.CompletedProcess[str]:
    program = AROUND.format(body="\n".join(f"    {line}" for line in body.splitlines()))
    return subprocess.run(
        [sys.executable, "-c", program, str(int(number))],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_interrupt_ends_in_one_sentence_whoever_handles_it(
    number: int, code: int, body: str
) -> None:
    ended = run(body, number)
    assert (ended.returncode, ended.stderr, ended.stdout) == (code, SENTENCE, "")


def test_any_other_end_is_left_as_it_is() -> None:
    assert run("sys.exit(5)", 2).returncode == 5
    assert "ValueError" in run("raise ValueError", 2).stderr
    assert run("raise_if_interrupted()", 2).stdout == "went on\n"


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_command_that_waits_is_interrupted_without_a_failure(
    tmp_path: Path, number: int, code: int
) -> None:
    lock = tmp_path / "home" / "dagster" / "instance.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [Path(sys.executable).with_name("moshare"), "run", "--quarter", "2025Q1"],
            env={**os.environ, HOME_VARIABLE: str(tmp_path / "home")},
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (tmp_path / "home" / "vault").exists():
            time.sleep(0.1)
        time.sleep(2)
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode == code
    assert told.endswith(SENTENCE)
    assert "MS" not in told
    assert not (tmp_path / "home" / "vault" / "errors").exists()
