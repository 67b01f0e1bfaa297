"""Names that nobody bears, and the ways in which clerks write them wrong.

Family names are put together from invented halves, so that no list of real people is needed; some
given names are usual ones, because only those have short forms. Does not
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
_SHORT_FORMS = {
    "Alexander": "Alex",
    "Benjamin": "Ben",
    "Christopher": "Chris",
    "Daniel": "Danny",
    "Elizabeth": "Liz",
    "Guadalupe": "Lupe",
    "Jennifer": "Jenny",
    "Michael": "Mike",
    "Rebecca": "Becky",
    "Victoria": "Vicky",
    "William": "Bill",
    "Zachary": "Zach",
}
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
    "de la ",
    "Niñez ",
    "Roble ",
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
    """An invented given name, or a usual one that has a short form."""
    start, end = chance.one_of([*_GIVEN_STARTS, *_SHORT_FORMS]), chance.one_of(_GIVEN_ENDS)
    return start if start in _SHORT_FORMS else start + end


def make_family_name(chance: Chance) -> str:
    """An invented family name; some hold an apostrophe, a hyphen, an accent, or two names."""
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


_LIKE_SOUNDS = (
    ("ei", "ie"),
    ("ph", "f"),
    ("ck", "k"),
    ("tt", "t"),
    ("rr", "r"),
    ("ll", "l"),
    ("ee", "ea"),
    ("oo", "ou"),
    ("ea", "e"),
    ("c", "k"),
    ("i", "y"),
    ("a", "e"),
    ("o", "u"),
)


def spell_by_sound(name: str, chance: Chance) -> str:
    """Write what was heard: a sound after the first letter in another spelling, if there is one."""
    heard_here = [pair for pair in _LIKE_SOUNDS if pair[0] in name[1:]]
    if not heard_here:
        return name
    heard, written = chance.one_of(heard_here)
    return name[0] + name[1:].replace(heard, written, 1)


def shorten(given_name: str) -> str:
    """The short form of a given name, if it has one."""
    return _SHORT_FORMS.get(given_name, given_name)


def leave_out_half(family_name: str) -> str:
    """The first one of two family names; of others, the whole."""
    return family_name.replace("-", " ").removeprefix("de la ").split()[0]
