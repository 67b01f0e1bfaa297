"""Names that nobody bears, and the ways in which clerks write them wrong.

Names are put together from invented halves, so that no list of real people is needed. Does not
belong here: making names alike again (linkage).
"""

from __future__ import annotations

from simulator.chance import Chance

_GIVEN_STARTS = [
    "Al",
    "Bryn",
    "Cael",
    "Dor",
    "Ev",
    "Fen",
    "Gwil",
    "Hal",
    "Ist",
    "Jor",
    "Kel",
    "Lun",
    "Mar",
    "Nev",
    "Or",
    "Per",
    "Quil",
    "Ras",
    "Syl",
    "Tam",
    "Ulv",
    "Ver",
    "Zel",
]
_GIVEN_ENDS = [
    "ado",
    "ana",
    "ara",
    "eka",
    "elle",
    "eth",
    "iko",
    "ina",
    "ira",
    "ovan",
    "ulin",
    "wyn",
]
_FAMILY_STARTS = [
    "Ash",
    "Bramble",
    "Cinder",
    "Dapple",
    "Ember",
    "Fable",
    "Gloam",
    "Hazel",
    "Inkle",
    "Juniper",
    "Kettle",
    "Lantern",
    "Marrow",
    "Nettle",
    "O'Fen",
    "Pebble",
    "Quill",
    "Russet",
    "Saffron",
    "Thistle",
    "Umber",
    "Velvet",
    "Willow",
    "Yarrow",
    "Zephyr",
    "Tall-",
    "Löwen",
]
_FAMILY_ENDS = [
    "barrow",
    "beck",
    "brook",
    "croft",
    "dale",
    "fell",
    "feather",
    "garth",
    "holm",
    "hurst",
    "leigh",
    "mere",
    "moor",
    "ness",
    "rigg",
    "shaw",
    "stead",
    "thorpe",
    "thwaite",
    "wick",
]


def make_given_name(chance: Chance) -> str:
    """An invented given name."""
    return chance.one_of(_GIVEN_STARTS) + chance.one_of(_GIVEN_ENDS)


def make_family_name(chance: Chance) -> str:
    """An invented family name; some hold an apostrophe, a hyphen or an accent."""
    return chance.one_of(_FAMILY_STARTS) + chance.one_of(_FAMILY_ENDS)


def misspell(name: str, chance: Chance) -> str:
    """Drop, double or swap one letter, as a tired clerk does."""
    place = 1 + chance.below(len(name) - 2)
    way = chance.below(3)
    if way == 0:
        return name[:place] + name[place + 1 :]
    if way == 1:
        return name[:place] + name[place] + name[place:]
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
