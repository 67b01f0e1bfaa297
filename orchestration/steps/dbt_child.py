"""The program of the process that runs dbt: one call after another, each with what it is given.

It is started by `dbt_process`, keeps dbt imported and the project parsed, and keeps nothing else:
every call has its own environment, its own log and its own connection to the warehouse. It imports
nothing of ours, so that what it does can be read here. Does not belong here: what is called.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

_LONGEST = 1 << 20


class _Project:
    """The dbt project as it was parsed, for as long as what it was parsed for stays."""

    def __init__(self) -> None:
        self._manifest: Any = None
        self._parsed_for: object = None

    def parse(self, call: dict[str, Any]) -> Any:  # noqa: ANN401 - dbt's own type
        """Give the parsed project, anew where it was parsed for another; None if that fails."""
        from dbt.cli.main import dbtRunner

        if self._manifest is None or self._parsed_for != call["parsed_for"]:
            self._manifest = dbtRunner().invoke(call["parse"]).result
            if self._manifest:
                self._manifest.disabled.clear()  # dbt 1.11 cannot copy them
            self._parsed_for = call["parsed_for"]
            gc.collect()
            gc.freeze()
        # A build leaves compiled SQL in what it was given, and the next one would take it for done.
        return self._manifest and self._manifest.deepcopy()


def _run(call: dict[str, Any], project: _Project) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ.clear()
    os.environ.update(call["environment"])
    try:
        manifest = project.parse(call)
        os.environ.update(call["variables"])
        if manifest is not None:
            outcome = dbtRunner(manifest=manifest).invoke(call["build"])
            if outcome.result is not None:
                _write_results(call["results"], outcome.result)
    finally:
        # The engine stays sealed as long as it is connected, and the next call seals it anew.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _write_results(place: str, result: Any) -> None:  # noqa: ANN401 - dbt's own type
    """Write what came of each node; dbt's own files tell of all there are, for half a second."""
    told = [
        {
            "unique_id": one.node.unique_id,
            "status": str(one.status),
            "relation_name": getattr(one.node, "relation_name", None),
            "compiled_code": getattr(one.node, "compiled_code", None),
            "reads": list(getattr(one.node, "depends_on_nodes", ())),
            "test": _describe_test(one.node),
        }
        for one in result.results
    ]
    aside = Path(f"{place}.new")
    aside.parent.mkdir(parents=True, exist_ok=True)
    aside.write_text(json.dumps(told), "utf-8")
    aside.replace(place)


def _describe_test(node: Any) -> Any:  # noqa: ANN401 - dbt's own type
    """Name and arguments of a test that has them, as its file has them."""
    test = getattr(node, "test_metadata", None)
    return test and {"name": test.name, "arguments": test.kwargs}


def _answer(channel: socket.socket, project: _Project) -> bool:
    """Answer one call; False when there is nobody left who calls."""
    message, held, _, _ = socket.recv_fds(channel, _LONGEST, 2)
    if not message:
        return False
    log, lock = held
    try:
        while not message.endswith(b"\n"):
            more = channel.recv(_LONGEST)
            if not more:
                return False
            message += more
        os.dup2(log, 1)
        os.dup2(log, 2)
        _run(json.loads(message), project)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.close(log)
        os.close(lock)
    channel.sendall(b".")
    return True


def main() -> int:
    """Answer calls until the parent is gone."""
    # An interrupted dbt writes results of what it built until then, as if nothing were missing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Nearly all that dbt makes is kept; garbage is collected between calls.
    gc.disable()
    project = _Project()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        for name in ("dbt.cli.main", "dbt.adapters.duckdb.connections"):
            importlib.import_module(name)  # a second, in which nobody need wait yet
        while _answer(channel, project):
            gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main())
