"""Release a quarter: hand its exact rows to the door, and the result to the portal.

The one module that calls `privacy.door`, and the one that reads release input out of the
warehouse. Does not belong here: noise, budgets, approvals, what a released file looks like.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jurisdiction.state import read_state
from orchestration.guards.built_rules import RELEASE_INPUT, Making, require_made
from orchestration.guards.closed_quarters import find_told_quarter, refuse_open_quarter
from orchestration.guards.counted_tables import COUNT
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.guards.kept_rows import keep_rows
from orchestration.guards.quarter_order import refuse_passing_over
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse
from orchestration.steps.approving import find_approvals
from orchestration.steps.building import check_folder, require_signing_key
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.public_totals import read_public_totals
from orchestration.steps.quality import require_quality
from orchestration.steps.spending import check_witness, find_custody, keep_head, open_ledger
from privacy import door
from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRelease, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, Coded, Frame
from privacy.plan import Plan
from privacy.released import Provenance, Release
from sources.agency_roster import count_reporting
from sources.quarters import Quarter
from sources.storing import list_accepted, read_accepted

_ROWS_AT_ONCE = 1_000_000
_UNIT = "case when unit_id = '' or unit_id is null then 0 else hash(unit_id) end"


def draw_release(quarter: Quarter, settings: Settings) -> Release:
    """Give the release of a quarter: drawn now if it never was, else as it was drawn.

    Raises:
        OrchestrationError: MS905 when the quarter has not ended, MS923 when the rows of an earlier
            release are lost, MS925 when the vault cannot note what was done, MS926 when it would
            pass over a delivered quarter, MS927 or MS933 when the rows were made before another
            release or by other rules than the plan names, MS934 when no folder could be built of
            what would be drawn.
        PortalError: When it could not be signed.
        ExpectationsError: When not every rule holds of the rows that lie there now.
        PrivacyError: When the approval, the budget, the plan or the ledger forbids it.
    """
    refuse_open_quarter(quarter)
    require_signing_key(settings)
    plan = plan_quarter(quarter, settings)

    ledger = open_ledger(settings)

    def read_exact() -> ExactRelease:
        check_witness(ledger, settings)
        refuse_passing_over(quarter, settings)
        making = Making.now(plan.rules_hash, quarter, find_kept_quarters(settings))
        with open_warehouse(settings) as connection:
            tests = require_quality(connection, plan.policy, quarter, settings).dbt_rules
            require_made(RELEASE_INPUT, quarter, making, settings)
            keep_rows(connection, quarter, settings)
            return _read_release_input(connection, plan, quarter, settings, tests)

    try:
        approvals = find_approvals(quarter, settings)
        return door.release(
            plan, approvals, read_exact, check_folder, ledger, find_custody(settings)
        )
    finally:
        keep_head(ledger, settings)


def recall_release(quarter: Quarter, settings: Settings) -> Release:
    """Give the release of a quarter as it was drawn, without reading the warehouse.

    Raises:
        OrchestrationError: MS906 when nothing was drawn for the quarter.
        PrivacyError: When the ledger cannot be trusted.
    """
    release = door.recall(str(quarter), open_ledger(settings))
    if release is None:
        raise OrchestrationError("MS906", quarter=str(quarter))
    return release


def give_up_draw(quarter: Quarter, settings: Settings) -> str:
    """Declare the draw of a quarter lost, so that a plan can pay for the quarter once more.

    Returns:
        Hash of the plan whose draw is lost.

    Raises:
        PrivacyError: MS634 when it is not lost.
    """
    ledger = open_ledger(settings)
    lost = door.declare_lost(str(quarter), ledger, find_custody(settings))
    keep_head(ledger, settings)
    return lost


def _read_release_input(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    quarter: Quarter,
    settings: Settings,
    tests: Mapping[str, bool],
) -> ExactRelease:
    frames = [_read_frame(connection, planned.frame, quarter) for planned in plan.frames]
    public = read_public_totals(plan, settings)
    provenance, is_made_up = _read_provenance(
        connection, plan.policy.sources, quarter, settings, public.deliveries
    )
    held = [name for name, holds in tests.items() if holds]
    return ExactRelease(frames, provenance, is_made_up=is_made_up, held=held, totals=public.totals)


def _read_provenance(
    connection: duckdb.DuckDBPyConnection,
    sources: Collection[str],
    quarter: Quarter,
    settings: Settings,
    public: Sequence[tuple[str, str]] = (),
) -> tuple[Provenance, bool]:
    """Say how each agency last delivered the quarter, and whether records are simulated.

    An agency that is no source of the plan is told nowhere. One for which no quarter waits is told
    by the last quarter of its rhythm, and by `none` where it did not deliver that.
    A nil delivery is told as a full one, which it is: that an agency holds no record at all is an
    exact count, and one child more would undo it. Of `public` totals it is told as it is.

    One simulated delivery among all that were ever accepted makes the release simulated. It is made
    up, as the second answer says, only where every one of them is. Those that were replaced and
    those of other quarters are asked too: rows may be older than the staging that lies there now.
    """
    kinds = connection.execute(
        """
        select agency, delivery_quarter_start, arg_max(delivery_kind, delivery_sequence)
        from intermediate.int_deliveries
        where is_current
        group by agency, delivery_quarter_start
        """
    ).fetchall()
    told = {(agency, start): kind for agency, start, kind in kinds}
    simulated = [
        is_simulated
        for path in settings.vault.find_raw("deliveries")
        for is_simulated in pq.read_table(path, columns=["simulated"])["simulated"].to_pylist()
    ]
    provenance = Provenance(
        deliveries=tuple(sorted([*_name_kinds(sources, quarter, told), *public])),
        is_simulated=any(simulated),
        police_agencies=_count_police_agencies(quarter, settings),
    )
    return provenance, bool(simulated) and all(simulated)


def _name_kinds(
    sources: Collection[str], quarter: Quarter, told: Mapping[tuple[str, date], str]
) -> Iterator[tuple[str, str]]:
    """Each agency whose records are counted, by the alphabet, and how it delivered."""
    for agency in sorted(read_state().agencies, key=lambda one: one.key):
        if agency.key not in sources:
            continue
        kind = told.get((agency.key, find_told_quarter(agency, quarter).first_day))
        if kind is not None:
            yield agency.key, "full" if kind == "nil" else kind
        elif agency.is_optional:
            yield agency.key, "none"


def _count_police_agencies(quarter: Quarter, settings: Settings) -> tuple[int, int] | None:
    """Count who reports by the newest roster that a delivery of the Patrol carried, if any did."""
    for sequence in reversed(list_accepted(settings.zones, "mshp", str(quarter))):
        manifest, _ = read_accepted(settings.zones, "mshp", str(quarter), sequence)
        if manifest.agency_roster:
            return count_reporting(manifest.agency_roster)
    return None


def _read_frame(
    connection: duckdb.DuckDBPyConnection, frame: Frame, quarter: Quarter
) -> ExactFrame:
    """Read the rows of one frame; an annual frame has rows in a fourth quarter, of its year.

    Units come as numbers that a hash makes of their ids, and zero where there is none.
    """
    if frame.kind == AGGREGATE:
        return _read_counts(connection, frame, quarter)
    listed = {
        frame.leaf_column: frame.levels[-1].keys,
        **dict(zip(frame.columns, frame.keys, strict=True)),
    }
    rows = connection.execute(
        f"select {_UNIT}, {', '.join(listed)} "  # noqa: S608 - names of the policy
        f"from release_input.{frame.name} where quarter_start = ?",
        [quarter.first_day],
    ).to_arrow_reader(_ROWS_AT_ONCE)
    units = [np.empty(0, dtype=np.uint64)]
    codes = {name: [np.empty(0, dtype=np.int32)] for name in listed}
    for batch in rows:
        units.append(batch.column(0).to_numpy())
        for column, (name, keys) in zip(batch.columns[1:], listed.items(), strict=True):
            codes[name].append(_find_places(column, keys))
    columns = {name: Coded(np.concatenate(codes[name]), keys) for name, keys in listed.items()}
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, np.concatenate(units), columns)


def _find_places(column: pa.Array[Any], keys: Sequence[str]) -> NDArray[np.int32]:
    """Give a column as places in the public list; a key that is not there is place -1."""
    places = pc.index_in(column, value_set=pa.array(keys, pa.string()))
    found: NDArray[np.int32] = pc.fill_null(places, -1).to_numpy(zero_copy_only=False)
    return found


def _read_counts(
    connection: duckdb.DuckDBPyConnection, frame: Frame, quarter: Quarter
) -> ExactCounts:
    """Read the counts of one delivered frame, summed over the columns that the plan leaves out."""
    names = (frame.leaf_column, *frame.columns)
    listed = ", ".join(names)
    rows = connection.execute(
        f"select {listed}, sum(columns('.*{COUNT}')) "  # noqa: S608 - names of the policy
        f"from release_input.{frame.name} where quarter_start = ? group by {listed}",
        [quarter.first_day],
    ).fetchall()
    *keys, counts = zip(*rows, strict=True) if rows else [()] * (1 + len(names))
    return ExactCounts(frame, dict(zip(names, keys, strict=True)), [int(count) for count in counts])
