"""Group `linkage`: which police victim records are which children of Social Services."""

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.linking import link_quarter

RULE = "equal token of the sound of name and birth date; one-to-one matching by several tokens"
FIGURES = """
| rule | files | precision | recall | children known to both, of 89 |
| --- | --- | --- | --- | --- |
| exact token | as simulated | 1.000 | 0.608 | 59.3 |
| sound | as simulated | 1.000 | 0.733 | 69.9 |
| matching | as simulated | 0.974 | 0.824 | 85.7 |
| exact token | twice as many slips | 1.000 | 0.383 | 41.0 |
| sound | twice as many slips | 1.000 | 0.560 | 56.6 |
| matching | twice as many slips | 0.972 | 0.713 | 80.8 |
"""
"""What `python -m bench.linkage` printed: of made-up files, so it tells nothing of a delivery."""


@dg.asset(
    key=["linkage", "dss_mshp_links"],
    group_name="linkage",
    partitions_def=QUARTERS,
    backfill_policy=ONE_QUARTER_A_RUN,
    owners=OWNERS,
    kinds={"duckdb", "parquet"},
    pool=POOL,
    deps=[
        ["intermediate", "int_mshp__incidents"],
        ["intermediate", "int_mshp__victims"],
        ["intermediate", "int_dss__child_reports"],
        ["intermediate", "int_tokens"],
    ],
    description="Police victim records linked to children of Social Services by equal keyed "
    "tokens of the sound of name and birth date. Each record makes one choice on its own and few "
    "records may take one child, so that one child can only move a bounded number of rows. In a "
    "fourth quarter the year's children and records are matched one to one as well, to count how "
    "many both agencies know. The hotline is never linked.",
    metadata={"rule": RULE, "on_made_up_files": dg.MetadataValue.md(FIGURES)},
)
def links(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Link one quarter."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("linkage", settings):
        link_quarter(quarter, settings)
    return dg.MaterializeResult(metadata={"quarter": str(quarter)})
