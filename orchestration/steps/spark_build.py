"""Build a step on Spark in a store of its own, and take what it made over into the warehouse.

The store lies in the vault, is made for one build and thrown away; what a killed build left there
is cleared by the next step. The warehouse changes in one transaction, so that it is as before or as
after, and rows of other quarters are not touched (decision 172). Does not belong here: what Spark
does there (`spark_child`), and tests, which are asked of the rows that were taken over.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from durable.writing import PRIVATE, make_folder
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, child_environment
from orchestration.hub.warehouse import read_warehouse
from orchestration.steps.spark_child import GIVEN, MADE, OUTCOME
from sources.quarters import Quarter

_ASKED = ("intermediate", "release_input")
"""Schemas of what linking asks for."""

_CHILD = "orchestration.steps.spark_child"
_OF_QUARTERS = "release_input"
_TABLES = """
select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'
"""


def build_on_spark(
    told: Mapping[str, Any], quarter: Quarter, log: Path, settings: Settings, lock: int
) -> dict[str, str]:
    """Build the models of a step on Spark, and take them over where all of them were built.

    Args:
        told: What the child is told beside where it works: master, select, reads (schemas),
            project, variables and quarters.
        quarter: The quarter whose rows of release input are exchanged.
        log: Takes everything that Spark and dbt say.
        settings: Where the vault lies.
        lock: File descriptor of the warehouse's lock, which the caller has.

    Returns:
        The status of each model and list, by its unique id.

    Raises:
        OrchestrationError: MS949 when Spark stopped before its end, MS950 when a table does not fit
            what the project promises.
    """
    day = {"quarter_start": quarter.first_day.isoformat()}
    with _at_work({**told, **day}, quarter, log, settings, lock) as store:
        status: dict[str, str] = json.loads((store / OUTCOME).read_text("utf-8"))
        if set(status.values()) == {"success"}:
            nodes = json.loads((store / "target" / "manifest.json").read_text("utf-8"))["nodes"]
            _take_over({node: nodes[node] for node in status}, store / MADE, quarter, settings)
    return status


def clear_stores(settings: Settings) -> None:
    """Throw away what a killed process left; the caller has the lock that each of them holds."""
    shutil.rmtree(settings.vault.spark_stores, ignore_errors=True)


@contextmanager
def ask_spark(
    master: str,
    questions: Mapping[str, str],
    quarter: Quarter,
    log: Path,
    settings: Settings,
    lock: int,
) -> Iterator[dict[str, str]]:
    """Ask Spark of the tables in the warehouse.

    Yields:
        In place of each question, one that DuckDB answers with those rows, while the store lasts.

    Raises:
        OrchestrationError: MS949 when Spark did not answer.
    """
    told = {"master": master, "questions": dict(questions), "reads": _ASKED}
    with _at_work(told, quarter, log, settings, lock) as store:
        yield {name: _read(store / MADE / name) for name in questions}


@contextmanager
def _at_work(
    told: Mapping[str, Any], quarter: Quarter, log: Path, settings: Settings, lock: int
) -> Iterator[Path]:
    """Give a store in which Spark did what it was told; it is gone afterwards."""
    clear_stores(settings)
    stores = settings.vault.spark_stores
    store = stores / secrets.token_hex(8)
    make_folder(stores, PRIVATE)
    make_folder(store / "work", PRIVATE)
    try:
        _give_tables(told["reads"], store / GIVEN, settings)
        _run({**told, "store": str(store)}, store, log, settings, lock)
        if not (store / OUTCOME).exists():
            work = "the build" if "select" in told else "the linking"
            said = f"dbt/logs/{log.name}"
            raise OrchestrationError("MS949", work=work, quarter=str(quarter), log=said)
        yield store
    finally:
        clear_stores(settings)


def _give_tables(schemas: Sequence[str], given: Path, settings: Settings) -> None:
    """Lay the warehouse's tables of these schemas into the store."""
    if not settings.vault.warehouse.exists():
        return
    with read_warehouse(settings) as connection:
        tables = connection.execute(_TABLES).fetchall()
        for schema, table in (one for one in tables if one[0] in schemas):
            (given / schema).mkdir(parents=True, exist_ok=True)
            connection.table(f"{schema}.{table}").write_parquet(
                str(given / schema / f"{table}.parquet")
            )


def _run(told: Mapping[str, Any], store: Path, log: Path, settings: Settings, lock: int) -> None:
    """Run the child and wait for its end; it holds the lock for as long as it lives."""
    quarters = told.get("quarters", {})
    environment = {**child_environment(settings), **quarters, "TMPDIR": str(store)}
    make_folder(log.parent, PRIVATE)
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - a fixed program of our own
            [sys.executable, "-P", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=store,
            pass_fds=(lock,),
        )
        try:
            process.communicate(json.dumps(told).encode())
        except BaseException:
            process.kill()
            process.wait()
            raise


def _take_over(
    nodes: Mapping[str, Mapping[str, Any]], made: Path, quarter: Quarter, settings: Settings
) -> None:
    """Put the tables that were made into the warehouse, all or none of them."""
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        connection.execute(f"set allowed_directories = [{_quote(settings.vault.folder)}]")
        connection.execute("set enable_external_access = false")
        connection.begin()
        for node in nodes.values():
            table = f"{node['schema']}.{node['alias']}"
            connection.execute(f"create schema if not exists {node['schema']}")
            try:
                _put_table(connection, table, node, _read(made / table), quarter)
            except duckdb.Error:  # its message may quote a row
                raise OrchestrationError("MS950", quarter=str(quarter), table=table) from None
        connection.commit()


def _read(folder: Path) -> str:
    """Say that the rows which Spark left in a folder are read."""
    return f"from read_parquet({_quote(folder / '*.parquet')})"


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _put_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    node: Mapping[str, Any],
    rows: str,
    quarter: Quarter,
) -> None:
    """Exchange a table, or of release input the rows of one quarter."""
    if not node["config"].get("contract", {}).get("enforced"):
        connection.execute(f"create or replace table {table} as {rows}")
        return
    columns = ", ".join(map(_write_column, node["columns"].values()))
    if node["schema"] == _OF_QUARTERS:
        connection.execute(f"create table if not exists {table} ({columns})")
        connection.execute(
            f"delete from {table} where quarter_start = ?",  # noqa: S608 - names of the project
            [quarter.first_day],
        )
    else:
        connection.execute(f"create or replace table {table} ({columns})")
    connection.execute(f"insert into {table} by name {rows}")


def _write_column(column: Mapping[str, Any]) -> str:
    kinds = {one["type"] for one in column.get("constraints", ())}
    filled = " not null" if "not_null" in kinds else ""
    return f"{column['name']} {column['data_type']}{filled}"
