"""The work folder of an ingest: one ingest at a time has it, and it is empty before and after.

What was decrypted or unpacked lies there while it is read, and nowhere else. Does not belong here:
what an ingest does (`ingest`).
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from durable.vault import Vault


@contextmanager
def open_scratch(vault: Vault, agency: str, quarter: str) -> Iterator[Path]:
    """Wait for other ingests of a quarter, and give the work folder, which is empty."""
    work = vault.work(agency, quarter)
    lock = vault.ingest_lock(agency, quarter)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _lock(lock, fcntl.LOCK_EX):
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(parents=True)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def clear_scratch(vault: Vault) -> None:
    """Remove what ingests left that were killed; where one is at work, its folder stays."""
    for work in vault.find_work():
        with suppress(BlockingIOError):
            lock = vault.ingest_lock(work.parent.name, work.name)
            with _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _lock(path: Path, operation: int) -> Iterator[None]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, operation)
        yield
    finally:
        os.close(handle)
