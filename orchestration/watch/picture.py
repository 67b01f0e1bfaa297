"""The year on one screen: a line for each quarter, a column for each part of it.

Does not belong here: how far a quarter has come (`standing`), and where it is shown (``cli``,
``defs``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from jurisdiction.state import read_state
from orchestration.watch.standing import QuarterStanding, find_today, name_lateness

_DONE = "✓"


def name_columns() -> list[str]:
    """The headings of the picture."""
    return ["quarter", *(one.key for one in read_state().agencies), "plan", "signed", "released"]


def draw_year(year: Sequence[QuarterStanding], now: datetime) -> list[list[str]]:
    """The lines of the picture, the oldest quarter first."""
    today = find_today(now)
    return [[str(one.quarter), *_draw_parts(one, today)] for one in year]


def name_due(year: Sequence[QuarterStanding], now: datetime) -> list[str]:
    """Say of the oldest open quarter what is due, from whom, since when; nothing if all is done."""
    today = find_today(now)
    for one in year:
        if not one.is_done:
            return list(_name_due(one, today))
    return []


def write_markdown(year: Sequence[QuarterStanding], now: datetime) -> str:
    """The picture and what is due, for the Dagster UI."""
    lines = [name_columns(), ["---"] * len(name_columns()), *draw_year(year, now)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    due = "\n".join(f"* {sentence}" for sentence in name_due(year, now)) or "Nothing is due."
    return f"{table}\n\n{due}\n"


def _draw_parts(one: QuarterStanding, today: date) -> Iterator[str]:
    for delivery in one.deliveries:
        if delivery.state == "accepted":
            yield _DONE
        elif one.is_done and not delivery.is_optional:
            yield "–"
        elif delivery.state == "waiting":
            yield "in the inbox"
        elif delivery.due is None:
            yield "–"
        else:
            rejected = "rejected, " if delivery.state == "rejected" else ""
            yield rejected + _name_briefly(delivery.due, today)
    yield _draw_part(one, is_there=one.is_planned, due=one.dates.plan, today=today)
    yield _draw_part(one, is_there=one.is_approved, due=one.dates.signatures, today=today)
    if one.is_passed_over:
        yield "passed over"
    else:
        yield _draw_part(one, is_there=one.is_released, due=one.dates.release, today=today)


def _draw_part(one: QuarterStanding, *, is_there: bool, due: date, today: date) -> str:
    if is_there:
        return _DONE
    return "–" if one.is_done else _name_briefly(due, today)


def _name_briefly(due: date, today: date) -> str:
    days = (today - due).days
    return f"{days} d late" if days > 0 else f"due {due:%m-%d}"


def _name_due(one: QuarterStanding, today: date) -> Iterator[str]:
    quarter, dates = one.quarter, one.dates
    for delivery in one.deliveries:
        if delivery.state != "accepted" and delivery.due is not None:
            due = name_lateness(delivery.due, today)
            yield f"{quarter}: a delivery of '{delivery.agency}' ({delivery.state}), {due}."
    if not one.is_planned:
        yield f"{quarter}: the plan, {name_lateness(dates.plan, today)}."
    elif not one.is_approved:
        yield f"{quarter}: an officer's signature, {name_lateness(dates.signatures, today)}."
    yield f"{quarter}: the release, {name_lateness(dates.release, today)}."
