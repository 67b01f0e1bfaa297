"""What changed between two policies, in words for a privacy officer.

Does not belong here: judging whether a change is wise. Texts are compared as they stand; a changed
number is told with what it means for protection or for error.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from privacy.policy.frames import FramePolicy, SameRows
from privacy.policy.policy import Dimension, Policy, PublishedKey
from privacy.policy.tables import PublicPolicy, TablePolicy

GUARANTEE = "guarantee"
CONTENT = "what is released"
WORDS = "words"
_ORDER = (GUARANTEE, CONTENT, WORDS)

_Told = Mapping[str, tuple[str, str]]
"""For each field: what a change of it touches, and the words before the new value."""

_POLICY: _Told = {
    "unit": (GUARANTEE, "the protected unit is"),
    "first_day_of_record": (GUARANTEE, "the first day of record is"),
    "delta": (GUARANTEE, "epsilon is told at delta"),
    "signers": (GUARANTEE, "the number of officers who must sign is"),
    "not_awaited": (GUARANTEE, "no quarter waits, besides for totals declared public, for"),
    "is_modelled": (CONTENT, "releases carry modelled columns:"),
    "is_synthetic": (CONTENT, "releases carry synthetic records:"),
    "version": (WORDS, "the version is"),
    "reviewed_on": (WORDS, "it was reviewed on"),
}
_FRAME: _Told = {
    "kind": (GUARANTEE, "its counts come about as"),
    "counting": (GUARANTEE, "it counts a"),
    "cadence": (GUARANTEE, "its cadence is"),
    "bound": (GUARANTEE, "its bound for one identity is"),
    "places": (GUARANTEE, "the records that may ever take one child are"),
    "quarters": (GUARANTEE, "the periods in which one identity can be counted are"),
    "geography": (CONTENT, "its geography is"),
    "levels": (CONTENT, "its levels are"),
    "columns": (CONTENT, "its dimensions are"),
    "sums": (CONTENT, "it adds up the quarters of frame"),
    "same_rows": (CONTENT, "its total is told with another frame's:"),
    "reason": (WORDS, "the reason of its bound is"),
}
_TABLE: _Told = {
    "frame": (CONTENT, "it is made from frame"),
    "silence": (CONTENT, "it is without numbers because it is"),
    "public": (GUARANTEE, "it shows without noise, as declared public,"),
    "withheld": (CONTENT, "why it is not released:"),
    "sources": (CONTENT, "its sources are"),
    "level": (CONTENT, "its level is"),
    "dimensions": (CONTENT, "its dimensions are"),
    "unit": (CONTENT, "it counts"),
    "weight": (CONTENT, "its weight is"),
    "title": (WORDS, "its title is"),
    "definition": (WORDS, "its definition is"),
}
_PUBLIC: _Told = {
    "contract": (GUARANTEE, "they pass by contract"),
    "reason": (WORDS, "they are public because of"),
}
_PERIODS: Mapping[str, str] = {
    "quarter": "the quarterly tables of one quarter",
    "annual": "the annual tables of one year",
    "year": "one calendar year",
    "three_years": "twelve quarters in a row",
    "lifetime": "a lifetime",
}


@dataclass(frozen=True)
class Change:
    """One change: what it touches (guarantee, what is released, words) and a sentence."""

    touches: str
    sentence: str


def describe_changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Return every change from one policy to another, the guarantee first; none if they agree."""
    changes = [
        *_compare_fields("Policy", _POLICY, old, new),
        *_compare_numbers(old, new),
        *_compare_unprotected(old, new),
        *_compare_public(old.public, new.public),
        *_compare_frames(old.stated_frames, new.stated_frames),
        *_compare_switches(old, new),
        *_compare_tables(old.tables, new.tables),
        *_compare_lists(old, new),
    ]
    return tuple(sorted(changes, key=lambda change: _ORDER.index(change.touches)))


def _compare_numbers(old: Policy, new: Policy) -> Iterator[Change]:
    for cadence, period in (("quarterly", "a quarter"), ("annual", "a year")):
        before, after = getattr(old.budget, cadence), getattr(new.budget, cadence)
        if before != after:
            words = "protection weakens and errors shrink"
            if after < before:
                words = "protection strengthens and errors grow"
            sentence = f"Budget: the {cadence} tables of {period} may cost rho {_tell(after)}"
            yield Change(GUARANTEE, f"{sentence} instead of {_tell(before)}; {words}.")
    for name, period in _PERIODS.items():
        before, after = getattr(old.caps, name), getattr(new.caps, name)
        if before != after:
            words = "looser" if after > before else "tighter"
            sentence = f"Caps: that of {period} is {words}, rho {_tell(after)}"
            yield Change(GUARANTEE, f"{sentence} instead of {_tell(before)}.")


def _compare_unprotected(old: Policy, new: Policy) -> Iterator[Change]:
    for text in old.unprotected:
        if text not in new.unprotected:
            yield Change(GUARANTEE, f"Outside the guarantee: no longer listed is “{text}”.")
    for text in new.unprotected:
        if text not in old.unprotected:
            yield Change(GUARANTEE, f"Outside the guarantee: newly listed is “{text}”.")


def _compare_public(
    old: Mapping[str, PublicPolicy], new: Mapping[str, PublicPolicy]
) -> Iterator[Change]:
    for agency in sorted(old.keys() - new.keys()):
        yield Change(GUARANTEE, f"Public totals of {agency} are taken out.")
    for agency, public in new.items():
        what = f"Public totals of {agency}"
        if agency in old:
            yield from _compare_fields(what, _PUBLIC, old[agency], public)
        else:
            words = f"by {public.contract} they pass as delivered, without noise"
            yield Change(GUARANTEE, f"{what} are new: {words}. {public.reason}")


def _compare_frames(
    old: Mapping[str, FramePolicy], new: Mapping[str, FramePolicy]
) -> Iterator[Change]:
    yield from _compare_names("Frame", GUARANTEE, old, new)
    for name, frame in new.items():
        if name in old:
            yield from _compare_fields(f"Frame {name}", _FRAME, old[name], frame)
        else:
            yield Change(
                GUARANTEE,
                f"Frame {name} is new: {frame.kind}, {frame.counting}, {frame.cadence}, bound "
                f"{frame.bound}, down to {frame.levels[-1]}, by {_tell(frame.columns)}.",
            )


def _compare_switches(old: Policy, new: Policy) -> Iterator[Change]:
    for name in sorted(new.switched_off.keys() - old.switched_off.keys()):
        words = "is switched off: nothing is read or measured of it, and it costs nothing"
        yield Change(GUARANTEE, f"Frame {name} {words}.")
    for name in sorted(new.frames.keys() & old.switched_off.keys()):
        yield Change(GUARANTEE, f"Frame {name} is switched on: it is measured, and costs budget.")


def _compare_tables(old: tuple[TablePolicy, ...], new: tuple[TablePolicy, ...]) -> Iterator[Change]:
    before = {table.name: table for table in old}
    after = {table.name: table for table in new}
    yield from _compare_names("Table", CONTENT, before, after)
    for name, table in after.items():
        if name in before:
            yield from _compare_fields(f"Table {name}", _TABLE, before[name], table)
        else:
            yield Change(
                CONTENT,
                f"Table {name} is new: “{table.title}”, level {table.level}, by "
                f"{_tell(table.dimensions)}, weight {table.weight}.",
            )
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(WORDS, "Tables: their order is another.")


def _compare_lists(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _compare_names("Geography", CONTENT, old.geographies, new.geographies)
    for name, chain in new.geographies.items():
        if old.geographies.get(name) != chain:
            before = _tell(old.geographies.get(name))
            yield Change(
                CONTENT, f"Geography {name}: its levels are {_tell(chain)} instead of {before}."
            )
    yield from _compare_names("Level", CONTENT, old.levels, new.levels)
    for name, title in new.levels.items():
        if old.levels.get(name) != title:
            before = _tell(old.levels.get(name))
            yield Change(WORDS, f"Level {name}: its title is {_tell(title)} instead of {before}.")
    yield from _compare_names("Dimension", CONTENT, old.dimensions, new.dimensions)
    for name, dimension in new.dimensions.items():
        yield from _compare_dimension(old.dimensions.get(name), dimension)


def _compare_dimension(old: Dimension | None, new: Dimension) -> Iterator[Change]:
    title, published = (old.title, old.published) if old else (None, ())
    if title != new.title:
        words = f"its title is {_tell(new.title)} instead of {_tell(title)}"
        yield Change(WORDS, f"Dimension {new.name}: {words}.")
    if published != new.published:
        words = f"its published rows are {_tell_rows(new.published)}"
        yield Change(CONTENT, f"Dimension {new.name}: {words} instead of {_tell_rows(published)}.")


def _compare_names(
    kind: str, touches: str, old: Collection[str], new: Collection[str]
) -> Iterator[Change]:
    for name in old:
        if name not in new:
            yield Change(touches, f"{kind} {name} is taken out.")


def _compare_fields(what: str, told: _Told, old: object, new: object) -> Iterator[Change]:
    for name, (touches, words) in told.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change(touches, f"{what}: {words} {_tell(after)} instead of {_tell(before)}.")


def _tell_rows(published: tuple[PublishedKey, ...]) -> str:
    rows = (f"{entry.label} ({entry.key}: {_tell(entry.cells)})" for entry in published)
    return "; ".join(rows) or "those of its list"


def _tell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, SameRows):
        return f"{_tell(value.cells)} are the rows of {value.frame}, by {value.test}"
    if isinstance(value, Fraction):
        return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return ", ".join(value) or "nothing"
    if value is None:
        return "nothing said"
    return f"“{value}”" if " " in str(value) else str(value)
