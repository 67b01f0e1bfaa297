"""AIM as OpenDP ships it: tables chosen one by one, then a graphical model of the whole domain."""

from collections.abc import Iterator

import numpy as np
import opendp.prelude as dp
import polars as pl
from exchange import Answer, Draw, Question, Row, Table, serve
from opendp.extras.mbi import AIM, Count


def prepare(question: Question) -> Draw:
    """Return a draw that fits one model, over the finest units, to the tables asked for."""
    dp.enable_features("contrib", "honest-but-curious")
    finest = question.levels[-1]
    keys = {finest: list(question.units(finest))}
    keys |= {name: list(values) for name, values in question.attributes.items()}
    asked = dict.fromkeys(
        tuple(finest if column in question.levels else column for column in table.columns)
        for table in question.tables
    )
    algorithm = AIM(queries=[Count(columns) for columns in asked if columns])

    def draw(rows: list[Row]) -> Iterator[Answer]:
        context = dp.Context.compositor(
            data=pl.LazyFrame(rows).select(*keys),
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=dp.loss_of(rho=question.rho),
        )
        query = context.query(rho=question.rho)
        fitted = query.contingency_table(keys=keys, algorithm=algorithm).release()
        yield Answer({table.name: _tell(question, fitted, table) for table in question.tables})

    return draw


def _tell(question: Question, fitted, table: Table) -> list[float]:  # noqa: ANN001
    """Sum what the model says of the finest units into the units of a table."""
    attributes = [column for column in table.columns if column in question.attributes]
    level = next((column for column in table.columns if column in question.levels), None)
    finest = question.levels[-1]
    told = np.asarray(fitted.project([finest, *attributes]), dtype=float)
    # The model adds a key for what is in no list; nobody is.
    told = told[(slice(len(question.lines)), *(slice(-1) for _ in attributes))]
    if level is None:
        return told.sum(axis=0).ravel().tolist()
    place = {unit: position for position, unit in enumerate(question.units(level))}
    depth = question.levels.index(level)
    summed = np.zeros((len(place), *told.shape[1:]))
    np.add.at(summed, [place[line[depth]] for line in question.lines], told)
    return summed.ravel().tolist()


if __name__ == "__main__":
    serve(prepare)
