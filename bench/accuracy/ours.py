"""This engine, asked the same as its peers: `python -m bench.accuracy.ours`, run by the command.

Told three times: `estimate` and `count` as they are published, and `modelled`. It draws truly,
through the one door to noise that a release uses. It also leaves its split of the budget as
split.json beside its answers, for the peer that measures what it measures.
"""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.peers.exchange import Answer, Cells, Draw, Question, serve
from bench.accuracy.peers.exchange import Row as Child
from privacy.counts.counts import count_tables
from privacy.engine.covariance import Precisions
from privacy.engine.exact import ExactRows
from privacy.engine.frames import ROWS, Frame, Level, Marginal, Query, Row
from privacy.engine.margins import compute_margin
from privacy.engine.noise import FrameMechanism, find_smallest_scale
from privacy.engine.optimising import Demand, share_budget
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.modelled.modelling import model_frame

Bounds = dict[str, NDArray[np.float64]]


class Engine:
    """Everything that does not depend on a draw: split, mechanism, margins."""

    def __init__(self, question: Question) -> None:
        self.frame = make_frame(question)
        self.population = question.population
        self.asked = {
            table.name: _find_marginal(self.frame, table.columns) for table in question.tables
        }
        self.rows = {
            name: _list_rows(self.frame, marginal) for name, marginal in self.asked.items()
        }
        demands = [
            Demand(self.frame, marginal, self.rows[name], 1.0)
            for name, marginal in self.asked.items()
        ]
        rho = Fraction(question.rho)
        self.queries = [
            _scale(self.frame, marginal, share * rho)
            for (_, marginal), share in share_budget(demands).items()
            if share
        ]
        self.mechanism = FrameMechanism(self.frame, self.queries)
        if self.mechanism.rho > rho:
            raise ValueError("the measurements cost more than the budget")
        measured = [(query.marginal, query.scale) for query in self.queries]
        self.precisions = Precisions(self.frame, measured)
        self.margins = {
            name: [compute_margin(math.sqrt(self.precisions.variance(row))) for row in rows]
            for name, rows in self.rows.items()
        }

    def draw(self, children: list[Child]) -> Iterator[Answer]:
        """Return one draw, told in the three ways."""
        drawn = self.mechanism.draw(self._hide(children))
        noisy = [
            NoisyTable(query.marginal, query.scale, drawn[query.name]) for query in self.queries
        ]
        reconstruction = Reconstruction(self.frame, noisy)
        estimates = {name: reconstruction.estimate(one) for name, one in self.asked.items()}
        low = {name: _floor(cells, self.margins[name]) for name, cells in estimates.items()}
        high = {name: _ceil(cells, self.margins[name]) for name, cells in estimates.items()}
        yield Answer(_list_cells(estimates), _list_cells(low), _list_cells(high), "estimate")
        counts = count_tables(self.frame, list(self.asked.values()), reconstruction)
        told = {name: counts[marginal] for name, marginal in self.asked.items()}
        yield Answer(_list_cells(told), _list_cells(low), _list_cells(high), "count")
        yield self._model(reconstruction, counts)

    def _hide(self, children: list[Child]) -> ExactRows:
        columns = {
            column: [child[column] for child in children]
            for column in (self.frame.leaf_column, *self.frame.columns)
        }
        return ExactRows(self.frame, [child["child"] for child in children], columns)

    def _model(
        self, reconstruction: Reconstruction, counts: Mapping[Marginal, NDArray[np.int64]]
    ) -> Answer:
        model = model_frame(self.frame, reconstruction, self.precisions, counts, self.population)
        if model is None:
            raise ValueError("the model does not take this frame")
        told = {name: [model.describe(row) for row in rows] for name, rows in self.rows.items()}
        return Answer(
            {name: [one.mean for one in ones] for name, ones in told.items()},
            {name: [float(one.low90) for one in ones] for name, ones in told.items()},
            {name: [float(one.high90) for one in ones] for name, ones in told.items()},
            "modelled",
        )


def make_frame(question: Question) -> Frame:
    """Return the workload's geometry as the engine knows it."""
    levels = []
    for depth, name in enumerate(question.levels):
        units = question.units(name)
        above = question.units(question.levels[depth - 1]) if depth else ()
        parent_of = {line[depth]: line[depth - 1] for line in question.lines} if depth else {}
        parents = tuple(above.index(parent_of[unit]) for unit in units) if depth else ()
        levels.append(Level(name, units, parents))
    names, keys = tuple(question.attributes), tuple(question.attributes.values())
    return Frame("children", ROWS, tuple(levels), names, keys, 1)


def _find_marginal(frame: Frame, columns: tuple[str, ...]) -> Marginal:
    level = next((depth for depth, level in enumerate(frame.levels) if level.name in columns), 0)
    return Marginal(level, frame.find_axes(columns))


def _list_rows(frame: Frame, marginal: Marginal) -> tuple[Row, ...]:
    """Return the cells of a table in order, units first."""
    choices = [
        [(key,) for key in range(size)] if axis in marginal.axes else [tuple(range(size))]
        for axis, size in enumerate(frame.sizes)
    ]
    units = range(len(frame.levels[marginal.level].keys))
    return tuple(
        Row(marginal.level, unit, positions)
        for unit in units
        for positions in itertools.product(*choices)
    )


def _scale(frame: Frame, marginal: Marginal, rho: Fraction) -> Query:
    query = Query(str(marginal), marginal, 1.0)
    return Query(query.name, marginal, float(find_smallest_scale(frame, query, rho)))


def _floor(cells: NDArray[np.float64], margins: Cells) -> NDArray[np.float64]:
    return np.maximum(np.floor(cells.ravel() - margins), 0)


def _ceil(cells: NDArray[np.float64], margins: Cells) -> NDArray[np.float64]:
    return np.maximum(np.ceil(cells.ravel() + margins), 0)


def _list_cells(tables: Mapping[str, NDArray[np.generic]]) -> dict[str, Cells]:
    return {name: cells.ravel().astype(float).tolist() for name, cells in tables.items()}


def prepare(question: Question) -> Draw:
    """Return a draw of this engine."""
    engine = Engine(question)
    split = [
        {"columns": list(_name_columns(engine.frame, query.marginal)), "scale": query.scale}
        for query in engine.queries
    ]
    (question.folder / f"split-{question.rho}.json").write_text(json.dumps(split), "utf-8")
    return engine.draw


def _name_columns(frame: Frame, marginal: Marginal) -> Iterator[str]:
    if len(frame.levels[marginal.level].keys) > 1:
        yield frame.levels[marginal.level].name
    yield from (frame.columns[axis] for axis in marginal.axes)


if __name__ == "__main__":
    serve(prepare)
