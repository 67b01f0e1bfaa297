"""Public key lists: every category a table may show, read from reviewed CSV files.

Does not belong here: keys taken from data. A key only in a list is noise on zero; a key only in
the data is refused by privacy.exact.
"""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.errors import PrivacyError

_HEADER = ["key", "label", "description"]


@dataclass(frozen=True)
class Key:
    """One category: its key in tables, its label for people, its description."""

    key: str
    label: str
    description: str


@dataclass(frozen=True)
class PublicKeys:
    """The key lists of all dimensions of a policy, in the order of their files."""

    lists: tuple[tuple[str, tuple[Key, ...]], ...]

    def of(self, dimension: str) -> tuple[Key, ...]:
        """Return the keys of one dimension; raises KeyError for one not loaded."""
        return dict(self.lists)[dimension]

    @property
    def hash(self) -> str:
        """SHA-256 of all lists with their labels and order."""
        return compute_sha256(
            to_canonical_json({name: [asdict(key) for key in keys] for name, keys in self.lists})
        )


def load_keys(folder: Path, dimensions: Iterable[str]) -> PublicKeys:
    """Read `<dimension>.csv` for each dimension; raises PrivacyError MS603."""
    return PublicKeys(tuple((name, _read_list(folder / f"{name}.csv")) for name in dimensions))


def _read_list(path: Path) -> tuple[Key, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError):
        raise PrivacyError(
            "MS603", file=path.name, problem="It is missing or is not UTF-8 text"
        ) from None
    if not rows or rows[0] != _HEADER:
        raise PrivacyError("MS603", file=path.name, problem="Its header is another")
    body = rows[1:]
    if not body or any(len(row) != len(_HEADER) or not row[0] or not row[1] for row in body):
        raise PrivacyError(
            "MS603", file=path.name, problem="It has no keys, or a line lacks its key or label"
        )
    if len({row[0] for row in body}) != len(body):
        raise PrivacyError("MS603", file=path.name, problem="It names a key twice")
    return tuple(Key(*row) for row in body)
