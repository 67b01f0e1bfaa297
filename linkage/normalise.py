"""One spelling for the many ways in which agencies write the same name and birth date.

Both agencies must normalise alike, so every rule here is part of the token: changing one needs a
new `RECIPE` in `linkage.recipe` and new tokens from everybody. Does not belong here: what is left
out of a name or folded in it for some types of token (`linkage.recipe`).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_BETWEEN_PARTS = re.compile(r"[\s,;/\-\u2010-\u2015]+")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def normalise_name(name: str) -> str:
    """Reduce a name to its letters, in an order that does not depend on who wrote it.

    Compatibility decomposition (Unicode NFKD) and case folding come first. A space, comma,
    semicolon, slash or hyphen ends a part; everything else that is not a letter (accents,
    apostrophes, full stops, digits) is dropped inside its part. Parts are sorted, because one
    agency writes the family name first and another last, and joined by one space.

    Returns:
        The normalised name; empty if the text has no letter, which means "no name known".
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    parts = ("".join(filter(str.isalpha, part)) for part in _BETWEEN_PARTS.split(folded))
    return " ".join(sorted(part for part in parts if part))


def normalise_birth_date(text: str) -> str:
    """Give a birth date as `YYYY-MM-DD`, or empty text if none is known.

    Raises:
        ValueError: If the text is neither blank nor a calendar date in the form YYYY-MM-DD.
    """
    stripped = text.strip()
    if not stripped:
        return ""
    try:
        if _ISO_DATE.fullmatch(stripped):
            return date.fromisoformat(stripped).isoformat()
    except ValueError:
        pass
    raise ValueError("a birth date is written YYYY-MM-DD")
