"""Jobs: the parts of the graph that are run as one."""

from collections.abc import Mapping

import dagster as dg

from jurisdiction.state import read_state
from orchestration.defs.quarters import QUARTERS, describe_run

WHOLE_QUARTER = "whole_quarter"
RELEASE = "release"


def _give_no_config(_: str) -> Mapping[str, object]:
    return {}


TAGGED = dg.PartitionedConfig(
    QUARTERS,
    run_config_for_partition_key_fn=_give_no_config,
    tags_for_partition_key_fn=describe_run,
)
"""No run takes any setting; each is tagged with its quarter, and older ones start first."""

_DECIDED = dg.AssetSelection.assets(["review", "approval"], ["release_input", "quality"])

whole_quarter = dg.define_asset_job(
    WHOLE_QUARTER,
    selection=dg.AssetSelection.all(),
    config=TAGGED,
    description="One quarter from its deliveries to the released folder; without an approved "
    "plan it stops before its quality is judged.",
)

prepare = dg.define_asset_job(
    "prepare",
    selection=dg.AssetSelection.all() - _DECIDED - dg.AssetSelection.groups("released"),
    config=TAGGED,
    description="A quarter whose deliveries are in, up to what its release is drawn from; nothing "
    "is decided or released.",
)

put_up_plan = dg.define_asset_job(
    "put_up_plan",
    selection=dg.AssetSelection.assets(["review", "plan"]),
    config=TAGGED,
    description="Put up the plan of a quarter, which officers read and sign.",
)

release = dg.define_asset_job(
    RELEASE,
    selection=dg.AssetSelection.assets(["release_input", "quality"])
    | dg.AssetSelection.groups("review", "released"),
    config=TAGGED,
    description="Plan, approval, quality and release of a quarter whose release input is built.",
)

ingest_jobs = {
    agency.key: dg.define_asset_job(
        f"ingest_{agency.key}",
        selection=dg.AssetSelection.assets(["raw", agency.key]),
        config=TAGGED,
        description=f"Take in the delivery of '{agency.key}' for a quarter.",
    )
    for agency in read_state().agencies
}

jobs = [whole_quarter, prepare, put_up_plan, release, *ingest_jobs.values()]
