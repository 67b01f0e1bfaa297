"""Both engines, one session of each for a file of tests.

Without Spark and Java they are left out, loudly.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from orchestration.hub.spark_session import Machine, has_spark, start

Ask = Callable[[str], Any]


@pytest.fixture(scope="session", autouse=True)
def engines() -> None:
    """Nothing here says anything with one engine alone."""
    if not has_spark():
        reason = "there is no Spark, or no Java"
        if os.environ.get("MOSHARE_REQUIRE_SPARK") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def duck() -> Iterator[Ask]:
    """Rows of a query on DuckDB, or the name of the failure."""
    with duckdb.connect() as connection:

        def ask(query: str) -> Any:
            try:
                return connection.sql(query).fetchall()
            except duckdb.Error as failure:
                return type(failure).__name__

        yield ask


@pytest.fixture(scope="module")
def spark(engines: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Rows of a query on Spark, or the class of the failure as Spark names it."""
    session = start(tmp_path_factory.mktemp("spark"), Machine(memory="1g"))
    from pyspark.errors import PySparkException

    def ask(query: str) -> Any:
        try:
            return [tuple(row) for row in session.sql(query).collect()]
        except PySparkException as failure:
            return failure.getCondition()

    yield ask
    session.stop()
