"""The state as its folder tells it: its name and clock, its agencies, words of its law and page.

Belongs here: the types of `state.toml` and of `agencies/*.toml`. Does not belong here: what a
contract says of files (`sources.contracts`), and tables (`folder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from failures.documents import CLOSED, BrokenDocumentError, Form, read_toml
from jurisdiction.errors import JurisdictionError
from jurisdiction.folder import AGENCIES, CONTRACTS, FOLDER


class Rhythm(BaseModel):
    """When an agency delivers that does not do so for each quarter.

    Attributes:
        quarters: Numbers of the quarters for which it delivers, 1 to 4.
        days: Its delivery is due so many days after the end of such a quarter.
    """

    model_config = CLOSED

    quarters: Annotated[
        frozenset[Annotated[int, Field(strict=True, ge=1, le=4)]], Field(min_length=1)
    ]
    days: Annotated[int, Field(strict=True, ge=1)]

    def find_due(self, number: int, last_day: date) -> date | None:
        """When the delivery for a quarter that ends on a day is due; None where it has none."""
        return last_day + timedelta(days=self.days) if number in self.quarters else None


class AgencyWords(BaseModel):
    """What the file of an agency says of it.

    Attributes:
        title: Its name with what it delivers, as a release gives it.
        name: Its name in a sentence.
        recorded_as: Its name, or whose records it gathers, where all are told who recorded.
        short: Its name in a narrow column.
        delivers: What comes from it, in a sentence.
        order: Its place among the agencies, where all are told.
        is_linked: Whether its records are linked.
        is_optional: Whether no quarter waits for it.
        block: Key of the block of the page in which its tables stand.
        caveats: What its numbers do not say.
        rhythm: When it delivers, where that is not for each quarter.
    """

    model_config = CLOSED

    title: str
    name: str
    recorded_as: str
    short: str
    delivers: str
    order: Annotated[int, Field(strict=True)]
    is_linked: Annotated[bool, Field(strict=True)]
    is_optional: Annotated[bool, Field(strict=True)] = False
    block: str
    caveats: tuple[str, ...]
    rhythm: Rhythm | None = None


class Agency(AgencyWords):
    """One agency that delivers.

    Attributes:
        key: Its short name in folders, manifests and commands, which is the name of its file.
    """

    key: str

    @property
    def most_set_aside(self) -> tuple[int, int]:
        """What its newest contract allows to be set aside of a file; raises MS001.

        Per cent of the lines, or so many records (of police files: incidents) where that is more.
        Read when it is asked for, so that a broken contract stops its own agency alone.
        """
        versions = sorted(CONTRACTS.glob(f"{self.key}-*.toml"), key=_version) or [
            CONTRACTS / f"{self.key}-1.toml"
        ]
        limits = _read(versions[-1], _LIMITS)
        return round(100 * limits.max_quarantined_share), limits.quarantined_floor


class Law(BaseModel):
    """What the state's law asks for, in words that stand on the page."""

    model_config = CLOSED

    asks_for_numbers: str
    to_be_seen: str
    of_a_report: str
    of_police: str
    of_police_in_full: str


def _check_clock(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no clock of the IANA database") from None
    return name


class State(BaseModel):
    """The state that is served.

    Attributes:
        name: Its name; also the public key of the whole state.
        postal_code: Two letters, with which the ORI of each of its police agencies begins.
        fips: Two digits, with which the code of each of its counties begins.
        time_zone: Name of its clock in the IANA database.
        blocks: Key and title of the blocks of a release, in the order of its page.
        law: What its law asks for.
        words: Phrases of the reviewed policy and of the page, and what stands in their place.
        states: First two digits of the codes of counties, and the state in which these lie, where
            places lie in more than one; a release then has a page for each.
    """

    model_config = CLOSED

    name: str
    postal_code: str
    fips: str
    time_zone: Annotated[str, AfterValidator(_check_clock)]
    blocks: dict[str, str]
    law: Law
    words: dict[str, str] = {}
    states: dict[str, str] = {}

    def say(self, text: str) -> str:
        """A text in the words of this state."""
        for phrase, said in self.words.items():
            text = text.replace(phrase, said)
        return text

    @property
    def agencies(self) -> tuple[Agency, ...]:
        """Who delivers, in the order in which they are told; raises MS001.

        Read when they are asked for: a command that needs none works where a file is broken.
        """
        return _read_agencies()

    def agency(self, key: str) -> Agency:
        """The agency of that short name; raises MS001 where there is none."""
        for one in self.agencies:
            if one.key == key:
                return one
        raise JurisdictionError("MS001", file=f"agencies/{key}.toml", problem="It cannot be read")

    @property
    def linked(self) -> tuple[str, ...]:
        """Short names of the agencies whose records are linked, in alphabetical order."""
        return tuple(sorted(one.key for one in self.agencies if one.is_linked))

    @property
    def awaited(self) -> tuple[str, ...]:
        """Short names of the agencies without whose delivery no quarter is released, as told."""
        return tuple(one.key for one in self.agencies if not one.is_optional)

    @property
    def recorded_by(self) -> str:
        """Who recorded what is counted, in a sentence, by the alphabet of short names."""
        by_key = [self.agency(key) for key in sorted(self.awaited)]
        return join_words([one.recorded_as for one in by_key], "and")

    @property
    def elsewhere(self) -> str:
        """Public key of places in other states."""
        return f"Outside {self.name}"


class _Limits(BaseModel):
    """What a contract says of setting aside; the rest of it is not looked at here."""

    max_quarantined_share: float
    quarantined_floor: int


_STATE, _WORDS, _LIMITS = TypeAdapter(State), TypeAdapter(AgencyWords), TypeAdapter(_Limits)


@cache
def read_state() -> State:
    """Read the state; raises JurisdictionError MS001 where its file is not as it must be."""
    return _read(FOLDER / "state.toml", _STATE)


def say_agencies() -> str:
    """The short names of all agencies by the alphabet, as a command names them."""
    return join_words(sorted(path.stem for path in AGENCIES.glob("*.toml")), "or")


def join_words(words: Sequence[str], last: str) -> str:
    """One phrase of at least two words, with `and` or `or` before the last."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


@cache
def _read_agencies() -> tuple[Agency, ...]:
    agencies = []
    for path in AGENCIES.glob("*.toml"):
        words: AgencyWords = _read(path, _WORDS)
        agencies.append(Agency(key=path.stem, **words.model_dump()))
    return tuple(sorted(agencies, key=lambda one: one.order))


def _read(path: Path, form: TypeAdapter[Form]) -> Form:
    try:
        return read_toml(path, form)
    except BrokenDocumentError as broken:
        file = path.relative_to(FOLDER).as_posix()
        raise JurisdictionError("MS001", file=file, problem=str(broken)) from None


def _version(contract: Path) -> int:
    number = contract.stem.rpartition("-")[2]
    return int(number) if number.isdigit() else 0
