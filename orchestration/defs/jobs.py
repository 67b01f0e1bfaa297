"""Jobs: the parts of the graph that are run as one."""

import dagster as dg

from jurisdiction.state import read_state

WHOLE_QUARTER = "whole_quarter"
RELEASE = "release"

whole_quarter = dg.define_asset_job(
    WHOLE_QUARTER,
    selection=dg.AssetSelection.all(),
    description="One quarter from the three deliveries to the released folder; without an approved "
    "plan it stops before its quality is judged.",
)

release = dg.define_asset_job(
    RELEASE,
    selection=dg.AssetSelection.assets(["release_input", "quality"])
    | dg.AssetSelection.groups("review", "released"),
    description="Plan, approval, quality and release of a quarter whose release input is built.",
)

ingest_jobs = {
    agency.key: dg.define_asset_job(
        f"ingest_{agency.key}",
        selection=dg.AssetSelection.assets(["raw", agency.key]),
        description=f"Take in the delivery of '{agency.key}' for a quarter.",
    )
    for agency in read_state().agencies
}

jobs = [whole_quarter, release, *ingest_jobs.values()]
