"""The program of the process that runs dbt: one call after another, each with what it is given.

It is started by `dbt_process`, keeps dbt imported and the project parsed, and keeps nothing else:
every call has its own environment, its own log and its own connection to the warehouse. It imports
nothing of ours, so that what it does can be read here. Does not belong here: what is called.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from typing import Any

_LONGEST = 1 << 20


class _Project:
    """The dbt project as it was parsed, for as long as its rules and variables stay."""

    def __init__(self) -> None:
        self._manifest: Any = None
        self._parsed_for: object = None

    def parse(self, call: dict[str, Any]) -> Any:  # noqa: ANN401 - dbt's own type
        """Give the parsed project, anew if anything that it depends on is another one now."""
        from dbt.cli.main import dbtRunner

        if self._parsed_for != call["parsed_for"]:
            parsed = dbtRunner().invoke(call["parse"])
            self._manifest = parsed.result if parsed.success else None
            self._parsed_for = call["parsed_for"] if parsed.success else None
        return self._manifest


def _run(call: dict[str, Any], project: _Project) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ.clear()
    os.environ.update(call["environment"])
    try:
        manifest = project.parse(call)
        if manifest is not None:
            dbtRunner(manifest=manifest).invoke(call["build"])
    finally:
        # What seals the warehouse lasts as long as its connection, and the next call seals anew.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        gc.collect()


def main() -> int:
    """Answer calls until the parent is gone."""
    project = _Project()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        while True:
            message, held, _, _ = socket.recv_fds(channel, _LONGEST, 2)
            if not message:
                return 0
            while not message.endswith(b"\n"):
                message += channel.recv(_LONGEST)
            log, lock = held
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os.dup2(log, 1)
            os.dup2(log, 2)
            try:
                _run(json.loads(message), project)
            finally:
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                os.close(log)
                os.close(lock)
            channel.sendall(b"done")


if __name__ == "__main__":
    sys.exit(main())
