"""All numbers of one frame that follow from its noisy cells, and how a row carries them.

Estimates, counts and status words always; modelled numbers and made-up records where a policy wants
them. Does not belong here: what is known before the draw (privacy.publishing.tables) and the
release around the numbers (privacy.publishing.publisher).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from privacy.counts.counts import count_around, count_tables
from privacy.engine.frames import TOTAL, Marginal, Row
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.modelled.modelling import Model, model_frame
from privacy.modelled.synthesis import synthesise
from privacy.plan import PlannedFrame, SharedTotal
from privacy.policy.keys import PublicKeys
from privacy.released import (
    ESTIMATED,
    NOT_DISTINGUISHABLE,
    ReleasedRow,
    ReleasedTable,
    SyntheticFrame,
)


class FrameNumbers:
    """The numbers of all published tables of one frame.

    `published` names each table and says where on the frame it is; `drawn` holds the noisy cells of
    each measurement by its name; `others` are the numbers of the frames that stand before.
    """

    def __init__(
        self,
        planned: PlannedFrame,
        published: Mapping[str, Marginal],
        drawn: Mapping[str, Sequence[int]],
        others: Mapping[str, "FrameNumbers"],
    ) -> None:
        self._planned = planned
        self._published = published
        self._measured = [
            NoisyTable(measured.marginal, float(measured.scale), drawn[measured.name])
            for measured in planned.measurements
        ]
        for known in planned.year_sums:
            cells = [sum(pair) for pair in zip(known.earlier, drawn[known.base], strict=True)]
            self._measured.append(NoisyTable(known.marginal, known.scale, cells))
        for told in planned.totals:
            total = sum(drawn[told.measurement][cell] for cell in told.cells)
            self._measured.append(NoisyTable(TOTAL, told.scale, [total]))
        marginals = list(dict.fromkeys(published.values()))
        if planned.shared is None:
            self._reconstruction = Reconstruction(planned.frame, self._measured)
            self._counts = count_tables(planned.frame, marginals, self._reconstruction)
        else:
            self._follow(planned.shared, others[planned.shared.frame])
        self._estimates = {one: self._reconstruction.estimate(one) for one in marginals}
        self._model: Model | None = None

    @property
    def has_parts(self) -> bool:
        """Whether more was measured than a total."""
        return any(one.marginal != TOTAL for one in self._measured)

    def _follow(self, shared: SharedTotal, other: "FrameNumbers") -> None:
        """Put another frame's total in the place of the sum of the cells that are its rows."""
        frame, (measured,) = self._planned.frame, self._measured
        cells, same = np.array(measured.cells, dtype=np.float64), list(shared.cells)
        total = float(other._reconstruction.estimate(TOTAL)[0])
        cells[same] += (total - cells[same].sum()) / len(same)
        self._measured = [replace(measured, cells=cells.tolist())]
        self._reconstruction = Reconstruction(frame, self._measured)
        count = int(next(iter(other._counts.values())).sum())
        self._counts = {frame.whole: count_around(frame, self._reconstruction, same, count)}

    def model(self, keys: PublicKeys) -> None:
        """Add modelled numbers, if the frame has units below the state."""
        frame = self._planned.frame
        finest = frame.levels[max(one.level for one in self._counts)].name
        self._model = model_frame(
            frame,
            self._reconstruction,
            self._planned.precisions,
            self._counts,
            keys.count_children(self._planned.policy.geography, finest),
        )

    def fill(self, table: ReleasedTable) -> ReleasedTable:
        """Return a table of the frame with its numbers."""
        marginal = self._published[table.name]
        rows = []
        for row, (unit, positions) in zip(table.rows, table.positions, strict=True):
            cells = np.ix_([unit], *(positions[axis] for axis in marginal.axes))
            estimate = float(self._estimates[marginal][cells].sum())
            filled = fill_row(row, estimate, int(self._counts[marginal][cells].sum()))
            rows.append(self._add_model(filled, Row(marginal.level, unit, positions)))
        return replace(table, rows=tuple(rows))

    def synthesise(self) -> SyntheticFrame:
        """Return made-up records, with units of the deepest level that was measured."""
        frame = self._planned.frame
        depth = max(one.marginal.level for one in self._measured)
        return synthesise(
            replace(frame, levels=frame.levels[: depth + 1]),
            self._measured,
            {name: (one, self._counts[one]) for name, one in self._published.items()},
        )

    def _add_model(self, row: ReleasedRow, summed: Row) -> ReleasedRow:
        if self._model is None:
            return row
        told = self._model.describe(summed)
        return replace(
            row,
            modelled=round(told.mean, 1) + 0.0,
            modelled_low90=float(told.low90),
            modelled_high90=float(told.high90),
        )


def fill_row(blank: ReleasedRow, estimate: float, count: int | None) -> ReleasedRow:
    """Return a row with its estimate in tenths, its count, and the status that follows."""
    tenths = round(estimate, 1) + 0.0
    is_estimated = blank.cut_off is not None and tenths > blank.cut_off
    status = ESTIMATED if is_estimated else NOT_DISTINGUISHABLE
    return replace(blank, estimate=tenths, count=count, status=status)
