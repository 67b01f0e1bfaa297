"""Group `ingest`: one asset for each agency's delivery of a quarter."""

from datetime import date

import dagster as dg

from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import load_settings
from privacy.policy.policy import load_policy
from sources.ingest import ingest

AGENCIES = {
    "dss": "Department of Social Services: NCANDS Child File, one line for each child in each "
    "report to Children's Division.",
    "mshp": "State Highway Patrol: NIBRS flat file of every Missouri police agency, segments 0 to "
    "7.",
    "hotline": "National hotline: aggregate counts of cases and children; the law lets it share no "
    "more.",
}


def _delivery_asset(agency: str, description: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["raw", agency],
        group_name="ingest",
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        owners=[*OWNERS, f"team:{agency}"],
        kinds={"csv" if agency == "hotline" else "file", "parquet"},
        description=f"{description} Checked against its manifest and contract; a receipt goes to "
        "the agency's outbox. A quarter without a delivery fails: silence is never read as zero.",
        metadata={"contract": f"{agency}/1", "vault_folder": f"raw/{agency}"},
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


deliveries = [_delivery_asset(agency, description) for agency, description in AGENCIES.items()]
