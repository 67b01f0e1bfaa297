"""Synthetic records of a frame: made up, but in number and kind as its noisy measurements say.

Everything follows from numbers that are released anyway, so it costs no budget; nothing is drawn,
so the same measurements give the same records. Private-PGM (the package mbi) finds the most even
distribution that fits what was measured; it is scaled to the published counts and made whole unit
by unit. Does not belong here: confidential rows, and whether a policy wants this at all.

Source: McKenna, Sheldon, Miklau, "Graphical-model based estimation and inference for differential
privacy" (2019).
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from privacy.counts.rounding import Counts, round_by_remainder
from privacy.engine.frames import Axes, Frame, Marginal, Places
from privacy.engine.reconstruction import NoisyTable
from privacy.engine.trees import Numbers
from privacy.errors import PrivacyError
from privacy.released import SyntheticFrame

MOST_LEAVES = 100_000
"""Combinations of a unit and keys; the distribution over all of them is held at once."""

_UNIT = "unit"
_STEPS = 1_000
_RAKES = 200
_FAINT = 1e-6
_FORBIDDEN = 1e6
_SETTINGS = (
    ("jax_platforms", "cpu"),
    ("jax_enable_x64", True),
    ("jax_enable_compilation_cache", False),
)

_Number = TypeVar("_Number", np.float64, np.int64)

Published = Mapping[str, tuple[Marginal, Counts]]


def synthesise(
    frame: Frame, measured: Sequence[NoisyTable], published: Published
) -> SyntheticFrame:
    """Return made-up records of a frame, and how far they move its published tables.

    Args:
        frame: the public geometry.
        measured: every noisy table of the frame, as drawn.
        published: for each published table, at least one, its marginal and its published counts.

    Raises:
        PrivacyError: MS660 where there are too many leaves, MS661 where mbi is not installed.
    """
    if frame.leaf_count > MOST_LEAVES:
        raise PrivacyError("MS660", frame=frame.name, count=frame.leaf_count, most=MOST_LEAVES)
    counts = dict(published.values())
    total = int(next(iter(counts.values())).sum())
    cells = np.zeros((len(frame.levels[-1].keys), *frame.sizes), dtype=np.int64)
    if total > 0:
        likely = _rake(frame, _fit_distribution(frame, measured, total), counts)
        cells = _make_whole(frame, likely, counts)
    moved = tuple(
        (name, *_measure_move(_tabulate(frame, cells, marginal), table))
        for name, (marginal, table) in published.items()
    )
    columns = (frame.leaf_column, *frame.columns)
    return SyntheticFrame(frame.name, columns, _write_records(frame, cells), moved)


class _Factor(Protocol):
    """A table of mbi: its cells, one dimension for each of its columns."""

    def datavector(self, *, flatten: bool) -> Numbers: ...


@dataclass(frozen=True, eq=False)
class _SumOfUnits:
    """Sums the cells of leaf units into those of one level: what mbi calls a query."""

    sums: Numbers

    def __call__(self, factor: "_Factor") -> Numbers:
        cells = factor.datavector(flatten=False)
        return (self.sums @ cells.reshape(len(cells), -1)).reshape(-1)

    def op_norm_sq(self) -> float:
        """Return by how much the squared length of cells can grow at most."""
        return float(self.sums.sum(axis=1).max())


def _fit_distribution(frame: Frame, measured: Sequence[NoisyTable], total: int) -> Numbers:
    """Return the expected children of each leaf in the most even distribution that fits."""
    mbi = _import_mbi()
    names = (_UNIT, *(str(axis) for axis in range(len(frame.sizes))))
    domain = mbi.Domain(names, (len(frame.levels[-1].keys), *frame.sizes))
    told = [
        mbi.LinearMeasurement(
            np.asarray(table.cells, dtype=np.float64),
            (_UNIT, *map(str, table.marginal.axes)),
            table.scale,
            query=_SumOfUnits(_write_sums(frame, table.marginal.level)),
        )
        for table in measured
    ]
    found = mbi.estimation.MirrorDescent().estimate(
        domain, told, known_total=float(total), iters=_STEPS
    )
    likely: Numbers = np.array(found.project(names).datavector(flatten=False), dtype=np.float64)
    return likely


def _import_mbi() -> ModuleType:
    """Import mbi, which is slow, with its numbers as wide as ours and nothing cached on disk.

    Its logging keeps the stderr of that moment, and closes it once a caller sets up logging anew;
    only the stderr of the process itself it leaves open.
    """
    try:
        with redirect_stderr(sys.__stderr__):
            settings = import_module("jax").config
            for name, value in _SETTINGS:
                settings.update(name, value)
            return import_module("mbi")
    except ImportError:
        raise PrivacyError("MS661") from None


def _write_sums(frame: Frame, level: int) -> Numbers:
    units = np.arange(len(frame.levels[level].keys))
    sums: Numbers = (units[:, None] == frame.units_of_leaf(level)).astype(np.float64)
    return sums


def _tabulate(frame: Frame, cells: NDArray[_Number], marginal: Marginal) -> NDArray[_Number]:
    """Sum cells of leaves into those of a table."""
    summed = np.zeros((len(frame.levels[marginal.level].keys), *frame.sizes), dtype=cells.dtype)
    np.add.at(summed, frame.units_of_leaf(marginal.level), cells)
    left_out = tuple(axis + 1 for axis in range(len(frame.sizes)) if axis not in marginal.axes)
    table: NDArray[_Number] = summed.sum(axis=left_out)
    return table


def _rake(frame: Frame, cells: Numbers, counts: Mapping[Marginal, Counts]) -> Numbers:
    """Return cells scaled until each published table is met; a faint share keeps all possible."""
    cells = cells + _FAINT * cells.sum() / cells.size
    for _ in range(_RAKES):
        for marginal, table in counts.items():
            found = _tabulate(frame, cells, marginal)
            factor = np.divide(table, found, out=np.zeros(found.shape), where=found > 0)
            wide = [
                frame.sizes[axis] if axis in marginal.axes else 1
                for axis in range(len(frame.sizes))
            ]
            units = frame.units_of_leaf(marginal.level)
            cells = cells * factor.reshape(-1, *wide)[units]
    return cells


def _make_whole(frame: Frame, likely: Numbers, counts: Mapping[Marginal, Counts]) -> Counts:
    """Return whole cells near the likely ones that keep what is published of each leaf unit.

    What a unit's cells could not follow is passed on to the next one, neighbours in the geography
    first, so that it does not add up in larger units.
    """
    leaf = len(frame.levels) - 1
    totals = _share_totals(frame, likely, counts)
    held = [marginal.axes for marginal in counts if marginal.level == leaf]
    places = [_find_cells(frame, axes) for axes in held]
    tables = [counts[Marginal(leaf, axes)].reshape(len(totals), -1) for axes in held]
    order = np.lexsort([frame.units_of_leaf(level) for level in range(leaf, -1, -1)])
    wanted = likely.reshape(len(totals), -1)
    whole = np.zeros(wanted.shape, dtype=np.int64)
    passed = np.zeros(wanted.shape[1])
    for unit in order:
        need = wanted[unit] + passed
        limits = [table[unit] for table in tables]
        whole[unit] = _fill(need, int(totals[unit]), places, limits)
        passed = need - whole[unit]
    return whole.reshape(likely.shape)


def _fill(
    need: Numbers, children: int, places: Sequence[Places], limits: Sequence[Counts]
) -> Counts:
    """Put children one by one where most are lacking, within the limits of each held table.

    Where no cell is within all limits, which crossed tables can come to, one that breaks fewest.
    """
    need, left = need.copy(), [limit.copy() for limit in limits]
    whole = np.zeros(len(need), dtype=np.int64)
    for _ in range(children):
        broken = np.zeros(len(need))
        for cells, limit in zip(places, left, strict=True):
            broken += limit[cells] <= 0
        cell = int(np.argmax(need - _FORBIDDEN * broken))
        whole[cell] += 1
        need[cell] -= 1
        for cells, limit in zip(places, left, strict=True):
            limit[cells[cell]] -= 1
    return whole


def _share_totals(frame: Frame, likely: Numbers, counts: Mapping[Marginal, Counts]) -> Counts:
    """Return the total of each leaf unit: the published ones, or shares of the finest published."""
    finest = max(counts)
    known: Counts = counts[finest].reshape(len(counts[finest]), -1).sum(axis=1)
    if finest.level == len(frame.levels) - 1:
        return known
    units = frame.units_of_leaf(finest.level)
    shares = likely.reshape(len(likely), -1).sum(axis=1) + _FAINT
    found = np.bincount(units, shares, len(known))
    return round_by_remainder(shares * (known / found)[units], units, known)


def _find_cells(frame: Frame, axes: Axes) -> Places:
    """Return, for each combination of keys of a unit, the number of its cell over these axes."""
    numbers = np.arange(int(np.prod([frame.sizes[axis] for axis in axes], dtype=np.int64)))
    wide = [size if axis in axes else 1 for axis, size in enumerate(frame.sizes)]
    return np.broadcast_to(numbers.reshape(wide), frame.sizes).reshape(-1)


def _measure_move(made: Counts, table: Counts) -> tuple[float, float]:
    distance = np.abs(made - table)
    return float(distance.mean()), float(distance.max())


def _write_records(frame: Frame, cells: Counts) -> tuple[tuple[str, ...], ...]:
    keys = (frame.levels[-1].keys, *frame.keys)
    return tuple(
        tuple(names[place] for names, place in zip(keys, leaf, strict=True))
        for leaf in map(tuple, np.argwhere(cells))
        for _ in range(int(cells[leaf]))
    )
