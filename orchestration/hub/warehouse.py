"""Open the warehouse: one process at a time, read-only for everyone but dbt.

DuckDB lets one process write a file or many read it, and a reader that meets a writer fails with
a message of its own. A file lock makes them wait for one another instead; it goes with its
process, so a killed run leaves nothing behind. Does not belong here: any SQL about what is read.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings

POOL = "warehouse"
"""Dagster pool of every step that opens the warehouse; its limit is one."""


@contextmanager
def warehouse_lock(settings: Settings) -> Iterator[int]:
    """Wait until no other process of this installation has the warehouse open.

    Yields:
        The lock's file descriptor. A child process that inherits it holds the lock for as long as
        it lives, also when its parent is killed.
    """
    settings.vault.folder.mkdir(parents=True, exist_ok=True)
    with settings.vault.warehouse_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for reading, offline, with no way to install an extension.

    Raises:
        OrchestrationError: MS924 when there is none.
    """
    if not settings.vault.warehouse.exists():
        raise OrchestrationError("MS924")
    with warehouse_lock(settings), read_warehouse(settings) as connection:
        yield connection


def read_warehouse(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the warehouse as `open_warehouse` does, for one who has the lock."""
    return duckdb.connect(
        str(settings.vault.warehouse),
        read_only=True,
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(settings.vault.warehouse_overflow),
        },
    )
