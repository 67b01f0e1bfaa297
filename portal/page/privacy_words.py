"""The privacy guarantee of a release in plain words.

Here: sentences made from the facts a release carries. Not here: computing those facts
(``privacy``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from portal.wording import say_ahead, say_epsilon
from privacy.released import PrivacyFacts, SpendingFacts

PERIODS = {
    "quarter": "this quarter's tables",
    "annual": "this year's annual tables",
    "year": "all tables of this calendar year",
    "three_years": "twelve quarters in a row",
    "lifetime": "all releases ever",
}


@dataclass(frozen=True)
class GaugeView:
    """How much of a cap is spent, in words and in hundredths."""

    title: str
    words: str
    percent: int


def describe_privacy(facts: PrivacyFacts) -> tuple[tuple[str, str], ...]:
    """Title and sentences for each fact, in the order of the page."""
    return (
        ("What is protected", f"Whether any one child is in the records. Exactly: {facts.unit}"),
        ("What an attacker could learn", _describe_power(facts)),
        ("The same as odds", _describe_odds(facts)),
        ("What this release costs", _describe_cost(facts)),
        ("If one child is several identities", _describe_groups(facts)),
        ("What is not protected", _describe_unprotected(facts)),
    )


def _describe_power(facts: PrivacyFacts) -> str:
    return (
        "Suppose someone knows every record except one child's, and wants to know whether that "
        "child is in the records. If this person is wrong about 1 in 100 children who are not, "
        "then all tables of this release together reveal "
        f"{100 * facts.power:.1f} in 100 of those who are. Guessing blindly reveals 1 in 100."
    )


def _describe_odds(facts: PrivacyFacts) -> str:
    rho = float(facts.rho)
    odds = exp(rho + 2 * sqrt(rho * log(100)))
    return (
        "Suppose someone thinks it an even bet that the child is in the records. After they have "
        f"seen this whole release, their odds are at most {odds:,.1f} to 1 either way, in at "
        "least 99 of 100 draws of the noise."
    )


def list_gauges(facts: PrivacyFacts) -> tuple[GaugeView, ...]:
    """What has been spent of each cap, this release included."""
    return tuple(map(_describe_gauge, facts.spending))


def _describe_gauge(one: SpendingFacts) -> GaugeView:
    percent = round(100 * one.spent / one.cap) if one.cap else 100
    return GaugeView(
        PERIODS.get(one.period, one.period),
        f"rho {float(one.spent):.4g} of {float(one.cap):.4g} spent, {percent} %"
        f"{say_ahead(one.cap, one.ahead)}",
        min(100, percent),
    )


def _describe_cost(facts: PrivacyFacts) -> str:
    return (
        f"rho {facts.rho_decimal} (zero-concentrated differential privacy). At delta "
        f"{_say_small(facts.delta)} that is {say_epsilon(facts.epsilon, facts.composed)}. Costs of "
        "different quarters add up, as often as one child can be counted. The noise was drawn "
        "once, and what was spent is written in a ledger that cannot be rewritten unseen."
    )


def _describe_groups(facts: PrivacyFacts) -> str:
    costs = [
        f"rho {float(group.rho):.4g} and {say_epsilon(group.epsilon, group.composed)} for "
        f"{group.size} identities"
        for group in facts.groups
        if group.size > 1
    ]
    return (
        "A child whose records were not recognised as one child's counts as several identities "
        f"and is protected less: {_join(costs)}."
    )


def _describe_unprotected(facts: PrivacyFacts) -> str:
    return f"These are public: {_join(facts.unprotected)}."


def _say_small(number: float) -> str:
    return f"{number:.10f}".rstrip("0")


def _join(parts: tuple[str, ...] | list[str]) -> str:
    return "; ".join(parts)
