"""The program of a process that builds one step on Spark, or asks Spark, and then ends.

It reads what it is told as JSON, works in a store that its caller made and throws away, and leaves
each table there as Parquet, and what became of each model. It never opens the warehouse. Does not
belong here: what it is told, and what becomes of the tables (`spark_build`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.hub.spark_session import Machine, name_files, start

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GIVEN = "given"
"""Folder of the tables that were there before, `<schema>/<table>.parquet`."""

MADE = "made"
"""Folder of what was made: `<table>` with its schema, or the name of a question."""

OUTCOME = "outcome.json"
"""Status of each model and list, by its unique id; written last."""

_OF_QUARTERS = "release_input"
_DAY = "quarter_start"


def _take(session: SparkSession, given: Path) -> None:
    """Give Spark the tables that were there before; to those of quarters it can add."""
    for path in sorted(given.glob("*/*.parquet")):
        name = f"{path.parent.name}.{path.stem}"
        session.sql(f"create schema if not exists {path.parent.name}")
        rows = f"as select * from parquet.`{path}`"  # noqa: S608 - names of the project
        if path.parent.name == _OF_QUARTERS:
            session.sql(f"create table {name} using parquet partitioned by ({_DAY}) {rows}")
        else:
            session.sql(f"create view {name} {rows}")


def _build(session: SparkSession, told: dict[str, Any], store: Path) -> None:
    """Let dbt build the models of a step, and write each that was built."""
    from dbt.cli.main import dbtRunner

    target = store / "target"
    given = (*told["project"], "--target-path", str(target), "--target", "spark")
    words = (*given, "--vars", json.dumps(told["variables"]))
    silent = ("--no-use-colors", "--quiet", "--log-path", str(store / "logs"))
    parsed: Any = dbtRunner().invoke([*silent, "parse", *words]).result
    name_files(session, Path(told["variables"]["vault"]), target / "manifest.json")
    left_out = ("--exclude-resource-type", "test", "unit_test")
    ended = dbtRunner(manifest=parsed).invoke(
        [*silent, "build", "--select", *told["select"], *left_out, *words]
    )
    nodes = json.loads((target / "manifest.json").read_text("utf-8"))["nodes"]
    results = getattr(ended.result, "results", ())
    told_of = {one.node.unique_id: str(one.status) for one in results}
    status = {n: state for n, state in told_of.items() if n.startswith(("model.", "seed."))}
    if set(status.values()) == {"success"}:
        for node in map(nodes.__getitem__, status):
            table = f"{node['schema']}.{node['alias']}"
            rows = session.table(table)
            if node["schema"] == _OF_QUARTERS:
                rows = rows.where(f"{_DAY} = date '{told['quarter_start']}'")
            rows.write.parquet(str(store / MADE / table))
    if status:  # without, dbt stopped before it built anything
        (store / OUTCOME).write_text(json.dumps(status), "utf-8")


def main() -> int:
    """Do what standard input says, once."""
    told = json.load(sys.stdin)
    store = Path(told["store"])
    session = start(store / "work", Machine(told["master"]))
    _take(session, store / GIVEN)
    if "select" in told:
        _build(session, told, store)
    else:
        for name, query in told["questions"].items():
            session.sql(query).write.parquet(str(store / MADE / name))
        (store / OUTCOME).write_text("{}", "utf-8")
    session.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
