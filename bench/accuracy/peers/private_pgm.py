"""Private-PGM (mbi): a graphical model fitted to the tables that this engine measures.

The split of the budget is this engine's, read from the file that it left, so only what is made of
the noisy tables differs. Coarser levels enter as sums over the finest units. The total is the
weighted mean of what the tables say of it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax

jax.config.update("jax_enable_x64", True)  # noqa: FBT003

import jax.numpy as jnp  # noqa: E402
import mbi  # noqa: E402
import numpy as np  # noqa: E402
from exchange import Answer, Cells, Draw, Question, Row, Table, make_table, serve  # noqa: E402
from opendp import domains, measurements, metrics, mod  # noqa: E402

STEPS = 1000


@dataclass(frozen=True, eq=False)
class Sum:
    """The linear query of a coarser level: sums over finest units, then all cells in order."""

    unit_of_leaf: tuple[int, ...]
    units: int

    def __call__(self, factor: mbi.Factor) -> Any:  # noqa: ANN401 - an array being traced
        """Apply the query, as mbi asks of it."""
        cells = factor.datavector(flatten=False)
        place = jnp.array(self.unit_of_leaf)
        return jax.ops.segment_sum(cells, place, num_segments=self.units).reshape(-1)


@dataclass(frozen=True)
class Measured:
    """One table of the split."""

    table: Table
    scale: float
    clique: tuple[str, ...]
    query: Sum


def prepare(question: Question) -> Draw:
    """Return a draw that measures what the engine measures, and fits a model to it."""
    mod.enable_features("contrib")
    finest = question.levels[-1]
    sizes = {finest: len(question.lines)}
    sizes |= {name: len(keys) for name, keys in question.attributes.items()}
    domain = mbi.Domain.fromdict(sizes)
    split = json.loads((question.folder / f"split-{question.rho}.json").read_text("utf-8"))
    measured = [_describe(question, part["columns"], part["scale"]) for part in split]
    asked = [_describe(question, list(table.columns), 0.0) for table in question.tables]

    def draw(rows: list[Row]) -> Iterator[Answer]:
        noisy = [_measure(part, rows) for part in measured]
        total = _combine_totals(measured, noisy)
        told = [
            mbi.LinearMeasurement(cells, part.clique, part.scale, part.query)
            for part, cells in zip(measured, noisy, strict=True)
        ]
        model = mbi.estimation.MirrorDescent().estimate(domain, told, total, iters=STEPS)
        yield Answer(
            {
                table.name: _read(model, part)
                for table, part in zip(question.tables, asked, strict=True)
            }
        )

    return draw


def _describe(question: Question, columns: list[str], scale: float) -> Measured:
    level = next((name for name in columns if name in question.levels), question.levels[0])
    attributes = [name for name in columns if name in question.attributes]
    depth = question.levels.index(level)
    place = {unit: position for position, unit in enumerate(question.units(level))}
    query = Sum(tuple(place[line[depth]] for line in question.lines), len(place))
    table = make_table(question, level, attributes)
    return Measured(table, scale, (question.levels[-1], *attributes), query)


def _measure(part: Measured, rows: list[Row]) -> np.ndarray:
    space = domains.vector_domain(domains.atom_domain(T=int)), metrics.l2_distance(T=float)
    measurement = measurements.make_gaussian(*space, part.scale)
    return np.array(measurement(part.table.count(rows)), dtype=float)


def _combine_totals(measured: list[Measured], noisy: list[np.ndarray]) -> float:
    """Return the mean of the tables' totals, each weighted by its precision."""
    weights = [
        1 / (part.scale**2 * len(cells)) for part, cells in zip(measured, noisy, strict=True)
    ]
    mean = np.average([cells.sum() for cells in noisy], weights=weights)
    return max(float(mean), 1.0)


def _read(model: Any, part: Measured) -> Cells:  # noqa: ANN401 - mbi has a protocol for it
    return np.asarray(part.query(model.project(part.clique))).tolist()


if __name__ == "__main__":
    serve(prepare)
