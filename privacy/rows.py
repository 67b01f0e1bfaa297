"""The rows that a table publishes, from the policy and the public key lists alone.

Does not belong here: numbers. A row says which keys of each dimension it sums, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from privacy.frames import Axes, Frame
from privacy.keys import PublicKeys
from privacy.policy import Policy, TablePolicy
from privacy.residuals import list_subsets, split_length


@dataclass(frozen=True)
class RowShape:
    """One published row: its keys, its labels, and per dimension the listed keys it sums."""

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    positions: tuple[tuple[int, ...], ...]


def list_rows(policy: Policy, keys: PublicKeys, table: TablePolicy) -> list[RowShape]:
    """Return the published rows of a table, in the order of the lists."""
    axes = [_list_published_keys(policy, keys, name) for name in table.dimensions]
    return [
        RowShape(
            tuple(key for key, _, _ in entries),
            tuple(label for _, label, _ in entries),
            tuple(positions for _, _, positions in entries),
        )
        for entries in product(*axes)
    ]


def place_on_axes(
    frame: Frame, dimensions: Sequence[str], row: RowShape
) -> dict[int, tuple[int, ...]]:
    """Return, for each axis of a table in its frame, the positions that the row sums."""
    positions_of = dict(zip(dimensions, row.positions, strict=True))
    return {axis: positions_of[frame.columns[axis]] for axis in frame.find_axes(dimensions)}


def split_row(frame: Frame, dimensions: Sequence[str], row: RowShape) -> dict[Axes, Fraction]:
    """Return the squared length of a row in each residual space, as `split_length` does."""
    placed = place_on_axes(frame, dimensions, row)
    return split_length(frame.sizes, {axis: len(positions) for axis, positions in placed.items()})


def average_rows(
    frame: Frame, dimensions: Sequence[str], rows: Sequence[RowShape]
) -> dict[Axes, Fraction]:
    """Return the mean over a table's rows of their squared lengths in each residual space."""
    lengths = [split_row(frame, dimensions, row) for row in rows]
    return {
        space: sum((length[space] for length in lengths), start=Fraction(0)) / len(rows)
        for space in list_subsets(frame.find_axes(dimensions))
    }


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
