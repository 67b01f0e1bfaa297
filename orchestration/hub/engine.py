"""Which engine builds the exact rows: DuckDB, or Spark where an operator says so.

Belongs here: reading that one setting, refusing what cannot be had, and the engine's name in the
rules. Does not belong here: starting Spark (`spark_session`), and what is built on it.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, has_java

DUCKDB = "duckdb"
SPARK = "spark"
IN_THIS_MACHINE = "local[2]"
_CLUSTER = re.compile(r"spark://(127\.0\.0\.1|localhost):[0-9]{1,5}")
"""A standalone cluster; what its machines say to each other is not sealed, so it is this one."""


def has_spark() -> bool:
    """Whether Spark, dbt's adapter of it, and Java are here."""
    try:
        return bool(has_java() and version("pyspark") and version("dbt-spark"))
    except PackageNotFoundError:
        return False


def find_master(settings: Settings) -> str | None:
    """Say where Spark runs, as Spark writes it; None where DuckDB builds.

    Raises:
        OrchestrationError: MS947 when the setting names no engine, MS948 when Spark or Java is
            missing.
    """
    said = settings.engine
    if said == DUCKDB:
        return None
    if said != SPARK and not _CLUSTER.fullmatch(said):
        raise OrchestrationError("MS947")
    if not has_spark():
        raise OrchestrationError("MS948")
    return IN_THIS_MACHINE if said == SPARK else said


def name_engine(settings: Settings) -> str:
    """Name the engine with its version, as `DuckDB 1.5.5`; it is one of the rules of exact rows.

    Raises:
        OrchestrationError: As `find_master` does.
    """
    if find_master(settings) is None:
        return f"DuckDB {version('duckdb')}"
    return f"Spark {version('pyspark')}"
