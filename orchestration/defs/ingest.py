"""Group `ingest`: one asset for each agency's delivery of a quarter, and what it warns of.

A warning is one bit with a constant text, and stops nothing (decision 154). What it is about stands
in the receipt alone.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from jurisdiction.state import Agency, read_state
from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import Settings, load_settings
from privacy.policy.policy import load_policy
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.receipts import Receipt

_WARNINGS = {
    "nothing_was_set_aside": "Lines of the delivery were set aside. Read the receipt, and ask the "
    "agency to send what it names again, corrected.",
    "is_like_the_quarters_before": "The delivery is unlike those of the quarters before, or "
    "agrees with no other that it must agree with. Read the receipt, and ask the agency whether "
    "that is right.",
}

_SILENT = {
    False: "A quarter without a delivery fails: silence is never read as zero.",
    True: "No quarter waits for it: one without a delivery goes on with what came before.",
}
"""What silence means, by whether no quarter waits for the agency."""

_NO_DELIVERY = "MS101"


def _delivery_asset(of: Agency) -> dg.AssetsDefinition:
    agency = of.key

    @dg.asset(
        key=["raw", agency],
        group_name="ingest",
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        owners=[*OWNERS, f"team:{agency}"],
        kinds={"file", "parquet"},
        description=f"{of.delivers} Checked against its manifest and contract; a receipt goes to "
        f"the agency's outbox. {_SILENT[of.is_optional]}",
        metadata={"vault_folder": f"raw/{agency}"},
        check_specs=[
            dg.AssetCheckSpec(name, asset=["raw", agency], blocking=False, description=text)
            for name, text in _WARNINGS.items()
        ],
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster knows no other where there are checks
        settings = load_settings()
        quarter = quarter_of(context)
        with border(f"raw/{agency}", settings, receipts=f"outbox/{agency}"):
            receipt = _take(of, quarter, settings)
        if receipt is None:
            return _tell_silence(quarter)
        place = f"outbox/{agency}/{quarter}-{receipt.sequence:04d}-accepted"
        return dg.MaterializeResult(
            check_results=list(_warn(receipt, f"{place}.html")),
            metadata={
                "quarter": str(quarter),
                "status": receipt.status,
                "delivery": f"sequence {receipt.sequence}",
                "remarks": " ".join(receipt.remarks) or "none",
                "receipt": f"{place}.txt",
            },
        )

    return delivery


def _take(of: Agency, quarter: Quarter, settings: Settings) -> Receipt | None:
    """Take a delivery in; None where there is none and no quarter waits for it."""
    record = load_policy(settings.policy).first_day_of_record
    try:
        return ingest(
            settings.zones,
            of.key,
            str(quarter),
            first_day_of_record=date.fromisoformat(record),
            keys=settings.delivery_keys,
        )
    except SourcesError as error:
        if not of.is_optional or error.code != _NO_DELIVERY:
            raise
        return None


def _tell_silence(quarter: Quarter) -> dg.MaterializeResult:  # type: ignore[type-arg] # as above
    """Nothing was delivered, and nothing is amiss."""
    return dg.MaterializeResult(
        check_results=[
            dg.AssetCheckResult(
                check_name=name,
                passed=True,
                severity=dg.AssetCheckSeverity.WARN,
                description="There is nothing to do.",
            )
            for name in _WARNINGS
        ],
        metadata={"quarter": str(quarter), "status": "none was delivered"},
    )


def _warn(receipt: Receipt, place: str) -> Iterator[dg.AssetCheckResult]:
    """One result for each warning; its text and its metadata follow from no record."""
    outcomes = (receipt.is_clean, not receipt.unlike)
    for (name, text), is_well in zip(_WARNINGS.items(), outcomes, strict=True):
        yield dg.AssetCheckResult(
            check_name=name,
            passed=is_well,
            severity=dg.AssetCheckSeverity.WARN,
            description="There is nothing to do." if is_well else text,
            metadata={"receipt": place},
        )


deliveries = [_delivery_asset(one) for one in read_state().agencies]
