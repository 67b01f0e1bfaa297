#!/bin/sh
# dbt-spark's session loads an empty cell of a list as the text None, and says that all went well; dbt on
# DuckDB loads nothing. A join or a coalesce over such a column then finds a value that nobody wrote.
# Seen: dbt-spark 1.11.0 with PySpark 4.3.0 gives [('029', 'None'), ('030', 'seen')]; dbt-duckdb 1.11.1
# gives [('029', None), ('030', 'seen')].
# Ends with 1 if either is otherwise. Needs Java 17.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  dbt-core==1.11.16 dbt-spark==1.11.0 dbt-duckdb==1.11.1 pyspark==4.3.0
mkdir "$folder/seeds"
cd "$folder"
printf 'code,note\n029,\n030,seen\n' > seeds/places.csv
cat > dbt_project.yml <<'YAML'
name: lists
profile: lists
flags: {send_anonymous_usage_stats: false}
seeds: {lists: {+column_types: {code: string, note: string}}}
YAML
cat > profiles.yml <<'YAML'
lists:
  outputs:
    spark: {type: spark, method: session, host: none, schema: lists, threads: 1}
    duckdb: {type: duckdb, path: store.duckdb, schema: lists, threads: 1}
YAML
"$folder/venv/bin/dbt" --quiet seed --target duckdb
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import duckdb
from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

names = ("dbt-spark", "pyspark", "dbt-duckdb")
print(*(f"{name} {version(name)}" for name in names))
session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
went_well = dbtRunner().invoke(["--quiet", "seed", "--target", "spark"]).success
query = "select code, note from lists.places order by code"
on_spark = [tuple(row) for row in session.sql(query).collect()]
on_duckdb = duckdb.connect("store.duckdb").execute(query).fetchall()
print(went_well, on_spark)
print(on_duckdb)
as_seen = went_well and on_spark == [("029", "None"), ("030", "seen")]
sys.exit(not (as_seen and on_duckdb == [("029", None), ("030", "seen")]))
PYTHON
