"""The one text form of things that are hashed: canonical JSON and exact fractions.

Does not belong here: what is in those texts, or where they are stored.
"""

import hashlib
import json
from fractions import Fraction
from typing import Any


def to_canonical_json(value: Any) -> str:  # noqa: ANN401 - JSON has no narrower type
    """Return JSON with sorted keys and no spaces; fractions become "numerator/denominator"."""
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_encode_fraction,
    )


def compute_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def format_fraction(value: Fraction) -> str:
    """Return an exact rational as "numerator/denominator", also for whole numbers."""
    return f"{value.numerator}/{value.denominator}"


def _encode_fraction(value: object) -> str:
    if isinstance(value, Fraction):
        return format_fraction(value)
    raise TypeError("only plain values and fractions have a canonical text")
