"""The page of a release as plain values: everything a reader sees, in its order.

Here: choosing what the page shows. Not here: how each part is worded and drawn (``figures``,
``rows``, ``charts``, ``maps``, ``privacy_words``), and its form (``templates/release.html``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jurisdiction.state import Law, read_state
from portal.chance import DISPERSION
from portal.changed import Changes, list_changes, list_latest
from portal.codebook import (
    AGENCIES,
    BLOCKS,
    HIGH_RATE,
    LIMITS,
    SYNTHETIC,
    explain_delivery,
    explain_table,
)
from portal.page.boundaries import find_height
from portal.page.changing import ChangesView, describe_changes_of_page
from portal.page.charts import GroupView, list_groups
from portal.page.context import ContextView, describe_context
from portal.page.figures import Figure, Headline, list_headlines, list_unreported
from portal.page.known_to_any import KnownToAny, bound_known_to_any
from portal.page.maps import LevelOutlines, MapView, list_maps, list_outlines
from portal.page.parts import WHOLE, Part, keep_part, list_parts
from portal.page.payload import write_payload
from portal.page.privacy_words import GaugeView, describe_privacy, list_gauges
from portal.page.rate_rows import RatesView, describe_rates
from portal.page.rows import TableView, describe_table
from portal.page.words import (
    COUNTIES_APART,
    CRACKS,
    CROSSWALK,
    PART_TITLE,
    POLICE_AGENCIES,
    POLICE_REPORT,
    REVISIONS,
    STATUS_WORDS,
    SUMMARY,
    TITLE,
)
from portal.wording import name_period, name_signer
from privacy.released import NOT_RELEASED, Release


@dataclass(frozen=True)
class Words:
    """A title and what is said under it."""

    title: str
    words: str


@dataclass(frozen=True)
class BlockView:
    """The tables of one block of the page."""

    title: str
    anchor: str
    tables: tuple[TableView, ...]


@dataclass(frozen=True)
class Page:
    """Everything the template shows; `payload` is what the scripts read.

    Where places lie in several states, `parts` are their pages, and `part` is the one that this is.
    """

    title: str
    part: Part
    parts: tuple[Part, ...]
    period: str
    summary: str
    law: Law
    release_id: str
    drawn_on: str
    is_simulated: bool
    headlines: tuple[Headline, ...]
    withheld: tuple[TableView, ...]
    status_words: tuple[Words, ...]
    changes: ChangesView
    groups: tuple[GroupView, ...]
    context: ContextView
    dispersion: tuple[tuple[float, float], ...]
    maps: tuple[MapView, ...]
    rates: RatesView | None
    high_rate: str
    outlines: tuple[LevelOutlines, ...]
    map_height: int
    counties_apart: str
    unreported: tuple[Figure, ...]
    cracks: tuple[TableView, ...]
    known_to_any: KnownToAny | None
    long_tables: tuple[TableView, ...]
    blocks: tuple[BlockView, ...]
    privacy_facts: tuple[Words, ...]
    gauges: tuple[GaugeView, ...]
    approvals: tuple[Words, ...]
    limits: tuple[str, ...]
    crosswalk: tuple[tuple[str, str, str], ...]
    revisions: tuple[str, ...]
    citation: str
    deliveries: tuple[Words, ...]
    synthetic: tuple[str, ...]
    synthetic_words: Words
    ledger_head: str
    plan_hash: str
    recovered_plan: str
    policy_version: int
    payload: str


def describe_pages(release: Release) -> Iterator[tuple[str, Page]]:
    """The file and the content of each page of a release: the first, and one for each state."""
    changes = list_changes(release)
    for part in (WHOLE, *list_parts()):
        yield part.file, _describe_part(release, changes, part)


def describe_page(release: Release) -> Page:
    """Choose what the first page of a release shows."""
    return _describe_part(release, list_changes(release), WHOLE)


def _describe_part(whole: Release, changes: Changes, part: Part) -> Page:
    parts = list_parts()
    release = keep_part(whole, part) if parts else whole
    deliveries = dict(release.provenance.deliveries)
    views = {table.name: describe_table(release, table) for table in release.tables}
    maps = list_maps(release, part.code)
    latest = list_latest(release, changes)
    groups = list_groups(release, latest)
    return Page(
        title=PART_TITLE.format(state=part.name) if part.code else TITLE,
        part=part,
        parts=parts,
        period=name_period(release.quarter_start),
        summary=SUMMARY,
        release_id=release.release_id,
        drawn_on=release.drawn_at[:10],
        law=read_state().law,
        is_simulated=release.provenance.is_simulated,
        headlines=list_headlines(release, latest),
        withheld=tuple(
            views[table.name]
            for table in release.tables
            if all(row.status == NOT_RELEASED for row in table.rows)
        ),
        status_words=tuple(Words(*entry) for entry in STATUS_WORDS),
        changes=describe_changes_of_page(release, changes),
        groups=groups,
        context=describe_context(release, changes, groups),
        dispersion=DISPERSION,
        maps=maps,
        rates=describe_rates(release),
        high_rate=HIGH_RATE,
        outlines=list_outlines(maps, part.code),
        map_height=find_height(part.code),
        counties_apart=COUNTIES_APART,
        unreported=list_unreported(release, latest),
        cracks=tuple(views[name] for name in CRACKS if name in views),
        known_to_any=bound_known_to_any(release),
        long_tables=tuple(view for view in views.values() if view.is_long and view.is_shown),
        blocks=_list_blocks(release, views),
        privacy_facts=tuple(Words(*entry) for entry in describe_privacy(release.privacy)),
        gauges=list_gauges(release.privacy),
        approvals=tuple(
            Words(name_signer(one.signer), f"key {one.key_id}, {one.signed_at[:10]}")
            for one in release.approvals
        ),
        limits=LIMITS,
        crosswalk=CROSSWALK,
        revisions=REVISIONS,
        citation=_cite(release),
        deliveries=(
            *(
                Words(title, explain_delivery(agency, deliveries[agency]))
                for agency, title in AGENCIES.items()
                if agency in deliveries
            ),
            *_describe_police(release),
        ),
        synthetic=tuple(frame.frame for frame in release.synthetic),
        synthetic_words=Words(SYNTHETIC.title, f"{SYNTHETIC.definition} {SYNTHETIC.caveats}"),
        ledger_head=release.ledger_head,
        plan_hash=release.plan.hash,
        recovered_plan=release.plan.recovers,
        policy_version=release.plan.policy_version,
        payload=write_payload(release, changes),
    )


def _describe_police(release: Release) -> tuple[Words, ...]:
    """How many police agencies report, where the Patrol said so."""
    if release.provenance.police_agencies is None:
        return ()
    reporting, listed = release.provenance.police_agencies
    return (Words(POLICE_AGENCIES, POLICE_REPORT.format(reporting=reporting, listed=listed)),)


def _list_blocks(release: Release, views: dict[str, TableView]) -> tuple[BlockView, ...]:
    """The blocks that have a table; those between agencies stand in a section of their own."""
    in_block: dict[str, list[TableView]] = {title: [] for title in BLOCKS.values()}
    for table in release.tables:
        if table.name not in CRACKS:
            in_block[explain_table(table, release.tables).block].append(views[table.name])
    return tuple(
        BlockView(title, f"block-{number}", tuple(tables))
        for number, (title, tables) in enumerate(in_block.items(), start=1)
        if tables
    )


def _cite(release: Release) -> str:
    warning = "SIMULATED DATA, not to be cited as fact. " if release.provenance.is_simulated else ""
    return (
        f"{warning}MoShare, {TITLE}, {name_period(release.quarter_start)}, release "
        f"{release.release_id}, drawn {release.drawn_at[:10]}, ledger {release.ledger_head[:16]}."
    )
