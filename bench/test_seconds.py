"""Seconds of the tests, by folder, file and fixture: `python -m bench.test_seconds [words]`.

The words are pytest's, such as `tests/dbt` or `-n 2 --cov`; without any, all tests are run. Seconds
of processor are those of the test's process and of all that it started, whether that ended or still
runs, also where who started it ended before. What a shared fixture costs is counted with the test
that first asked for it, and listed by itself. Ends as pytest does. It measures another checkout
too: start it in that checkout's folder, as `-m test_seconds` with this `bench` in `PYTHONPATH`.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

NOTES_VARIABLE = "MOSHARE_TEST_SECONDS"
"""Names the file to which each process that runs tests adds what it measured."""
LISTED = 20
CONSOLE = Console(width=140)
_TICKS = os.sysconf("SC_CLK_TCK")
_ADOPT = 36
"""PR_SET_CHILD_SUBREAPER of Linux: processes whose parent ended become this one's."""


def measure_processor() -> float:
    """Seconds of processor of this process and of everything it started, until now."""
    started: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile, and its parent has its seconds
        number = int(path.parent.name)
        started[int(fields[1])].append(number)
        used[number] = sum(map(int, fields[11:15])) / _TICKS
    ended = os.times()
    found = time.process_time() + ended.children_user + ended.children_system
    waiting = list(started[os.getpid()])
    while waiting:
        number = waiting.pop()
        found += used[number]
        waiting += started[number]
    return found


@contextmanager
def _noted(**named: str) -> Iterator[None]:
    processor, clock = measure_processor(), time.monotonic()
    try:
        yield
    finally:
        took = {"processor": measure_processor() - processor, "clock": time.monotonic() - clock}
        with Path(os.environ[NOTES_VARIABLE]).open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(named | took) + "\n")


def pytest_configure() -> None:
    """Keep sight of what a test's processes leave behind, such as Java."""
    ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure a test with the fixtures that it is the first to ask for."""
    with _noted(file=item.nodeid.partition("::")[0]):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Iterator[None]:
    """Measure a fixture that several tests share."""
    if fixturedef.scope == "function":
        return (yield)
    place = request.node.nodeid.partition("::")[0] or fixturedef.baseid
    with _noted(fixture=f"{fixturedef.argname} ({place})"):
        return (yield)


def main() -> None:
    """Run pytest with this module as a plugin, and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.jsonl"
        notes.touch()
        before, clock = os.times(), time.monotonic()
        ended = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "pytest", "-q", "-p", __spec__.name, *sys.argv[1:]],
            env={**os.environ, NOTES_VARIABLE: str(notes)},
            check=False,
        )
        after, clock = os.times(), time.monotonic() - clock
        told = [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
    whole = sum(after[2:4]) - sum(before[2:4])
    show(told)
    CONSOLE.print(f"All with imports: {whole:,.0f} s of processor, {clock:,.0f} of the clock")
    sys.exit(ended.returncode)


def show(told: list[dict[str, Any]]) -> None:
    """Print folders, the slowest files and the slowest shared fixtures."""
    files = [one for one in told if "file" in one]
    folders = [one | {"folder": str(PurePosixPath(one["file"]).parent)} for one in files]
    fixtures = [one for one in told if "fixture" in one]
    for kind, rows, most in (
        ("folder", folders, None),
        ("file", files, LISTED),
        ("fixture", fixtures, LISTED),
    ):
        sums: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        for one in rows:
            added = (1, one["processor"], one["clock"])
            sums[one[kind]] = [a + b for a, b in zip(sums[one[kind]], added, strict=True)]
        table = Table(kind, "times", "s of processor", "s of the clock")
        for name, (times, *seconds) in sorted(sums.items(), key=lambda one: -one[1][1])[:most]:
            table.add_row(name, f"{times:,.0f}", *(f"{value:,.1f}" for value in seconds))
        CONSOLE.print(table)


if __name__ == "__main__":
    main()
