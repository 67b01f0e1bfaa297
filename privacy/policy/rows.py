"""The rows that a table publishes, from the policy and the public key lists alone.

Does not belong here: numbers. A row says which unit and which keys of each dimension it sums, and
nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from privacy.engine.frames import Frame, Level, Row
from privacy.policy.keys import PublicKeys
from privacy.policy.policy import Policy
from privacy.policy.tables import TablePolicy


@dataclass(frozen=True)
class RowShape:
    """One published row: place and key of its unit, its keys, labels, and the listed keys it sums.

    Keys, labels and positions are given for each dimension of the table, in its order.
    """

    unit: int
    geography: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    positions: tuple[tuple[int, ...], ...]


def list_rows(policy: Policy, keys: PublicKeys, table: TablePolicy, level: Level) -> list[RowShape]:
    """Return the published rows of a table: units of its level first, in the order of the lists."""
    axes = [_list_published_keys(policy, keys, name) for name in table.dimensions]
    return [
        RowShape(
            unit,
            geography,
            tuple(key for key, _, _ in entries),
            tuple(label for _, label, _ in entries),
            tuple(positions for _, _, positions in entries),
        )
        for unit, geography in enumerate(level.keys)
        for entries in product(*axes)
    ]


def make_row(frame: Frame, level: int, dimensions: Sequence[str], shape: RowShape) -> Row:
    """Return what a published row sums in its frame."""
    positions_of = dict(zip(dimensions, shape.positions, strict=True))
    positions = tuple(
        positions_of.get(column, tuple(range(size)))
        for column, size in zip(frame.columns, frame.sizes, strict=True)
    )
    return Row(level, shape.unit, positions)


def _list_published_keys(
    policy: Policy, keys: PublicKeys, dimension: str
) -> list[tuple[str, str, tuple[int, ...]]]:
    listed = keys.of(dimension)
    position_of = {key.key: position for position, key in enumerate(listed)}
    published = policy.dimensions[dimension].published
    if published:
        return [
            (entry.key, entry.label, tuple(position_of[cell] for cell in entry.cells))
            for entry in published
        ]
    return [(key.key, key.label, (position_of[key.key],)) for key in listed]
