"""The page that a privacy officer reads before signing a plan: values as shown, and rendering.

Here: choosing the words and numbers of the review page. Not here: working them out
(``privacy.approval.assessment``), the checklist's answers (``checklist``), and writing the file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import jinja2

from jurisdiction.state import read_state
from portal.checklist import Group, fill_checklist
from portal.wording import name_signer
from privacy.released import ACTIVITY, COHORT, DECLARED_PUBLIC, NOT_RELEASED
from privacy.shown import (
    BudgetChoice,
    FrameBound,
    PeriodBudget,
    RehearsedRow,
    ShownPlan,
    TableAccuracy,
)

_QUARTERS = ("January to March", "April to June", "July to September", "October to December")
_SOURCES = {one.key: one.short for one in read_state().agencies}
_SHOWN_CHANGES = 4
_APART = (DECLARED_PUBLIC, NOT_RELEASED)
"""What a table is told apart from the others for."""
_VERDICT = re.compile(rb'<div class="verdict .*?</div>', re.DOTALL)
_BOUNDS = {
    "rows": "{bound} row{s}",
    "aggregate": "{bound} in the totals",
    "linked": "a distance of √{bound}{places}",
}


@dataclass(frozen=True)
class Choice:
    """One of the three budgets as shown."""

    name: str
    budget: str
    rho: str
    epsilon: str
    composed: str
    power: str
    fits: str
    is_proposed: bool


@dataclass(frozen=True)
class Identities:
    """The guarantee of a child in several identities, as shown."""

    size: str
    rho: str
    epsilon: str
    composed: str


@dataclass(frozen=True)
class Period:
    """A period's budget as shown; shares are whole per cents of the cap, for the bar."""

    name: str
    before: str
    cost: str
    after: str
    cap: str
    left: str
    ahead: str
    share_before: int
    share_cost: int
    is_over: bool


@dataclass(frozen=True)
class Table:
    """A table as shown; `margins` and `changes` at the three budgets, in words where silent."""

    name: str
    title: str
    definition: str
    sources: str
    counting: str
    cadence: str
    level: str
    cells: str
    silence: str
    margins: tuple[str, ...]
    changes: tuple[str, ...]
    usable: tuple[str, ...]
    compared: str


@dataclass(frozen=True)
class Bound:
    """How far one identity can move a frame, as shown."""

    name: str
    bound: str
    times: str
    rho: str
    reason: str


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsed row as shown: made-up count, and what would be published."""

    labels: tuple[str, ...]
    made_up: str
    published: str
    likely: str


@dataclass(frozen=True)
class RehearsedBlock:
    """A rehearsed table as shown."""

    name: str
    title: str
    row_titles: tuple[str, ...]
    rows: tuple[Rehearsed, ...]


@dataclass(frozen=True)
class Page:
    """Everything the template shows, besides the facts that it takes as they are."""

    review: ShownPlan
    period: str
    groups: tuple[Identities, ...]
    choices: tuple[Choice, ...]
    periods: tuple[Period, ...]
    tables: tuple[Table, ...]
    public: tuple[Table, ...]
    withheld: tuple[Table, ...]
    bounds: tuple[Bound, ...]
    rehearsal: tuple[RehearsedBlock, ...]
    checklist: tuple[Group, ...]
    has_usable: bool
    delta: str
    table_words: str
    signer_words: str
    news: str
    rehearsed_first: int = 3


def describe_officers_page(review: ShownPlan) -> Page:
    """Choose what the page of a plan shows."""
    return Page(
        review=review,
        period=f"{_QUARTERS[int(review.quarter[5]) - 1]} {review.quarter[:4]}",
        groups=tuple(
            Identities(
                str(group.size),
                _rho(group.rho),
                f"{group.epsilon:.2f}",
                f"{group.composed:.2f}",
            )
            for group in review.groups
        ),
        choices=tuple(map(_show_choice, review.choices)),
        periods=tuple(map(_show_period, review.periods)),
        tables=tuple(_show_table(one) for one in review.tables if one.silence not in _APART),
        public=tuple(_show_table(one) for one in review.tables if one.silence == DECLARED_PUBLIC),
        withheld=tuple(_show_table(one) for one in review.tables if one.silence == NOT_RELEASED),
        bounds=tuple(map(_show_bound, review.frames)),
        rehearsal=tuple(
            RehearsedBlock(
                table.name, table.title, table.row_titles, tuple(map(_show_row, table.rows))
            )
            for table in review.rehearsal
        ),
        checklist=fill_checklist(review),
        has_usable=any(table.usable for table in review.tables),
        delta=f"{review.delta:.12f}".rstrip("0"),
        table_words=_say_tables(review.tables),
        signer_words="one officer" if review.signers == 1 else f"{review.signers} officers",
        news=_say_news(review),
    )


def render_officers_page(review: ShownPlan) -> bytes:
    """The HTML of a plan's page: one file, UTF-8, no script and no outside request."""
    template = _open_templates().get_template("officers_page.html")
    return template.render(page=describe_officers_page(review), review=review).encode("utf-8")


def mark_rejected(page: bytes, at: str, because: str) -> bytes:
    """The HTML of a plan's page with its rejection in the place of its verdict, and all else kept.

    `at` is the moment of the rejection in ISO 8601, `because` the reason in the officer's words.
    """
    verdict = _open_templates().get_template("review_rejected.html")
    said = verdict.render(day=at[:10], because=because).encode("utf-8").rstrip()
    return _VERDICT.sub(lambda _: said, page, count=1)


@cache
def _open_templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
        autoescape=jinja2.select_autoescape(["html"]),
        finalize=_set_apostrophes,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["name_signer"] = name_signer
    return environment


def _set_apostrophes(value: object) -> object:
    return value.replace("'", "’") if isinstance(value, str) else value


def _say_news(review: ShownPlan) -> str:
    """What differs from the plan that was signed last, in one paragraph."""
    if not review.changed_since:
        return "It is the first plan: nothing was signed and released before it."
    if not review.changes:
        return f"Nothing but the quarter differs from the plan of {review.changed_since}."
    shown = [f"{change[0].upper()}{change[1:]}" for change in review.changes[:_SHOWN_CHANGES]]
    more = len(review.changes) - len(shown)
    rest = f" {more} more stand under “Changes”." if more else ""
    return f"Against the plan of {review.changed_since}: {' '.join(shown)}{rest}"


def _say_tables(tables: tuple[TableAccuracy, ...]) -> str:
    public = sum(table.silence == DECLARED_PUBLIC for table in tables)
    silent = sum(bool(table.silence) for table in tables) - public
    told = f"{len(tables) - silent - public} tables with noise"
    told += f", {public} declared public" if public else ""
    return f"{told}, and {silent} that says why it has no number" if silent else told


def _show_choice(choice: BudgetChoice) -> Choice:
    is_proposed = choice.factor == 1
    return Choice(
        name=choice.name,
        budget="as planned" if is_proposed else f"{_times(choice.factor)} the budget",
        rho=_rho(choice.rho),
        epsilon=f"{choice.epsilon:.2f}",
        composed=f"{choice.composed:.2f}",
        power=f"{100 * choice.power:.1f} in 100",
        fits="yes" if choice.fits else "no, it would be refused",
        is_proposed=is_proposed,
    )


def _times(factor: Fraction) -> str:
    return "half" if factor < 1 else "twice"


def _show_period(period: PeriodBudget) -> Period:
    before, cap = float(period.before), float(period.cap)
    after = float(period.after)
    share_before = round(100 * min(1.0, before / cap))
    return Period(
        name=period.name[0].upper() + period.name[1:],
        before=_rho(period.before),
        cost=_rho(period.after - period.before),
        after=_rho(period.after),
        cap=_rho(period.cap),
        left=_rho(max(Fraction(0), period.cap - period.after)),
        ahead="" if period.ahead is None else _rho(period.ahead),
        share_before=share_before,
        share_cost=round(100 * min(1.0, after / cap)) - share_before,
        is_over=period.after > period.cap,
    )


def _show_table(table: TableAccuracy) -> Table:
    words = (table.level, *table.dimensions)
    return Table(
        name=table.name,
        title=table.title,
        definition=table.definition,
        sources=", ".join(_SOURCES.get(source, source) for source in table.sources) or "nobody",
        counting={COHORT: "once ever", ACTIVITY: "each time"}[table.kind],
        cadence=table.period,
        level=", ".join(words),
        cells=str(table.cells),
        silence=table.silence,
        margins=tuple(f"± {margin:g}" for margin in table.moe90),
        changes=tuple(f"{math.ceil(change)}" for change in table.smallest_change),
        usable=tuple(f"{count} of {table.cells}" for count in table.usable),
        compared=table.compared,
    )


def _say_places(frame: FrameBound) -> str:
    if frame.places is None:
        return ""
    return (
        f", as at most {frame.places} record{'' if frame.places == 1 else 's'} may take one child"
    )


def _show_bound(frame: FrameBound) -> Bound:
    times = (
        "once ever"
        if frame.counting == COHORT
        else "every time"
        if frame.quarters is None
        else f"in {frame.quarters} {_periods(frame)}"
    )
    return Bound(
        name=frame.title,
        bound=_BOUNDS[frame.kind].format(
            bound=frame.bound, s="" if frame.bound == 1 else "s", places=_say_places(frame)
        ),
        times=times,
        rho=_rho(frame.rho),
        reason=frame.reason,
    )


def _periods(frame: FrameBound) -> str:
    noun = "year" if frame.cadence == "annual" else "quarter"
    return noun if frame.quarters == 1 else f"{noun}s"


def _show_row(row: RehearsedRow) -> Rehearsed:
    low = max(0, min(math.floor(row.estimate - row.moe90), row.count))
    high = max(0, math.ceil(row.estimate + row.moe90), row.count)
    is_number = row.status == "estimated"
    return Rehearsed(
        labels=row.labels,
        made_up=f"{row.made_up:,}",
        published=f"about {row.count:,}" if is_number else row.status,
        likely=f"{low:,} to {high:,}" if is_number else f"0 to {high:,}",
    )


def _rho(value: Fraction) -> str:
    return f"{float(value):.5f}"
