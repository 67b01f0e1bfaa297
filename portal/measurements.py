"""The noisy measurements as released files: every cell as drawn, and the strategy behind them.

Here: rows of measurements.csv, and the plain value of strategy.json, from which anyone can
recompute every margin. Not here: forms of files (``tables``) and what columns mean (``codebook``).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from portal.tables import Row, name_geographies, write_period
from privacy.released import Release, ReleasedFrame

LAW = (
    "Noise is a discrete Gaussian of the standard deviation sigma, independent for each measured "
    "cell. A precision of level l and space S is the sum over the measured tables at l whose "
    "dimensions contain S of (number of keys of the other dimensions multiplied) / sigma squared. "
    "Year sums are measured tables too: cell by cell, the sum of the measurement of that name over "
    "this release and the three before it. Where a frame names same_rows, the sum of its cells "
    "with those keys is a measured table of the frame it names: its total, whose sigma is that of "
    "one cell times the root of their number. What the estimate of that total differs by from the "
    "sum is then spread evenly over these cells, and to the covariance of two rows comes, for each "
    "pair of such cells, one of each row, the covariance that stands there. "
    "With H the 0/1 matrix of units by finest units, G(S) = sum over levels of precision times "
    "H'H. Two rows, of units u and v with key sets A and B, have the covariance: sum over S of "
    "(h_u' G(S)^-1 h_v) times, over dimensions in S, (|A and B| - |A||B|/n) and, over the "
    "others, (|A||B|/n), where n is the number of keys of the dimension."
)


def list_measured_columns(release: Release) -> tuple[str, ...]:
    """The columns of the measurements: where, every dimension, the noisy count and its sigma."""
    dimensions = dict.fromkeys(
        name for measured in release.measurements for name in measured.dimensions
    )
    return ("quarter", "frame", "table", "level", "geography", *dimensions, "noisy_count", "sigma")


def list_measured_rows(release: Release) -> list[Row]:
    """The noisy cells as drawn; a dimension over which a table sums is absent."""
    dimensions = list_measured_columns(release)[5:-2]
    places, periods = name_geographies(release), {f.name: f.period for f in release.frames}
    rows: list[Row] = []
    for measured in release.measurements:
        period = write_period(periods.get(measured.frame, release.release_id))
        for cell in measured.cells:
            label_of = dict(zip(measured.dimensions, cell.labels, strict=True))
            rows.append(
                (
                    period,
                    measured.frame,
                    measured.name,
                    measured.level,
                    places.get((measured.level, cell.geography), cell.geography),
                    *(label_of.get(name) for name in dimensions),
                    cell.noisy_count,
                    measured.sigma,
                )
            )
    return rows


def describe_strategy(release: Release) -> dict[str, Any]:
    """What was measured, with which noise, and the facts that every covariance follows from."""
    return {
        "release_id": release.release_id,
        "law": LAW,
        "frames": [_describe_frame(release, frame) for frame in release.frames],
    }


def _describe_frame(release: Release, frame: ReleasedFrame) -> dict[str, Any]:
    return {
        "name": frame.name,
        "period": frame.period,
        "levels": [
            {
                "name": level.name,
                "title": level.title,
                "keys": list(level.keys),
                "labels": list(level.labels),
                "parents": list(level.parents),
            }
            for level in frame.levels
        ],
        "dimensions": [
            {"name": name, "keys": size}
            for name, size in zip(frame.columns, frame.sizes, strict=True)
        ],
        "precisions": [
            {"dimensions": [frame.columns[axis] for axis in space], "by_level": list(values)}
            for space, values in frame.precisions
        ],
        "measurements": [
            {
                "name": measured.name,
                "level": measured.level,
                "dimensions": list(measured.dimensions),
                "sigma": measured.sigma,
                "rho": f"{measured.rho.numerator}/{measured.rho.denominator}",
            }
            for measured in release.measurements
            if measured.frame == frame.name
        ],
        "year_sums": [
            {
                "frame": one.frame,
                "measurement": one.measurement,
                "level": one.level,
                "sigma": one.sigma,
            }
            for one in frame.year_sums
        ],
        "same_rows": frame.same_rows and asdict(frame.same_rows),
    }
