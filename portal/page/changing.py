"""What changed, in the words of the page: one table, the surest change first.

Here: how a change and what it is made of are told. Not here: which changes there are and how sure
they are (``portal.changed``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from portal.chance import say_both
from portal.changed import Change, Changes, add_estimates, name_moments
from portal.page.charts import keep_together, say_short
from portal.page.links import link_change
from portal.page.rows import list_labels, say_number
from portal.ranges import find_first
from portal.series import Key, Moment
from portal.wording import say_range
from privacy.released import Release

FEW = 6
"""Changes that are shown at once; the others are folded away."""
MOST = 20
"""Changes that a page holds; CHANGES.md has all of them."""

_QUANTILE = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class ChangeView:
    """One line of the table; `link` opens the comparison."""

    what: str
    when: str
    before: str
    now: str
    luck: str
    verdict: str
    is_held: bool
    link: str


@dataclass(frozen=True)
class ChangesView:
    """The table in two parts, how many were looked at and are called real, and what is missing."""

    first: tuple[ChangeView, ...]
    others: tuple[ChangeView, ...]
    looks: int
    held: int
    missing: tuple[str, ...]


def describe_changes_of_page(release: Release, changes: Changes) -> ChangesView:
    """What the page shows of all changes: those of the rows that it has."""
    names = name_rows(release)
    own = [one for one in changes.changes if one.key in names]
    views = [describe_change(one, names[one.key], release) for one in own[:MOST]]
    return ChangesView(
        tuple(views[:FEW]),
        tuple(views[FEW:]),
        len(changes.changes),
        changes.held,
        changes.missing,
    )


def name_rows(release: Release) -> dict[Key, str]:
    """The name of every row in its table, as the page's choices have it."""
    return {
        (table.name, row.geography, row.keys): ", ".join(list_labels(release, table, row))
        for table in release.tables
        for row in table.rows
    }


def say_change(change: Change) -> str:
    """A change of a row since its latest earlier number, in one or two sentences."""
    (before,) = change.before
    return (
        f"In {before.period}: {_say_then(before)}. {change.verdict} "
        f"({say_both(change.noise, change.both)})."
    )


def _say_then(moment: Moment) -> str:
    first = find_first(moment.row)
    return moment.row.status if first is None else say_number(moment.row, first)


def _name(change: Change, name: str, state: str) -> str:
    thing = change.title.removesuffix(f" ({change.unit})")
    return thing if name == state else f"{thing}: {name}"


def describe_change(change: Change, name: str, release: Release) -> ChangeView:
    """One change as a line of a table; `name` is that of its row in its table."""
    state = release.frames[0].levels[0].labels[0] if release.frames else ""
    return ChangeView(
        what=_name(change, name, state),
        when=f"{name_moments(change.now)} beside {name_moments(change.before)}",
        before=say_moments(change.before),
        now=say_moments(change.now),
        luck=say_both(change.noise, change.both),
        verdict=change.verdict,
        is_held=change.is_held,
        link=link_change(change, name),
    )


def say_moments(moments: tuple[Moment, ...]) -> str:
    """One number with its range, or the sum of several."""
    if len(moments) == 1:
        return say_short(moments[0].row)
    estimate = add_estimates(moments)
    margin = _QUANTILE * math.hypot(*(float(one.row.deviation or 0) for one in moments))
    low, high = max(0, math.floor(estimate - margin)), max(0, math.ceil(estimate + margin))
    return f"about {max(0, round(estimate)):,} ({keep_together(say_range(low, high))})"
