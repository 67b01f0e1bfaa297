"""Release a quarter: hand its exact rows to the door, and the result to the portal.

The one module that calls `privacy.door`, and the one that reads release input out of the
warehouse. Does not belong here: noise, budgets, what a released file looks like.
"""

from __future__ import annotations

import duckdb

from orchestration.closed_quarters import refuse_open_quarter
from orchestration.errors import OrchestrationError
from orchestration.quality import require_gate
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from privacy import door
from privacy.errors import PrivacyError
from privacy.exact import ExactCells, ExactCounts, ExactFrame, ExactRelease, ExactRows
from privacy.frames import AGGREGATE, LINKED, Frame
from privacy.keys import load_keys
from privacy.ledger import Ledger
from privacy.plan import Plan, make_plan
from privacy.policy import load_policy
from privacy.released import Provenance, Release
from sources.quarters import Quarter

_COUNT_COLUMN = {"hotline_cases": "case_count", "hotline_children": "child_count"}


def draw_release(quarter: Quarter, settings: Settings) -> Release:
    """Give the release of a quarter: drawn now if it never was, else as it was drawn.

    Raises:
        OrchestrationError: MS905 when the quarter has not ended.
        ExpectationsError: When the gate has not passed for the rows that lie there now.
        PrivacyError: When the budget, the plan or the ledger forbids it.
    """
    refuse_open_quarter(quarter)
    plan = plan_quarter(quarter, settings)

    def read_exact() -> ExactRelease:
        with open_warehouse(settings) as connection:
            require_gate(connection, quarter, settings)
            return _read_release_input(connection, plan, quarter)

    return door.release(plan, read_exact, open_ledger(settings))


def recall_release(quarter: Quarter, settings: Settings) -> Release:
    """Give the release of a quarter as it was drawn, without reading the warehouse.

    Raises:
        OrchestrationError: MS906 when nothing was drawn for the quarter.
        PrivacyError: When a draw was begun and lost, or the ledger cannot be trusted.
    """
    release = door.recall(str(quarter), open_ledger(settings))
    if release is None:
        raise OrchestrationError("MS906", quarter=str(quarter))
    return release


def plan_quarter(quarter: Quarter, settings: Settings) -> Plan:
    """Say what a quarter's release holds and costs; reads no confidential row."""
    policy = load_policy(settings.policy)
    keys = load_keys(settings.public_keys, policy.dimensions)
    return make_plan(str(quarter), policy, keys)


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger; make an empty one only where nothing was ever released.

    Raises:
        PrivacyError: MS620 when releases exist and their ledger does not.
    """
    was_used = any(settings.releases.glob("[!.]*/"))
    if not settings.ledger.exists() and not was_used:
        try:
            Ledger.create(settings.ledger)
        except PrivacyError as error:
            if error.code != "MS621":  # another process made it in the meantime
                raise
    return Ledger(settings.ledger)


def _read_release_input(
    connection: duckdb.DuckDBPyConnection, plan: Plan, quarter: Quarter
) -> ExactRelease:
    frames = [_read_frame(connection, planned.frame, quarter) for planned in plan.frames]
    return ExactRelease(frames, _read_provenance(connection, quarter))


def _read_provenance(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Provenance:
    """Say how each agency last delivered the quarter, and whether any record may be simulated.

    Records of a quarter also come with deliveries for other quarters, so one simulated delivery
    among all that still count makes the whole release simulated.
    """
    rows = connection.execute(
        """
        select
            agency,
            arg_max(delivery_kind, delivery_sequence) filter (where delivery_quarter_start = ?),
            bool_or(is_simulated)
        from staging.stg_deliveries
        where is_current
        group by agency
        order by agency
        """,
        [quarter.first_day],
    ).fetchall()
    return Provenance(
        deliveries=tuple((agency, kind) for agency, kind, _ in rows if kind is not None),
        is_simulated=any(is_simulated for _, _, is_simulated in rows),
    )


def _read_frame(
    connection: duckdb.DuckDBPyConnection, frame: Frame, quarter: Quarter
) -> ExactFrame:
    is_aggregate = frame.kind == AGGREGATE
    subject = _COUNT_COLUMN[frame.name] if is_aggregate else "unit_id"
    rows = connection.execute(
        f"select {', '.join((subject, *frame.columns))} "  # noqa: S608 - names of the policy
        f"from release_input.{frame.name} where quarter_start = ?",
        [quarter.first_day],
    ).fetchall()
    subjects, *keys = zip(*rows, strict=True) if rows else [()] * (1 + len(frame.columns))
    columns = dict(zip(frame.columns, keys, strict=True))
    if is_aggregate:
        return ExactCounts(frame, columns, [int(count) for count in subjects])
    exact_type = ExactCells if frame.kind == LINKED else ExactRows
    return exact_type(frame, subjects, columns)
