"""What an officer must know of a plan before it is approved, worked out from public facts alone.

Reads the plan and the ledger's entries: accuracy before it is spent, three budgets, what is spent
and left, what changed. Does not belong here: words and looks (portal.officers_page), and
the rehearsal (privacy.approval.rehearsal).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from privacy.approval.approval import Officer
from privacy.approval.plan_diff import compare_plans
from privacy.approval.rehearsal import find_sizes, rehearse
from privacy.engine import noise
from privacy.engine.margins import compute_margin
from privacy.errors import PrivacyError
from privacy.ledger.caps import (
    LIFETIME,
    check_caps,
    compute_spending,
    foresee_lifetime,
    name_period,
)
from privacy.ledger.chain import CHARGE, DONE, LOST, Charge, Entry, find_head
from privacy.plan import Plan, charge_fourth
from privacy.policy.policy import Caps
from privacy.publishing.history import History
from privacy.publishing.publisher import Publisher, state_groups
from privacy.publishing.recalled import recall_entry
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.tables import prepare_tables
from privacy.publishing.years import add_year_sums
from privacy.released import DECLARED_PUBLIC, Release, ReleasedTable
from privacy.shown import (
    LOOSER,
    PROPOSED,
    TIGHTER,
    BudgetChoice,
    DeclaredQuantity,
    FrameBound,
    PeriodBudget,
    SharedRows,
    ShownPlan,
    Signature,
    TableAccuracy,
    Three,
)

CHOICES = ((TIGHTER, Fraction(1, 2)), (PROPOSED, Fraction(1)), (LOOSER, Fraction(2)))
_NO_COST = ""


def assess(plan: Plan, entries: Sequence[Entry], officers: Sequence[Officer]) -> ShownPlan:
    """Return everything that the review page shows; raises PrivacyError MS629.

    `entries` are the ledger's; only what was charged or released for other quarters counts, and
    what was lost for this one.
    """
    lost = {entry.charge.plan for entry in entries if entry.kind == LOST}
    others = [
        entry
        for entry in entries
        if entry.charge.quarter != plan.quarter or entry.charge.plan in lost
    ]
    charge = plan.charge
    releases = _read_releases(others, charge)
    policy, before = plan.policy, _find_last_plan(others)
    return ShownPlan(
        quarter=plan.quarter,
        plan=plan.hash,
        recovers=plan.recovers or "",
        ledger_head=find_head(entries),
        policy_version=policy.version,
        policy_hash=policy.hash,
        reviewed_on=policy.reviewed_on,
        keys_hash=plan.keys.hash,
        strategy_hash=plan.strategy.hash,
        rules_hash=plan.rules_hash,
        unit=policy.unit,
        delta=float(policy.delta),
        unprotected=policy.unprotected,
        signers=policy.signers,
        officers=tuple(Signature(one.name, one.key_id) for one in officers),
        year=plan.year,
        is_modelled=policy.is_modelled,
        is_synthetic=policy.is_synthetic,
        problem=_find_problem(entries, charge, policy.caps),
        choices=_list_choices(plan, others, charge),
        groups=state_groups(plan.rho, policy.delta),
        periods=_list_periods(others, charge, plan),
        tables=_assess_tables(plan, releases),
        frames=_list_frames(plan),
        shared=_list_shared(plan),
        declared=_list_declared(plan),
        changes=compare_plans(before, json.loads(plan.to_json())) if before else (),
        changed_since=before["quarter"] if before else "",
        rehearsal=rehearse(plan, Publisher(plan), find_sizes(releases)),
        versions=(("opendp", noise.read_opendp_version()),),
    )


def _read_releases(entries: Sequence[Entry], charge: Charge) -> list[Release]:
    """Return the finished releases of earlier quarters, the latest first."""
    done = [e for e in entries if e.kind == DONE and e.charge.place < charge.place]
    done.sort(key=lambda entry: entry.charge.place, reverse=True)
    return [recall_entry(entry) for entry in done]


def _find_last_plan(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the plan that was charged last, as content; empty where none was."""
    charged = [entry for entry in entries if entry.kind == CHARGE]
    return dict(json.loads((charged[-1].payload or {})["plan"])) if charged else {}


def _find_problem(entries: Sequence[Entry], charge: Charge, caps: Caps) -> str:
    try:
        check_caps(entries, charge, caps)
    except PrivacyError as error:
        return error.sentence
    return ""


def _list_choices(
    plan: Plan, others: Sequence[Entry], charge: Charge
) -> tuple[BudgetChoice, BudgetChoice, BudgetChoice]:
    tighter, proposed, looser = (
        BudgetChoice(
            name=name,
            factor=factor,
            rho=plan.rho * factor,
            epsilon=noise.convert_to_epsilon(plan.rho * factor, plan.policy.delta),
            composed=noise.compose_epsilon(plan.rho * factor, plan.policy.delta),
            power=noise.compute_power(plan.rho * factor),
            fits=not _find_problem(others, _multiply(charge, factor), plan.policy.caps),
        )
        for name, factor in CHOICES
    )
    return tighter, proposed, looser


def _multiply(charge: Charge, factor: Fraction) -> Charge:
    parts = (
        type(part)(part.frame, part.counting, part.cadence, part.quarters, part.rho * factor)
        for part in charge.parts
    )
    return replace(charge, parts=tuple(parts))


def _list_periods(others: Sequence[Entry], charge: Charge, plan: Plan) -> tuple[PeriodBudget, ...]:
    nothing, caps = replace(charge, plan=_NO_COST, parts=()), plan.policy.caps
    ahead = foresee_lifetime(others, charge, charge_fourth(plan))
    return tuple(
        PeriodBudget(
            after.period,
            name_period(after.period, charge.quarter),
            before.spent,
            after.spent,
            after.cap,
            ahead if after.period == LIFETIME else None,
        )
        for before, after in zip(
            compute_spending(others, nothing, caps),
            compute_spending(others, charge, caps),
            strict=True,
        )
    )


def _list_titles(plan: Plan) -> dict[str | None, str]:
    """Return the title of the first table of each frame."""
    return {table.frame: table.title for table in reversed(plan.policy.tables)}


def _list_shared(plan: Plan) -> tuple[SharedRows, ...]:
    titles = _list_titles(plan)
    return tuple(
        SharedRows(
            title=titles[planned.frame.name],
            other=titles[same.frame],
            cells=tuple(
                key.label for key in plan.keys.of(planned.frame.columns[0]) if key.key in same.cells
            ),
            test=same.test,
        )
        for planned in plan.frames
        if (same := planned.policy.same_rows)
    )


def _list_declared(plan: Plan) -> tuple[DeclaredQuantity, ...]:
    return tuple(
        DeclaredQuantity(
            agency=agency,
            contract=public.contract,
            reason=public.reason,
            titles=tuple(
                one.title for one in plan.policy.tables if one.public and one.sources == (agency,)
            ),
        )
        for agency, public in plan.policy.public.items()
    )


def _list_frames(plan: Plan) -> tuple[FrameBound, ...]:
    titles = _list_titles(plan)
    return tuple(
        FrameBound(
            name=planned.frame.name,
            title=titles[planned.frame.name],
            kind=planned.frame.kind,
            counting=planned.policy.counting,
            cadence=planned.policy.cadence,
            quarters=planned.policy.quarters,
            places=planned.policy.places,
            bound=planned.frame.bound,
            rho=planned.rho,
            measurements=len(planned.measurements),
            reason=planned.policy.reason,
        )
        for planned in plan.frames
    )


def _assess_tables(plan: Plan, releases: Sequence[Release]) -> tuple[TableAccuracy, ...]:
    """Return the accuracy of every table at each budget; what the year measured helps at each."""
    history = History(plan.quarter, releases)
    informed = [
        join_same_rows(add_year_sums(_spend(plan, factor), history)) for _, factor in CHOICES
    ]
    tighter, proposed, looser = ([blank.table for blank in prepare_tables(one)] for one in informed)
    return tuple(
        _assess_table(plan, tables, releases)
        for tables in zip(tighter, proposed, looser, strict=True)
    )


def _spend(plan: Plan, factor: Fraction) -> Plan:
    """Return the plan with the noise of so many times its budget, to find deviations from."""
    return replace(
        plan,
        frames=tuple(
            replace(
                planned,
                measurements=tuple(
                    replace(one, scale=one.scale / Decimal(math.sqrt(factor)))
                    for one in planned.measurements
                ),
            )
            for planned in plan.frames
        ),
    )


def _assess_table(
    plan: Plan, at_budgets: tuple[ReleasedTable, ...], releases: Sequence[Release]
) -> TableAccuracy:
    table = at_budgets[0]
    deviations = [
        {(row.geography, row.keys): row.deviation for row in one.rows if row.deviation is not None}
        for one in at_budgets
    ]
    largest = [max(one.values(), default=0.0) for one in deviations]
    compared, usable = _count_usable(table.name, deviations, releases)
    return TableAccuracy(
        name=table.name,
        title=table.title,
        unit=table.unit,
        definition=table.definition,
        sources=table.sources,
        kind=table.kind,
        cadence=table.cadence,
        period=table.period,
        level=plan.policy.levels[table.level],
        dimensions=table.dimension_titles,
        cells=len(table.rows),
        silence=_say_silence(table),
        moe90=_compute_margins(largest),
        smallest_change=_compute_margins([math.sqrt(2) * one for one in largest]),
        usable=usable,
        compared=compared,
    )


def _say_silence(table: ReleasedTable) -> str:
    if table.declared:
        return DECLARED_PUBLIC
    return "" if table.frame else table.rows[0].status


def _compute_margins(deviations: Sequence[float]) -> Three:
    tighter, proposed, looser = map(compute_margin, deviations)
    return tighter, proposed, looser


def _count_usable(
    name: str,
    deviations: Sequence[Mapping[tuple[str, tuple[str, ...]], float]],
    releases: Sequence[Release],
) -> tuple[str, tuple[int, ...]]:
    """Return the period last released and, for each budget, how many cells would be usable."""
    found = next(
        (table for release in releases for table in release.tables if table.name == name), None
    )
    if found is None or not deviations[0]:
        return "", ()
    counts = tuple(
        sum(
            compute_margin(at_budget[row.geography, row.keys]) <= row.estimate / 2
            for row in found.rows
            if row.estimate is not None and (row.geography, row.keys) in at_budget
        )
        for at_budget in deviations
    )
    return found.period, counts
