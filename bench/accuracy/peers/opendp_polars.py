"""OpenDP's Polars context: Gaussian counts by public keys, the budget split evenly.

Told twice: `signed` keeps noisy counts below zero, and the default of 0.16 clips them at zero.
Finding the noise scale of a query takes seconds, so each is resolved once into its measurement,
which holds no data, and that is called for every draw.
"""

import math
from collections.abc import Iterator

import opendp.prelude as dp
import polars as pl
from exchange import Answer, Cells, Draw, Question, Row, Table, serve, widen

MISSED = 0.1


class Asked:
    """All tables as measurements of one context."""

    def __init__(self, question: Question, *, is_signed: bool) -> None:
        context = dp.Context.compositor(
            data=pl.LazyFrame(question.children[0]),
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=dp.loss_of(rho=question.rho),
            split_evenly_over=len(question.tables),
        )
        queries = [_ask(context, table, is_signed=is_signed) for table in question.tables]
        self._tables = question.tables
        self._measurements = [query.resolve() for query in queries]
        # The accuracy is a distance that is reached with at most this probability; every table has
        # the same part of the budget, so the same one.
        margin = math.ceil(queries[0].summarize(MISSED)["accuracy"][0]) - 1
        self._margins = {table.name: float(margin) for table in question.tables}

    def draw(self, frame: pl.LazyFrame, method: str) -> Answer:
        """Return one release of all tables."""
        values = {
            table.name: _order(table, measurement(frame).collect())
            for table, measurement in zip(self._tables, self._measurements, strict=True)
        }
        return Answer(values, *widen(values, self._margins), method)


def prepare(question: Question) -> Draw:
    """Return a draw of all tables through one context, for either way of counting."""
    dp.enable_features("contrib")
    ways = {"signed": Asked(question, is_signed=True), "default": Asked(question, is_signed=False)}

    def draw(rows: list[Row]) -> Iterator[Answer]:
        frame = pl.LazyFrame(rows)
        for method, asked in ways.items():
            yield asked.draw(frame, method)

    return draw


def _ask(context: dp.Context, table: Table, *, is_signed: bool):  # noqa: ANN202
    count = dp.len(signed=is_signed)
    if not table.columns:
        return context.query().select(count)
    keys = pl.LazyFrame(table.cells, schema=list(table.columns), orient="row")
    return context.query().group_by(*table.columns).agg(count).with_keys(keys)


def _order(table: Table, released: pl.DataFrame) -> Cells:
    found = {row[:-1]: row[-1] for row in released.select(*table.columns, "len").iter_rows()}
    return [found[cell] for cell in table.cells]


if __name__ == "__main__":
    serve(prepare)
