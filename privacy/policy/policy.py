"""The reviewed policy, checked; every privacy parameter comes from here.

Does not belong here: the form of the file (privacy.policy.form), noise scales (privacy.plan) and
key lists (privacy.policy.keys).
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.engine.frames import LINKED, ROWS
from privacy.errors import PrivacyError
from privacy.policy.reading import InvalidPolicyError, Section, read_section
from privacy.released import ANNUAL, COHORT, NOT_COLLECTED, NOT_RELEASED, QUARTERLY

REVIEWED_POLICY = Path(__file__).parents[1] / "policy.toml"

_DATES = ("reviewed_on", "first_day_of_record")


@dataclass(frozen=True)
class PublishedKey:
    """One published row key of a dimension and the measured keys it sums."""

    key: str
    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Dimension:
    """A dimension; without `published` every key of its list is published as it is."""

    name: str
    title: str
    published: tuple[PublishedKey, ...]


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


@dataclass(frozen=True)
class TablePolicy:
    """One table of a release; `weight` is its importance; silent tables have no frame."""

    name: str
    title: str
    unit: str
    sources: tuple[str, ...]
    level: str
    dimensions: tuple[str, ...]
    definition: str
    silence: str | None
    frame: str | None
    weight: int


@dataclass(frozen=True)
class Budget:
    """What the quarterly tables of a quarter, and the annual tables of a year, cost at most."""

    quarterly: Fraction
    annual: Fraction


@dataclass(frozen=True)
class Caps:
    """The most rho that one identity may lose, in the worst case, in each kind of period."""

    quarter: Fraction
    annual: Fraction
    year: Fraction
    three_years: Fraction
    lifetime: Fraction


@dataclass(frozen=True)
class Policy:
    """The whole policy; `hash` is the SHA-256 of its canonical content, comments aside.

    `geographies` names the levels of each tree, the top first; `levels` the title of each level.
    """

    version: int
    reviewed_on: str
    first_day_of_record: str
    delta: Decimal
    unit: str
    signers: int
    unprotected: tuple[str, ...]
    budget: Budget
    caps: Caps
    is_modelled: bool
    is_synthetic: bool
    geographies: Mapping[str, tuple[str, ...]]
    levels: Mapping[str, str]
    dimensions: Mapping[str, Dimension]
    frames: Mapping[str, FramePolicy]
    tables: tuple[TablePolicy, ...]
    hash: str

    @property
    def measured_tables(self) -> tuple[TablePolicy, ...]:
        """The tables that cost budget."""
        return tuple(table for table in self.tables if table.frame is not None)

    @property
    def sources(self) -> frozenset[str]:
        """The agencies whose records the tables count."""
        return frozenset(source for table in self.tables for source in table.sources)


def load_policy(path: Path = REVIEWED_POLICY, words: Mapping[str, str] | None = None) -> Policy:
    """Read and check the policy.

    Args:
        path: the reviewed file.
        words: phrases of its texts, and what stands in their place where another state is served;
            the hash is that of the texts as they are then.

    Raises:
        PrivacyError: MS601, it cannot be read; MS602, it is invalid.
    """
    try:
        content = _say(tomllib.loads(path.read_text(encoding="utf-8")), words or {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise PrivacyError("MS601", file=path.name) from None
    try:
        top = read_section(content, "policy", "the policy")
        return _build_policy(
            top,
            compute_sha256(to_canonical_json(content | {name: top[name] for name in _DATES})),
        )
    except InvalidPolicyError as invalid:
        problem = str(invalid)
    raise PrivacyError("MS602", file=path.name, problem=problem)


def _say(value: Any, words: Mapping[str, str]) -> Any:  # noqa: ANN401 - as TOML has it
    """Return a value of the file in other words; names of entries stay."""
    if isinstance(value, dict):
        return {name: _say(entry, words) for name, entry in value.items()}
    if isinstance(value, list):
        return [_say(entry, words) for entry in value]
    if isinstance(value, str):
        for phrase, said in words.items():
            value = value.replace(phrase, said)
    return value


def _build_policy(top: Section, digest: str) -> Policy:
    if top["delta"] >= 1:
        top.fail("delta must be below 1")
    if not re.fullmatch(r"\d{4}-(01|04|07|10)-01", top["first_day_of_record"]):
        top.fail("first_day_of_record must be the first day of a quarter")
    geographies = {
        name: _build_geography(section, top["levels"].keys())
        for name, section in top["geographies"].items()
    }
    if top["levels"].keys() & top["dimensions"].keys():
        top.fail("levels and dimensions share a name, and a key list has one meaning")
    frames = {
        name: _build_frame(name, section, geographies, top["dimensions"].keys())
        for name, section in top["frames"].items()
    }
    for name, section in top["frames"].items():
        _check_sums(frames[name], section, frames)
        _check_same_rows(frames[name], section, frames)
    budget = Budget(*(Fraction(top["budget"][name]) for name in ("quarterly", "annual")))
    return Policy(
        version=top["version"],
        reviewed_on=top["reviewed_on"],
        first_day_of_record=top["first_day_of_record"],
        delta=top["delta"],
        unit=top["unit"],
        signers=top["signers"],
        unprotected=top["unprotected"],
        budget=budget,
        caps=_build_caps(top["caps"], budget),
        is_modelled=top["modelled"]["enabled"],
        is_synthetic=top["synthetic"]["enabled"],
        geographies=geographies,
        levels={name: section["title"] for name, section in top["levels"].items()},
        dimensions={
            name: _build_dimension(name, section) for name, section in top["dimensions"].items()
        },
        frames=frames,
        tables=_build_tables(top, frames),
        hash=digest,
    )


def _build_caps(section: Section, budget: Budget) -> Caps:
    names = ("quarter", "annual", "year", "three_years", "lifetime")
    caps = Caps(*(Fraction(section[name]) for name in names))
    if caps.quarter < budget.quarterly or caps.annual < budget.annual:
        section.fail("quarter and annual must be at least what the budget spends")
    if not max(caps.quarter, caps.annual) <= caps.year <= caps.three_years <= caps.lifetime:
        section.fail("a longer period must have a cap at least as high as a shorter one")
    return caps


def _build_geography(section: Section, levels: Collection[str]) -> tuple[str, ...]:
    chain: tuple[str, ...] = section["levels"]
    if not set(chain) <= set(levels):
        section.fail("levels must name levels of this file")
    return chain


def _build_dimension(name: str, section: Section) -> Dimension:
    published = tuple(
        PublishedKey(entry["key"], entry["label"], entry["cells"])
        for entry in section.get("published", ())
    )
    if len({entry.key for entry in published}) != len(published):
        section.fail("published names a key twice")
    return Dimension(name, section["title"], published)


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


def bound_linked(places: int | None) -> int:
    """Return the squared L2 distance of neighbours in a linked frame, over all years together.

    `places` is the most records that may ever take one child, None for a frame that tells how many
    children were matched and not which. One identity is a child and one record; the proofs stand
    in linkage.links and linkage.matching.
    """
    return 7 if places is None else 2 * places**2 + 1


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


def _build_tables(top: Section, frames: Mapping[str, FramePolicy]) -> tuple[TablePolicy, ...]:
    tables = tuple(_build_table(section, frames) for section in top["tables"])
    for section, table in zip(top["tables"], tables, strict=True):
        if table.unit not in table.title:
            section.fail("the title must name the unit")
        if table.level not in top["levels"]:
            section.fail("level must name a level of this file")
        if not set(table.dimensions) <= top["dimensions"].keys():
            section.fail("dimensions must name dimensions of this file")
    if len({table.name for table in tables}) != len(tables):
        top.fail("two tables have one name")
    if {table.frame for table in tables} - {None} != frames.keys():
        top.fail("every frame must be used by a table, and at least one")
    return tables


def _build_table(section: Section, frames: Mapping[str, FramePolicy]) -> TablePolicy:
    silence = None if section.get("collected", True) else NOT_COLLECTED
    silence = NOT_RELEASED if section.get("withheld", False) else silence
    if silence:
        if {"frame", "weight"} & section.fields.keys():
            section.fail("a table without numbers has no frame and no weight")
    else:
        _check_measured(section, frames)
    return TablePolicy(
        name=section["name"],
        title=section["title"],
        unit=section["unit"],
        sources=section["sources"],
        level=section["level"],
        dimensions=section["dimensions"],
        definition=section["definition"],
        silence=silence,
        frame=section.get("frame", None),
        weight=0 if silence else section.get("weight", 1),
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
