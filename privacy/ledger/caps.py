"""What charges add up to for one identity in the worst case, and the caps that this must respect.

One identity can stand in a cohort frame once ever, in an activity frame in as many quarters as the
policy says, and in any number where it says nothing. So over a window a frame costs it at most the
sum of its dearest quarters there, that many of them; frames add up. A quarter whose draw was lost
and paid for once more costs both charges, for whoever stands in it stands in both draws. Charges of
one frame made under different promises (another counting, cadence or number of quarters) are
promises of their own and add up too. Does not belong here: where charges are kept
(privacy.ledger.ledger).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from privacy.errors import PrivacyError
from privacy.ledger.chain import CHARGE, LOST, Charge, Entry, Part
from privacy.policy.policy import Caps
from privacy.released import ANNUAL, QUARTERLY, SpendingFacts

QUARTER = "quarter"
ANNUAL_TABLES = "annual"
YEAR = "year"
THREE_YEARS = "three_years"
LIFETIME = "lifetime"

YEARS_AHEAD = 20
"""For how many years releases are taken to go on where a lifetime is foreseen."""

_QUARTERS_IN_THREE_YEARS = 12

_Promise = tuple[str, str, str, int | None]
"""Frame, counting, cadence, and in how many charges one identity can stand."""


def compute_spending(
    entries: Iterable[Entry], charge: Charge, caps: Caps
) -> tuple[SpendingFacts, ...]:
    """Return the worst case and the cap of each period of a charge, which is counted in once."""
    charges = _list_charges(entries, charge)
    of_quarter = [other for other in charges if other.quarter == charge.quarter]
    of_year = [other for other in charges if other.year == charge.year]
    return (
        SpendingFacts(
            QUARTER,
            _sum_worst(of_quarter, lambda part: part.cadence == QUARTERLY),
            caps.quarter,
        ),
        SpendingFacts(
            ANNUAL_TABLES, _sum_worst(of_year, lambda part: part.cadence == ANNUAL), caps.annual
        ),
        SpendingFacts(YEAR, _sum_worst(of_year), caps.year),
        SpendingFacts(THREE_YEARS, _find_worst_window(charges, charge), caps.three_years),
        SpendingFacts(LIFETIME, _sum_worst(charges), caps.lifetime),
    )


def foresee_lifetime(entries: Iterable[Entry], charge: Charge, fourth: Charge) -> Fraction:
    """Return the worst case of a lifetime if releases go on like this for YEARS_AHEAD years.

    `fourth` is the charge of a fourth quarter, with the annual tables of its year.
    """
    quarterly = tuple(part for part in fourth.parts if part.cadence == QUARTERLY)
    year = [fourth, *[Charge(fourth.quarter, fourth.plan, quarterly)] * 3]
    return _sum_worst([*_list_charges(entries, charge), *year * YEARS_AHEAD])


def check_caps(entries: Sequence[Entry], charge: Charge, caps: Caps) -> None:
    """Refuse what passes a cap (MS625), meets another plan (MS624) or a lost draw (MS626).

    A quarter that comes out of turn is refused too (MS648): bounds over all years hold for quarters
    that are charged in their order. A plan already charged always fits. A quarter whose draw was
    lost may be charged for a plan that says so (MS637 where it says so of another draw), if the
    caps leave room for both.
    """
    of_quarter = [entry for entry in entries if entry.charge.quarter == charge.quarter]
    charged = [entry.charge for entry in of_quarter if entry.kind == CHARGE]
    lost = {entry.charge.plan for entry in of_quarter if entry.kind == LOST}
    if charge.plan in lost:
        raise PrivacyError("MS626", quarter=charge.quarter)
    if charge in charged:
        return
    if charged and charged[-1].plan not in lost:
        raise PrivacyError("MS624", quarter=charge.quarter)
    if charge.recovers != (charged[-1].plan if charged else None):
        raise PrivacyError("MS637", quarter=charge.quarter)
    last = max((entry.charge for entry in entries), key=lambda one: one.place, default=charge)
    if last.place > charge.place and not charged:
        raise PrivacyError("MS648", quarter=charge.quarter, later=last.quarter)
    for fact in compute_spending(entries, charge, caps):
        if fact.spent > fact.cap:
            raise PrivacyError(
                "MS625",
                quarter=charge.quarter,
                period=name_period(fact.period, charge.quarter),
                rho=f"{float(charge.rho):.6f}",
                spent=f"{float(fact.spent):.6f}",
                cap=f"{float(fact.cap):.6f}",
            )


def name_period(period: str, quarter: str) -> str:
    """Say which stretch of time a period of a quarter's charge is."""
    return {
        QUARTER: f"the quarterly tables of {quarter}",
        ANNUAL_TABLES: f"the annual tables of {quarter[:4]}",
        YEAR: f"the year {quarter[:4]}",
        THREE_YEARS: f"any twelve quarters with {quarter}",
        LIFETIME: "a lifetime",
    }[period]


def _list_charges(entries: Iterable[Entry], charge: Charge) -> list[Charge]:
    """Return all charges, each plan once, and this one among them."""
    charges = [entry.charge for entry in entries if entry.kind == CHARGE]
    return charges if charge in charges else [*charges, charge]


def _find_worst_window(charges: Sequence[Charge], charge: Charge) -> Fraction:
    """Return the worst case over all twelve quarters in a row that hold the charge's quarter."""
    first = charge.place - _QUARTERS_IN_THREE_YEARS + 1
    windows = (
        range(start, start + _QUARTERS_IN_THREE_YEARS) for start in range(first, charge.place + 1)
    )
    return max(
        _sum_worst([other for other in charges if other.place in window]) for window in windows
    )


def _sum_worst(
    charges: Iterable[Charge], is_counted: Callable[[Part], bool] = lambda _: True
) -> Fraction:
    """Return what one identity loses to these charges at most, which come in the ledger's order."""
    costs: dict[_Promise, dict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    paid: dict[str | None, int] = {}
    for number, charge in enumerate(charges):
        place = paid[charge.plan] = paid.get(charge.recovers, number)
        for part in filter(is_counted, charge.parts):
            promise = part.frame, part.counting, part.cadence, part.appearances
            costs[promise][place] += part.rho
    return sum(
        (
            cost
            for (*_, appearances), by_place in costs.items()
            for cost in sorted(by_place.values(), reverse=True)[:appearances]
        ),
        start=Fraction(0),
    )
