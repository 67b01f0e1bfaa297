"""Kill and starve every stage of a quarter: `python -m bench.kill_drill`.

Prints, for each stage and each kind of ledger: kills and full disks, deliveries lost, quarters
lost, second draws, and how many the next run finished. Ends with 1 where anything was lost or
drawn twice.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.kill_drill import drill
from bench.kill_drill.disks import can_mount
from bench.kill_drill.processes import kill_children_of_this, kill_this, run_child
from bench.kill_drill.stages import QUARTER, SEED, STAGES, Stage, warm_up
from orchestration.hub.interrupts import exit_when_interrupted
from orchestration.hub.settings import Settings

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
MOST_PAGES = [0, 1, 2, 3, 5, 8, 13, 24]
DRAW = "charge, draw, mark, record"
KILLS = {"deliver": 8, "ingest": 8, DRAW: 34, "folder, sign, zip": 8}
KILLS_ON_SERVER = {DRAW: 22, "folder, sign, zip": 3}
USUAL_KILLS = 5
SUMMED = (
    "kills",
    "disks",
    "undisturbed",
    "deliveries_lost",
    "quarters_lost",
    "second_draws",
    "finished",
)
COLUMNS = (
    "stage",
    "ledger",
    "kills",
    "full disks",
    "deliveries lost",
    "quarters lost",
    "second draws",
    "finished on the next run",
)


class Postgres:
    """Ledgers as databases of one server, copied as templates."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._made = 0

    def copy(self, name: str | None) -> str:
        """Give the address of a new database like an earlier one, or of an empty one."""
        self._made += 1
        template = "template0" if name is None else _name_database(name)
        made = run_child(lambda: self._create(template), Path("/nowhere"))
        if made.problem:
            raise RuntimeError(made.problem)
        return self._address.replace("/postgres?", f"/ledger_{self._made}?")

    def _create(self, template: str) -> None:
        import psycopg

        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE ledger_{self._made} TEMPLATE {template}")


def _name_database(address: str) -> str:
    return address.partition("ledger@/")[2].partition("?")[0]


@contextmanager
def _server() -> Iterator[Postgres]:
    """Run the server that the tests of the ledger use."""
    from bench.postgres import run_postgres

    with run_postgres() as address:
        yield Postgres(address)


def _disturb(
    ground: drill.Ground, after: Path, *, is_mounted: bool, share: float
) -> tuple[drill.Score, str | None]:
    """Run all trials of one stage; gives their score, and the ledger of an undisturbed run."""
    score = drill.Score()
    start = time.monotonic()
    ground, steps, address = drill.measure(ground, after)
    seconds = time.monotonic() - start
    if ground.stage.by_dbt:
        killers = [kill_children_of_this(0.5 * seconds), kill_this(0.4 * seconds)]
        drill.kill_in_time(ground, killers[: max(1, round(len(killers) * share))], score)
        if ground.stage.name == "staging":
            drill.fill_disks(ground, [4], score, is_mounted=is_mounted)
        return score, address
    known = KILLS if ground.server is None else KILLS_ON_SERVER
    trials = known.get(ground.stage.name, USUAL_KILLS)
    drill.kill_at_steps(ground, steps, max(2, round(trials * share)), score)
    pages = MOST_PAGES if ground.stage.name == DRAW and ground.server is None else MOST_PAGES[::3]
    chosen = pages[: max(1, round(len(pages) * share))]
    drill.fill_disks(ground, chosen, score, is_mounted=is_mounted)
    return score, address


def run_stages(
    folder: Path, console: Console, *, share: float = 1.0, server: Postgres | None = None
) -> list[tuple[Stage, str, drill.Score]]:
    """Drill the stages one after another; gives the score of each.

    Args:
        folder: An empty folder for data homes.
        console: Told of each stage.
        share: Of the trials; 1 for all.
        server: Where ledgers lie too.
    """
    is_mounted = can_mount(folder)
    if not is_mounted:
        console.print("No small disk can be mounted here: files are limited in size instead.")
    before, scores = folder / "0", []
    drill.begin(before)
    address: str | None = None
    served: Path | None = None
    for number, stage in enumerate(STAGES, 1):
        after = folder / str(number)
        ground = drill.Ground(stage, before, folder / "trial")
        start = time.monotonic()
        score, _ = _disturb(ground, after, is_mounted=is_mounted, share=share)
        _say(console, stage, SQLITE, score, time.monotonic() - start)
        scores.append((stage, SQLITE, score))
        if server is not None and stage.on_server:
            ground = replace(ground, before=served or before, ledger=address, server=server)
            served, start = folder / f"{number}-served", time.monotonic()
            score, address = _disturb(ground, served, is_mounted=is_mounted, share=share)
            _say(console, stage, POSTGRES, score, time.monotonic() - start)
            scores.append((stage, POSTGRES, score))
        before = after
    return scores


def _say(console: Console, stage: Stage, ledger: str, score: drill.Score, seconds: float) -> None:
    console.print(
        f"{stage.name} ({ledger}): {score.disturbed} disturbed, {score.finished} finished, "
        f"{score.undisturbed} ended before, {seconds:.0f} s"
    )
    for problem in dict.fromkeys(score.problems):
        console.print(f"  {problem}", markup=False, soft_wrap=True)


def kill_commands(folder: Path) -> drill.Score:
    """Kill `moshare run` as a whole at several moments, by each signal, then run it again."""
    score = drill.Score()
    home = folder / "whole"
    environment = {**os.environ, "MOSHARE_HOME": str(home)}
    moshare = str(Path(sys.executable).with_name("moshare"))
    ends = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}

    def call(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own command line
            [moshare, *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    call("simulate", str(QUARTER), "--seed", str(SEED)).communicate()
    approved = run_child(lambda: _approve(Settings(home)), home)
    if approved.problem:
        raise RuntimeError(approved.problem)
    for seconds, number in ((4, signal.SIGKILL), (7, signal.SIGINT), (10, signal.SIGTERM)):
        process = call("run", "--quarter", str(QUARTER))
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            _, told = process.communicate()
            if process.returncode != ends[number]:
                score.problems.append(f"ended with {process.returncode}: {told}")
            score.kills += 1
        else:
            score.undisturbed += 1
    process = call("run", "--quarter", str(QUARTER))
    _, told = process.communicate()
    is_there = (home / "releases" / str(QUARTER) / "release.json").is_file()
    if process.returncode or not is_there:
        score.problems.append(told)
        score.quarters_lost += 1
    else:
        score.finished += score.kills
    return score


def _approve(settings: Settings) -> None:
    from orchestration.steps.approving import approve_for_demo

    approve_for_demo(QUARTER, settings)


def _show(scores: list[tuple[str, str, drill.Score]], console: Console, seconds: float) -> int:
    table = Table(*COLUMNS)
    total = drill.Score()
    for name, ledger, score in scores:
        table.add_row(name, ledger, *_cells(score))
        for key in SUMMED:
            setattr(total, key, getattr(total, key) + getattr(score, key))
    table.add_section()
    table.add_row("all", "", *_cells(total))
    console.print(table)
    console.print(f"{seconds:.0f} s")
    return bool(total.deliveries_lost or total.quarters_lost or total.second_draws)


def _cells(score: drill.Score) -> list[str]:
    finished = f"{score.finished} of {score.disturbed + score.undisturbed}"
    lost = (score.deliveries_lost, score.quarters_lost, score.second_draws)
    return [str(score.kills), str(score.disks), *map(str, lost), finished]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--share", type=float, default=1.0, help="Of the trials; 1 for all.")
    share = words.parse_args().share
    console, start = Console(width=120), time.monotonic()
    with exit_when_interrupted(), tempfile.TemporaryDirectory() as name, _server() as server:
        folder = Path(name)
        warm_up(Settings(folder / "none"))
        found = run_stages(folder, console, share=share, server=server)
        scores = [(stage.name, ledger, score) for stage, ledger, score in found]
        scores.append(("moshare run, whole", SQLITE, kill_commands(folder)))
    sys.exit(_show(scores, console, time.monotonic() - start))


if __name__ == "__main__":
    main()
