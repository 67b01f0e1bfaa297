"""The state as its folder tells it: its name and clock, its agencies, words of its law and page.

Belongs here: the types of `state.toml` and of `agencies/*.toml`. Does not belong here: what a
contract says of files (`sources.contracts`), and tables (`folder`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jurisdiction.folder import AGENCIES, CONTRACTS, FOLDER


@dataclass(frozen=True)
class Agency:
    """One agency that delivers.

    Attributes:
        key: Its short name in folders, manifests and commands.
        title: Its name with what it delivers, as a release gives it.
        name: Its name in a sentence.
        recorded_as: Its name, or whose records it gathers, where all are told who recorded.
        short: Its name in a narrow column.
        delivers: What comes from it, in a sentence.
        order: Its place among the agencies, where all are told.
        is_linked: Whether its records are linked.
        block: Key of the block of the page in which its tables stand.
        caveats: What its numbers do not say.
    """

    key: str
    title: str
    name: str
    recorded_as: str
    short: str
    delivers: str
    order: int
    is_linked: bool
    block: str
    caveats: tuple[str, ...]

    @property
    def most_set_aside(self) -> tuple[int, int]:
        """What its newest contract allows to be set aside of a file.

        Per cent of the lines, or so many records (of police files: incidents) where that is more.
        Read when it is asked for, so that a broken contract stops its own agency alone.
        """
        versions = CONTRACTS.glob(f"{self.key}-*.toml")
        contract = _read(max(versions, key=lambda path: int(path.stem.rpartition("-")[2])))
        return round(100 * contract["max_quarantined_share"]), contract["quarantined_floor"]


@dataclass(frozen=True)
class Law:
    """What the state's law asks for, in words that stand on the page."""

    asks_for_numbers: str
    to_be_seen: str
    of_a_report: str
    of_police: str
    of_police_in_full: str


@dataclass(frozen=True)
class State:
    """The state that is served.

    Attributes:
        name: Its name; also the public key of the whole state.
        postal_code: Two letters, with which the ORI of each of its police agencies begins.
        fips: Two digits, with which the code of each of its counties begins.
        time_zone: Name of its clock in the IANA database.
        agencies: Who delivers, in the order in which they are told.
        blocks: Key and title of the blocks of a release, in the order of its page.
        law: What its law asks for.
    """

    name: str
    postal_code: str
    fips: str
    time_zone: str
    agencies: tuple[Agency, ...]
    blocks: Mapping[str, str]
    law: Law

    def agency(self, key: str) -> Agency:
        """The agency of that short name; KeyError where there is none."""
        return {one.key: one for one in self.agencies}[key]

    @property
    def linked(self) -> tuple[str, ...]:
        """Short names of the agencies whose records are linked, in alphabetical order."""
        return tuple(sorted(one.key for one in self.agencies if one.is_linked))

    @property
    def recorded_by(self) -> str:
        """Who recorded what is counted, in a sentence, by the alphabet of short names."""
        by_key = sorted(self.agencies, key=lambda one: one.key)
        return join_words([one.recorded_as for one in by_key], "and")

    @property
    def elsewhere(self) -> str:
        """Public key of places in other states."""
        return f"Outside {self.name}"


@cache
def read_state() -> State:
    """Read the state; TypeError or KeyError where its files lack a word or have one more."""
    content = _read(FOLDER / "state.toml")
    return State(
        **{
            **content,
            "agencies": tuple(sorted(map(_read_agency, AGENCIES.glob("*.toml")), key=_order)),
            "blocks": MappingProxyType(content["blocks"]),
            "law": Law(**content["law"]),
        }
    )


def say_agencies() -> str:
    """The short names of all agencies, as a command names them."""
    return join_words([one.key for one in read_state().agencies], "or")


def join_words(words: Sequence[str], last: str) -> str:
    """One phrase of at least two words, with `and` or `or` before the last."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _order(agency: Agency) -> int:
    return agency.order


def _read_agency(path: Path) -> Agency:
    content = _read(path)
    return Agency(key=path.stem, **{**content, "caveats": tuple(content["caveats"])})
