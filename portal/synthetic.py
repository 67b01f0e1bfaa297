"""Made-up records as released files, with the words of the tables, so that they join them.

Here: rows of synthetic_*.csv and how far the records move each published table. Not here: forms of
files (``tables``), what columns mean (``codebook``), and making records up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.tables import Row, name_geographies
from privacy.released import Release, SyntheticFrame

MOVED = ("frame", "table", "mean_difference", "largest_difference")


def list_synthetic_columns(frame: SyntheticFrame) -> tuple[str, ...]:
    """The columns of a frame's records: the place, called as in tables, and the dimensions."""
    return ("geography", *frame.columns[1:])


def list_synthetic_rows(release: Release, frame: SyntheticFrame) -> list[Row]:
    """The records of a frame in the order in which they were made, told by labels."""
    level, *dimensions = frame.columns
    places, labels = name_geographies(release), _name_keys(release)
    return [
        (
            places.get((level, record[0]), record[0]),
            *(
                labels.get((name, key), key)
                for name, key in zip(dimensions, record[1:], strict=True)
            ),
        )
        for record in frame.records
    ]


def list_moved(release: Release) -> Iterator[Row]:
    """How far the made-up records move each published table of their frame."""
    for frame in release.synthetic:
        for table, mean, largest in frame.moved:
            yield (frame.frame, table, mean, largest)


def _name_keys(release: Release) -> Mapping[tuple[str, str], str]:
    """Dimension and key to the label that tables show, from what was measured."""
    return {
        (name, key): label
        for measured in release.measurements
        for cell in measured.cells
        for name, key, label in zip(measured.dimensions, cell.keys, cell.labels, strict=True)
    }
