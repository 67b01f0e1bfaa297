"""Start a backfill of two unreleased quarters in the UI, the younger first, and see who goes first.

Run `python -m bench.backfill`. It takes some minutes, works in a folder that is thrown away, starts
what `moshare dev` starts, asks for the backfill as the UI does (GraphQL), and prints each run as
it begins. It ends with 1 unless both quarters were released, the oldest first, one at a time. All
records are simulated.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import typer

from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.approving import approve_for_demo
from orchestration.steps.simulated import deliver_simulated
from sources.quarters import Quarter

OLDER, YOUNGER = Quarter(2025, 1), Quarter(2025, 2)
SCALE = 0.1
LONGEST_SECONDS = 1800

LAUNCH = """
mutation($repository: RepositorySelector!, $partitions: [String!]!) {
  launchPartitionBackfill(backfillParams: {
    selector: {repositorySelector: $repository, partitionSetName: "whole_quarter_partition_set"},
    partitionNames: $partitions
  }) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
RUNS = """
{ runsOrError(filter: {pipelineName: "whole_quarter"}) {
    ... on Runs { results { runId status startTime endTime tags { key value } } } } }
"""
REPOSITORY = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "orchestration.definitions",
}


@dataclass(frozen=True)
class Run:
    """One run of the backfill; times are seconds, 0 where it did not begin or end yet."""

    quarter: str
    status: str
    began: float
    ended: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="moshare-backfill-") as folder:
        home = prepare_home(Path(folder).resolve())
        with open_ui(home) as address:
            is_well = backfill(home, address)
    raise typer.Exit(0 if is_well else 1)


def prepare_home(folder: Path) -> Settings:
    """A data home with two quarters that are delivered and signed, and not released."""
    home = Settings(folder)
    prepare_process(home)
    deliver_simulated(home, [OLDER, YOUNGER], seed=2025, scale=SCALE)
    for quarter in (OLDER, YOUNGER):
        approve_for_demo(quarter, home)
    return home


def backfill(home: Settings, address: str) -> bool:
    """Run the backfill; gives whether both quarters were released, one by one, the oldest first."""
    asked = [YOUNGER.first_day.isoformat(), OLDER.first_day.isoformat()]
    typer.echo(f"Asked for, in this order: {', '.join(asked)}")
    launch(address, asked)
    first, second = runs = watch(address)
    released = [(home.releases / run.quarter / "release.json").exists() for run in runs]
    in_order = (first.quarter, second.quarter) == (str(OLDER), str(YOUNGER))
    one_by_one = 0 < first.ended <= second.began
    typer.echo(f"Released: {released.count(True)} of 2; oldest first: {in_order and one_by_one}")
    return all(released) and in_order and one_by_one


@contextmanager
def open_ui(home: Settings) -> Iterator[str]:
    """Run web server, daemon and code as `moshare dev` does; gives the address for questions."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moshare")
    started = subprocess.Popen(  # noqa: S603
        [program, "dev", "--port", str(port)],
        env={**os.environ, "MOSHARE_HOME": str(home.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}/graphql"
        wait_for(lambda: ask(address, "{ version }"))
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        started.wait(60)


def ask(address: str, query: str, **variables: object) -> dict[str, Any]:
    """Ask Dagster's web server as its pages do."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    asked = Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 - this machine
    with urlopen(asked, timeout=60) as answer:  # noqa: S310 - this machine
        found: dict[str, Any] = json.load(answer)["data"]
    return found


def launch(address: str, partitions: list[str]) -> None:
    """Start the backfill."""
    answer = ask(address, LAUNCH, repository=REPOSITORY, partitions=partitions)
    launched = answer["launchPartitionBackfill"]
    if launched["__typename"] != "LaunchBackfillSuccess":
        raise RuntimeError(launched)


def watch(address: str) -> list[Run]:
    """Print each run as it begins and ends, until all have; gives them as they began."""
    told: set[tuple[str, str]] = set()
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        runs = list_runs(address)
        for run in runs:
            if (run.quarter, run.status) not in told:
                told.add((run.quarter, run.status))
                typer.echo(f"{time.strftime('%H:%M:%S')}  {run.quarter}  {run.status.lower()}")
        if len(runs) == 2 and all(run.ended for run in runs):
            return runs
        time.sleep(1)
    raise TimeoutError("the backfill did not end")


def list_runs(address: str) -> list[Run]:
    """The runs of the quarters, in the order in which they began."""
    found = ask(address, RUNS)["runsOrError"]["results"]
    runs = []
    for one in found:
        tags = {tag["key"]: tag["value"] for tag in one["tags"]}
        began, ended = one["startTime"] or 0.0, one["endTime"] or 0.0
        runs.append(Run(tags["moshare/quarter"], one["status"], began, ended))
    return sorted(runs, key=lambda run: (run.began or float("inf"), run.quarter))


def wait_for(question: Callable[[], object]) -> None:
    """Ask until there is an answer, for two minutes at most."""
    until = time.monotonic() + 120
    while True:
        try:
            question()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(1)
        else:
            return


if __name__ == "__main__":
    typer.run(main)
