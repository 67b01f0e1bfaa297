"""Group `linkage`: which police victim records are which children of Social Services."""

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.made_up import show_made_up
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from orchestration.hub.warehouse import POOL
from orchestration.steps.linking import link_quarter

RULE = "equal token of the sound of name and birth date; one-to-one matching by several tokens"


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
    metadata={"rule": RULE, **show_made_up()},
)
def links(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Link one quarter."""
    settings = load_settings()
    quarter = quarter_of(context)
    with border("linkage", settings):
        link_quarter(quarter, settings)
    return dg.MaterializeResult(metadata={"quarter": str(quarter)})
