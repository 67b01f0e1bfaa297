"""The page of a release: what a reader sees, as plain values, and its rendering.

Here: choosing the words and numbers of index.html. Not here: their meaning (``codebook``), their
form (``templates/release.html``), and writing the file (``folder``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import jinja2

from portal.codebook import AGENCIES, BLOCKS, DELIVERIES, LIMITS, TABLES
from portal.privacy_words import describe_privacy
from portal.wording import name_period, say_likely, say_range
from privacy.released import (
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
    Release,
    ReleasedRow,
    ReleasedTable,
)

TITLE = "Child trafficking in Missouri: quarterly counts"
SUMMARY = (
    "What Children's Division, the hotline and Missouri's police recorded, as counts with their "
    "margin of error. Nobody gets a list of children. Everybody gets the number."
)
HEADLINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Reports to Children's Division", ("reports",)),
    ("Hotline", ("hotline_cases", "hotline_children")),
    ("Incidents known to police", ("incidents_known_to_police",)),
    ("Arrests", ("arrests",)),
    ("Prosecutions", ("prosecutions",)),
)
"""The five things RSMo 210.1505 names, and the tables that answer each."""

STATUS_WORDS: tuple[tuple[str, str], ...] = (
    (ESTIMATED, "Shown as a number, such as “about 24”, with its likely range."),
    (
        NOT_DISTINGUISHABLE,
        "The number is so small beside the noise that there may be none at all. It is not a zero.",
    ),
    (NOT_RELEASED, "There may be records, and no number about them leaves."),
    (
        NOT_COLLECTED,
        "No body that delivers to MoShare collects it, which is not zero.",
    ),
)


@dataclass(frozen=True)
class Words:
    """A title and what is said under it."""

    title: str
    words: str


@dataclass(frozen=True)
class Figure:
    """One headline number in words, its likely range in words, and its unit."""

    words: str
    range_words: str
    unit: str


@dataclass(frozen=True)
class Headline:
    """One of the five things the law names."""

    title: str
    figures: tuple[Figure, ...]
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class RowView:
    """One row as shown; never an empty cell."""

    labels: tuple[str, ...]
    count: str
    range: str


@dataclass(frozen=True)
class TableView:
    """One table as shown."""

    name: str
    title: str
    definition: str
    unit: str
    source: str
    caveats: tuple[str, ...]
    dimension_titles: tuple[str, ...]
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class BlockView:
    """The tables of one block of the page."""

    title: str
    anchor: str
    tables: tuple[TableView, ...]


@dataclass(frozen=True)
class Page:
    """Everything the template shows."""

    title: str
    period: str
    summary: str
    release_id: str
    drawn_on: str
    is_simulated: bool
    headlines: tuple[Headline, ...]
    status_words: tuple[Words, ...]
    blocks: tuple[BlockView, ...]
    privacy_facts: tuple[Words, ...]
    limits: tuple[str, ...]
    deliveries: tuple[Words, ...]


def describe_page(release: Release) -> Page:
    """Choose what the page of a release shows."""
    deliveries = dict(release.provenance.deliveries)
    tables = {table.name: table for table in release.tables}
    return Page(
        title=TITLE,
        period=name_period(release.quarter_start),
        summary=SUMMARY,
        release_id=release.release_id,
        drawn_on=release.drawn_at[:10],
        is_simulated=release.provenance.is_simulated,
        headlines=tuple(
            _describe_headline(title, [tables[name] for name in names if name in tables])
            for title, names in HEADLINES
        ),
        status_words=tuple(Words(*entry) for entry in STATUS_WORDS),
        blocks=tuple(
            BlockView(title, f"block-{number}", shown)
            for number, title in enumerate(BLOCKS, start=1)
            if (shown := _list_tables(release, title))
        ),
        privacy_facts=tuple(Words(*entry) for entry in describe_privacy(release.privacy)),
        limits=LIMITS,
        deliveries=tuple(
            Words(title, DELIVERIES[deliveries[agency]]) for agency, title in AGENCIES.items()
        ),
    )


def render_page(page: Page) -> bytes:
    """The HTML of a page: one file, UTF-8, no script and no outside request."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
        autoescape=jinja2.select_autoescape(["html"]),
        finalize=_set_apostrophes,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("release.html").render(page=page).encode("utf-8")


def _set_apostrophes(value: object) -> object:
    return value.replace("'", "’") if isinstance(value, str) else value


def _describe_headline(title: str, tables: list[ReleasedTable]) -> Headline:
    return Headline(
        title,
        tuple(
            _describe_figure(row, table.unit, is_only=len(table.rows) == 1)
            for table in tables
            for row in table.rows
        ),
        tuple(table.definition for table in tables),
    )


def _describe_figure(row: ReleasedRow, unit: str, *, is_only: bool) -> Figure:
    name = unit if is_only else f"{unit} ({', '.join(row.labels)})"
    if row.count is None:
        return Figure(f"{row.status}, which is not zero", "", name)
    return Figure(_say_count(row), say_likely(*_find_range(row)), name)


def _say_count(row: ReleasedRow) -> str:
    is_number = row.count is not None and row.status == ESTIMATED
    return f"about {row.count:,}" if is_number else row.status


def _find_range(row: ReleasedRow) -> tuple[int, int]:
    """The whole numbers to show: the interval of the estimate, never below zero.

    From zero where zero cannot be excluded, and never without the count that is shown beside it,
    which adds up with other counts and may so, rarely, lie outside the interval of its estimate.
    """
    estimate, margin, count = row.estimate or 0.0, row.moe90 or 0.0, row.count or 0
    low = math.floor(round(estimate - margin, 1)) if row.status == ESTIMATED else 0
    high = math.ceil(round(estimate + margin, 1))
    return max(0, min(low, count)), max(0, high, count)


def _list_tables(release: Release, block: str) -> tuple[TableView, ...]:
    return tuple(
        _describe_table(table) for table in release.tables if TABLES[table.name].block == block
    )


def _describe_table(table: ReleasedTable) -> TableView:
    return TableView(
        name=table.name,
        title=table.title,
        definition=table.definition,
        unit=table.unit,
        source=" and ".join(AGENCIES[source] for source in table.sources) or "none",
        caveats=TABLES[table.name].caveats,
        dimension_titles=table.dimension_titles,
        rows=tuple(_describe_row(row) for row in table.rows),
    )


def _describe_row(row: ReleasedRow) -> RowView:
    if row.count is None:
        return RowView(row.labels, row.status, "no range")
    return RowView(row.labels, _say_count(row), say_range(*_find_range(row)))
