"""The reviewed policy, checked; every privacy parameter comes from here.

Does not belong here: the form of the file (privacy.policy.form), its frames and tables
(privacy.policy.frames, privacy.policy.tables), noise scales (privacy.plan) and key lists
(privacy.policy.keys).
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError
from privacy.policy.frames import FramePolicy, build_frames, check_switched_off
from privacy.policy.reading import InvalidPolicyError, Section, read_section
from privacy.policy.tables import PublicPolicy, TablePolicy, build_public, build_tables

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
    `switched_off` are frames that only withheld tables use: nothing is read or measured of them.
    `public` says of which agencies totals pass as they are delivered, and `not_awaited` of which
    others a release may say that they delivered nothing.
    """

    version: int
    reviewed_on: str
    first_day_of_record: str
    delta: Decimal
    unit: str
    signers: int
    unprotected: tuple[str, ...]
    not_awaited: tuple[str, ...]
    budget: Budget
    caps: Caps
    is_modelled: bool
    is_synthetic: bool
    geographies: Mapping[str, tuple[str, ...]]
    levels: Mapping[str, str]
    dimensions: Mapping[str, Dimension]
    frames: Mapping[str, FramePolicy]
    switched_off: Mapping[str, FramePolicy]
    tables: tuple[TablePolicy, ...]
    public: Mapping[str, PublicPolicy]
    hash: str

    @property
    def measured_tables(self) -> tuple[TablePolicy, ...]:
        """The tables that cost budget."""
        return tuple(table for table in self.tables if table.frame is not None)

    @property
    def stated_frames(self) -> Mapping[str, FramePolicy]:
        """All frames of the file, whether measured or switched off."""
        return {**self.frames, **self.switched_off}

    @property
    def sources(self) -> frozenset[str]:
        """The agencies whose records the tables count; a withheld or public table counts none."""
        return frozenset(source for table in self.measured_tables for source in table.sources)


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
        return _read_policy(path.read_text(encoding="utf-8"), tuple((words or {}).items()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise PrivacyError("MS601", file=path.name) from None
    except InvalidPolicyError as invalid:
        problem = str(invalid)
    raise PrivacyError("MS602", file=path.name, problem=problem)


@lru_cache(maxsize=4)
def _read_policy(text: str, words: tuple[tuple[str, str], ...]) -> Policy:
    """Read the text of a policy; the same text, which sensors ask for again and again, once."""
    content = _say(tomllib.loads(text), dict(words))
    top = read_section(content, "policy", "the policy")
    dated = content | {name: top[name] for name in _DATES}
    return _build_policy(top, compute_sha256(to_canonical_json(dated)))


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
    frames = build_frames(top["frames"], geographies, top["dimensions"].keys())
    public = build_public(top)
    tables = build_tables(top, frames, public)
    measured = {name: frames[name] for name in frames if name in {one.frame for one in tables}}
    check_switched_off(measured, top["frames"])
    budget = Budget(*(Fraction(top["budget"][name]) for name in ("quarterly", "annual")))
    return Policy(
        version=top["version"],
        reviewed_on=top["reviewed_on"],
        first_day_of_record=top["first_day_of_record"],
        delta=top["delta"],
        unit=top["unit"],
        signers=top["signers"],
        unprotected=top["unprotected"],
        not_awaited=top.get("not_awaited", ()),
        budget=budget,
        caps=_build_caps(top["caps"], budget),
        is_modelled=top["modelled"]["enabled"],
        is_synthetic=top["synthetic"]["enabled"],
        geographies=geographies,
        levels={name: section["title"] for name, section in top["levels"].items()},
        dimensions={
            name: _build_dimension(name, section) for name, section in top["dimensions"].items()
        },
        frames=measured,
        switched_off={name: frame for name, frame in frames.items() if name not in measured},
        tables=tables,
        public=public,
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
