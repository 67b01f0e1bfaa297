"""What a policy costs, told before any release: each frame, and the worst case of one identity.

Assumes that every quarter from some first one on is released with this policy. Does not belong
here: what was really charged (privacy.ledger.ledger).
"""

from fractions import Fraction
from typing import Any

from privacy.plan import Plan, make_plan
from privacy.policy.keys import PublicKeys
from privacy.policy.policy import Policy
from privacy.policy.strategy import Strategy
from privacy.released import ANNUAL, QUARTERLY

_NO_RULES = ""  # what a plan costs does not depend on them, and this one is never signed
LIFETIME_QUARTERS = 80
"""How long a lifetime is for an identity that nothing limits: twenty years of quarters."""


def summarise(policy: Policy, keys: PublicKeys, strategy: Strategy) -> dict[str, Any]:
    """Return a policy's costs as plain content; raises what `make_plan` raises."""
    a_fourth_quarter = f"{policy.first_day_of_record[:4]}Q4"
    plan = make_plan(a_fourth_quarter, policy, keys, strategy, _NO_RULES)
    return {
        "version": policy.version,
        "reviewed_on": policy.reviewed_on,
        "policy_hash": policy.hash,
        "keys_hash": keys.hash,
        "strategy_hash": strategy.hash,
        "frames": [
            {
                "name": planned.frame.name,
                "cadence": planned.policy.cadence,
                "counting": planned.policy.counting,
                "quarters": planned.policy.quarters or "any",
                "bound": planned.frame.bound,
                "places": planned.policy.places,
                "rho": _tell(planned.rho),
                "measurements": len(planned.measurements),
            }
            for planned in plan.frames
        ],
        "declared_public": {
            table.name: policy.public[table.sources[0]].contract
            for table in policy.tables
            if table.public
        },
        "switched_off": sorted(policy.switched_off),
        "worst_case": [
            {
                "period": period,
                "rho": _tell(worst),
                "cap": _tell(cap),
                "fits": worst <= cap,
            }
            for period, worst, cap in _list_periods(plan)
        ],
        "gaps": {split.cadence: split.gap for split in strategy.splits},
    }


def sum_worst(plan: Plan, quarters: int) -> Fraction:
    """Return what one identity can lose in this many quarters in a row, of plans like this one.

    `plan` is one of a fourth quarter. Annual tables come once in four quarters.
    """
    times = {QUARTERLY: quarters, ANNUAL: quarters // 4}
    total = Fraction(0)
    for planned in plan.frames:
        possible = times[planned.policy.cadence]
        limit = planned.policy.quarters
        total += planned.rho * (possible if limit is None else min(limit, possible))
    return total


def _list_periods(plan: Plan) -> list[tuple[str, Fraction, Fraction]]:
    caps = plan.policy.caps
    return [
        ("quarter", plan.sum_rho(QUARTERLY), caps.quarter),
        ("annual", plan.sum_rho(ANNUAL), caps.annual),
        ("year", sum_worst(plan, 4), caps.year),
        ("three_years", sum_worst(plan, 12), caps.three_years),
        ("lifetime", sum_worst(plan, LIFETIME_QUARTERS), caps.lifetime),
    ]


def _tell(rho: Fraction) -> str:
    return f"{float(rho):.6f}"
