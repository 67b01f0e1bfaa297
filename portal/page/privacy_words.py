"""The privacy guarantee of a release in plain words.

Here: sentences made from the facts a release carries. Not here: computing those facts
(``privacy``).
"""

from __future__ import annotations

from privacy.released import PrivacyFacts


def describe_privacy(facts: PrivacyFacts) -> tuple[tuple[str, str], ...]:
    """Title and sentences for each fact, in the order of the page."""
    return (
        ("What is protected", f"Whether any one child is in the records. Exactly: {facts.unit}"),
        ("What an attacker could learn", _describe_power(facts)),
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


def _describe_cost(facts: PrivacyFacts) -> str:
    return (
        f"rho {facts.rho_decimal} (zero-concentrated differential privacy), which is epsilon "
        f"{facts.epsilon:.2f} at delta {_say_small(facts.delta)}. Costs of different quarters add "
        "up. The noise was drawn once, and what was spent is written in a ledger that cannot be "
        "rewritten unseen."
    )


def _describe_groups(facts: PrivacyFacts) -> str:
    costs = [
        f"rho {float(group.rho):.4g} and epsilon {group.epsilon:.2f} for {group.size} identities"
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
