"""Group `ingest`: one asset for each agency's delivery of a quarter, and what it warns of.

A warning is one bit with a constant text, and stops nothing (decision 154). What it is about stands
in the receipt alone. An agency that no quarter waits for has a warning more: that nothing of it was
taken in (decision 169).
"""

from datetime import date

import dagster as dg

from failures.exits import Exit
from jurisdiction.state import Agency, read_state
from orchestration.defs.border import border
from orchestration.defs.quarters import ONE_QUARTER_A_RUN, OWNERS, QUARTERS, quarter_of
from orchestration.hub.settings import Settings, load_settings
from privacy.policy.policy import load_policy
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.receipts import Receipt

_MACHINE = "MS120"
"""The number of this machine's own failure, which no agency's silence excuses."""

_WARNINGS = {
    "nothing_was_set_aside": "Lines of the delivery were set aside. Read the receipt, and ask the "
    "agency to send what it names again, corrected.",
    "is_like_the_quarters_before": "The delivery is unlike those of the quarters before, or "
    "agrees with no other that it must agree with. Read the receipt, and ask the agency whether "
    "that is right.",
}


_NO_DELIVERY = "MS101"
_NOT_REJECTED = {
    "was_not_rejected": "A delivery was rejected, and the quarter goes on without it. Ask the "
    "agency to send what its receipt names again, corrected.",
}

_AWAITED = "A quarter without a delivery fails: silence is never read as zero."
_OPTIONAL = (
    "No quarter waits for it: where nothing was taken in, or a delivery was rejected, the quarter "
    "goes on and its release says so. That is never read as zero."
)


def _delivery_asset(agency: Agency) -> dg.AssetsDefinition:
    key, warnings = agency.key, _WARNINGS | (_NOT_REJECTED if agency.is_optional else {})

    @dg.asset(
        key=["raw", key],
        group_name="ingest",
        partitions_def=QUARTERS,
        backfill_policy=ONE_QUARTER_A_RUN,
        owners=[*OWNERS, f"team:{key}"],
        kinds={"file", "parquet"},
        description=f"{agency.delivers} Checked against its manifest and contract; a receipt goes "
        f"to the agency's outbox. {_OPTIONAL if agency.is_optional else _AWAITED}",
        metadata={"vault_folder": f"raw/{key}"},
        check_specs=[
            dg.AssetCheckSpec(name, asset=["raw", key], blocking=False, description=text)
            for name, text in warnings.items()
        ],
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster knows no other where there are checks
        settings, quarter = load_settings(), quarter_of(context)
        with border(f"raw/{key}", settings, receipts=f"outbox/{key}"):
            taken = _take_in(agency, str(quarter), settings)
        if isinstance(taken, SourcesError):
            is_absent = taken.code == _NO_DELIVERY
            outcomes = dict.fromkeys(warnings, True) | {"was_not_rejected": is_absent}
            metadata = {
                "quarter": str(quarter),
                "status": "none was delivered" if is_absent else "rejected",
                "why": taken.sentence,
            }
            place = f"outbox/{key}"
        else:
            place = f"outbox/{key}/{quarter}-{taken.sequence:04d}-accepted.html"
            outcomes = dict(zip(warnings, (taken.is_clean, not taken.unlike, True), strict=False))
            metadata = _describe(taken, place)
        checks = [
            _warn(name, warnings[name], place, is_well=well) for name, well in outcomes.items()
        ]
        return dg.MaterializeResult(check_results=checks, metadata=metadata)

    return delivery


def _take_in(agency: Agency, quarter: str, settings: Settings) -> Receipt | SourcesError:
    """Ingest a delivery; of an agency that no quarter waits for, say why nothing was taken in."""
    first_day = date.fromisoformat(load_policy(settings.policy).first_day_of_record)
    try:
        return ingest(
            settings.zones,
            agency.key,
            quarter,
            first_day_of_record=first_day,
            keys=settings.delivery_keys,
        )
    except SourcesError as refused:
        is_of_agency = refused.exit_code == Exit.DELIVERY and refused.code != _MACHINE
        if not (agency.is_optional and is_of_agency):
            raise
        return refused


def _describe(receipt: Receipt, place: str) -> dict[str, str]:
    return {
        "quarter": receipt.quarter,
        "status": receipt.status,
        "delivery": f"sequence {receipt.sequence}",
        "remarks": " ".join(receipt.remarks) or "none",
        "receipt": place.replace(".html", ".txt"),
    }


def _warn(name: str, text: str, place: str, *, is_well: bool) -> dg.AssetCheckResult:
    """The result of one warning; its text and its metadata follow from no record."""
    return dg.AssetCheckResult(
        check_name=name,
        passed=is_well,
        severity=dg.AssetCheckSeverity.WARN,
        description="There is nothing to do." if is_well else text,
        metadata={"receipt": place},
    )


deliveries = [_delivery_asset(one) for one in read_state().agencies]
