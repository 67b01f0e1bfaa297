"""Group `ingest`: one asset for each agency's delivery of a quarter."""

from datetime import date

import dagster as dg

from jurisdiction.state import read_state
from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from privacy.policy.policy import load_policy
from sources.ingest import ingest


def _delivery_asset(agency: str, delivers: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["raw", agency],
        group_name="ingest",
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        owners=[*OWNERS, f"team:{agency}"],
        kinds={"file", "parquet"},
        description=f"{delivers} Checked against its manifest and contract; a receipt goes to "
        "the agency's outbox. A quarter without a delivery fails: silence is never read as zero.",
        metadata={"vault_folder": f"raw/{agency}"},
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        settings = load_settings()
        quarter = quarter_of(context)
        with border(f"raw/{agency}", settings):
            receipt = ingest(
                settings.zones,
                agency,
                str(quarter),
                first_day_of_record=date.fromisoformat(
                    load_policy(settings.policy).first_day_of_record
                ),
            )
        return dg.MaterializeResult(
            metadata={
                "quarter": str(quarter),
                "status": receipt.status,
                "delivery": f"sequence {receipt.sequence}",
                "remarks": " ".join(receipt.remarks) or "none",
                "receipt": f"outbox/{agency}/{quarter}-{receipt.sequence:04d}-accepted.txt",
            }
        )

    return delivery


deliveries = [_delivery_asset(one.key, one.delivers) for one in read_state().agencies]
