"""Disturb one stage, run it again, and look what was lost.

A *trial* copies what the stage begins with, disturbs the stage once, runs it again as the next run
would, and compares what it left with what an undisturbed run leaves.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bench.kill_drill.disks import make_room, small_disk
from bench.kill_drill.processes import Ending, run_child
from bench.kill_drill.stages import Stage, count_charges, find_deliveries, find_draws, recover
from orchestration.hub.settings import Settings, prepare_process


class Server(Protocol):
    """Where ledgers lie that are no files."""

    def copy(self, name: str | None) -> str:
        """Give the address of a new ledger like an earlier one, or of an empty one."""


@dataclass
class Score:
    """What became of the trials of one stage.

    Attributes:
        kills: Children that were killed.
        disks: Children whose disk was full.
        undisturbed: Children that ended before they could be disturbed.
        deliveries_lost: Deliveries that lie neither in an inbox nor in the vault.
        quarters_lost: Trials without the stage's outcome, also after an officer's recovery.
        recovered: Trials that needed the officer.
        second_draws: Trials in which two sets of cells may have been seen for one charge.
        finished: Trials that the next run finished.
        problems: What the next runs said that did not finish.
    """

    kills: int = 0
    disks: int = 0
    undisturbed: int = 0
    deliveries_lost: int = 0
    quarters_lost: int = 0
    recovered: int = 0
    second_draws: int = 0
    finished: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def disturbed(self) -> int:
        """Trials in which something happened."""
        return self.kills + self.disks


@dataclass(frozen=True)
class Ground:
    """Where the trials of one stage run.

    Attributes:
        stage: What is disturbed.
        before: The data home that it begins with.
        place: Where copies of it are made.
        ledger: Address of the ledger it begins with; none where it is a file of the data home.
        server: Makes copies of that ledger.
        expected: What an undisturbed run leaves.
        deliveries: Agencies whose delivery is there before.
    """

    stage: Stage
    before: Path
    place: Path
    ledger: str | None = None
    server: Server | None = None
    expected: object = None
    deliveries: tuple[str, ...] = ()

    @contextmanager
    def copied(self) -> Iterator[Settings]:
        """Give a fresh copy of what the stage begins with."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.before, self.place)
        yield self.settings()
        shutil.rmtree(self.place, ignore_errors=True)

    def settings(self) -> Settings:
        """The settings of a trial, with a ledger of its own."""
        address = self.server.copy(self.ledger) if self.server is not None else None
        return Settings(self.place, address)

    def run(self, settings: Settings, **options: object) -> Ending:
        """Run the stage in a child."""

        def work() -> None:
            self.stage.run(settings)

        return run_child(work, self.place, **options)  # type: ignore[arg-type]


def measure(ground: Ground, after: Path) -> tuple[Ground, int, str | None]:
    """Run a stage undisturbed.

    Args:
        ground: Where it runs.
        after: Gets the data home that it leaves.

    Returns:
        What trials are compared with, how many steps the stage has, and the ledger that it leaves.

    Raises:
        RuntimeError: The stage fails by itself.
    """
    with ground.copied() as settings:
        before = run_child(lambda: find_deliveries(settings), ground.place).given
        ending = ground.run(settings)
        shutil.copytree(ground.place, after)
        left = run_child(lambda: ground.stage.outcome(settings), ground.place)
    if ending.problem or left.problem:
        raise RuntimeError(f"{ground.stage.name}: {ending.problem or left.problem}")
    measured = replace(ground, expected=left.given, deliveries=tuple(before))
    return measured, ending.steps, settings.ledger_address


def kill_at_steps(ground: Ground, steps: int, trials: int, score: Score) -> None:
    """Kill the stage before so many of its steps, evenly spread from the first to the last."""
    trials = min(trials, steps)
    chosen = sorted({1 + round(n * (steps - 1) / max(trials - 1, 1)) for n in range(trials)})
    for last in chosen:
        with ground.copied() as settings:
            ending = ground.run(settings, last=last)
            _count(score, ending)
            judge(ground, settings, score)


def kill_in_time(ground: Ground, killers: list[Callable[[], None]], score: Score) -> None:
    """Kill the programs that a stage starts, or the stage and not these."""
    for killer in killers:
        with ground.copied() as settings:
            ending = ground.run(settings, killer=killer)
            if ending.is_killed or ending.problem:
                score.kills += 1
            else:
                score.undisturbed += 1
            judge(ground, settings, score)


def fill_disks(ground: Ground, pages: list[int], score: Score, *, is_mounted: bool) -> None:
    """Run the stage with little room, then again with enough."""
    for room in pages:
        if is_mounted:
            with small_disk(ground.place, ground.before, room):
                settings = ground.settings()
                _count_full(score, ground.run(settings))
                make_room(ground.place)
                judge(ground, settings, score)
        else:
            with ground.copied() as settings:
                _count_full(score, ground.run(settings, largest_file=room * 4096))
                judge(ground, settings, score)
    shutil.rmtree(ground.place, ignore_errors=True)


def judge(ground: Ground, settings: Settings, score: Score) -> None:
    """Run the stage again, and count what was lost."""
    draws = _ask(ground, lambda: find_draws(settings))
    found = _ask(ground, lambda: find_deliveries(settings))
    score.deliveries_lost += len(set(ground.deliveries) - set(found))
    again = ground.run(settings)
    left = run_child(lambda: ground.stage.outcome(settings), ground.place)
    is_finished = not again.problem and not left.problem and left.given == ground.expected
    if is_finished:
        score.finished += 1
    else:
        score.problems.append(again.problem or left.problem or "another outcome")
        is_recovered = not run_child(lambda: recover(settings), ground.place).problem
        score.recovered += is_recovered
        score.quarters_lost += not is_recovered
    seen = {*draws, *_ask(ground, lambda: find_draws(settings))}
    paid = max(1, int(str(run_child(lambda: count_charges(settings), ground.place).given or 1)))
    score.second_draws += len(seen) > paid


def _ask(ground: Ground, question: Callable[[], list[str]]) -> list[str]:
    return run_child(question, ground.place).given or []


def _count(score: Score, ending: Ending) -> None:
    if ending.is_killed:
        score.kills += 1
    else:
        score.undisturbed += 1


def _count_full(score: Score, ending: Ending) -> None:
    if ending.problem:
        score.disks += 1
    else:
        score.undisturbed += 1


def begin(home: Path) -> None:
    """Make an empty data home."""
    ending = run_child(lambda: prepare_process(Settings(home)), home)
    if ending.problem:
        raise RuntimeError(ending.problem)
