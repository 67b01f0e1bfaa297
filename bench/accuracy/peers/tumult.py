"""Tumult Analytics on Spark: Gaussian counts over public key sets, the budget split evenly."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator

from exchange import Answer, Cells, Draw, Question, Row, Table, serve, widen
from pyspark.sql import SparkSession
from tmlt.analytics import AddOneRow, KeySet, QueryBuilder, RhoZCDPBudget, Session

SOURCE = "children"
NORMAL_90 = 1.6448536269514722


def prepare(question: Question) -> Draw:
    """Return a draw of all tables through one session."""
    logging.getLogger("py4j").setLevel(logging.ERROR)
    spark = _start_spark()
    part = RhoZCDPBudget(question.rho / len(question.tables))
    queries = [_ask(table) for table in question.tables]
    scale = (len(question.tables) / (2 * question.rho)) ** 0.5

    def draw(rows: list[Row]) -> Iterator[Answer]:
        session = Session.from_dataframe(
            privacy_budget=RhoZCDPBudget(question.rho),
            source_id=SOURCE,
            dataframe=spark.createDataFrame(rows),
            protected_change=AddOneRow(),
        )
        values = {
            table.name: _order(table, session.evaluate(query, part).collect())
            for table, query in zip(question.tables, queries, strict=True)
        }
        yield Answer(values, *widen(values, dict.fromkeys(values, NORMAL_90 * scale)))

    return draw


def _start_spark() -> SparkSession:
    """Start Spark for small data: few tasks, no page that it serves."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _ask(table: Table):  # noqa: ANN202
    query = QueryBuilder(SOURCE)
    if not table.columns:
        return query.count(name="n")
    return query.groupby(KeySet.from_tuples(list(table.cells), list(table.columns))).count(name="n")


def _order(table: Table, released: list) -> Cells:  # type: ignore[type-arg]
    found = {tuple(row[column] for column in table.columns): float(row["n"]) for row in released}
    return [found[cell] for cell in table.cells]


if __name__ == "__main__":
    serve(prepare)
