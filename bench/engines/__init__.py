"""The same dbt models on two engines: DuckDB, which the hub runs, and Spark beside it."""
