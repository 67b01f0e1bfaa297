"""What happened beside the counts: public events, and figures that others published.

Belongs here: the types of `context.toml`, and the days that its dates mean. Does not belong here:
released counts, with which none of it is ever mixed, and how it is drawn (`portal.page`).
"""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from failures.documents import CLOSED, BrokenDocumentError, read_toml
from jurisdiction.errors import JurisdictionError
from jurisdiction.folder import FOLDER

FILE = "context.toml"
_DATE = re.compile(r"(\d{4})(-\d{2})?(-\d{2})?", re.ASCII)

Text = Annotated[str, Field(min_length=1)]


def _find_days(text: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that 2018-08-28, 2025-09 or 2019 means; raises ValueError."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError
    year, month, day = found.groups()
    first = datetime.date.fromisoformat(f"{year}{month or '-01'}{day or '-01'}")
    if day:
        return first, first
    last = first if month else first.replace(month=12)
    return first, last.replace(day=monthrange(last.year, last.month)[1])


def _check_date(text: str) -> str:
    try:
        _find_days(text)
    except ValueError:
        raise ValueError("is no day, month or year like 2018-08-28, 2025-09 or 2019") from None
    return text


class Dated(BaseModel):
    """What has a date and a source.

    Attributes:
        date: A day, a month or a year, as far as it is known: 2018-08-28, 2025-09 or 2019.
        source: Who said it and where, in words.
        to_confirm: Whether no source that everyone can open says all of it.
    """

    model_config = CLOSED

    date: Annotated[str, AfterValidator(_check_date)]
    source: Text
    to_confirm: Annotated[bool, Field(strict=True)] = False

    @property
    def first_day(self) -> datetime.date:
        """The first day that the date may mean."""
        return _find_days(self.date)[0]

    @property
    def last_day(self) -> datetime.date:
        """The last day that the date may mean."""
        return _find_days(self.date)[1]


def _check_order(entries: Sequence[Dated]) -> Sequence[Dated]:
    days = [one.first_day for one in entries]
    if days != sorted(days):
        raise ValueError("is not in the order of its dates")
    return entries


class Event(Dated):
    """A public event, with what it may have to do with the counts."""

    title: Text
    words: Text


class Point(Dated):
    """One figure of a series, as its source gives it."""

    number: Annotated[int, Field(strict=True, ge=0)]


class Series(BaseModel):
    """Figures of others in their own unit, and what they are beside the counts."""

    model_config = CLOSED

    title: Text
    unit: Text
    words: Text
    points: Annotated[tuple[Point, ...], Field(min_length=2), AfterValidator(_check_order)]


class Context(BaseModel):
    """What `context.toml` says: events, numbered from 1 in the order of their dates, and series."""

    model_config = CLOSED

    events: Annotated[tuple[Event, ...], AfterValidator(_check_order)] = ()
    series: tuple[Series, ...] = ()


_FORM = TypeAdapter(Context)


@cache
def read_context() -> Context:
    """Read the context; raises JurisdictionError MS001 where its file is not as it must be."""
    try:
        return read_toml(FOLDER / FILE, _FORM)
    except BrokenDocumentError as broken:
        raise JurisdictionError("MS001", file=FILE, problem=str(broken)) from None
