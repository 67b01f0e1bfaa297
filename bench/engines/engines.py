"""Two engines that build the dbt project quarter by quarter, and give their tables as Arrow.

Here: calling dbt on each, and linking what each built. Not here: what is compared or measured.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa

from bench.dbt_calls import call_dbt
from durable.vault import Vault
from linkage.links import EqualTokenLinker, write_links
from linkage.matching import write_year
from orchestration.hub.spark_session import Machine, name_files, start
from orchestration.steps.dbt_steps import (
    CORE,
    QUARTER_VARIABLE,
    RELEASE_INPUT,
    RELEASED_VARIABLE,
    STAGING,
)
from orchestration.steps.linking import (
    CHILDREN_KNOWN,
    CHILDREN_OF_YEAR,
    EPOCHS,
    VICTIMS_KNOWN,
    VICTIMS_OF_YEAR,
    ask_of_year,
)
from sources.quarters import Quarter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STEPS = {
    "staging": f"{STAGING.select} fqn:staging",
    "core": CORE.select,
    "release input": RELEASE_INPUT.select,
}
LINKING = "linking"
_CLOSING = 4


class Engine(Protocol):
    """What builds the project in a vault of its own."""

    name: str
    vault: Vault

    def build(
        self, select: str, quarter: Quarter, released: Sequence[Quarter], *, tests: bool = False
    ) -> dict[str, str]:
        """Build a part of the project, with its tests if wanted; gives how each test ended.

        Raises with what dbt said where anything could not be built.
        """

    def ask(self, query: str) -> pa.Table:
        """Give the rows of a query, as Arrow."""

    def list_tables(self) -> list[str]:
        """Name the tables that were built, with their schemas."""


class DuckDB:
    """The engine of the hub."""

    name = "DuckDB"

    def __init__(self, vault: Vault, project: Path, variables: dict[str, Any]) -> None:
        self.vault, self._project, self._variables = vault, project, variables

    def build(
        self, select: str, quarter: Quarter, released: Sequence[Quarter], *, tests: bool = False
    ) -> dict[str, str]:
        """See `Engine.build`."""
        outcome, said = call_dbt(
            self.vault.folder,
            *_words(select, tests=tests),
            "--target",
            "vault",
            variables=self._variables,
            quarter_start=quarter.first_day,
            released=[one.first_day for one in released],
            project=self._project,
        )
        return _require_built(outcome, said)

    def ask(self, query: str) -> pa.Table:
        """See `Engine.ask`."""
        with duckdb.connect(str(self.vault.warehouse), read_only=True) as connection:
            return connection.sql(query).to_arrow_table()

    def list_tables(self) -> list[str]:
        """See `Engine.list_tables`."""
        told = self.ask("select table_schema || '.' || table_name from information_schema.tables")
        return sorted(told.column(0).to_pylist())


class Spark:
    """Spark in this process, or on a cluster that it calls; dbt works in the same session."""

    name = "Spark"

    def __init__(
        self, vault: Vault, project: Path, variables: dict[str, Any], machine: Machine
    ) -> None:
        self.vault, self._project, self._variables = vault, project, variables
        self.session: SparkSession = start(vault.folder / "spark", machine)
        self._dbt = vault.folder / "dbt-spark"
        self._call("parse", "--vars", json.dumps(variables))

    def build(
        self, select: str, quarter: Quarter, released: Sequence[Quarter], *, tests: bool = False
    ) -> dict[str, str]:
        """See `Engine.build`."""
        name_files(self.session, self.vault.folder, self._dbt / "target" / "manifest.json")
        os.environ[QUARTER_VARIABLE] = quarter.first_day.isoformat()
        os.environ[RELEASED_VARIABLE] = ",".join(one.first_day.isoformat() for one in released)
        outcome, said = self._call(
            *_words(select, tests=tests), "--vars", json.dumps(self._variables)
        )
        return _require_built(outcome, said)

    def ask(self, query: str) -> pa.Table:
        """See `Engine.ask`."""
        return self.session.sql(query).toArrow()

    def list_tables(self) -> list[str]:
        """See `Engine.list_tables`."""
        catalog = self.session.catalog
        return sorted(
            f"{schema.name}.{table.name}"
            for schema in catalog.listDatabases()
            for table in catalog.listTables(schema.name)
            if table.tableType != "VIEW" and not table.isTemporary
        )

    def _call(self, *words: str) -> tuple[dict[str, str], str]:
        from dbt.cli.main import dbtRunner

        given = (
            *("--project-dir", str(self._project), "--profiles-dir", str(self._project)),
            *("--target-path", str(self._dbt / "target"), "--target", "spark"),
        )
        silent = ("--no-use-colors", "--log-path", str(self._dbt / "logs"))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            result = dbtRunner().invoke([*silent, *words, *given]).result
        nodes = getattr(result, "results", ())
        return {one.node.unique_id: str(one.status) for one in nodes}, said.getvalue()


def _words(select: str, *, tests: bool) -> tuple[str, ...]:
    left_out = ("unit_test",) if tests else ("test", "unit_test")
    how = ("--indirect-selection", "buildable")
    return ("build", "--select", *select.split(), "--exclude-resource-type", *left_out, *how)


def _require_built(outcome: dict[str, str], said: str) -> dict[str, str]:
    """Give the outcome of every test, where all else was built."""
    tests = {node: state for node, state in outcome.items() if node.startswith("test.")}
    others = {state for node, state in outcome.items() if node not in tests}
    if others - {"success"} or not outcome:
        raise RuntimeError(said)
    return tests


def link(
    engine: Engine, quarter: Quarter, released: Collection[Quarter], record: str, places: int
) -> None:
    """Link a quarter from what an engine built, as the hub's step does.

    The engine answers what is asked of its tables; who is linked is decided from those rows, in
    Arrow, by one rule for both.
    """
    days = {"quarter": quarter.first_day.isoformat(), "record": record}
    closed = [one for one in released if one.number == _CLOSING]
    vault = engine.vault
    rows = {
        "children": engine.ask(ask_of_year(CHILDREN_OF_YEAR, quarter, released, record)),
        "victims": engine.ask(ask_of_year(VICTIMS_OF_YEAR, quarter, released, record)),
        "children_known": engine.ask(CHILDREN_KNOWN.format(**days)),
        "victims_known": engine.ask(VICTIMS_KNOWN.format(**days)),
        "epochs": engine.ask(EPOCHS.format(**days)),
    }
    with _hold(rows) as connection:
        write_year(
            connection,
            children="from children",
            victims="from victims",
            before=vault.links(str(max(closed))) if closed else None,
            quarter_start=quarter.first_day,
            order_key_path=vault.order_key,
            folder=vault.links(str(quarter)),
        )
        write_links(
            connection,
            victims="from victims_known",
            children="from children_known",
            epochs="from epochs",
            released=[vault.links(str(other)) for other in sorted(released)],
            quarter_start=quarter.first_day,
            order_key_path=vault.order_key,
            folder=vault.links(str(quarter)),
            linker=EqualTokenLinker(places),
        )


@contextlib.contextmanager
def _hold(rows: dict[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, table in rows.items():
            connection.register(f"{name}_arrow", table)
            connection.execute(f"create table {name} as from {name}_arrow")
        yield connection
