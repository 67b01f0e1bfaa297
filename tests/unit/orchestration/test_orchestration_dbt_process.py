"""One kept child answers call after call, and a lost one is never waited for."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.steps import dbt_process
from orchestration.steps.dbt_process import DbtCall, DbtProcess

CHILD = """
import json, os, socket, sys, time
channel = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, held, _, _ = socket.recv_fds(channel, 1 << 20, 2)
    if not message:
        sys.exit()
    log, lock = held
    call = json.loads(message)
    os.write(log, f"{os.getpid()} {call['build']}".encode())
    if call["build"] == ["die"]:
        os._exit(1)
    if call["build"] == ["wait"]:
        time.sleep(60)
    os.close(log)
    os.close(lock)
    channel.sendall(b".")
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DbtProcess]:
    (tmp_path / "made_up_child.py").write_text(CHILD, "utf-8")
    monkeypatch.setattr(dbt_process, "_CHILD", "made_up_child")
    process = DbtProcess()
    yield process
    process.stop()


def _call(process: DbtProcess, folder: Path, word: str) -> list[str]:
    """Give the child's number and what it was called with."""
    log, lock = folder / "log", folder / "lock"
    environment = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}
    call = DbtCall((), (word,), results="", parsed_for="", environment=environment, variables={})
    with log.open("w") as output, lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process.call(call, output, held.fileno())
    return log.read_text().split()


def test_one_child_answers_all_calls(kept: DbtProcess, tmp_path: Path) -> None:
    first, second = _call(kept, tmp_path, "one"), _call(kept, tmp_path, "two")
    assert first[1:] == ["['one']"]
    assert second == [first[0], "['two']"]


def test_a_child_that_died_is_not_waited_for_and_replaced_at_the_next_call(
    kept: DbtProcess, tmp_path: Path
) -> None:
    first, second = _call(kept, tmp_path, "die"), _call(kept, tmp_path, "two")
    assert second[0] != first[0]


def test_a_child_that_was_started_before_it_is_called_answers_the_first_call(
    kept: DbtProcess, tmp_path: Path
) -> None:
    kept.start({"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]})
    started = kept.process_number
    assert _call(kept, tmp_path, "one")[0] == str(started)


def test_a_child_killed_between_two_calls_is_replaced(kept: DbtProcess, tmp_path: Path) -> None:
    first = int(_call(kept, tmp_path, "one")[0])
    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)
    assert int(_call(kept, tmp_path, "two")[0]) != first


def test_the_lock_is_free_again_after_each_call(kept: DbtProcess, tmp_path: Path) -> None:
    _call(kept, tmp_path, "one")
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_interrupted_call_ends_its_child(kept: DbtProcess, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(1)
    try:
        with pytest.raises(KeyboardInterrupt):
            _call(kept, tmp_path, "wait")
    finally:
        signal.signal(signal.SIGALRM, before)
    child = int((tmp_path / "log").read_text().split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_fork_has_a_child_of_its_own_and_leaves_the_other_alone(
    kept: DbtProcess, tmp_path: Path
) -> None:
    ours = _call(kept, tmp_path, "one")[0]
    other = tmp_path / "other"
    other.mkdir()
    (other / "made_up_child.py").write_text(CHILD, "utf-8")
    fork = os.fork()
    if fork == 0:
        kept.forget()  # what every fork of the kept child of this process does by itself
        theirs = _call(kept, other, "two")[0]
        kept.stop()
        os._exit(0 if theirs != ours else 1)
    _, status = os.waitpid(fork, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert _call(kept, tmp_path, "three")[0] == ours
