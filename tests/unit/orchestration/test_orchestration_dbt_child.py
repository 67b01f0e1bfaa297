"""The kept child of dbt ends whole: no results of half a build, and never without its parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.steps.dbt_process import DbtCall, DbtProcess

RUNNER = """
import os, pathlib, time
from types import SimpleNamespace
class dbtRunner:
    disabled = {}
    results = ()
    def __init__(self, manifest=None):
        pass
    def invoke(self, arguments):
        self.result = self
        if arguments[:1] == ["tell"]:
            folder = pathlib.Path(__file__).parents[2]
            (folder / arguments[1]).write_text(" ".join(os.environ))
        if arguments == ["stop"]:
            self.result = None
        if arguments == ["find"]:
            test = SimpleNamespace(name="assert_rules_hold", kwargs={"frame": "arrests"})
            nodes = [
                SimpleNamespace(unique_id="model.moshare.a", compiled_code="select 1"),
                SimpleNamespace(unique_id="test.moshare.t", test_metadata=test),
            ]
            self.results = [SimpleNamespace(node=node, status="success") for node in nodes]
        if arguments == ["build"]:
            folder = pathlib.Path(__file__).parents[2]
            (folder / "began").touch()
            try:
                time.sleep(30)
            except BaseException:
                (folder / "results").touch()  # as dbt does, of what was built until then
        return self
    def deepcopy(self):
        return self
"""

CONNECTIONS = """
class DuckDBConnectionManager:
    close_all_connections = staticmethod(lambda: None)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder where a made-up dbt is found first; the child works in one with a module of
    the name of one of Python's own."""
    for package, module, text in (
        ("dbt/cli", "main", RUNNER),
        ("dbt/adapters/duckdb", "connections", CONNECTIONS),
    ):
        inside = tmp_path / package
        inside.mkdir(parents=True)
        (inside / f"{module}.py").write_text(text, "utf-8")
        for one in (inside, inside.parent):
            (one / "__init__.py").touch()
    surroundings = tmp_path / "surroundings"
    surroundings.mkdir()
    (surroundings / "json.py").write_text("raise SystemExit", "utf-8")
    monkeypatch.chdir(surroundings)
    return tmp_path


def _make_call(folder: Path, *build: str) -> DbtCall:
    return DbtCall(
        parse=(),
        build=build,
        results=str(folder / "found" / "results.json"),
        parsed_for="",
        environment={"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]},
        variables={},
    )


def _wait_for(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} never came")


def test_an_interrupt_that_reaches_the_child_alone_leaves_no_results_of_half_a_build(
    folder: Path,
) -> None:
    process = DbtProcess()
    call = _make_call(folder, "build")
    with (folder / "log").open("w") as log, (folder / "lock").open("w") as lock:
        waiting = threading.Thread(target=process.call, args=(call, log, lock.fileno()))
        waiting.start()
        _wait_for(folder / "began")
        assert process._process is not None
        os.kill(process._process.pid, signal.SIGINT)
        waiting.join(20)
    process.stop()
    assert not waiting.is_alive()
    assert not (folder / "results").exists()


def test_the_project_is_parsed_without_what_a_call_is_told_of_its_quarter(folder: Path) -> None:
    process = DbtProcess()
    with (folder / "log").open("w") as log, (folder / "lock").open("w") as lock:
        for name in ("QUARTER", "OTHER"):
            call = replace(
                _make_call(folder, "tell", "built"),
                parse=("tell", "parsed"),
                parsed_for=name,
                variables={name: "1"},
            )
            process.call(call, log, lock.fileno())
            assert not {"QUARTER", "OTHER"} & {*(folder / "parsed").read_text("utf-8").split()}
            told = {*(folder / "built").read_text("utf-8").split()}
            assert told & {"QUARTER", "OTHER"} == {name}
    process.stop()


def test_what_came_of_each_node_is_left_and_nothing_where_dbt_stopped_before(folder: Path) -> None:
    process = DbtProcess()
    results = folder / "found" / "results.json"
    with (folder / "log").open("w") as log, (folder / "lock").open("w") as lock:
        process.call(_make_call(folder, "stop"), log, lock.fileno())
        assert not results.exists()
        process.call(_make_call(folder, "find"), log, lock.fileno())
    process.stop()
    model, test = json.loads(results.read_text("utf-8"))
    assert model == {
        "unique_id": "model.moshare.a",
        "status": "success",
        "relation_name": None,
        "compiled_code": "select 1",
        "reads": [],
        "test": None,
    }
    assert test["test"] == {"name": "assert_rules_hold", "arguments": {"frame": "arrests"}}


def test_a_module_that_lies_where_somebody_works_is_no_part_of_the_child(folder: Path) -> None:
    process = DbtProcess()
    with (folder / "log").open("w") as log, (folder / "lock").open("w") as lock:
        process.call(_make_call(folder, "other"), log, lock.fileno())
    child = process._process
    process.stop()
    assert child is not None


def test_a_child_whose_parent_died_while_it_called_ends(folder: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs, (folder / "log").open("w") as log, (folder / "lock").open("w") as lock:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "orchestration.steps.dbt_child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.DEVNULL,
        )
        with ours:
            socket.send_fds(ours, [b'{"half": '], [log.fileno(), lock.fileno()])
    try:
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()
