"""The recipe of tokens: what is hashed, type by type; every rule of it is part of the tokens.

A variant is made canonical before it is hashed, so that equal tokens mean "equal but for such
differences" and nothing is compared at the hub but equality. No sex and no race is in a token.
A change of any rule here, in `linkage.normalise` or in `linkage.nicknames` needs a new
`RECIPE`, and new tokens from every agency; `tests/unit/linkage/golden_tokens.csv` holds what must
come out. Does not belong here: keys and hashing (`linkage.tokenize`).
"""

from __future__ import annotations

from functools import lru_cache

from linkage.nicknames import FULL_FORMS
from linkage.normalise import normalise_birth_date, normalise_name

RECIPE = "moshare-token/3"
"""Hashed into every token, so that tokens made by different recipes never match."""

TOKEN_TYPES = ("exact", "parts", "nickname", "sound", "day_month", "name_year", "name", "part")
"""The types in the order in which a delivery writes them; there may be several of the last one.

exact: all parts of the name, in alphabetical order, and the birth date. parts: without particles,
suffixes and initials. nickname: these with short forms of given names written out. sound: the
Soundex code of each of those. day_month: parts, and the birth date with the smaller one of day and
month first. name_year: the whole code of each, and the year of birth. name: these codes alone.
part: one of them and the birth date, for each part of the name. The fewer other things must be
equal, the more of a name must be.
"""

_PARTICLES = frozenset(
    [
        "da",
        "das",
        "de",
        "del",
        "della",
        "der",
        "di",
        "dos",
        "du",
        "el",
        "la",
        "las",
        "le",
        "los",
        "san",
        "santa",
        "st",
        "van",
        "von",
        "y",
    ]
)
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "junior", "senior"])
_PLACEHOLDERS = frozenset(
    [
        "anonymous",
        "baby",
        "babyboy",
        "babygirl",
        "doe",
        "infant",
        "juvenile",
        "nfn",
        "nln",
        "noname",
        "refused",
        "unk",
        "unknown",
        "victim",
    ]
)
_PLACEHOLDER_DATES = frozenset({"1900-01-01", "1901-01-01", "1111-11-11", "9999-12-31"})

_FEWEST_PARTS = 2
_SOUNDEX = 4
"""Letters and digits of a Soundex code."""

_SOUNDS = {
    letter: digit
    for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), start=1)
    for letter in letters
}


def make_canonical_forms(name: str, birth_date: str) -> list[tuple[str, str]]:
    """Give type and text of each token to hash, in the order of `TOKEN_TYPES`.

    None at all where the name is a placeholder or has fewer than two parts of two letters, and the
    type `name` alone where the birth date is blank or a placeholder. Particles are left out where
    two other parts are there.

    Raises:
        ValueError: If the birth date is neither blank nor YYYY-MM-DD.
    """
    born = normalise_birth_date(birth_date)
    every_part = normalise_name(name)
    parts = [part for part in every_part.split() if len(part) > 1 and part not in _SUFFIXES]
    if len(parts) < _FEWEST_PARTS or not _PLACEHOLDERS.isdisjoint(parts):
        return []
    names = [part for part in parts if part not in _PARTICLES]
    parts = parts if len(names) < _FEWEST_PARTS else names
    full = sorted(FULL_FORMS.get(part, part) for part in parts)
    codes = sorted(map(code_of, full))
    written, name = " ".join(parts), " ".join(codes)
    if not born or born in _PLACEHOLDER_DATES:
        return [("name", name)]
    year, month, day = born.split("-")
    either_way = "-".join((year, *sorted((month, day))))
    return [
        ("exact", f"{every_part}\n{born}"),
        ("parts", f"{written}\n{born}"),
        ("nickname", f"{' '.join(full)}\n{born}"),
        ("sound", f"{' '.join(sorted(map(sound_of, full)))}\n{born}"),
        ("day_month", f"{written}\n{either_way}"),
        ("name_year", f"{name}\n{year}"),
        ("name", name),
        *(("part", f"{code}\n{born}") for code in codes),
    ]


def sound_of(part: str) -> str:
    """Give the Soundex code of one part of a name: its first letter and three digits.

    The American Soundex of the census, as the National Archives describe it. A part with a letter
    beyond a to z is its own code, so that names of other scripts stay apart.
    """
    return code_of(part)[:_SOUNDEX].ljust(_SOUNDEX, "0") if part.isascii() else part


@lru_cache(maxsize=100_000)
def code_of(part: str) -> str:
    """Give the whole code, of which Soundex takes the beginning: a digit for every consonant.

    Letters of one group that stand together, or with h or w between them, count once.
    """
    if not part.isascii():
        return part
    code, last = part[0], _SOUNDS.get(part[0])
    for letter in part[1:]:
        digit = _SOUNDS.get(letter)
        if digit is not None and digit != last:
            code += str(digit)
        if letter not in "hw":
            last = digit
    return code
