"""AIM as OpenDP ships it: tables chosen one by one, then a graphical model of all columns.

Every level is a column of its own. Told of the finest level alone, it errs half as much again at
rho 0.5, because it then has no way to measure a region; as it is, levels need not add up.
"""

from collections.abc import Iterator

import numpy as np
import opendp.prelude as dp
import polars as pl
from exchange import Answer, Draw, Question, Row, serve
from opendp.extras.mbi import AIM, Count


def prepare(question: Question) -> Draw:
    """Return a draw that fits one model to the tables asked for."""
    dp.enable_features("contrib", "honest-but-curious")
    split = [level for level in question.levels if len(question.units(level)) > 1]
    keys = {level: list(question.units(level)) for level in split}
    keys |= {name: list(values) for name, values in question.attributes.items()}
    algorithm = AIM(queries=[Count(table.columns) for table in question.tables if table.columns])

    def draw(rows: list[Row]) -> Iterator[Answer]:
        context = dp.Context.compositor(
            data=pl.LazyFrame(rows).select(*keys),
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=dp.loss_of(rho=question.rho),
        )
        query = context.query(rho=question.rho)
        fitted = query.contingency_table(keys=keys, algorithm=algorithm).release()
        values = {}
        for table in question.tables:
            cells = np.asarray(fitted.project(list(table.columns or split[:1])), dtype=float)
            # The model adds a key for what is in no list; nobody is.
            cells = cells[tuple(slice(-1) for _ in cells.shape)]
            values[table.name] = cells.ravel().tolist() if table.columns else [float(cells.sum())]
        yield Answer(values)

    return draw


if __name__ == "__main__":
    serve(prepare)
