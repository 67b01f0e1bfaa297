"""From staging to release input on three engines: `python -m bench.nation [100000 1000000]`.

For each number of records: raw files are made once, then the same models are built from them by
dbt on DuckDB (as the hub does), by the same SQL on plain DuckDB, and by dbt on Spark in this
machine, each in a process of its own. Printed are seconds of each step, of all and of processor,
and the most memory that the process and what it started held; then whether all counted the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from bench.dbt_calls import PROJECT, read_rules
from bench.engines.engines import STEPS, DuckDB, Engine, Spark, link
from bench.engines.records import QUARTER, fill
from bench.scale.__main__ import run
from durable.vault import Vault
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.hub.spark_session import Machine
from orchestration.steps.dbt_process import KEPT
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

SIZES = (10**5, 10**6, 10**7)
WAYS = {"duckdb": "dbt on DuckDB", "plain": "plain DuckDB", "spark": "dbt on Spark"}
FIRST_DAY = "2013-01-01"
ROWS_OF_A_PIECE = 500_000
MEMORY = "6g"
"""Of Spark's Java process."""
LIMIT = 3600
"""Seconds after which a way is ended."""


class Plain:
    """DuckDB with the SQL that dbt wrote, in its order, and nothing besides."""

    name = "plain DuckDB"

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        (vault.folder / "plain").mkdir()
        self._connection = duckdb.connect(str(vault.folder / "plain" / vault.warehouse.name))
        place = f"'{vault.folder}/' || path"
        self._connection.execute(f"create or replace macro in_vault(path) as {place}")
        self._connection.execute(f"attach '{vault.warehouse}' as made (read_only)")
        self._connection.execute("create schema reference")
        for (name,) in self._connection.execute(_LISTS).fetchall():
            lists = f"create table reference.{name} as from made.reference.{name}"
            self._connection.execute(lists)

    def build(self, select: str, *_: object, **__: object) -> dict[str, str]:
        """Build the models of a step, as dbt noted them."""
        for relation, query in json.loads(_compiled(self.vault, select).read_text("utf-8")):
            schema = relation.split(".")[1]
            self._connection.execute(f"create schema if not exists {schema}")
            self._connection.execute(f"create table {relation} as {query}")
        return {}

    def ask(self, query: str) -> pa.Table:
        """See `Engine.ask`."""
        return self._connection.sql(query).to_arrow_table()

    def list_tables(self) -> list[str]:
        """See `Engine.list_tables`."""
        told = self.ask(_TABLES)
        return sorted(told.column(0).to_pylist())


_LISTS = """
select table_name from information_schema.tables
where table_catalog = 'made' and table_schema = 'reference'
"""

_TABLES = """
select table_schema || '.' || table_name from information_schema.tables
where table_catalog = 'warehouse'
"""


class Noting(DuckDB):
    """DuckDB as the hub runs it, that keeps the SQL which dbt wrote for `Plain`."""

    def build(
        self, select: str, quarter: Quarter, released: Sequence[Quarter], *, tests: bool = False
    ) -> dict[str, str]:
        """See `Engine.build`."""
        ended = super().build(select, quarter, released, tests=tests)
        nodes = json.loads(self.vault.dbt_results.read_text("utf-8"))
        models = [node for node in nodes if node["unique_id"].startswith("model.")]
        made = [(node["relation_name"], node["compiled_code"]) for node in models]
        _compiled(self.vault, select).write_text(json.dumps(made), "utf-8")
        return ended


def _compiled(vault: Vault, select: str) -> Path:
    name = next(name for name, said in STEPS.items() if said == select)
    return vault.folder / f"{name}.json"


def open_engine(way: str, vault: Vault, records: int) -> Engine:
    """Give the engine of one of `WAYS`."""
    policy = load_policy()
    variables = {
        "first_day_of_record": FIRST_DAY,
        **read_bounds(policy),
        **read_rules(vault.folder),
    }
    if way == "plain":
        return Plain(vault)
    if way == "duckdb":
        return Noting(vault, PROJECT, variables)
    machine = Machine(memory=MEMORY, partitions=max(2, records // ROWS_OF_A_PIECE))
    return Spark(vault, PROJECT, {"vault": str(vault.folder), **variables}, machine)


def build(way: str, vault: Vault, records: int) -> None:
    """Build one quarter by one way, and print the seconds of each step as JSON."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def stop(step: str) -> None:
        nonlocal started
        now = time.perf_counter()
        seconds[step], started = now - started, now

    engine = open_engine(way, vault, records)
    stop("start")
    places = read_bounds(load_policy())[RECORDS_FOR_ONE_CHILD]
    for name, select in STEPS.items():
        engine.build(select, QUARTER, ())
        stop(name)
        if name == "staging":
            link(engine, QUARTER, (), FIRST_DAY, places)
            stop("linking")
    told = {name: _count(engine, name) for name in engine.list_tables() if _is_counted(name)}
    _counted(vault, way).write_text(json.dumps(told), "utf-8")
    KEPT.stop()
    print(json.dumps(seconds))  # noqa: T201 - read by the command that started this


def _is_counted(table: str) -> bool:
    return table.split(".")[0] in {"core", "release_input"}


def _count(engine: Engine, table: str) -> list[int | None]:
    """Give how many rows a table has, and of events a sum that depends on every keyed choice."""
    order = "sum(event_order % 1000003)" if table == "core.child_events" else "0"
    (row,) = engine.ask(f"select count(*) as n, {order} as s from {table}").to_pylist()  # noqa: S608
    return [int(row["n"]), int(row["s"] or 0)]


def _counted(vault: Vault, way: str) -> Path:
    return vault.folder / f"counted-{way}.json"


def main() -> None:
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("sizes", nargs="*", type=int, default=SIZES)
    words.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS))
    words.add_argument("--build", nargs=2, metavar=("WAY", "VAULT"), help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.build:
        build(given.build[0], Vault(Path(given.build[1])), given.sizes[0])
        return
    console = Console(width=150)
    table = Table("records", "way", "steps, seconds", "seconds", "of processor", "peak, GiB")
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            vault = Vault(Path(folder) / "vault")
            console.log(f"{size:,} records: {fill(vault, size) / 2**20:,.0f} MiB of raw files")
            for way in given.ways:
                command = [sys.executable, "-m", "bench.nation", str(size)]
                ended = run([*command, "--build", way, str(vault.folder)], LIMIT)
                table.add_row(f"{size:,}", WAYS[way], *ended.tell())
                console.log(f"{WAYS[way]}: {ended.seconds:.0f} s")
            told = [
                _counted(vault, way).read_text("utf-8")
                for way in given.ways
                if _counted(vault, way).exists()
            ]
            same = len(set(told)) == 1 and len(told) == len(given.ways)
            console.log("All counted the same" if same else "NOT all counted the same")
    console.print(table)


if __name__ == "__main__":
    main()
