"""Tumult Analytics on Spark at one size, in its own environment: `python tumult.py <folder>`.

One row is taken to be one child, as the rows are bounded already. Prints seconds as JSON.
"""

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from pyspark.sql import SparkSession
from tmlt.analytics import AddOneRow, KeySet, QueryBuilder, RhoZCDPBudget, Session

SOURCE = "children"


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "question.json").read_text("utf-8"))
    logging.getLogger("py4j").setLevel(logging.ERROR)
    started = time.perf_counter()
    spark = _start_spark()
    ready = time.perf_counter()
    session = Session.from_dataframe(
        privacy_budget=RhoZCDPBudget(asked["rho"]),
        source_id=SOURCE,
        dataframe=spark.read.parquet(str(folder / "rows.parquet")),
        protected_change=AddOneRow(),
    )
    part = RhoZCDPBudget(asked["rho"] / len(asked["tables"]) * (1 - 1e-9))
    for table in asked["tables"]:
        query = QueryBuilder(SOURCE)
        if table["columns"]:
            cells = [tuple(cell) for cell in table["cells"]]
            query = query.groupby(KeySet.from_tuples(cells, table["columns"]))
        session.evaluate(query.count(name="n"), part).collect()
    ended = time.perf_counter()
    print(json.dumps({"start of Spark": ready - started, "draw": ended - ready}))  # noqa: T201


def _start_spark() -> SparkSession:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.warehouse.dir", tempfile.mkdtemp())
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


if __name__ == "__main__":
    main()
