"""Are all tables the same on DuckDB and on Spark? `python -m bench.parity`.

A simulated year is delivered and read once. Then both engines build the whole project from it,
quarter by quarter, each linking what it built; earlier quarters count as released. Staging is built
as tables too, so that every model can be compared. Of both, the door's
reader is handed the rows of every frame. Printed is each table with its rows and, where
they are not the same, how many stand on one side alone; never a row. Ends with 1 where any differs.
With `--states missouri kansas`, each state is compared in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from bench.dbt_calls import PROJECT, read_rules
from bench.engines.engines import STEPS, DuckDB, Engine, Spark, link
from durable.vault import Vault
from jurisdiction.folder import LISTS, STATE_VARIABLE
from linkage.order_key import ensure_order_key
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.hub.settings import Settings, prepare_process
from orchestration.hub.spark_session import Machine
from orchestration.steps.dbt_process import KEPT
from orchestration.steps.releasing import _read_frame
from orchestration.steps.simulated import deliver_simulated
from privacy.plan import make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from sources.contracts import current_contract, list_agencies
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.storing import write_empty_tables

SEED = 7
RELEASE_INPUT = "release_input"


@dataclass(frozen=True)
class Difference:
    """What two engines made of one table.

    Attributes:
        table: Its name, with the schema.
        rows: How many each has, DuckDB first; None where it has no such table.
        alone: How many rows of each the other one lacks, as often as they stand there.
    """

    table: str
    rows: tuple[int | None, int | None]
    alone: tuple[int, int]

    @property
    def is_none(self) -> bool:
        """Whether both are the same, row for row."""
        return None not in self.rows and self.alone == (0, 0)


def copy_project(folder: Path) -> Path:
    """Give a copy of the dbt project in which every model is a table, also of staging."""
    project = folder / PROJECT.name
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(LISTS, folder / "missouri" / "lists")  # where the project looks by itself
    said = project / "dbt_project.yml"
    models = said.read_text("utf-8")
    said.write_text(models.replace("+materialized: ephemeral", "+materialized: table"), "utf-8")
    return project


def fill_vault(home: Path, quarters: Sequence[Quarter], scale: float) -> Vault:
    """Simulate and read the deliveries of these quarters; gives the vault."""
    settings = Settings(home)
    prepare_process(settings)
    for folder in deliver_simulated(settings, quarters, seed=SEED, scale=scale):
        ingest(settings.zones, folder.parent.name, folder.name)
    for agency in list_agencies():
        write_empty_tables(settings.vault, current_contract(agency))
    ensure_order_key(settings.vault.order_key)
    return settings.vault


def copy_vault(vault: Vault, home: Path) -> Vault:
    """Give a second vault with the same files as were read, and the same order key."""
    other = Vault(home / "vault")
    for folder in ("raw", vault.order_key.parent.name):
        shutil.copytree(vault.folder / folder, other.folder / folder)
    return other


def build(engine: Engine, quarters: Sequence[Quarter]) -> dict[str, str]:
    """Build quarter by quarter; all before the one being built count as released.

    Returns:
        How each of dbt's tests ended, by quarter and name.
    """
    policy = load_policy()
    places = read_bounds(policy)[RECORDS_FOR_ONE_CHILD]
    ended = {}
    for place, quarter in enumerate(quarters):
        released = quarters[:place]
        for name, select in STEPS.items():
            told = engine.build(select, quarter, released, tests=True)
            ended |= {f"{quarter} {test}": state for test, state in told.items()}
            if name == "staging":
                link(engine, quarter, released, policy.first_day_of_record, places)
    return ended


def compare(one: Engine, other: Engine) -> list[Difference]:
    """Compare every table that either engine built, and what each linked."""
    ours, theirs = set(one.list_tables()), set(other.list_tables())
    found = [_compare_table(name, one, other) for name in sorted(ours & theirs)]
    for names, engine in ((ours - theirs, one), (theirs - ours, other)):
        found += [_tell_alone(name, engine, here=engine is one) for name in sorted(names)]
    linked = sorted(one.vault.folder.glob("linkage/*/*.parquet"))
    for path in linked:
        same = path.relative_to(one.vault.folder)
        found.append(
            _count_alone(
                str(same.with_suffix("")),
                f"read_parquet('{path}')",
                f"read_parquet('{other.vault.folder / same}')",
                duckdb.connect(),
            )
        )
    return found


def _compare_table(name: str, one: Engine, other: Engine) -> Difference:
    connection = duckdb.connect()
    for side, engine in (("one", one), ("other", other)):
        held = engine.ask(f"select * from {name}")  # noqa: S608 - names of the project
        connection.register(f"{side}_arrow", held)
        connection.execute(f"create table {side} as from {side}_arrow")
    return _count_alone(name, "one", "other", connection)


def _tell_alone(name: str, engine: Engine, *, here: bool) -> Difference:
    """Tell of a table that one engine has and the other one has not."""
    told = engine.ask(f"select count(*) from {name}")  # noqa: S608 - names of the project
    rows = int(told.column(0)[0].as_py())
    return (
        Difference(name, (rows, None), (rows, 0))
        if here
        else Difference(name, (None, rows), (0, rows))
    )


def _count_alone(
    name: str, one: str, other: str, connection: duckdb.DuckDBPyConnection
) -> Difference:
    """Compare as values and not as types: whole numbers of Spark are shorter than DuckDB's."""
    columns = ", ".join(connection.sql(f"from {one}").columns)
    sides = [f"select {columns} from {side}" for side in (one, other)]  # noqa: S608
    of = "select count(*) from"
    counts = [
        f"{of} ({sides[0]})",
        f"{of} ({sides[1]})",
        f"{of} ({sides[0]} except all {sides[1]})",
        f"{of} ({sides[1]} except all {sides[0]})",
    ]
    found = [connection.sql(query).fetchall()[0][0] for query in counts]
    return Difference(name, (found[0], found[1]), (found[2], found[3]))


def count_frames(engine: Engine, quarters: Sequence[Quarter]) -> int:
    """Count the frames that pass the checks of the door's entrance; raises where one does not."""
    settings = Settings(engine.vault.folder.parent)
    policy = load_policy(settings.policy, settings.words)
    keys, strategy = load_keys(LISTS, policy), load_strategy(settings.strategy)
    with _hold_release_input(engine) as held:
        taken = [
            _read_frame(held, planned.frame, quarter)
            for quarter in quarters
            for planned in make_plan(str(quarter), policy, keys, strategy, "").frames
        ]
    return len(taken)


@contextmanager
def _hold_release_input(engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
    """Hold the Arrow tables of an engine as the door's reader asks for them."""
    with duckdb.connect() as connection:
        connection.execute(f"create schema {RELEASE_INPUT}")
        for name in engine.list_tables():
            if name.startswith(RELEASE_INPUT):
                connection.register("rows_arrow", engine.ask(f"select * from {name}"))  # noqa: S608
                connection.execute(f"create table {name} as from rows_arrow")
        yield connection


def compare_engines(
    place: Path, quarters: Sequence[Quarter], scale: float, machine: Machine, console: Console
) -> list[Difference]:
    """Fill two vaults in a folder, build the quarters in each by an engine, and compare them."""
    console.log("Simulating and reading the deliveries")
    vault = fill_vault(place / "home", quarters, scale)
    other = copy_vault(vault, place / "beside")
    project = copy_project(place)
    policy = load_policy()
    variables = {
        "first_day_of_record": policy.first_day_of_record,
        **read_bounds(policy),
        **read_rules(vault.folder),
    }
    on_spark = {"vault": str(other.folder), **variables}
    engines: list[Engine] = [
        DuckDB(vault, project, variables),
        Spark(other, project, on_spark, machine),
    ]
    ended = []
    for engine in engines:
        started = time.perf_counter()
        ended.append(build(engine, quarters))
        console.log(
            f"{len(quarters)} quarters on {engine.name}: {time.perf_counter() - started:.0f} s"
        )
    KEPT.stop()
    others = [test for test in {**ended[0], **ended[1]} if ended[0].get(test) != ended[1].get(test)]
    console.log(f"{len(ended[0])} tests of dbt ended, {len(others)} otherwise on Spark: {others}")
    for engine in engines:
        taken = count_frames(engine, quarters)
        console.log(f"The door's entrance took {taken} frames of {engine.name}")
    tests = Difference("tests of dbt", (len(ended[0]), len(ended[1])), (len(others), len(others)))
    return [*compare(*engines), tests]


def list_quarters(first: Quarter, count: int) -> list[Quarter]:
    """Give so many quarters that follow one another."""
    quarters = [first]
    while len(quarters) < count:
        quarters.append(quarters[-1].next())
    return quarters


def main() -> int:
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("--quarters", type=int, default=4)
    words.add_argument("--first", type=Quarter.parse, default=Quarter(2025, 1))
    words.add_argument(
        "--scale", type=float, default=1.0, help="Size of the state, 1 for Missouri."
    )
    words.add_argument("--master", default="local[2]", help="Where Spark runs.")
    words.add_argument("--states", nargs="*", default=[], help="Folders of states, in turn.")
    given = words.parse_args()
    if given.states:
        return max(map(_compare_state, given.states))
    console = Console(width=120)
    quarters = list_quarters(given.first, given.quarters)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(given.master)
        found = compare_engines(Path(folder), quarters, given.scale, machine, console)
    show(found, console)
    return int(not all(one.is_none for one in found))


def _compare_state(state: str) -> int:
    """Compare one state with the other words that were given; gives how that ended."""
    words = sys.argv[1:]
    first = words.index("--states")
    others = next((n for n, w in enumerate(words) if n > first and w.startswith("--")), len(words))
    command = [sys.executable, "-m", "bench.parity", *words[:first], *words[others:]]
    print(f"{state}:", flush=True)  # noqa: T201 - a heading
    ended = subprocess.run(command, env={**os.environ, STATE_VARIABLE: state}, check=False)  # noqa: S603 - our own
    return ended.returncode


def show(found: Sequence[Difference], console: Console) -> None:
    """Print each table with its rows on both engines, and what only one has."""
    table = Table("table", "rows, DuckDB", "rows, Spark", "on DuckDB alone", "on Spark alone")
    for one in found:
        cells = (f"{n:,}" if n is not None else "-" for n in (*one.rows, *one.alone))
        table.add_row(one.table, *cells)
    console.print(table)
    same = sum(one.is_none for one in found)
    console.print(f"{same} of {len(found)} tables are the same, row for row.")


if __name__ == "__main__":
    sys.exit(main())
