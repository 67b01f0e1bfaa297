"""Invented names, few as the simulator makes them or as many as a state has.

Of a state's names some are borne by very many and most by hardly anybody: the name of rank r is
drawn in proportion to 1 / (r + shift), by the law of Zipf and Mandelbrot. With the shifts below 41
of 100 people bear one of the first thousand surnames and 1 in 1,900 pairs the same one; one of the
first hundred given names is borne by 29 of 100, and 1 in 770 pairs bears the same one. (The Census
Bureau's surnames of 2010 and the Social Security Administration's given names are about as
diverse.) Does not belong here: writing names down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from simulator.chance import Chance
from simulator.names import make_family_name, make_given_name

_BEFORE = ["", *"bcdfghjklmnprstvwz", "br", "ch", "cl", "dr", "fl", "gr", "qu", "sh", "st", "tr"]
_VOWELS = [*"aeiou", "ai", "ee", "ou"]
_AFTER = ["", *"nrlsmt", "ck"]
_TWO_NAMES = 0.08
_USUAL = 0.1
"""Share of given names that are those of the simulator, which have short forms."""


@dataclass(frozen=True)
class Names:
    """Two ways of drawing a name."""

    given: Callable[[Chance], str]
    family: Callable[[Chance], str]


def _draw_rank(chance: Chance, names: int, shift: float) -> int:
    """Draw a rank from 0 to names - 1, in proportion to 1 / (rank + shift)."""
    return int(shift * ((names + shift) / shift) ** chance.random() - shift)


@cache
def _spell(kind: str, rank: int) -> str:
    chance = Chance(kind, rank)
    syllables = (
        chance.one_of(_BEFORE) + chance.one_of(_VOWELS) + chance.one_of(_AFTER)
        for _ in range(chance.one_of([2, 2, 3]))
    )
    return "".join(syllables).capitalize()


def _draw_given(chance: Chance) -> str:
    if chance.happens(_USUAL):
        return make_given_name(chance)
    return _spell("given", _draw_rank(chance, 20_000, 12.5))


def _draw_family(chance: Chance) -> str:
    first = _spell("family", _draw_rank(chance, 150_000, 20.5))
    if not chance.happens(_TWO_NAMES):
        return first
    second = _spell("family", _draw_rank(chance, 150_000, 20.5))
    return first + chance.one_of([" ", "-"]) + second


FEW = Names(make_given_name, make_family_name)
MANY = Names(_draw_given, _draw_family)
