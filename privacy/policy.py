"""The reviewed policy file, read and checked; every privacy parameter comes from here.

Does not belong here: noise scales (privacy.plan works them out) and key lists (privacy.keys).
"""

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError
from privacy.frames import AGGREGATE, LINKED, ROWS
from privacy.released import NOT_COLLECTED, NOT_RELEASED

REVIEWED_POLICY = Path(__file__).with_name("policy.toml")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DECIMAL = re.compile(r"\d+\.\d+")


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
class FramePolicy:
    """What one identity can change in a frame, and why; `bound` as in privacy.frames.Frame."""

    name: str
    kind: str
    columns: tuple[str, ...]
    bound: int
    reason: str


@dataclass(frozen=True)
class TablePolicy:
    """One table of a release; `weight` is its importance; silent tables have no frame."""

    name: str
    title: str
    unit: str
    sources: tuple[str, ...]
    dimensions: tuple[str, ...]
    definition: str
    silence: str | None
    frame: str | None
    weight: int


@dataclass(frozen=True)
class Caps:
    """The most rho that may be charged for a quarter and for a calendar year."""

    quarter: Fraction
    year: Fraction


@dataclass(frozen=True)
class Policy:
    """The whole policy; `hash` is the SHA-256 of its canonical content, comments aside."""

    version: int
    reviewed_on: str
    delta: Decimal
    unit: str
    unprotected: tuple[str, ...]
    caps: Caps
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


def load_policy(path: Path = REVIEWED_POLICY) -> Policy:
    """Read and check the policy; raises PrivacyError MS601 (unreadable) or MS602 (invalid)."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise PrivacyError("MS601", file=path.name) from None
    try:
        return _read_policy(_Section(content, "the policy"))
    except _InvalidError as invalid:
        problem = str(invalid)
    raise PrivacyError("MS602", file=path.name, problem=problem)


class _InvalidError(Exception):
    """A sentence, without its stop, about what is wrong in the policy."""


class _Section:
    """One TOML table; every key must be taken, each with the type that is asked for."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, dict):
            raise _InvalidError(f"{where} must be a section of its own")
        self.content: dict[str, Any] = content
        self.where = where
        self.taken: set[str] = set()

    def fail(self, problem: str) -> NoReturn:
        raise _InvalidError(f"In {self.where}, {problem}")

    def take(self, key: str, kind: type, default: object = None) -> Any:  # noqa: ANN401
        self.taken.add(key)
        value = self.content.get(key, default)
        if type(value) is not kind or value in ("", {}):
            self.fail(f"{key} must be a {_KIND_NAMES[kind]} that is not empty")
        return value

    def take_texts(self, key: str) -> tuple[str, ...]:
        texts = self.take(key, list)
        if any(not isinstance(text, str) or not text for text in texts):
            self.fail(f"{key} must hold texts that are not empty")
        if len(set(texts)) != len(texts):
            self.fail(f"{key} names something twice")
        return tuple(texts)

    def take_positive(self, key: str, default: int | None = None) -> int:
        number: int = self.take(key, int, default=default)
        if number < 1:
            self.fail(f"{key} must be at least 1")
        return number

    def take_decimal(self, key: str) -> Decimal:
        text = self.take(key, str)
        if not _DECIMAL.fullmatch(text) or Decimal(text) <= 0:
            self.fail(f"{key} must be a positive decimal written as text")
        return Decimal(text)

    def take_sections(self, key: str) -> dict[str, "_Section"]:
        sections = self.take(key, dict)
        for name in sections:
            if not _NAME.fullmatch(name):
                self.fail(f"{key} has a name that is not lower case with underscores")
        return {name: _Section(body, f"{key}.{name}") for name, body in sections.items()}

    def finish(self) -> None:
        unknown = sorted(self.content.keys() - self.taken)
        if unknown:
            self.fail(f"{', '.join(unknown)} is not known")


_KIND_NAMES = {
    str: "text",
    int: "whole number",
    list: "list",
    dict: "section",
    bool: "true or false",
    datetime.date: "date",
}


def _read_policy(top: _Section) -> Policy:
    delta = top.take_decimal("delta")
    if delta >= 1:
        top.fail("delta must be below 1")
    dimensions = {
        name: _read_dimension(name, section)
        for name, section in top.take_sections("dimensions").items()
    }
    frames = {
        name: _read_frame(name, section, dimensions)
        for name, section in top.take_sections("frames").items()
    }
    tables = _read_tables(top, dimensions, frames)
    policy = Policy(
        version=top.take_positive("version"),
        reviewed_on=top.take("reviewed_on", datetime.date).isoformat(),
        delta=delta,
        unit=top.take("unit", str),
        unprotected=top.take_texts("unprotected"),
        caps=_read_caps(_Section(top.take("caps", dict), "caps")),
        dimensions=dimensions,
        frames=frames,
        tables=tables,
        hash=compute_sha256(
            to_canonical_json({**top.content, "reviewed_on": str(top.content.get("reviewed_on"))})
        ),
    )
    top.finish()
    return policy


def _read_caps(section: _Section) -> Caps:
    caps = Caps(Fraction(section.take_decimal("quarter")), Fraction(section.take_decimal("year")))
    if caps.year < caps.quarter:
        section.fail("year must be at least quarter")
    section.finish()
    return caps


def _read_dimension(name: str, section: _Section) -> Dimension:
    published = []
    for position, body in enumerate(section.take("published", list, default=[])):
        entry = _Section(body, f"{section.where}.published number {position + 1}")
        published.append(
            PublishedKey(
                entry.take("key", str), entry.take("label", str), entry.take_texts("cells")
            )
        )
        entry.finish()
    if len({entry.key for entry in published}) != len(published):
        section.fail("published names a key twice")
    dimension = Dimension(name, section.take("title", str), tuple(published))
    section.finish()
    return dimension


def _read_frame(name: str, section: _Section, dimensions: Mapping[str, Dimension]) -> FramePolicy:
    kind = section.take("kind", str)
    if kind not in (ROWS, AGGREGATE, LINKED):
        section.fail("kind must be rows, aggregate or linked")
    columns = section.take_texts("columns")
    if not columns or not set(columns) <= dimensions.keys():
        section.fail("columns must name dimensions of this file")
    bound = section.take_positive("bound_squared" if kind == LINKED else "bound")
    frame = FramePolicy(name, kind, columns, bound, section.take("reason", str))
    section.finish()
    return frame


def _read_tables(
    top: _Section, dimensions: Mapping[str, Dimension], frames: Mapping[str, FramePolicy]
) -> tuple[TablePolicy, ...]:
    tables: list[TablePolicy] = []
    for position, body in enumerate(top.take("tables", list)):
        section = _Section(body, f"table number {position + 1}")
        tables.append(_read_table(section, dimensions))
        _check_frame(section, tables[-1], frames)
        section.finish()
    if len({table.name for table in tables}) != len(tables):
        top.fail("two tables have one name")
    used = {table.frame for table in tables}
    if used - {None} != frames.keys():
        top.fail("every frame must be used by a table, and at least one")
    return tuple(tables)


def _read_table(section: _Section, dimensions: Mapping[str, Dimension]) -> TablePolicy:
    name = section.take("name", str)
    if not _NAME.fullmatch(name):
        section.fail("name must be lower case with underscores")
    section.where = f"table {name}"
    collected = section.take("collected", bool, default=True)
    withheld = section.take("withheld", bool, default=False)
    silence = NOT_RELEASED if withheld else None if collected else NOT_COLLECTED
    names = section.take_texts("dimensions")
    if not names or not set(names) <= dimensions.keys():
        section.fail("dimensions must name dimensions of this file")
    return TablePolicy(
        name=name,
        title=section.take("title", str),
        unit=section.take("unit", str),
        sources=section.take_texts("sources"),
        dimensions=names,
        definition=section.take("definition", str),
        silence=silence,
        frame=None if silence else section.take("frame", str),
        weight=0 if silence else section.take_positive("weight", default=1),
    )


def _check_frame(section: _Section, table: TablePolicy, frames: Mapping[str, FramePolicy]) -> None:
    if table.unit not in table.title:
        section.fail("the title must name the unit")
    if table.frame is None:
        return
    if table.frame not in frames:
        section.fail("frame must name a frame of this file")
    frame = frames[table.frame]
    if frame.kind == LINKED and tuple(table.dimensions) != frame.columns:
        section.fail("a table of a linked frame must use all its columns, as its bound does")
