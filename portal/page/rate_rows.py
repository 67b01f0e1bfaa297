"""Rates on the page: children per 10,000 by place, newest year first.

Here: the words of a rate. Not here: which rates there are (``portal.rates``).
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.rates import PER, Rate, list_rates
from privacy.released import Release


@dataclass(frozen=True)
class RatesView:
    """Rates of one release: a row has its place and a cell for each period, newest first."""

    periods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    living: str


def describe_rates(release: Release) -> RatesView | None:
    """The rates of a release, None where it has none."""
    rates = list_rates(release)
    if not rates:
        return None
    periods = tuple(sorted({one.period for one in rates}, reverse=True))
    by_place: dict[str, dict[str, Rate]] = {}
    for one in rates:
        by_place.setdefault(one.place, {})[one.period] = one
    return RatesView(
        periods,
        tuple(
            (place, tuple(_say(found.get(period)) for period in periods))
            for place, found in by_place.items()
        ),
        f"For each {PER:,} children who live there by public figures of {rates[0].children_in}.",
    )


def _say(rate: Rate | None) -> str:
    if rate is None:
        return "not released"
    return f"{rate.rate:.2f} ({rate.low90:.2f} to {rate.high90:.2f})"
