"""One Spark session of this process, as dbt-spark finds it, with its store in one folder.

Here: how Spark is started, and where delivered files are for it. Not here: what dbt does there.
"""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.hub.engine import IN_THIS_MACHINE, has_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MISSING = (
    "Spark cannot be started: it needs 'make install ROLE=spark', and Java 17, on Debian "
    "'apt-get install openjdk-17-jre-headless'."
)
"""Said where one of them is not there."""


@dataclass(frozen=True)
class Machine:
    """What Spark may use.

    Attributes:
        master: Where it runs: `local[2]` in this process, or the address of a cluster.
        memory: Of the Java process, as Java writes it.
        partitions: Pieces that a join or a group is made in.
    """

    master: str = IN_THIS_MACHINE
    memory: str = "2g"
    partitions: int = 2


def start(store: Path, machine: Machine) -> SparkSession:
    """Start Spark, or give what was started; its tables lie in the folder `store`.

    Nothing is listened to but the loopback address, nothing is shown in a browser, and nothing is
    said: Spark quotes values in its messages.
    """
    if not has_spark():
        raise SystemExit(MISSING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas 3, through which nothing goes here
        from pyspark.sql import SparkSession

        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        store.mkdir(parents=True, exist_ok=True)
        builder = SparkSession.builder.master(machine.master)
        for name, value in _settings(store, machine).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _settings(store: Path, machine: Machine) -> dict[str, str]:
    inside = f"-Djava.io.tmpdir={store} -Dderby.system.home={store} -XX:ErrorFile={store}/java.log"
    return {
        "spark.authenticate": str(machine.master.startswith("local")).lower(),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"{inside} -XX:-UsePerfData",
        "spark.driver.memory": machine.memory,
        "spark.eventLog.enabled": "false",
        "spark.executor.memory": machine.memory,
        "spark.local.dir": str(store / "aside"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.parquet.mergeSchema": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(machine.partitions),
        "spark.sql.warehouse.dir": str(store / "tables"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def name_files(session: SparkSession, place: Path, manifest: Path) -> None:
    """Make a view of every kind of file that is delivered or linked, where any lies in the vault.

    Args:
        session: Spark.
        place: The vault's folder.
        manifest: What dbt wrote of the project, whose sources say where their files lie.
    """
    sources = json.loads(manifest.read_text("utf-8"))["sources"].values()
    for source in sources:
        files = source["config"]["external_location"].split("'")[1]
        pattern = files.replace("{name}", source["name"])
        if any(place.glob(pattern)):
            name = f"{source['schema']}.{source['name']}"
            session.sql(f"create schema if not exists {source['schema']}")
            session.sql(f"create or replace view {name} as from parquet.`{place / pattern}`")
