"""Make tokens on an agency's own machine, and the key that two agencies share for it.

A token is a keyed hash (HMAC-SHA-256, RFC 2104) of a canonical name and birth date: equal for
equal persons in both agencies, and useless without the key, because names and birth dates can be
listed and hashed by anyone who holds it. The hub therefore never holds the key. Each type of token
has a key of its own, made from the shared one, so that tokens of two types are never equal. Does
not belong here: what is hashed (`linkage.recipe`), comparing tokens (`linkage.links`).
"""

from __future__ import annotations

import csv
import hmac
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from durable.writing import replacing, write_once
from linkage.errors import LinkageError
from linkage.recipe import RECIPE, TOKEN_TYPES, make_canonical_forms

ROSTER_COLUMNS = ["record_key", "name", "birth_date"]
TOKEN_COLUMNS = ["record_key", "token"]

_KEY_BYTES = 32
_FEWEST_BYTES = 16
"""Different bytes, and differences between neighbours, that every drawn key has: 23 was the fewest
in 200,000, and fewer than 16 would not be seen in 10^12."""

_TOKEN_DIGITS = 32
"""Half of the hash, as RFC 2104 (section 5) allows: 128 bits."""

_EPOCH_DIGITS = 16


@dataclass(frozen=True)
class TokenSummary:
    """What became of a roster. For the agency's own eyes: the counts are exact.

    Attributes:
        records: Lines of the roster after the heading.
        without_token: Records whose name is missing, incomplete or a placeholder, which no token
            stands for. Where the birth date is, they have that of the name alone.
    """

    records: int
    without_token: int


def new_key(path: Path) -> None:
    """Create a key file: 32 random bytes in hexadecimal, readable by its owner only.

    Raises:
        LinkageError: MS801 if the file exists, MS812 if it cannot be created.
    """
    content = secrets.token_hex(_KEY_BYTES) + "\n"
    try:
        is_new = path.parent.is_dir() and write_once(path, content.encode("ascii"))
    except OSError:
        raise LinkageError("MS812", file=path.name) from None
    if not is_new:
        raise LinkageError("MS801" if path.exists() else "MS812", file=path.name)


def read_key(path: Path) -> bytes:
    """Read a key file that `new_key` made.

    Raises:
        LinkageError: MS802 if it cannot be read, MS803 if other accounts can read it,
            MS804 if it holds anything but 64 hexadecimal digits, MS813 if nobody drew it.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError:
        raise LinkageError("MS802", file=path.name) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LinkageError("MS803", file=path.name)
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        raise LinkageError("MS804", file=path.name) from None
    if len(key) != _KEY_BYTES:
        raise LinkageError("MS804", file=path.name)
    if _is_weak(key):
        raise LinkageError("MS813", file=path.name)
    return key


def _is_weak(key: bytes) -> bool:
    """Whether a key repeats itself or counts up or down, as no drawn one does."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return min(len(set(key)), len(steps)) < _FEWEST_BYTES


def make_token(name: str, birth_date: str, key: bytes) -> str | None:
    """Hash one person; None where the recipe has nothing to hash (see `make_canonical_forms`).

    Returns:
        The epoch of the key (16 hexadecimal digits) and then the tokens (32 each) in the order of
        `TOKEN_TYPES`, parted by colons; blank for a type that is missing. The epoch tells keys
        apart and tells nothing of them.

    Raises:
        ValueError: If the birth date is neither blank nor YYYY-MM-DD.
    """
    forms = make_canonical_forms(name, birth_date)
    if not forms:
        return None
    epoch, keys = _derive_keys(key)
    made = [
        hmac.digest(keys[kind], form.encode("utf-8"), "sha256").hex()[:_TOKEN_DIGITS]
        for kind, form in forms
    ]
    missing = TOKEN_TYPES.index(forms[0][0])
    return ":".join((epoch, *[""] * missing, *made))


@cache
def _derive_keys(key: bytes) -> tuple[str, dict[str, bytes]]:
    """Give the epoch of a key, and its key for each type of token."""
    epoch, *keys = (
        hmac.digest(key, f"{RECIPE}\n{purpose}".encode(), "sha256")
        for purpose in ("epoch", *TOKEN_TYPES)
    )
    return epoch.hex()[:_EPOCH_DIGITS], dict(zip(TOKEN_TYPES, keys, strict=True))


def make_tokens(roster_csv: Path, key: bytes, out_csv: Path) -> TokenSummary:
    """Turn a roster into a token file, line by line, whatever its length.

    Args:
        roster_csv: UTF-8 CSV with the columns record_key, name, birth_date (YYYY-MM-DD or blank).
        key: The 32 bytes of `read_key`.
        out_csv: CSV to write with the columns record_key, token (see `make_token`); it appears
            whole or not at all.

    Raises:
        LinkageError: MS805 to MS808 for a faulty roster, MS810 if the output cannot be written, or
            something else than tokens lies there.
    """
    try:
        if not out_csv.parent.is_dir() or not _is_free(out_csv):
            raise LinkageError("MS810", file=out_csv.name)
        with (
            replacing(out_csv) as draft,
            draft.open("w", encoding="utf-8", newline="") as out_file,
        ):
            return _write_tokens(roster_csv, key, csv.writer(out_file, lineterminator="\n"))
    except OSError:
        raise LinkageError("MS810", file=out_csv.name) from None


def _is_free(out_csv: Path) -> bool:
    """Whether nothing would be lost there but tokens: not a roster, and never the key."""
    if not out_csv.exists():
        return True
    heading = ",".join(TOKEN_COLUMNS).encode()
    with out_csv.open("rb") as there:
        return there.read(len(heading)) == heading


def _write_tokens(roster_csv: Path, key: bytes, writer: csv._writer) -> TokenSummary:  # type: ignore[name-defined]
    writer.writerow(TOKEN_COLUMNS)
    records = without_token = 0
    for line, (record_key, name, birth_date) in _read_roster(roster_csv):
        records += 1
        if not record_key.strip():
            raise _broken(roster_csv, line, "record_key", "It must not be blank")
        try:
            token = make_token(name, birth_date, key)
        except ValueError:
            expected = "It must be a calendar date in the form YYYY-MM-DD, or blank"
            raise _broken(roster_csv, line, "birth_date", expected) from None
        if token is None:
            without_token += 1
        else:
            writer.writerow([record_key.strip(), token])
    return TokenSummary(records, without_token)


def _broken(roster_csv: Path, line: int, field: str, expected: str) -> LinkageError:
    return LinkageError("MS807", file=roster_csv.name, line=line, field=field, expected=expected)


def _read_roster(roster_csv: Path) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the number of the line on which it ends."""
    try:
        with roster_csv.open(encoding="utf-8-sig", newline="") as roster:
            reader = csv.reader(roster, strict=True)
            if next(reader, None) != ROSTER_COLUMNS:
                raise LinkageError("MS805", file=roster_csv.name)
            for row in reader:
                if len(row) != len(ROSTER_COLUMNS):
                    raise LinkageError("MS806", file=roster_csv.name, line=reader.line_num)
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error):
        raise LinkageError("MS808", file=roster_csv.name) from None
