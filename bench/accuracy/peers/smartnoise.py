"""SmartNoise SQL: one COUNT(*) per table, one row per child, the budget split evenly.

Told twice: `default` leaves out cells under a threshold, and `open` turns that off, which tells
without noise which cells are empty and so is not private. A cell left out is read as zero.
"""

import warnings
from collections.abc import Iterator

import pandas as pd
from exchange import Answer, Cells, Draw, Question, Row, Table, serve, widen
from snsql import Privacy, from_df

MISSED = 0.1


class Asked:
    """All queries, with the largest equal epsilon that its accountant accepts."""

    def __init__(self, question: Question, *, is_censored: bool) -> None:
        columns = {
            name: {"type": "string"} for name in ("child", *question.levels, *question.attributes)
        }
        rules = {"row_privacy": True, "censor_dims": is_censored}
        self._metadata = {"": {"people": {"children": {**columns, **rules}}}}
        self._tables = question.tables
        self._queries = [_write_query(table) for table in question.tables]
        self._delta = question.delta / (4 * len(question.tables))
        self._epsilon = question.epsilon / len(question.tables)
        # Composing is never dearer than adding up, and adding up is linear in epsilon.
        rows = question.children[0]
        spent, _ = self._read(rows).get_privacy_cost(self._queries)
        self._epsilon *= question.epsilon / spent * (1 - 1e-9)
        spent, delta = self._read(rows).get_privacy_cost(self._queries)
        if spent > question.epsilon or delta > question.delta:
            raise ValueError("the queries cost more than the budget")

    def _read(self, rows: list[Row]):  # noqa: ANN202
        privacy = Privacy(epsilon=self._epsilon, delta=self._delta)
        return from_df(pd.DataFrame(rows), privacy=privacy, metadata=self._metadata)

    def draw(self, rows: list[Row], method: str) -> Answer:
        """Return one release of all tables, with the tool's own accuracy of a count."""
        reader = self._read(rows)
        values, margins = {}, {}
        for table, query in zip(self._tables, self._queries, strict=True):
            _, *released = reader.execute(query)
            values[table.name] = _order(table, released)
            margins[table.name] = float(reader.get_simple_accuracy(query, MISSED)[-1])
        return Answer(values, *widen(values, margins), method)


def prepare(question: Question) -> Draw:
    """Return a draw of one query per table, in both ways."""
    warnings.filterwarnings("ignore")
    ways = {
        "default": Asked(question, is_censored=True),
        "open": Asked(question, is_censored=False),
    }

    def draw(rows: list[Row]) -> Iterator[Answer]:
        for method, asked in ways.items():
            yield asked.draw(rows, method)

    return draw


def _write_query(table: Table) -> str:
    if not table.columns:
        return "SELECT COUNT(*) AS n FROM people.children"
    listed = ", ".join(table.columns)
    return f"SELECT {listed}, COUNT(*) AS n FROM people.children GROUP BY {listed}"  # noqa: S608


def _order(table: Table, released: list[tuple]) -> Cells:  # type: ignore[type-arg]
    found = {tuple(row[:-1]): float(row[-1]) for row in released}
    return [found.get(cell, 0.0) for cell in table.cells]


if __name__ == "__main__":
    serve(prepare)
