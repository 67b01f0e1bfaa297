"""The tables of a policy: made from a frame, declared public, or without numbers.

A table that is declared public shows totals as an agency delivers them under a contract: without
noise, because they are public already. Nothing else may: it names its agency, which counts in no
other table, its measure, and at most one dimension. Does not belong here: frames and everything
else of the policy (privacy.policy.policy).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from privacy.engine.frames import LINKED
from privacy.policy.frames import FramePolicy
from privacy.policy.reading import Section
from privacy.released import NOT_COLLECTED, NOT_RELEASED


@dataclass(frozen=True)
class TablePolicy:
    """One table of a release; `weight` is its importance.

    Silent tables have no frame: `withheld` says why one is not released, and its frame and weight
    stand in the file alone. `public` is the measure of its agency's totals that a table shows which
    is declared public; it has no frame either.
    """

    name: str
    title: str
    unit: str
    sources: tuple[str, ...]
    level: str
    dimensions: tuple[str, ...]
    definition: str
    silence: str | None
    withheld: str | None
    frame: str | None
    public: str | None
    weight: int


@dataclass(frozen=True)
class PublicPolicy:
    """The one contract by which an agency's totals pass as delivered, and why they are public."""

    contract: str
    reason: str


def build_public(top: Section) -> dict[str, PublicPolicy]:
    """Return what is declared public, by the agency that delivers it."""
    return {
        agency: PublicPolicy(section["contract"], section["reason"])
        for agency, section in top.get("public", {}).items()
    }


def build_tables(
    top: Section, frames: Mapping[str, FramePolicy], public: Mapping[str, PublicPolicy]
) -> tuple[TablePolicy, ...]:
    """Return the tables in their order; raises InvalidPolicyError."""
    tables = tuple(_build_table(section, frames) for section in top["tables"])
    for section, table in zip(top["tables"], tables, strict=True):
        if table.unit not in table.title:
            section.fail("the title must name the unit")
        if table.level not in top["levels"]:
            section.fail("level must name a level of this file")
        if not set(table.dimensions) <= top["dimensions"].keys():
            section.fail("dimensions must name dimensions of this file")
        if table.public:
            _check_public(section, top, public)
    if len({table.name for table in tables}) != len(tables):
        top.fail("two tables have one name")
    if {section.get("frame", None) for section in top["tables"]} - {None} != frames.keys():
        top.fail("every frame must be used by a table, and at least one")
    _check_agencies(top, tables, public)
    return tables


def _build_table(section: Section, frames: Mapping[str, FramePolicy]) -> TablePolicy:
    withheld, public = section.get("withheld", None), section.get("public", None)
    if public:
        silence = None
        if {"frame", "weight", "withheld", "collected"} & section.fields.keys():
            section.fail(
                "a table that is declared public has no frame, weight, collected, withheld"
            )
    elif section.get("collected", True):
        silence = NOT_RELEASED if withheld else None
        _check_measured(section, frames)
    else:
        silence = NOT_COLLECTED
        if {"frame", "weight", "withheld"} & section.fields.keys():
            section.fail("a table that nobody collects has no frame, no weight and no withheld")
    is_measured = not (silence or public)
    return TablePolicy(
        name=section["name"],
        title=section["title"],
        unit=section["unit"],
        sources=section["sources"],
        level=section["level"],
        dimensions=section["dimensions"],
        definition=section["definition"],
        silence=silence,
        withheld=withheld,
        frame=section["frame"] if is_measured else None,
        public=public,
        weight=section.get("weight", 1) if is_measured else 0,
    )


def _check_measured(section: Section, frames: Mapping[str, FramePolicy]) -> None:
    frame = frames.get(section.get("frame", ""))
    if frame is None:
        section.fail("frame must name a frame of this file")
    if section["level"] not in frame.levels:
        section.fail("level must be one of its frame's")
    if not set(section["dimensions"]) <= set(frame.columns):
        section.fail("dimensions must be columns of its frame")
    is_whole = (section["level"], section["dimensions"]) == (frame.levels[-1], frame.columns)
    if frame.kind == LINKED and not is_whole:
        section.fail("a table of a linked frame must show all of it, as its bound does")


def _check_public(section: Section, top: Section, public: Mapping[str, PublicPolicy]) -> None:
    """Refuse a declared table that is more than one measure of totals for the whole state."""
    if len(section["sources"]) != 1 or section["sources"][0] not in public:
        section.fail("sources must name one agency of the section public, and no other")
    if section["level"] not in {one["levels"][0] for one in top["geographies"].values()}:
        section.fail("a table that is declared public is of the top level of a geography")
    dimensions = [top["dimensions"][name] for name in section["dimensions"]]
    if len(dimensions) > 1 or any("published" in one.fields for one in dimensions):
        section.fail("a table that is declared public has at most one dimension, shown as listed")


def _check_agencies(
    top: Section, tables: tuple[TablePolicy, ...], public: Mapping[str, PublicPolicy]
) -> None:
    """Refuse an agency of which some numbers are protected and others declared public."""
    shown = [(table.sources[0], table.public) for table in tables if table.public]
    if len(set(shown)) != len(shown):
        top.fail("two tables declared public show one measure")
    if {agency for agency, _ in shown} != public.keys():
        top.fail("every agency of the section public must have a table that is declared so")
    counted = {source for table in tables if not table.public for source in table.sources}
    if counted & public.keys():
        top.fail("an agency whose totals are declared public may be a source of no other table")
