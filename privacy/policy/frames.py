"""The frames of the policy, built from their sections and checked against one another.

Does not belong here: which of them a table uses (privacy.policy.policy), and the geometry of a
frame (privacy.engine.frames).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from privacy.engine.frames import LINKED, ROWS
from privacy.policy.reading import Section
from privacy.released import ANNUAL, COHORT, QUARTERLY


@dataclass(frozen=True)
class SameRows:
    """Which cells of a linked frame are, row for row, those of another frame, and what proves it.

    `cells` are keys of its one dimension; `test` names the dbt test that stops a release where it
    is not so.
    """

    frame: str
    cells: tuple[str, ...]
    test: str


@dataclass(frozen=True)
class FramePolicy:
    """What one identity can change in a frame, and why; `bound` as in privacy.engine.frames.Frame.

    `counting` is cohort or activity, `cadence` quarterly or annual. `quarters` says in how many
    periods of a lifetime one identity can be counted: 1 for cohorts, None where nothing limits it.
    `places` is how many records may ever take one child in a linked frame of records. `sums` names
    the quarterly frame whose rows, over the four quarters of the year, are those of an annual one.
    `same_rows` says which of a linked frame's rows are those of another.
    """

    name: str
    kind: str
    counting: str
    cadence: str
    geography: str
    levels: tuple[str, ...]
    columns: tuple[str, ...]
    bound: int
    places: int | None
    quarters: int | None
    sums: str | None
    same_rows: SameRows | None
    reason: str


def build_frames(
    sections: Mapping[str, Section],
    geographies: Mapping[str, tuple[str, ...]],
    dimensions: Collection[str],
) -> dict[str, FramePolicy]:
    """Return the frames by name, in the order of the file; raises InvalidPolicyError."""
    frames = {
        name: _build_frame(name, section, geographies, dimensions)
        for name, section in sections.items()
    }
    for name, section in sections.items():
        _check_sums(frames[name], section, frames)
        _check_same_rows(frames[name], section, frames)
    return frames


def check_switched_off(frames: Mapping[str, FramePolicy], sections: Mapping[str, Section]) -> None:
    """Refuse measured frames that add up, or share rows with, one that is not measured."""
    for name, frame in frames.items():
        others = {frame.sums, frame.same_rows and frame.same_rows.frame} - {None}
        if not others <= frames.keys():
            sections[name].fail("sums and same_rows must name frames that are not switched off")


def bound_linked(places: int | None) -> int:
    """Return the squared L2 distance of neighbours in a linked frame, over all years together.

    `places` is the most records that may ever take one child, None for a frame that tells how many
    children were matched and not which. One identity is a child and one record; the proofs stand
    in linkage.links and linkage.matching.
    """
    return 7 if places is None else 2 * places**2 + 1


def _build_frame(
    name: str,
    section: Section,
    geographies: Mapping[str, tuple[str, ...]],
    dimensions: Collection[str],
) -> FramePolicy:
    chain, columns = section["levels"], section["columns"]
    if section["geography"] not in geographies:
        section.fail("geography must name a geography of this file")
    if geographies[section["geography"]][: len(chain)] != chain:
        section.fail("levels must be those of its geography from the top, and skip none")
    if not set(columns) <= set(dimensions):
        section.fail("columns must name dimensions of this file")
    bounds = {key for key in ("bound", "bound_squared") if key in section.fields}
    bound = "bound_squared" if section["kind"] == LINKED else "bound"
    if bounds != {bound}:
        section.fail(f"a {section['kind']} frame must have {bound} and no other bound")
    places = section.get("places", None)
    _check_places(section, places)
    quarters = section.get("quarters", None)
    if section["counting"] == COHORT and quarters is not None:
        section.fail("a cohort counts once ever, so quarters must be left out")
    return FramePolicy(
        name=name,
        kind=section["kind"],
        counting=section["counting"],
        cadence=section["cadence"],
        geography=section["geography"],
        levels=chain,
        columns=columns,
        bound=section[bound],
        places=places,
        quarters=1 if section["counting"] == COHORT else quarters,
        sums=section.get("sums", None),
        same_rows=_build_same_rows(section.get("same_rows", None)),
        reason=section["reason"],
    )


def _check_places(section: Section, places: int | None) -> None:
    """Refuse a squared bound that is not the one that follows from the places."""
    if section["kind"] != LINKED:
        if places is not None:
            section.fail("places belong to a linked frame")
        return
    if places is None and (len(section["levels"]), len(section["columns"])) != (1, 1):
        section.fail("a linked frame without places must have one level and one column")
    follows = bound_linked(places)
    if section["bound_squared"] != follows:
        told = "having no places" if places is None else f"places = {places}"
        section.fail(f"bound_squared must be {follows}, which follows from {told}")


def _check_sums(frame: FramePolicy, section: Section, frames: Mapping[str, FramePolicy]) -> None:
    """Refuse a sum over quarters of what cannot be summed: only once counted rows add up."""
    if frame.sums is None:
        return
    base = frames.get(frame.sums)
    if base is None:
        section.fail("sums must name a frame of this file")
    if (frame.cadence, base.cadence) != (ANNUAL, QUARTERLY):
        section.fail("sums must name a quarterly frame, and belongs to an annual one")
    if {(one.kind, one.counting) for one in (frame, base)} != {(ROWS, COHORT)}:
        section.fail("sums must name a cohort of rows, and belongs to one")
    is_coarser = base.geography == frame.geography and len(base.levels) <= len(frame.levels)
    if not is_coarser or not set(base.columns) <= set(frame.columns):
        section.fail(
            "sums must name a frame of the same geography, no finer and with no other column"
        )


def _build_same_rows(section: Section | None) -> SameRows | None:
    if section is None:
        return None
    return SameRows(section["frame"], section["cells"], section["test"])


def _check_same_rows(
    frame: FramePolicy, section: Section, frames: Mapping[str, FramePolicy]
) -> None:
    """Refuse what cannot be told anew in closed form: cells that do not have noise of their own."""
    if frame.same_rows is None:
        return
    if frame.kind != LINKED or (len(frame.levels), len(frame.columns)) != (1, 1):
        section.fail("same_rows belongs to a linked frame of one level and one dimension")
    names = list(frames)
    before = names[: names.index(frame.name)]
    other = frames.get(frame.same_rows.frame)
    if other is None or other.name not in before or other.kind != ROWS:
        section.fail("same_rows must name a frame of rows that stands before this one")
    if other.cadence != frame.cadence:
        section.fail("same_rows must name a frame of the same cadence")
